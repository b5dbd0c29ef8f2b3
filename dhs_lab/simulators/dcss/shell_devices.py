"""Commands of the shell that drive devices, each until its DHS has answered."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from dcs_codec import NO_DEVICE, OperationStatus
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    IonChamberEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.move_runs import MoveCompletion, MoveRun
from dhs_lab.simulators.dcss.reports import EncoderReport, IonChamberReport
from dhs_lab.simulators.dcss.runs import ReportRun
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_lab.simulators.dcss.shell_parts import (
    Command,
    CommandAnswer,
    CommandResult,
    CommandWords,
    Context,
    Pending,
    UsageError,
    counted,
)
from dhs_runtime.lowlevel import number_text

_TRUE: Final = ("1", "on", "true", "yes")
_FALSE: Final = ("0", "off", "false", "no")


def names_of(*kinds: type) -> Callable[[SimulatedDcss], Iterable[str]]:
    """Names of all devices of these kinds."""

    def names(dcss: SimulatedDcss) -> Iterable[str]:
        return [device.name for device in dcss.devices().values() if isinstance(device, kinds)]

    return names


# -- motors ----------------------------------------------------------------------------------


def _move(context: Context, words: CommandWords) -> CommandAnswer:
    name, destination = words.word("MOTOR"), words.word("POSITION")
    words.end()
    try:
        run = context.dcss.move(name, float(destination))
    except ValueError:  # `home`
        run = context.dcss.move(name, destination)
    return _moving(run)


def _moving(run: MoveRun) -> Pending:
    def wait(timeout_s: float) -> CommandResult:
        return CommandResult(_moved(run.name, done := run.wait(timeout_s)), done.status)

    destination = run.destination
    to = destination if isinstance(destination, str) else number_text(destination)
    return Pending(f"{run.name} is sent to {to}", wait)


def _moved(name: str, done: MoveCompletion) -> str:
    return f"{name} at {number_text(done.position)}: {done.status}"


def _abort(context: Context, words: CommandWords) -> CommandAnswer:
    motor = "" if not words or words.flag("all") else words.word("MOTOR")
    if motor in ("soft", "hard"):
        motor, how = "", motor
    else:
        how = words.one_of("HOW", "soft", "hard") if words else "soft"
    words.end()
    if motor:
        context.dcss.abort_move(motor, how)
        return CommandResult(f"{motor} is to stop: {how}")
    online = context.dcss.online()
    context.dcss.abort_all(how)
    return CommandResult(f"everything is to stop: {how}, {counted(len(online), 'DHS')} told")


def _set_position(context: Context, words: CommandWords) -> CommandAnswer:
    name, position = words.word("MOTOR"), words.number("POSITION")
    words.end()
    run = context.dcss.set_position(name, position)

    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s)
        return CommandResult(
            f"{name} at {number_text(report.position)}: {report.status}", report.status
        )

    return Pending(f"{name} gets the position {number_text(position)}", wait)


def _oscillate(context: Context, words: CommandWords) -> CommandAnswer:
    motor, shutter = words.word("MOTOR"), words.word("SHUTTER")
    degrees, time_s = words.number("RANGE"), words.seconds()
    words.end()
    return _moving(context.dcss.oscillate(motor, _or_none(shutter), degrees, time_s))


def _vector(context: Context, words: CommandWords) -> CommandAnswer:
    dcss = context.dcss
    if words.flag("stop"):
        motor_1, motor_2 = words.word("MOTOR"), words.word("MOTOR2") if words else NO_DEVICE
        words.end()
        dcss.stop_vector_move(motor_1, _or_none(motor_2))
        return CommandResult(f"the vector move of {motor_1} is to stop")
    changes_speed = words.flag("speed")
    motor_1, motor_2 = words.word("MOTOR"), words.word("MOTOR2")
    ends = () if changes_speed else (words.number("POSITION"), words.number("POSITION2"))
    speed = words.number("SPEED")
    words.end()
    if not ends:
        dcss.change_vector_speed(motor_1, _or_none(motor_2), speed)
        return CommandResult(f"the vector move of {motor_1} is to go on at {speed:g}")
    run = dcss.vector_move(motor_1, _or_none(motor_2), *ends, speed)

    def wait(timeout_s: float) -> CommandResult:
        done = run.wait(timeout_s)
        texts = [_moved(move.name, end) for move, end in zip(run.moves, done, strict=True)]
        return CommandResult(", ".join(texts), _worst(end.status for end in done))

    names = " and ".join(move.name for move in run.moves)
    return Pending(f"{names} are on their way", wait)


def _configure(context: Context, words: CommandWords) -> CommandAnswer:
    name, settings = words.word("MOTOR"), words.rest()
    device = context.dcss.devices().get(name)
    if not isinstance(device, MotorEntry):
        raise UsageError(f"{name} is no motor of the database")
    kinds = dict(device.scanned)
    values: dict[str, Any] = {}
    for setting in settings:
        field, separator, text = setting.partition("=")
        if not separator or field not in kinds:
            raise words.wrong(f"{setting!r} is no setting; there is {', '.join(kinds)}")
        values[field] = _setting(field, kinds[field], text, words)
    if not values:
        raise words.wrong("a setting is missing")
    context.dcss.configure(name, **values)
    told = " ".join(f"{field}={value}" for field, value in values.items())
    return CommandResult(f"{name} is configured: {told}")


def _setting(field: str, kind: str, text: str, words: CommandWords) -> float:
    if field.endswith("_on"):
        if text not in _TRUE + _FALSE:
            raise words.wrong(f"{field} is on or off, got {text!r}")
        return text in _TRUE
    try:
        return float(text) if kind == "%lf" else int(text)
    except ValueError:
        raise words.wrong(f"{field} is a number, got {text!r}") from None


def _or_none(name: str) -> str | None:
    return None if name in ("-", NO_DEVICE) else name


def _worst(statuses: Iterable[str]) -> str:
    return next(
        (status for status in statuses if status != OperationStatus.NORMAL), OperationStatus.NORMAL
    )


# -- the other devices -----------------------------------------------------------------------


def _shutter(context: Context, words: CommandWords) -> CommandAnswer:
    name, state = words.word("SHUTTER"), words.word("STATE")
    words.end()
    run = context.dcss.set_shutter(name, state)

    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s)
        return CommandResult(f"{name} is {report.state}: {report.status}", report.status)

    return Pending(f"{name} is to be {state}", wait)


def _read(context: Context, words: CommandWords) -> CommandAnswer:
    repeat = words.flag("--repeat")
    time_s, names = words.seconds(), words.rest()
    if not names:
        raise words.wrong("ION_CHAMBER is missing")
    run = context.dcss.read_ion_chambers(time_s, names, repeat=repeat)

    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s + time_s)
        return CommandResult(_counted(names, report), report.status)

    def follow(timeout_s: float) -> CommandResult:
        return _follow(context, run, names, timeout_s + time_s)

    started = f"{' '.join(names)} count for {time_s:g} s{', again and again' if repeat else ''}"
    return Pending(started, follow if repeat else wait, is_endless=repeat)


def _follow(context: Context, run: CountingRun, names: list[str], each_s: float) -> CommandResult:
    """Print each report, until one is a failure: it was aborted, or its DHS was lost."""
    count = 1
    while (report := run.wait_reports(count, each_s)[count - 1]).status == OperationStatus.NORMAL:
        context.say(_counted(names, report))
        count += 1
    return CommandResult(_counted(names, report))


def _counted(names: list[str], report: IonChamberReport) -> str:
    counts = [f"{name} {number_text(count)}" for name, count in report.counts.items()]
    return f"{', '.join(counts or names)} in {report.time_s:g} s: {report.status}"


def _encoder(context: Context, words: CommandWords) -> CommandAnswer:
    name = words.word("ENCODER")
    run: ReportRun[EncoderReport]
    if words:
        run = context.dcss.set_encoder(name, words.number("POSITION"))
        words.end()
    else:
        run = context.dcss.get_encoder(name)

    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s)
        return CommandResult(
            f"{name} at {number_text(report.position)}: {report.status}", report.status
        )

    return Pending(f"{name} is asked", wait)


def _string(context: Context, words: CommandWords) -> CommandAnswer:
    name, contents = words.word("STRING"), " ".join([words.word("CONTENTS"), *words.rest()])
    run = context.dcss.set_string(name, contents)

    def wait(timeout_s: float) -> CommandResult:
        report = run.wait(timeout_s)
        return CommandResult(f"{name} is {report.contents!r}: {report.status}", report.status)

    return Pending(f"{name} is to be {contents!r}", wait)


# -- operations ------------------------------------------------------------------------------


def _start(context: Context, words: CommandWords) -> CommandAnswer:
    run = context.dcss.start_operation(words.word("OPERATION"), *words.rest())
    label = f"{run.name} {run.handle}"

    def wait(timeout_s: float) -> CommandResult:
        for update in run.follow(timeout_s):
            context.say(f"{label} update: {update}")
        done = run.completions[0]
        return CommandResult(f"{label} completed {done.status} {done.text}".rstrip(), done.status)

    return Pending(f"{label} started", wait, is_told=True)


def _stop(context: Context, words: CommandWords) -> CommandAnswer:
    name = words.word("OPERATION")
    context.dcss.stop_operation(name, *words.rest())
    return CommandResult(f"{name} is to stop")


COMMANDS: Final = (
    Command(
        name="move",
        usage="MOTOR POSITION",
        help="move a motor, or send it to a word such as home",
        run=_move,
        names=names_of(MotorEntry),
    ),
    Command(
        name="abort",
        usage="[MOTOR] [soft|hard]",
        help="stop one motor, or everything",
        run=_abort,
        names=names_of(MotorEntry),
    ),
    Command(
        name="set-position",
        usage="MOTOR POSITION",
        help="set the value of the present position of a motor",
        run=_set_position,
        names=names_of(MotorEntry),
    ),
    Command(
        name="oscillate",
        usage="MOTOR SHUTTER|- RANGE SECONDS",
        help="turn a motor by a range with a shutter open",
        run=_oscillate,
        names=names_of(MotorEntry, ShutterEntry),
    ),
    Command(
        name="vector",
        usage="[stop|speed] MOTOR MOTOR2|- [POSITION POSITION2] [SPEED]",
        help="move two motors along a line; stop it; change its speed",
        run=_vector,
        names=names_of(MotorEntry),
    ),
    Command(
        name="configure",
        usage="MOTOR FIELD=VALUE...",
        help="change a motor's configuration, as speed=200 motor_lock_on=on",
        run=_configure,
        names=names_of(MotorEntry),
    ),
    Command(
        name="shutter",
        usage="SHUTTER open|closed",
        help="open or close a shutter or filter",
        run=_shutter,
        names=names_of(ShutterEntry),
    ),
    Command(
        name="read",
        usage="[--repeat] SECONDS ION_CHAMBER...",
        help="let ion chambers count, once or until aborted",
        run=_read,
        names=names_of(IonChamberEntry),
    ),
    Command(
        name="encoder",
        usage="ENCODER [POSITION]",
        help="read an encoder, or set it",
        run=_encoder,
        names=names_of(EncoderEntry),
    ),
    Command(
        name="string",
        usage="STRING CONTENTS...",
        help="ask for new contents of a string",
        run=_string,
        names=names_of(StringEntry),
        aliases=("set",),
    ),
    Command(
        name="start",
        usage="OPERATION [WORD...]",
        help="start an operation; shows its updates and its completion",
        run=_start,
        names=names_of(OperationEntry),
    ),
    Command(
        name="stop",
        usage="OPERATION [WORD...]",
        help="send stoh_stop_operation",
        run=_stop,
        names=names_of(OperationEntry),
    ),
)
