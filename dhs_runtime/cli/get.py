"""`dhs get`: shows the present values of devices."""

import click

from dhs_runtime.cli.device_names import chosen, names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, as_object, value_of, words_of


@click.command()
@click.argument(
    "names", metavar="NAME...", nargs=-1, required=True, shell_complete=names_of_kinds()
)
@click.option("-t", "--terse", is_flag=True, help="Print values only.")
@gui_options()
def get(*, names: tuple[str, ...], terse: bool, gui: GuiFlags, output: CommandOutput) -> None:
    """Show the present values of devices, strings, operations and hardware hosts.

    DCSS gives the values that it last received; no DHS is asked. An ion chamber has counts only if
    they are reported during this command. NAME may contain * and ?. A line has the name, the value
    and the units, `offline` if its DHS is not connected, and `moving` if a message since the login
    said so.

    EXIT_CODES

    \b
    Examples:
        dhs get gonio_phi
        dhs get 'gonio_*' shutter --json
        dhs get -t gonio_phi
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        views = [dcss.view(name) for name in chosen(names, dcss.views())]
        for view in views:
            is_online = dcss.is_online(view)
            text = value_of(view)
            if not terse:
                words = words_of(view, is_online=is_online)
                text = " ".join(filter(None, (view.name, text, words)))
            output.put(text, as_object(view, is_online=is_online))
