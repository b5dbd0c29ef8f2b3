"""Where lines of a log go: stderr, and files that rotate.

Written by one thread each, without buffers of Python: what cannot be written now is not kept to
garble a later line, and nobody waits for a lock at exit.
"""

import contextlib
import os
import select
import sys
from pathlib import Path
from typing import Final, Protocol

from dhs_runtime.errors import machine_error

NO_OTHERS: Final = 0o007
"""Bits of a umask that let nobody but owner and group read."""


class TextSink(Protocol):
    """Takes text, as a stream does."""

    def write(self, text: str, /) -> object:
        """Take it."""


class Output(Protocol):
    """Takes lines.

    Attributes:
        name: What it is, for messages.
    """

    name: str

    def write(self, text: str) -> None:
        """Write whole lines.

        Raises:
            OSError: They were not written, or not all of them.
        """

    def close(self) -> None:
        """Write no more."""


class StandardError:
    """Stderr as it is now.

    Attributes:
        sink: Gets the text in its place, where there is one.
    """

    def __init__(self) -> None:
        self.name = "stderr"
        self.sink: TextSink | None = None
        stream = sys.stderr
        try:
            self._descriptor: int | None = stream.fileno()
        except (OSError, ValueError, AttributeError):  # a test's, or none at all
            self._descriptor = None
            self.sink = stream

    def write(self, text: str) -> None:
        """As `Output`."""
        if self.sink is not None:
            with contextlib.suppress(ValueError):  # it is closed: nobody looks any more
                self.sink.write(text)
        elif self._descriptor is not None:
            _write_all(self._descriptor, text.encode("utf-8", "replace"))

    def close(self) -> None:
        """As `Output`; it is not ours to close."""


class LogFile:
    """A file that is put aside when it is full."""

    def __init__(self, name: str, path: Path, max_bytes: int, backups: int) -> None:
        """Open it, and make its folder where that is missing.

        Raises:
            ConfigError: It may not be written.
            MachineError: It cannot be written for now, as on a full disk.
        """
        self.name = f"{name} {path}"
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._mode = file_mode()
        self._is_torn = False
        self._pid = os.getpid()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = self._opened()
        except OSError as error:
            raise machine_error(self.name, error) from None

    def write(self, text: str) -> None:
        """As `Output`."""
        data = text.encode("utf-8", "replace")
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

    def _opened(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.open(self._path, flags, self._mode)

    def _rotate(self) -> bool:
        """Put the file aside; where that is not possible, go on with it."""
        if os.getpid() != self._pid:  # after a fork the file is the parent's to put aside
            return False
        try:
            for number in range(self._backups - 1, -1, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._aside(number).replace(self._aside(number + 1))
            descriptor = self._opened()
        except OSError:
            return False
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._is_torn = False
        return True

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


def file_mode() -> int:
    """The mode of a new log file: 0600, or what the umask says where that keeps others out.

    A umask such as 027 or 007 is a site's own, and means that the group may read or write; the
    usual 022 says nothing of who may read logs.
    """
    umask = os.umask(0o077)  # there is no other way to ask for it
    os.umask(umask)
    return 0o666 & ~umask if umask & NO_OTHERS == NO_OTHERS else 0o600


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody who has the terminal, too, made it so
            select.select([], [descriptor], [])
