"""`Voice`: a terminal that several threads print to while somebody types."""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

import click

from dhs_runtime.lowlevel import LogQueue, StandardError


def _no_words(_: str) -> Iterable[str]:
    return ()


class Voice:
    """Prints lines, also while one is typed at a plain prompt; any thread may call it."""

    def __init__(self, prompt: str) -> None:
        """A voice for standard output, with this prompt."""
        self._prompt = prompt
        self._lock = threading.Lock()  # held while printing; guards the attributes below
        self._is_reading = False
        self._is_closed = False

    def say(self, text: str) -> None:
        """Print one or more lines, with the prompt below them."""
        with self._lock:
            if self._is_reading:  # the text there cannot be removed
                click.echo(f"\n{text}\n{self._prompt}", nl=False)
            else:
                click.echo(text)

    def write(self, text: str) -> int:
        """Accept log output, like a stream; lines are too frequent to repeat the prompt."""
        with self._lock:
            click.echo(text, nl=False)
        return len(text)

    def flush(self) -> None:
        """Do nothing: output is flushed at once."""

    def read(self, complete: Callable[[str], Iterable[str]] = _no_words) -> str:
        """Read a line typed at the prompt.

        Args:
            complete: Returns the words that may complete a line.

        Raises:
            EOFError: Ctrl-D, or the voice was closed.
            KeyboardInterrupt: Ctrl-C, if it makes no signal.
        """
        with self._lock:
            if self._is_closed:
                raise EOFError
            self._is_reading = True
            self._begin()
        try:
            return self._read(complete)
        finally:
            with self._lock:
                self._is_reading = False
                self._end()

    def close(self) -> bool:
        """End a running `read`; returns whether it is about to end."""
        with self._lock:
            self._is_closed = True
            return self._is_reading and self._interrupt()

    def _begin(self) -> None:
        click.echo(self._prompt, nl=False)

    def _read(self, _: Callable[[str], Iterable[str]]) -> str:
        line = sys.stdin.readline()
        if not line:
            click.echo()
            raise EOFError
        return line.removesuffix("\n")

    def _end(self) -> None:
        pass

    def _interrupt(self) -> bool:
        return False  # a read of standard input cannot be woken


@contextlib.contextmanager
def logs_by(voice: Voice) -> Iterator[None]:
    """Let the voice print the log on the terminal."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, LogQueue) and isinstance(handler.output, StandardError)
    ]
    if not sys.stderr.isatty():
        handlers = []
    _log_to(handlers, voice)
    try:
        yield
    finally:
        _log_to(handlers, None)


def _log_to(handlers: list[LogQueue], voice: Voice | None) -> None:
    for handler in handlers:
        handler.flush()
        assert isinstance(handler.output, StandardError)  # noqa: S101 - `logs_by` selected them
        handler.output.sink = voice
