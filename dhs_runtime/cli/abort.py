"""`dhs abort`: stops everything at the beamline."""

from typing import Final

import click

from dcs_codec.gui import StogMotorMoveCompleted, StogOperationCompleted
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, value_of, without_noise
from dhs_runtime.client import ClientState, DcssClient
from dhs_runtime.errors import NotConnectedError

_LISTEN_S: Final = 2.0
_KINDS: Final = (StogMotorMoveCompleted, StogOperationCompleted, ClientState)


@click.command()
@click.option("--hard", is_flag=True, help="Stop motors at once, without slowing down.")
@gui_options(_LISTEN_S, timeout_help="How long to show moves and operations that end.")
def abort(*, hard: bool, gui: GuiFlags, output: CommandOutput) -> None:
    """Stop all motors, operations and counts at the beamline, also those of other users.

    You need not be master or staff. DCSS does not answer, and does not say what was running, so
    this shows the moves and operations that end within --timeout. It is not a safety system: each
    DHS decides how it stops.

    EXIT_CODES

    \b
    Examples:
        dhs abort
        dhs abort --hard
    """  # noqa: D301 - click wants the sign itself
    how = "hard" if hard else "soft"
    with gui.connected() as dcss, dcss.watch(*_KINDS) as seen:
        dcss.abort(hard=hard)
        output.put(
            f"asked DCSS at {dcss.address} to stop everything ({how})",
            {"event": "abort", "hard": hard},
        )
        count = 0
        for event in seen.until(gui.timeout_s):
            if isinstance(event, ClientState):  # it is connected, so this is the loss of its link
                raise NotConnectedError(
                    "the link to DCSS was lost; it is not known what else ended"
                )
            count += _show(event, dcss, output)
        if not count:
            output.put(f"nothing ended within {gui.timeout_s:g} s", {"event": "nothing"})


def _show(event: object, dcss: DcssClient, output: CommandOutput) -> bool:
    """Show a move or operation that ended; returns whether the event was one."""
    if isinstance(event, StogMotorMoveCompleted) and event.motor_name in dcss.motors:
        name, status = event.motor_name, event.status
        motor = dcss.motors[name]
        position = {"position": motor.position, "units": motor.units}
        output.put(
            f"{name} {value_of(motor)} {status}".rstrip(),
            {"event": "completed", "name": name, "status": status, **position},
        )
        return True
    if isinstance(event, StogOperationCompleted):
        name, status = event.operation_name, event.operation_status or ""
        text = event.operation_args
        output.put(
            " ".join(filter(None, (name, status, without_noise(text)))),
            {"event": "completed", "name": name, "status": status, "text": text},
        )
        return True
    return False
