"""`dhs abort`: stops everything at the beamline."""

import click

from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput


@click.command()
@click.option("--hard", is_flag=True, help="Let motors stop without slowing down.")
@gui_options()
def abort(*, hard: bool, gui: GuiFlags, output: CommandOutput) -> None:
    """Stop all motors, operations and counts at the beamline, also those of others.

    It needs neither master nor staff, and says nothing where it went out. It is no safety system:
    what each DHS makes of it is its own matter.

    EXIT_CODES

    \b
    Examples:
        dhs abort
        dhs abort --hard
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        dcss.abort(hard=hard)
    output.put(None, {"event": "abort", "hard": hard})
