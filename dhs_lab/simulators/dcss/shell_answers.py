"""How the shell waits for the answers of DHSs, and prints them."""

from collections.abc import Callable, Iterable
from typing import Any

from dcs_codec import Message, OperationStatus
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.gui_port.local_gui import GuiRun
from dhs_lab.simulators.dcss.move_runs import MoveCompletion, MoveRun, VectorRun
from dhs_lab.simulators.dcss.reports import ShutterReport, StringReport
from dhs_lab.simulators.dcss.runs import OperationRun, ReportRun
from dhs_lab.simulators.dcss.shell_parts import (
    CommandAnswer,
    CommandResult,
    Context,
    Pending,
)
from dhs_runtime.lowlevel import number_text


def as_gui(context: Context, asked: Message | str, started: str) -> CommandAnswer:
    """Carry out a command of a GUI; `started` is its line until the answer comes."""
    return awaited(context, context.dcss.from_gui(asked), started)


def awaited(context: Context, run: GuiRun | None, started: str) -> CommandAnswer:
    """The answer to a command that began this run."""
    match run:
        case None:
            return CommandResult(started)
        case OperationRun():
            return _operation(context, run)
        case CountingRun():
            return Pending(started, lambda timeout_s: _counted(run, timeout_s))
        case MoveRun():
            return Pending(started, lambda timeout_s: _moved([run.name], [run.wait(timeout_s)]))
        case VectorRun():
            names = [move.name for move in run.moves]
            return Pending(started, lambda timeout_s: _moved(names, run.wait(timeout_s)))
    return Pending(started, _reported(run))


def _operation(context: Context, run: OperationRun) -> Pending:
    label = f"{run.name} {run.handle}"

    def wait(timeout_s: float) -> CommandResult:
        for update in run.follow(timeout_s):
            context.say(f"{label} update: {update}")
        done = run.completions[0]
        return CommandResult(f"{label} completed {done.status} {done.text}".rstrip(), done.status)

    return Pending(f"{label} started", wait, is_told=True, is_limited=False)


def _moved(names: Iterable[str], ends: Iterable[MoveCompletion]) -> CommandResult:
    done = list(zip(names, ends, strict=True))
    texts = [f"{name} at {number_text(end.position)}: {end.status}" for name, end in done]
    statuses = [end.status for _, end in done if end.status != OperationStatus.NORMAL]
    return CommandResult(", ".join(texts), next(iter(statuses), OperationStatus.NORMAL))


def _counted(run: CountingRun, timeout_s: float) -> CommandResult:
    report = run.wait(timeout_s + max(part.takes_s or 0.0 for part in run.parts))
    counts = [f"{name} {number_text(count)}" for name, count in report.counts.items()]
    named = ", ".join(counts or (part.name for part in run.parts))
    return CommandResult(f"{named} in {report.time_s:g} s: {report.status}", report.status)


def _reported(run: ReportRun[Any]) -> Callable[[float], CommandResult]:
    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s)
        match report:
            case ShutterReport():
                value = f"is {report.state}"
            case StringReport():
                value = f"is {report.contents!r}"
            case _:
                value = f"at {number_text(report.position)}"
        return CommandResult(f"{run.name} {value}: {report.status}", report.status)

    return wait
