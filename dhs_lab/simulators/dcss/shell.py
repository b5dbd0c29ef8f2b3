"""`Shell`: drives a simulated DCSS by lines of text, typed or from a script.

A line is a command and its words, split as by a POSIX shell; `#` begins a comment line. Each
command for devices is carried out, or refused, like one of a GUI; only `send` skips the rules. It
waits for its completion and prints one line. With `--no-wait` after the command, or `&` at the end,
it runs in the background; `--timeout SECONDS` sets how long to wait for this command.

    with Shell(dcss, print) as shell:
        shell.run("move gonio_phi 90")
"""

import difflib
import functools
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Final, Self

import attrs

from dcs_codec import OperationStatus
from dhs_lab.simulators.dcss import shell_devices, shell_server
from dhs_lab.simulators.dcss.gui_port.local_gui import GuiRefusedError
from dhs_lab.simulators.dcss.server import SimulatedDcss
from dhs_lab.simulators.dcss.shell_parts import (
    Command,
    CommandAnswer,
    CommandResult,
    CommandWords,
    Context,
    UsageError,
    listed,
)
from dhs_runtime.lowlevel import Deadline, StopToken, ThreadGroup

__all__ = ["COMMANDS", "Command", "CommandResult", "Shell"]

TIMEOUT_S: Final = 30.0
SILENT_S: Final = 10.0
_CLOSE_S: Final = 1.0
_HELP_AT: Final = 32
_NOTHING: Final = CommandResult("")
COMMANDS: Final = [*shell_devices.COMMANDS, *shell_server.COMMANDS]
_command = functools.partial(listed, COMMANDS)


@_command("help [COMMAND]", "list the commands, or explain one", lambda _: list(COMMANDS_BY_NAME))
def _help(_: Context, words: CommandWords) -> CommandAnswer:
    if not words:
        return CommandResult("\n".join(map(_help_line, COMMANDS)))
    name = words.word("COMMAND")
    words.end()
    if name not in COMMANDS_BY_NAME:
        raise UsageError(_no_command(name))
    command = COMMANDS_BY_NAME[name]
    return CommandResult(f"{command.line}\n  {command.help}")


@_command("quit", "end the shell", aliases=("exit",))
def _quit(context: Context, words: CommandWords) -> CommandAnswer:
    words.end()
    context.stop.stop()
    return _NOTHING


def _help_line(command: Command) -> str:
    if len(command.line) <= _HELP_AT:
        return f"{command.line:{_HELP_AT}}  {command.help}"
    return f"{command.line}\n{'':{_HELP_AT}}  {command.help}"


COMMANDS_BY_NAME: Final[Mapping[str, Command]] = {
    name: command for command in COMMANDS for name in (command.name, *command.aliases)
}


@attrs.frozen
class _Line:
    """A parsed line; `timeout_s` is None if the line does not set it."""

    words: list[str]
    waits: bool = True
    timeout_s: float | None = None


