"""`dhs get`: what devices are now."""

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
    """Show what devices, strings, operations and hardware hosts are, as DCSS knows it.

    No DHS is asked: a motor has the position that was last reported, an ion chamber the counts
    since the login. NAME may have * and ? in it. A line has the name, the value and the units,
    `offline` if its DHS is not connected, and `moving` if a message since the login said so.

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
