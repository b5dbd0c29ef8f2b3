"""`dhs devices`: what there is at a beamline."""

import fnmatch

import click

from dhs_runtime.cli.device_names import names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, as_object, value_of, words_of
from dhs_runtime.client import DeviceView

_WIDEST = 40


@click.command()
@click.argument("pattern", metavar="[GLOB]", default="*", shell_complete=names_of_kinds())
@gui_options()
def devices(*, pattern: str, gui: GuiFlags, output: CommandOutput) -> None:
    """List the devices, strings, operations and hardware hosts of a beamline.

    GLOB is a name, which may contain * and ?. A row has name, kind, hardware host, value, and
    `offline` if its DHS is not connected.

    EXIT_CODES

    \b
    Examples:
        dhs devices
        dhs devices 'gonio_*'
        dhs devices --json
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        found = [view for view in dcss.views() if fnmatch.fnmatchcase(view.name, pattern)]
        rows = []
        for view in found:
            is_online = dcss.is_online(view)
            host = view.host if isinstance(view, DeviceView) else ""
            words = f"{value_of(view)} {words_of(view, is_online=is_online)}".strip()
            rows.append((view.name, view.kind, host, words))
            if output.as_json:
                output.put(None, as_object(view, is_online=is_online))
    if not output.as_json:
        widths = [min(_WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=False))
            output.put("  ".join(cells).rstrip(), {})
