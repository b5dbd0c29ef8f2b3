"""`dhs start`: runs an operation."""

import click

from dhs_runtime.cli.commands import INTERRUPTED
from dhs_runtime.cli.device_names import names_of_kinds
from dhs_runtime.cli.gui_options import GuiFlags, SecondsOption, gui_options
from dhs_runtime.cli.gui_output import CommandOutput, without_noise
from dhs_runtime.client import DcssClient, RequestError, StartedOperation
from dhs_runtime.client.pending import ABORT_GRACE_S

_HOUR_S = 3600.0


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("operation", shell_complete=names_of_kinds("operation"))
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--quiet",
    "quiet_s",
    metavar="SECONDS",
    type=SecondsOption(),
    help="Longest time between two updates.  [default: that of --timeout]",
)
@click.option("--abort-on-interrupt", is_flag=True, help="On Ctrl-C stop the whole beamline.")
@gui_options(_HOUR_S, timeout_help="Longest time for the whole operation.", takes_master=True)
def start(
    *,
    operation: str,
    args: tuple[str, ...],
    quiet_s: float | None,
    abort_on_interrupt: bool,
    gui: GuiFlags,
    output: CommandOutput,
) -> int:
    """Start an operation, show its updates as they come, then its status and result.

    ARGS are the operation's arguments; each reaches it as one word. Options may be anywhere; after
    `--` every word is an argument. Ctrl-C leaves the operation running and says so; with
    --abort-on-interrupt it stops everything at the beamline, as `dhs abort` does.

    EXIT_CODES

    \b
    Examples:
        dhs start collectLoopImages 5 1
        dhs start centerLoop --quiet 30 --json
        dhs start takeNote -- --json is a word here
    """  # noqa: D301 - click wants the sign itself
    with gui.connected() as dcss:
        run = dcss.start_operation(operation, *args)
        try:
            output.put(None, {"event": "started", "name": operation, "handle": run.handle})
            for text in run.follow(gui.timeout_s, quiet_s):
                output.put(
                    without_noise(text), {"event": "update", "name": operation, "text": text}
                )
            end = run.wait(0)
        except KeyboardInterrupt:
            if abort_on_interrupt:
                _abort(dcss, run, output)
            else:
                output.warn(f"{operation} {run.handle} is running; dhs abort would stop everything")
            return INTERRUPTED
        output.put(
            f"{end.status} {without_noise(end.text)}".rstrip(),
            {"event": "completed", "name": operation, "status": end.status, "text": end.text},
        )
    return 0


def _abort(dcss: DcssClient, run: StartedOperation, output: CommandOutput) -> None:
    dcss.abort()
    try:
        run.wait(2 * ABORT_GRACE_S)
    except RequestError as error:
        output.warn(str(error))
