"""A terminal that several threads speak at while somebody types: `Voice`."""

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
    """Says lines, also while one is typed at a plain prompt; any thread may call it."""

    def __init__(self, prompt: str) -> None:
        """A voice at standard output, for lines typed behind this prompt."""
        self._prompt = prompt
        self._lock = threading.Lock()  # held while something is shown; guards what is below
        self._is_reading = False
        self._is_closed = False

    def say(self, text: str) -> None:
        """Show a line, or several, with the prompt below them."""
        with self._lock:
            if self._is_reading:  # what stands there cannot be taken back
                click.echo(f"\n{text}\n{self._prompt}", nl=False)
            else:
                click.echo(text)

    def write(self, text: str) -> int:
        """As a stream, for a log, which comes too often for a prompt below each line."""
        with self._lock:
            click.echo(text, nl=False)
        return len(text)

    def flush(self) -> None:
        """As a stream; what is shown is flushed."""

    def read(self, complete: Callable[[str], Iterable[str]] = _no_words) -> str:
        """A line that is typed at the prompt.

        Args:
            complete: The words that may stand at the end of a line, where they can be offered.

        Raises:
            EOFError: Ctrl-D, or the voice was closed.
            KeyboardInterrupt: Ctrl-C, where it makes no signal.
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
        """Let `read` read no more; whether one is about to end for that."""
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
        return False  # nothing wakes who reads standard input


@contextlib.contextmanager
def logs_by(voice: Voice) -> Iterator[None]:
    """Let the voice say what is logged to the terminal."""
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
        assert isinstance(handler.output, StandardError)  # noqa: S101 - they were chosen so
        handler.output.sink = voice