class Shell:
    """Runs lines; use it with `with`, or call `close`.

    Attributes:
        failures: How many lines failed.
    """

    def __init__(
        self,
        dcss: SimulatedDcss,
        say: Callable[[str], None],
        *,
        timeout_s: float | None = None,
        waits: bool = True,
    ) -> None:
        """A shell.

        Args:
            dcss: What it drives.
            say: Prints one or more lines; called by one thread at a time.
            timeout_s: How long to wait for a completion, if a line does not set it. None: as long
                as it takes for an operation, and 30 s for all others.
            waits: Whether lines wait for their completions, if they do not say it themselves.
        """
        self.failures = 0
        self._say = say
        self._timeout_s = timeout_s
        self._waits = waits
        self._lock = threading.Lock()  # one output at a time; guards failures, too
        self._waited: threading.Event | None = None  # what the current line waits for
        self._token = StopToken()
        self._lines, self._jobs, self._followers = ThreadGroup(), ThreadGroup(), ThreadGroup()
        self._context = Context(
            dcss=dcss,
            say=self._tell,
            run=lambda words: self._finish(self._begin(words), None),
            spawn=self._follow,
            join=lambda timeout_s: not self._jobs.join(Deadline.after(timeout_s)),
            stop=self._token,
        )

    @property
    def is_over(self) -> bool:
        """Whether it was told to quit."""
        return self._token.is_stopping()

    def run(self, line: str) -> CommandResult:
        """Run one line, and print its result."""
        try:
            taken = _take_apart(line)
        except (UsageError, ValueError) as error:
            return self._show(CommandResult(f"error: {error}", OperationStatus.ERROR))
        if not taken.words:
            return _NOTHING
        answer = self._begin(taken.words)
        if isinstance(answer, CommandResult):
            return self._show(answer)
        waits = self._waits and taken.waits
        ended = threading.Event()
        self._waited = ended if waits else None  # set before the user sees the start
        if answer.is_told or not waits:
            self._tell(answer.started)
        outcomes: list[CommandResult] = []

        def job() -> None:
            try:
                outcomes.append(self._show(self._finish(answer, taken.timeout_s)))
            finally:
                ended.set()

        # A line's own job is kept out of `_jobs`, or `wait` would wait for itself.
        try:
            (self._lines if waits else self._jobs).spawn("dcss-shell-job", job)
        except RuntimeError as error:  # the system has no thread left
            self._waited = None
            return self._show(
                CommandResult(f"error: cannot wait for its end: {error}", OperationStatus.ERROR)
            )
        if waits:
            if not ended.wait(SILENT_S):
                hint = "; Ctrl-C stops waiting" if self._timeout_s is None else ""
                self._tell(f"{answer.started}; waiting for its end{hint}")
                ended.wait()
            self._waited = None
        return outcomes[0] if waits and outcomes else CommandResult(answer.started)

    def interrupt(self) -> bool:
        """Stop waiting for the current line; returns whether there was one.

        Its command continues, and its result is printed when it ends.
        """
        waited = self._waited
        if waited is None or waited.is_set():
            return False
        self._tell("the command goes on; abort ends it")
        waited.set()
        return True

    def script(self, lines: Iterable[str], *, keep_going: bool = False) -> bool:
        """Run lines until one fails or quits; returns whether all succeeded.

        At the end it waits for the commands in the background.

        Args:
            lines: The lines.
            keep_going: Whether to continue after a failure.
        """
        before = self.failures
        for line in lines:
            self.run(line)
            if self.is_over or (self.failures > before and not keep_going):
                break
        else:
            if self._jobs.join(Deadline.after(0)):
                self.run("wait")
        return self.failures == before

    def complete(self, line: str) -> list[str]:
        """Completions of the last word of a line."""
        *before, last = line.split(" ")
        words = [word for word in before if word]
        if words[:2] == ["expect", "status"]:
            words = words[3:]
        if not words:
            candidates: Iterable[str] = COMMANDS_BY_NAME
        elif words[0] in COMMANDS_BY_NAME:
            candidates = COMMANDS_BY_NAME[words[0]].names(self._context.dcss)
        else:
            candidates = ()
        return sorted(each for each in candidates if each.startswith(last))

    def close(self) -> None:
        """Quit; commands in the background end by themselves."""
        self._token.stop()
        self._followers.join(Deadline.after(_CLOSE_S))
        self._jobs.join(Deadline.after(0))
        self._lines.join(Deadline.after(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # -- obeying -----------------------------------------------------------------------------

    def _begin(self, words: list[str]) -> CommandAnswer:
        name, *rest = words
        if name not in COMMANDS_BY_NAME:
            return CommandResult(f"error: {_no_command(name)}", OperationStatus.ERROR)
        command = COMMANDS_BY_NAME[name]
        return _guarded(lambda: command.run(self._context, CommandWords(command.line, rest)))

    def _finish(self, answer: CommandAnswer, timeout_s: float | None) -> CommandResult:
        if isinstance(answer, CommandResult):
            return answer
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        if timeout_s is None:
            timeout_s = TIMEOUT_S if answer.is_limited else threading.TIMEOUT_MAX
        outcome = _guarded(functools.partial(answer.wait, timeout_s))
        assert isinstance(outcome, CommandResult)  # noqa: S101 - of `wait`, or an error
        return outcome

    def _show(self, outcome: CommandResult) -> CommandResult:
        with self._lock:
            self.failures += not outcome.ok
        if outcome.text:
            self._tell(outcome.text)
        return outcome

    def _tell(self, text: str) -> None:
        with self._lock:
            self._say(text)

    def _follow(self, function: Callable[[], None]) -> None:
        self._followers.spawn("dcss-shell-follower", function)


def _no_command(name: str) -> str:
    close = difflib.get_close_matches(name.casefold(), COMMANDS_BY_NAME, n=1)
    return f"no command {name!r}; " + (f"did you mean {close[0]!r}?" if close else "try help")


def _guarded(function: Callable[[], CommandAnswer]) -> CommandAnswer:
    """The result of the function, or its error as a result."""
    try:
        return function()
    except GuiRefusedError as error:
        return CommandResult(f"refused: {error}", error.status)
    except Exception as error:  # noqa: BLE001 - with any error the line has failed
        return CommandResult(f"error: {error}", OperationStatus.ERROR)


def _take_apart(line: str) -> _Line:
    """The words of a line, without the options of the shell.

    Raises:
        ValueError: A quotation is not closed.
        UsageError: A timeout is not a valid time.
    """
    line = line.removeprefix("\ufeff").strip()  # a file of Windows may begin with it
    if line.startswith("#"):
        return _Line([])
    waits = not (line == "&" or line.endswith(" &"))
    name, *words = shlex.split(line if waits else line[:-1]) or [""]
    timeout_s = None
    taken = CommandWords(f"{name} [--no-wait] [--timeout SECONDS] ...", words)
    while taken.peek() in ("--no-wait", "--timeout"):
        if taken.flag("--timeout"):
            timeout_s = taken.seconds()
        else:
            waits = not taken.flag("--no-wait")
    return _Line([name, *taken.rest()] if name else [], waits, timeout_s)
