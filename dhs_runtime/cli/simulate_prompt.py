"""The lines that drive `dhs simulate dcss`: a prompt, a script, or standard input."""

import contextlib
import enum
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from dhs_runtime.signals import stop_signals
from dhs_runtime.simulators.dcss.shell import Shell
from dhs_runtime.threads import StopToken

PROMPT: Final = "dcss> "
HISTORY_LINES: Final = 1000


class _End(enum.Enum):
    """How lines ended."""

    WELL = 0
    BADLY = 1
    NEVER_BEGAN = 2  # standard input was empty


def drive(shell: Shell, script: Iterable[str] | None, *, greeting: str, keep_going: bool) -> int:
    """Greet, and let lines drive the shell until they or a signal end it; the exit code.

    Without a script they come from standard input: by a prompt where that is a terminal, else as a
    script. Standard input that is empty, as of a service, ends nothing.

    Args:
        shell: What they drive.
        script: The lines.
        greeting: Printed once signals are caught.
        keep_going: Whether to go on behind a line that did not go well.
    """
    token = StopToken()
    ends: list[_End] = []

    def obey() -> None:
        end = _End.BADLY  # should this thread crash
        try:
            if script is None and sys.stdin.isatty():
                end = _prompt(shell)
            elif script is None:
                end = _obey_input(shell, keep_going=keep_going)
            else:
                end = _End.WELL if shell.script(script, keep_going=keep_going) else _End.BADLY
        finally:
            if end is not _End.NEVER_BEGAN:
                ends.append(end)
                token.stop()

    with _terminal_as_before(), stop_signals(token.stop):
        click.echo(greeting)
        # A daemon: nothing wakes a thread that waits for somebody to type.
        threading.Thread(target=obey, name="prompt", daemon=True).start()
        token.wait()
    if ends:
        return ends[0].value
    return 0 if script is None else 1  # a signal, which ends a script too early


def _obey_input(shell: Shell, *, keep_going: bool) -> _End:
    """Obey standard input to its end."""
    seen = False

    def lines() -> Iterator[str]:
        nonlocal seen
        while line := sys.stdin.readline():
            seen = True
            yield line

    went_well = shell.script(lines(), keep_going=keep_going)
    if not seen:
        return _End.NEVER_BEGAN
    return _End.WELL if went_well else _End.BADLY


def _prompt(shell: Shell) -> _End:
    """Obey what a person types, until quit or Ctrl-D."""
    with _line_editing(shell.complete):
        while not shell.is_over:
            try:
                line = input(PROMPT)
            except EOFError:
                click.echo()
                break
            shell.run(line)
    return _End.WELL


@contextlib.contextmanager
def _line_editing(complete: Callable[[str], list[str]]) -> Iterator[None]:
    """Editing, completion and history, where Python has readline."""
    try:
        import readline  # noqa: PLC0415 - not everywhere
    except ImportError:
        yield
        return

    def completer(_: str, state: int) -> str | None:
        line = readline.get_line_buffer()[: readline.get_endidx()]
        words = complete(line)
        return words[state] + " " if state < len(words) else None

    readline.set_completer_delims(" ")
    readline.set_completer(completer)
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    readline.set_history_length(HISTORY_LINES)
    history = history_path()
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history)


def history_path() -> Path:
    """Where the prompt's history is kept."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "dhs" / "dcss-history"


@contextlib.contextmanager
def _terminal_as_before() -> Iterator[None]:
    """Leave a terminal as it was: the thread at the prompt is not there to do it after a signal."""
    try:
        import termios  # noqa: PLC0415 - not everywhere
    except ImportError:
        yield
        return
    try:
        before = termios.tcgetattr(sys.stdin)
    except (termios.error, ValueError, OSError):  # no terminal, or closed
        yield
        return
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
