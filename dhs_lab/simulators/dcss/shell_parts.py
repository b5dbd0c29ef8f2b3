"""The parts of the shell's commands: their words, their results, the objects they use."""

from collections.abc import Callable, Iterable
from math import isfinite

import attrs

from dcs_codec import OperationStatus
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_runtime.lowlevel import LONGEST_S, DhsError, StopToken


class UsageError(DhsError):
    """The words of a command are wrong."""


def is_number(word: str) -> bool:
    """Whether a word is a finite number."""
    try:
        return isfinite(float(word))
    except ValueError:
        return False


@attrs.frozen
class CommandResult:
    """The result of a command.

    Attributes:
        text: One line about it; "" for no output.
        status: `normal`, the status with which the DHS completed, or `error`.
    """

    text: str
    status: str = OperationStatus.NORMAL

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.status == OperationStatus.NORMAL


@attrs.frozen
class Pending:
    """A command that is not completed yet.

    Attributes:
        started: One line for a user who does not wait.
        wait: Waits for it, this many seconds; raises TimeoutError.
        is_told: Whether `started` is printed even if the shell waits for the command.
        is_limited: Whether the shell stops waiting after a time even if none was set.
    """

    started: str
    wait: Callable[[float], CommandResult]
    is_told: bool = False
    is_limited: bool = True


CommandAnswer = CommandResult | Pending
Names = Callable[[SimulatedDcss], Iterable[str]]


class CommandWords:
    """The words after a command, read one by one; each method raises UsageError for a mistake."""

    def __init__(self, usage: str, words: Iterable[str]) -> None:
        self._usage = usage
        self._words = list(words)

    def __bool__(self) -> bool:
        """Whether there are more."""
        return bool(self._words)

    def peek(self) -> str:
        """The next, which stays; "" if there is none."""
        return self._words[0] if self._words else ""

    def word(self, what: str) -> str:
        """The next."""
        if not self._words:
            raise self.wrong(f"{what} is missing")
        return self._words.pop(0)

    def number(self, what: str) -> float:
        """The next, a finite number."""
        word = self.word(what)
        if not is_number(word):
            raise self.wrong(f"{what} is a number, got {word!r}")
        return float(word)

    def whole(self, what: str) -> int:
        """The next, a whole number, at least 0."""
        word = self.word(what)
        if not word.isdecimal():
            raise self.wrong(f"{what} is a whole number, got {word!r}")
        return int(word)

    def seconds(self, what: str = "SECONDS") -> float:
        """The next, a time."""
        seconds = self.number(what)
        if not 0 <= seconds <= LONGEST_S:
            raise self.wrong(f"{what} is a time of at most {LONGEST_S:g}, got {seconds:g}")
        return seconds

    def one_of(self, what: str, *known: str) -> str:
        """The next, one of the known words."""
        word = self.word(what)
        if word not in known:
            raise self.wrong(f"{what} is one of {', '.join(known)}, got {word!r}")
        return word

    def flag(self, name: str) -> bool:
        """Whether this one comes next; takes it."""
        if self._words[:1] != [name]:
            return False
        self._words.pop(0)
        return True

    def rest(self) -> list[str]:
        """All remaining words."""
        words, self._words = self._words, []
        return words

    def end(self) -> None:
        """Check that there are no more."""
        if self._words:
            raise self.wrong(f"{self._words[0]!r} is one word too many")

    def wrong(self, reason: str) -> UsageError:
        """The error for wrong words."""
        return UsageError(f"{reason}; usage: {self._usage}")


@attrs.frozen
class Context:
    """What commands use.

    Attributes:
        dcss: The simulated DCSS.
        say: Prints a line; any thread may call it.
        run: Runs another command and returns its result, without printing it.
        spawn: Runs a function in the background, until it ends or the token stops.
        join: Waits for the commands in the background, this many seconds; whether all ended.
        stop: Stops when the shell is closed.
    """

    dcss: SimulatedDcss
    say: Callable[[str], None]
    run: Callable[[list[str]], CommandResult]
    spawn: Callable[[Callable[[], None]], None]
    join: Callable[[float], bool]
    stop: StopToken


CommandFunction = Callable[[Context, CommandWords], CommandAnswer]


@attrs.frozen(kw_only=True)
class Command:
    """A command of the shell.

    Attributes:
        line: Its name, and the words after it.
        help: What it does, in one line.
        run: Runs it.
        names: Names that may follow it, for completion.
        aliases: Other names for it.
    """

    line: str
    help: str
    run: CommandFunction
    names: Names
    aliases: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.line.partition(" ")[0]


def listed(
    commands: list[Command],
    line: str,
    text: str,
    names: Names = lambda _: (),
    *,
    aliases: tuple[str, ...] = (),
) -> Callable[[CommandFunction], CommandFunction]:
    """Add the decorated function to the commands; the arguments are as in `Command`."""

    def add(run: CommandFunction) -> CommandFunction:
        commands.append(Command(line=line, help=text, run=run, names=names, aliases=aliases))
        return run

    return add
