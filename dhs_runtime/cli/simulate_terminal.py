"""A terminal that several threads speak at while somebody types: `Voice`, and line editing."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import click

HISTORY_LINES: Final = 1000


def _find_readline() -> ModuleType | None:
    try:
        import readline  # noqa: PLC0415 - not everywhere
    except ImportError:
        return None
    return readline


class Voice:
    """Says lines above the one that is being typed; any thread may call it."""

    def __init__(self, prompt: str) -> None:
        """A voice at standard output, for lines typed behind this prompt."""
        self._prompt = prompt
        self._lock = threading.Lock()  # held while something is shown; guards the next
        self._is_typing = False
        self._is_dumb = os.environ.get("TERM", "dumb") == "dumb"

    def say(self, text: str) -> None:
        """Show a line, or several, and below them what stood on the line at the prompt."""
        self._show(text, redraws=True)

    def write(self, text: str) -> int:
        """As a stream, for a log: a dumb terminal is spared the copies of what stood there."""
        self._show(text.removesuffix("\n"), redraws=not self._is_dumb)
        return len(text)

    def flush(self) -> None:
        """As a stream; what is shown is flushed."""

    def read(self) -> str:
        """A line that is typed at the prompt.

        Raises:
            EOFError: Ctrl-D.
        """
        readline = _find_readline()
        if readline is not None and hasattr(readline, "set_pre_input_hook"):  # libedit's may not
            # readline writes the prompt between the two.
            readline.set_startup_hook(self._lock.acquire)
            readline.set_pre_input_hook(self._begin)
            prompt = self._prompt
        else:
            self._lock.acquire()
            click.echo(self._prompt, nl=False)
            self._begin()
            prompt = ""
        try:
            return input(prompt)
        finally:
            with self._lock:
                self._is_typing = False

    def _begin(self) -> None:
        self._is_typing = True
        self._lock.release()

    def _show(self, text: str, *, redraws: bool) -> None:
        with self._lock:
            if not self._is_typing or not redraws:
                click.echo(text)
                return
            readline = _find_readline()
            typed = readline.get_line_buffer() if readline else ""
            to_begin = "\n" if self._is_dumb else "\r\x1b[K"
            click.echo(f"{to_begin}{text}\n{self._prompt}{typed}", nl=False)


@contextlib.contextmanager
def logs_by(voice: Voice) -> Iterator[None]:
    """Let the voice say what is logged to the terminal."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    if not sys.stderr.isatty():
        handlers = []
    for handler in handlers:
        handler.setStream(voice)
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(sys.stderr)


@contextlib.contextmanager
def line_editing(complete: Callable[[str], list[str]]) -> Iterator[None]:
    """Editing, completion and history, where Python has readline."""
    readline = _find_readline()
    if readline is None:
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
def terminal_as_before() -> Iterator[None]:
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
