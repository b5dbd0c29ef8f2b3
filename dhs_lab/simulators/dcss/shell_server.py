"""Commands of the shell about the server itself, its DHSs and the script it runs."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from dcs_codec import MalformedMessage, OperationStatus, decode_text
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_lab.simulators.dcss.faults import FaultKind
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_lab.simulators.dcss.shell_answers import as_gui, awaited
from dhs_lab.simulators.dcss.shell_parts import (
    Command,
    CommandAnswer,
    CommandResult,
    CommandWords,
    Context,
    Pending,
    UsageError,
    is_number,
    listed,
)
from dhs_lab.simulators.dcss.traffic import TrafficLine
from dhs_runtime.lowlevel import Deadline

LAST: Final = 20  # messages that `traffic` shows
TOLERANCE: Final = 1e-6
_FOLLOW_S: Final = 0.2


COMMANDS: Final[list[Command]] = []
_command = partial(listed, COMMANDS)


def _hosts(dcss: SimulatedDcss) -> Iterable[str]:
    return [host.name for host in dcss.hosts]


def _all(dcss: SimulatedDcss) -> Iterator[str]:
    yield from _hosts(dcss)
    yield from dcss.devices()


def _kinds_of_fault(_: SimulatedDcss) -> Iterable[str]:
    return (*FaultKind, "clear")


# -- looking ---------------------------------------------------------------------------------


@_command("who", "DHSs that are connected")
def _who(context: Context, words: CommandWords) -> CommandAnswer:
    words.end()
    return CommandResult(" ".join(context.dcss.online()) or "no DHS is connected")


@_command("state [NAME...]", "show hosts and devices of the database, all by default", _all)
def _state(context: Context, words: CommandWords) -> CommandAnswer:
    devices = context.dcss.devices()
    hosts = {host.name: host for host in context.dcss.hosts}
    online = _online(context.dcss)
    lines: list[str] = []
    for name in words.rest() or hosts:
        if name in hosts:
            lines.append(f"{name} {'online' if name in online else 'offline'}")
            lines += [f"  {devices[device.name].describe()}" for device in hosts[name].devices]
        elif name in devices:
            lines.append(devices[name].describe())
        else:
            raise UsageError(f"no hardware host and no device {name!r} in the database")
    return CommandResult("\n".join(lines))


@_command("traffic [N] [--follow]", "the last N messages; show more as they come")
def _traffic(context: Context, words: CommandWords) -> CommandAnswer:
    follow = words.flag("--follow")
    count = words.whole("N") if words else (0 if follow else LAST)
    follow = follow or words.flag("--follow")
    words.end()
    traffic = context.dcss.traffic
    seen, lines = traffic.after(0)
    if follow:
        context.spawn(lambda: _follow(context, seen))
    last = lines[-count:] if count > 0 else ()
    return CommandResult("\n".join(map(str, last)))


@_command("verdicts", "what DHSs did wrong")
def _verdicts(context: Context, words: CommandWords) -> CommandAnswer:
    words.end()
    verdicts = context.dcss.verdicts
    lines = [f"{each.at_s:9.3f} {each.kind}: {each}" for each in verdicts]
    return CommandResult("\n".join(lines) or "no verdicts")


def _follow(context: Context, seen: int) -> None:
    """Print messages as they come, until the shell is closed."""
    mark = 0
    while not context.stop.is_stopping():
        seen, lines = context.dcss.traffic.after(seen)
        if lines:
            context.say("\n".join(map(str, lines)))
        mark = context.dcss.changes.wait(mark, _FOLLOW_S)


# -- by hand ---------------------------------------------------------------------------------


@_command(
    "send DHS KEYWORD [WORD...]", "send any message unchanged, without the rules for GUIs", _hosts
)
def _send(context: Context, words: CommandWords) -> CommandAnswer:
    name, text = words.word("DHS"), " ".join(words.rest())
    message = decode_text(text)
    if isinstance(message, MalformedMessage):
        raise words.wrong(f"{message.field or 'MESSAGE'} {message.reason}")
    return awaited(context, context.dcss.send_text(name, text), f"{name} is sent {text}")


@_command("gui gtos_KEYWORD [WORD...]", "send the text of a GUI")
def _gui(context: Context, words: CommandWords) -> CommandAnswer:
    text = " ".join(words.rest())
    return as_gui(context, text, f"a GUI says {text}")


# -- disturbing ------------------------------------------------------------------------------


@_command("drop DHS [reset]", "close the connection of a DHS; reset: with RST", _hosts)
def _drop(context: Context, words: CommandWords) -> CommandAnswer:
    name = words.word("DHS")
    by_reset = words.flag("reset")
    words.end()
    context.dcss.disconnect(name, by_reset=by_reset)
    return CommandResult(f"{name} is disconnected{' by a reset' if by_reset else ''}")


@_command(
    "fault [KIND [VALUE] [FIELD=VALUE...] | clear [NUMBER]]",
    "show the active faults, add one, end one or all",
    _kinds_of_fault,
)
def _fault(context: Context, words: CommandWords) -> CommandAnswer:
    faults = context.dcss.faults
    if not words:
        lines = [f"{each.number}: {each.fault}, hit {each.hits}" for each in faults.standing()]
        return CommandResult("\n".join(lines) or "no faults")
    if words.flag("clear"):
        number = words.whole("NUMBER") if words else None
        words.end()
        faults.clear(number)
        return CommandResult("no faults" if number is None else f"fault {number} is not active")
    text = " ".join(words.rest())
    return CommandResult(f"fault {faults.add(text)}: {text}")


# -- scripts ---------------------------------------------------------------------------------


@_command(
    "wait [DHS [offline]] [SECONDS]",
    "wait for a DHS and its devices, or for all background commands",
    _hosts,
)
def _wait(context: Context, words: CommandWords) -> CommandAnswer:
    is_named = bool(words) and not is_number(words.peek())
    name = words.word("DHS") if is_named else ""
    is_offline = bool(name) and words.flag("offline")
    own_s = words.seconds() if words else None
    words.end()

    def wait(timeout_s: float) -> CommandResult:
        limit_s = timeout_s if own_s is None else own_s
        if not name:
            if not context.join(limit_s):
                return CommandResult(f"not done within {limit_s:g} s", OperationStatus.ERROR)
            return CommandResult("everything is done")
        if is_offline:
            context.dcss.wait_offline(name, limit_s)
        else:
            context.dcss.wait_online(name, limit_s)
        return CommandResult(f"{name} is {'offline' if is_offline else 'online'}")

    if name and name not in {host.name for host in context.dcss.hosts}:
        raise UsageError(f"no hardware host {name!r} in the database")
    return Pending(f"waiting for {name or 'all'}", wait)


@_command("sleep SECONDS", "do nothing for a time")
def _sleep(context: Context, words: CommandWords) -> CommandAnswer:
    seconds = words.seconds()
    words.end()
    context.stop.wait(seconds)
    return CommandResult("")


@_command(
    "expect [--within SECONDS] NAME VALUE [TOLERANCE] | status STATUS COMMAND... | message PATTERN",
    "fail unless a value, a status or a message is as given",
    _all,
)
def _expect(context: Context, words: CommandWords) -> CommandAnswer:
    within_s = words.seconds() if words.flag("--within") else 0.0
    if words.flag("status"):
        return _expect_status(context, words)
    if words.flag("message"):
        return _expect_message(context, words, within_s)
    name, rest = words.word("NAME"), words.rest()
    if not rest:
        raise words.wrong("VALUE is missing")
    deadline = Deadline.after(within_s)
    mark = 0
    while (actual := _actual(context.dcss, name)) is not None:
        if _is_as(actual, rest, words):
            return CommandResult(f"{name} is {actual}")
        if deadline.passed:
            break
        mark = context.dcss.changes.wait(mark, deadline.remaining())
    else:
        raise UsageError(f"{name!r} has no value in the database")
    return CommandResult(
        f"expected {name} to be {' '.join(rest)}, it is {actual}", OperationStatus.ERROR
    )


def _online(dcss: SimulatedDcss) -> tuple[str, ...]:
    """The hosts that are connected; the scripting engine always is."""
    return (SCRIPTING_ENGINE, *dcss.online())


def _actual(dcss: SimulatedDcss, name: str) -> str | float | None:
    if name in {host.name for host in dcss.hosts}:
        return "online" if name in _online(dcss) else "offline"
    device = dcss.devices().get(name)
    return None if device is None else device.value


def _is_as(actual: str | float, expected: list[str], words: CommandWords) -> bool:
    if isinstance(actual, str):
        return actual == " ".join(expected)
    try:
        value, tolerance, *more = (*map(float, expected), TOLERANCE)
    except ValueError:
        raise words.wrong(f"a number was expected, got {' '.join(expected)!r}") from None
    if len(more) > 1:
        raise words.wrong(f"{expected[2]!r} is one word too many")
    return abs(actual - value) <= tolerance


def _expect_status(context: Context, words: CommandWords) -> CommandResult:
    wanted, line = words.word("STATUS"), words.rest()
    if not line:
        raise words.wrong("a command is missing")
    outcome = context.run(line)
    if outcome.status == wanted:
        return CommandResult(f"{outcome.text}, as expected")
    return CommandResult(f"expected {wanted}: {outcome.text}", OperationStatus.ERROR)


def _expect_message(context: Context, words: CommandWords, within_s: float) -> CommandResult:
    pattern = " ".join([words.word("PATTERN"), *words.rest()])

    def matches(line: TrafficLine) -> bool:
        return fnmatchcase(line.text, pattern)

    try:
        line = context.dcss.traffic.wait_for(matches, within_s)
    except TimeoutError:
        return CommandResult(
            f"expected a message {pattern!r}, there is none", OperationStatus.ERROR
        )
    return CommandResult(str(line))
