"""The outputs of a log: stderr, and files that rotate.

One thread writes to each, without Python's buffers. So the rest of a line that was not written
cannot appear in a later line, and no thread waits for a lock at exit.
"""

import contextlib
import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from dhs_runtime.errors import machine_error

NO_OTHERS: Final = 0o007
"""The bits of a umask that keeps out everybody except the owner and the group."""


class TextSink(Protocol):
    """Accepts text, like a stream."""

    def write(self, text: str, /) -> object:
        """Write the text."""


class Output(Protocol):
    """Writes lines.

    Attributes:
        name: Name of the output, for messages.
    """

    name: str

    def write(self, text: str) -> None:
        """Write whole lines.

        Raises:
            OSError: Not all lines were written.
        """

    def close(self) -> None:
        """Close the output."""


def wants_colours(environment: Mapping[str, str]) -> bool:
    """Whether NO_COLOR (no-color.org) and TERM allow colours."""
    return not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"


class StandardError:
    """Standard error.

    Attributes:
        sink: Gets the text instead, if it is set.
    """

    def __init__(self) -> None:
        self.name = "stderr"
        self.sink: TextSink | None = None
        stream = sys.stderr
        try:
            self._descriptor: int | None = stream.fileno()
            self._shows_colours = os.isatty(self._descriptor) and wants_colours(os.environ)
        except (OSError, ValueError, AttributeError):  # replaced by a test, or missing
            self._descriptor = None
            self._shows_colours = False
            self.sink = stream

    @property
    def has_colours(self) -> bool:
        """Whether the text goes to a terminal that shows colours, not to `sink`."""
        return self._shows_colours and self.sink is None

    def write(self, text: str) -> None:
        """As `Output`."""
        if self.sink is not None:
            with contextlib.suppress(ValueError):  # it is closed
                self.sink.write(text)
        elif self._descriptor is not None:
            _write_all(self._descriptor, text.encode("utf-8", "replace"))

    def close(self) -> None:
        """As `Output`, but stderr stays open."""


class LogFile:
    """A file that is renamed when it is full, and made again if somebody else moved it.

    `os.chdir` does not change a relative path. A symbolic link is followed, and stays.
    """

    def __init__(self, name: str, path: Path, max_bytes: int, backups: int) -> None:
        """Open it, and make its folder if that is missing.

        Raises:
            ConfigError: This user may not write it.
            MachineError: It cannot be written now, for example because the disk is full.
        """
        self.name = f"{name} {path}"
        self._max_bytes = max_bytes
        self._backups = backups
        self._mode = file_mode()
        self._pid = os.getpid()
        self._descriptor = -1
        self._is_torn = False  # whether the last line in the file is incomplete
        try:
            self._path = path.absolute() if is_special(path) else Path(os.path.realpath(path))
            self._open()
        except OSError as error:
            raise machine_error(self.name, error) from None

    def write(self, text: str) -> None:
        """As `Output`."""
        data = text.encode("utf-8", "replace")
        if self._is_moved():
            self._open()
        size = os.fstat(self._descriptor).st_size
        if size and size + len(data) > self._max_bytes and self._rotate():
            size = 0
        try:
            _write_all(self._descriptor, b"\n" + data if self._is_torn else data)
        except OSError:
            self._is_torn |= os.fstat(self._descriptor).st_size > size
            raise
        self._is_torn = False

    def close(self) -> None:
        """As `Output`."""
        os.close(self._descriptor)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        before, self._descriptor = self._descriptor, os.open(self._path, flags, self._mode)
        if before >= 0:
            os.close(before)
        self._is_torn = False

    def _is_moved(self) -> bool:
        """Whether logrotate, another process or a user moved or removed the file."""
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return True

    def _rotate(self) -> bool:
        """Rename the file; if that fails, continue with it."""
        if os.getpid() != self._pid:  # after a fork only the parent renames the file
            return False
        try:
            for number in range(self._backups - 1, -1, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._aside(number).replace(self._aside(number + 1))
            self._open()
        except OSError:
            return False
        return True

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


def is_special(path: Path) -> bool:
    """Whether it is a device such as /dev/null or /dev/stderr."""
    return path.exists() and not path.is_file()


def file_mode() -> int:
    """The mode of a new log file: 0600, or what the umask allows if it keeps out all others.

    A umask such as 027 or 007 says that the site lets the group read or write. The usual 022 does
    not say that.
    """
    umask = os.umask(0o077)  # there is no other way to ask for it
    os.umask(umask)
    return 0o666 & ~umask if umask & NO_OTHERS == NO_OTHERS else 0o600


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # another program on this terminal made it so
            select.select([], [descriptor], [])
