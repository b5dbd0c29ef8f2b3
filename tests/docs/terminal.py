"""A terminal with a shell, in which a test types like a reader."""

import codecs
import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

DEADLINE_S: Final = 60.0
SIZE: Final = (50, 132)
_PROMPT: Final = re.compile(r"\x1e(\d+)\x1e")
_LOG: Final = r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} .*\n)*"
"""Lines of a log, which may come while somebody types."""

_START: Final = """
import fcntl, os, signal, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
"""


class Terminal:
    """A pseudo-terminal with bash.

    Attributes:
        command: The last command typed at the shell's prompt.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        changed: threading.Condition | None = None,
    ) -> None:
        """A terminal whose shell is ready; `changed` may be shared with other terminals."""
        self.command = ""
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(self._ours, SIZE)
        quiet = {"PS1": r"\036$?\036", "TERM": "dumb", "VIRTUAL_ENV_DISABLE_PROMPT": "1"}
        wide = {"LINES": str(SIZE[0]), "COLUMNS": str(SIZE[1])}  # or rich takes 80 for dumb ones
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**environment, **quiet, **wide},
            start_new_session=True,
        )
        os.close(theirs)
        self._changed = changed or threading.Condition()  # guards the four below
        self._screen = ""
        self._raw = ""
        self._start = 0
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="terminal")
        self._reader.start()
        self.wait(lambda _: self.is_idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def screen(self) -> str:
        """Its output so far."""
        with self._changed:
            return self._screen

    @property
    def lines(self) -> list[str]:
        """The visible lines, including those that have scrolled away."""
        screen = pyte.HistoryScreen(SIZE[1], SIZE[0], history=100_000)
        with self._changed:
            pyte.Stream(screen).feed(self._raw)
        above = ["".join(row[x].data for x in range(SIZE[1])) for row in screen.history.top]
        return [line.rstrip() for line in (*above, *screen.display)]

    @property
    def shown(self) -> str:
        """Its output since the last line was typed."""
        with self._changed:
            return self._screen[self._start :]

    @property
    def is_idle(self) -> bool:
        """Whether the shell waits for a command."""
        return _PROMPT.search(self.shown) is not None

    @property
    def code(self) -> int:
        """Exit code of the last command, when the shell is idle again."""
        found = _PROMPT.findall(self.shown)
        assert found, self.screen
        return int(found[-1])

    @property
    def output(self) -> str:
        """The output of the last line, without prompts of the shell."""
        shown = _PROMPT.sub("", self.shown)
        return f"{shown}\n" if shown and self.is_idle and not shown.endswith("\n") else shown

    def type(self, line: str) -> None:
        """Type a line; the text after it counts as its output."""
        if self.is_idle:
            self.command = line
        self.press(f"{line}\n")
        echo = re.compile(_LOG.join(map(re.escape, f"{line}\n")))
        assert self.wait(lambda _: echo.search(self.shown)), f"no {line!r} in\n{self.screen}"
        with self._changed:
            match = echo.search(self._screen, self._start)
            assert match is not None
            self._start = match.end()

    def press(self, keys: str) -> None:
        """Type these keys; the text from now on counts as output."""
        with self._changed:
            self._start = len(self._screen)
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        """Type Ctrl-C; the program decides whether it is shown."""
        self.press("\x03")

    def interrupt_until_idle(self) -> None:
        """Type Ctrl-C at the prompt of dcss, which wants two in quick succession."""
        while not self.is_idle:
            self.interrupt()
            assert self.wait(lambda text: self.is_idle or "another Ctrl-C" in text), self.screen

    def wait(self, is_so: Callable[[str], object]) -> bool:
        """Wait until this is true of the output; False after the timeout."""
        deadline = time.monotonic() + DEADLINE_S
        with self._changed:
            while not is_so(self.output):
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    return bool(is_so(self.output))
                self._changed.wait(left)
        return True

    def close(self) -> None:
        """Kill the shell and its programs."""
        if self._process.poll() is None:
            for group in {os.tcgetpgrp(self._ours), self._process.pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        os.close(self._ours)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # the other side is closed
                data = b""
            with self._changed:
                text = decoder.decode(data)
                self._raw += text
                self._screen += text.replace("\r", "")
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return
