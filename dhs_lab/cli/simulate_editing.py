"""`EditingVoice`: a prompt with editing, completion and history; threads print above it."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.shortcuts import CompleteStyle

from dhs_lab.cli.simulate_terminal import Voice


class EditingVoice(Voice):
    """Prints lines above the one being typed, with editing, completion and history."""

    def __init__(self, prompt: str) -> None:
        """A voice for a terminal that can redraw its prompt."""
        super().__init__(prompt)
        self._unsaid: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # while a line is edited
        self._session: PromptSession[str] = PromptSession(
            prompt,
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            history=_History(history_path()),
        )

    def say(self, text: str) -> None:
        """Print one or more lines, and redraw the prompt below them."""
        with self._lock:
            if not self._is_reading:
                click.echo(text)
                return
            self._unsaid.append(text)
            self._in_loop(self._say_above)

    def write(self, text: str) -> int:
        """Accept log output, like a stream."""
        self.say(text.removesuffix("\n"))
        return len(text)

    def _begin(self) -> None:
        pass  # the session shows the prompt

    def _read(self, complete: Callable[[str], Iterable[str]]) -> str:
        return self._session.prompt(
            completer=_Words(complete), pre_run=self._edit, handle_sigint=False
        )

    def _edit(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._unsaid:
                self._in_loop(self._say_above)
            if self._is_closed:
                self._in_loop(self._leave)

    def _end(self) -> None:
        self._loop = None
        self._say_unsaid()

    def _interrupt(self) -> bool:
        self._in_loop(self._leave)
        return True

    def _in_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(action)

    def _say_above(self) -> None:
        with self._lock:
            self._session.app.renderer.erase()
            self._say_unsaid()
            self._session.app.invalidate()

    def _say_unsaid(self) -> None:
        for text in self._unsaid:
            click.echo(text)
        self._unsaid.clear()

    def _leave(self) -> None:
        if not self._session.app.is_done:
            self._session.app.exit(exception=EOFError)


class _Words(Completer):
    def __init__(self, complete: Callable[[str], Iterable[str]]) -> None:
        self._complete = complete

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        begun = line.rpartition(" ")[2]
        for word in self._complete(line):
            yield Completion(word + " ", start_position=-len(begun), display=word)


class _History(FileHistory):
    """History of typed lines; if the file cannot be written, only the history is lost."""

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        path = Path(os.fsdecode(self.filename))
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            super().store_string(string)


def history_path() -> Path:
    """The file of the prompt's history."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "dhs" / "dcss-history"
