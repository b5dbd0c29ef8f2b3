"""`dhs move`: moves motors."""

import click

from dhs_runtime.cli.commands import INTERRUPTED
from dhs_runtime.cli.device_names import names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, value_of
from dhs_runtime.client import (
    Change,
    DcssClient,
    MotorView,
    MoveRequest,
    RefusedError,
    RequestError,
    Watch,
)
from dhs_runtime.client.moving import MOVE_S, first_to_raise
from dhs_runtime.clock import Deadline

_STOP_S = 30.0  # for motors to slow down


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument(
    "words",
    metavar="NAME TO [NAME TO]...",
    nargs=-1,
    required=True,
    shell_complete=names_of_kinds("motor"),
)
@gui_options(MOVE_S, timeout_help="Longest time for all moves.", takes_master=True)
def move(*, words: tuple[str, ...], gui: GuiFlags, output: CommandOutput) -> int:
    """Move motors together, and show their positions until all have stopped.

    TO is in the motor's own units. Before the first move is sent, all are checked against the
    limits, locks and motions that DCSS reported, because most refusals of DCSS stop the whole
    beamline. Ctrl-C stops these motors softly and waits until they have stopped; a second Ctrl-C
    does not wait. Only `dhs abort` stops a motor of DCSS's scripting engine.

    EXIT_CODES

    \b
    Examples:
        dhs move gonio_phi 90
        dhs move sample_x 0.5 sample_y -0.25 --timeout 30
    """  # noqa: D301 - click wants the sign itself
    targets = _targets(words)
    with gui.connected() as dcss:
        for name, to in targets.items():
            dcss.check_move(name, to)
        deadline = Deadline.after(gui.timeout_s)
        runs: list[MoveRequest] = []
        with dcss.watch(*targets) as seen:
            try:
                for name, to in targets.items():
                    runs.append(dcss.start_move(name, to, check=False))
                for run in runs:
                    run.on_end(lambda _: _end_with_the_last(runs, seen))
                for event in seen.until(deadline.remaining()):
                    _show(dcss, output, targets, event)
                code = 0
            except KeyboardInterrupt:
                _stop(dcss, output, runs)
                deadline, code = Deadline.after(_STOP_S), INTERRUPTED
            errors = _ends(dcss, output, runs, deadline)
        worst = first_to_raise(errors) if errors else None
        for error in errors:
            if code or error is not worst:  # the worst is raised below, and printed then
                output.warn(str(error))
        if worst is not None and not code:
            raise worst
    return code


def _end_with_the_last(runs: list[MoveRequest], seen: Watch) -> None:
    """End the watch when the last of the moves is over."""
    if all(run.is_over for run in runs):
        seen.close()


def _targets(words: tuple[str, ...]) -> dict[str, float]:
    if len(words) % 2:
        raise click.UsageError(f"{words[-1]} has no TO: give a position after each name")
    targets: dict[str, float] = {}
    for name, to in zip(words[::2], words[1::2], strict=True):
        try:
            position = float(to)
        except ValueError:
            raise click.UsageError(f"{name}: a position is a number, not {to!r}") from None
        if name in targets:
            raise click.UsageError(f"{name} is given twice")
        targets[name] = position
    return targets


def _show(
    dcss: DcssClient, output: CommandOutput, targets: dict[str, float], event: object
) -> None:
    if isinstance(event, Change) and isinstance(event.after, MotorView):
        line = "  ".join(f"{name} {value_of(dcss.motors[name])}" for name in targets)
        motor = event.after
        output.put_over(line, {"event": "position", "name": motor.name, "position": motor.position})


def _stop(dcss: DcssClient, output: CommandOutput, runs: list[MoveRequest]) -> None:
    for run in runs:
        if not run.is_over:
            try:
                dcss.stop_move(run.name)
            except RefusedError as error:
                output.warn(f"{error}; it keeps moving")


def _ends(
    dcss: DcssClient, output: CommandOutput, runs: list[MoveRequest], deadline: Deadline
) -> list[RequestError]:
    """Show the moves that ended well; returns the errors of the others."""
    errors: list[RequestError] = []
    for run in runs:
        try:
            end = run.wait(deadline.remaining())
        except RequestError as error:
            errors.append(error)
            continue
        units = dcss.motors[run.name].units
        output.put(
            f"{run.name} {value_of(dcss.motors[run.name])}",
            {
                "event": "completed",
                "name": run.name,
                "position": end.position,
                "units": units,
                "status": end.status,
            },
        )
    return errors
