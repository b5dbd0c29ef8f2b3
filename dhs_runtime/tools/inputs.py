"""A file or a pipe, read piece by piece however large it is; files of gzip are unpacked."""

import contextlib
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol, cast

from dhs_runtime.errors import ConfigError

STDIN: Final = "-"
_PIECE: Final = 1 << 16
_SNIFFED: Final = 256  # bytes that tell every kind of input from the others
_GZIP: Final = b"\x1f\x8b"
_MAX_LINE: Final = 1 << 22  # a longer line is none of a log; it is read in pieces


class Readable(Protocol):
    """The part of a binary file that is used."""

    def read1(self, size: int = ..., /) -> bytes:
        """Up to `size` bytes, as soon as there are any; b"" at the end."""
        ...


class ByteSource:
    """Bytes of an input in order; can look ahead at the first ones."""

    def __init__(
        self, name: str, stream: Readable, before_read: Callable[[], None] = lambda: None
    ) -> None:
        """A source called `name` in messages; `before_read` is called where it may have to wait."""
        self.name = name
        self._stream = stream
        self._before_read = before_read
        self._ahead = b""
        self.fault = ""
        """Why it ended early (a torn gzip file), "" where it did not."""

    def peek(self) -> bytes:
        """The first bytes, 256 and more where there are as many; they are still to be read."""
        while len(self._ahead) < _SNIFFED:
            piece = self._read()
            if not piece:
                break
            self._ahead += piece
        return self._ahead

    def read_some(self) -> bytes:
        """The next bytes as soon as there are any, b"" at the end."""
        ahead, self._ahead = self._ahead, b""
        return ahead or self._read()

    def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        pieces = []
        missing = size
        while missing:
            piece = self.read_some()
            if not piece:
                break
            if len(piece) > missing:
                piece, self._ahead = piece[:missing], piece[missing:]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """All of it, in pieces of any size."""
        while piece := self.read_some():
            yield piece

    def lines(self) -> Iterator[bytes]:
        """All of it by lines, without their ends."""
        started: list[bytes] = []
        size = 0
        for piece in self.pieces():
            first, *others = piece.split(b"\n")
            started.append(first)
            size += len(first)
            if others:
                yield b"".join(started).rstrip(b"\r")
                yield from (line.rstrip(b"\r") for line in others[:-1])
                started, size = [others[-1]], len(others[-1])
            elif size > _MAX_LINE:
                yield b"".join(started)
                started, size = [], 0
        if size:
            yield b"".join(started).rstrip(b"\r")

    def _read(self) -> bytes:
        self._before_read()
        try:
            return self._stream.read1(_PIECE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.fault = f"damaged gzip: {error}"
            return b""
        except OSError as error:
            raise ConfigError(f"{self.name}: {error.strerror}") from None


@contextlib.contextmanager
def open_source(name: str, before_read: Callable[[], None] = lambda: None) -> Iterator[ByteSource]:
    """A file, also one of gzip, or standard input (`-`); `before_read` as of `ByteSource`.

    Raises:
        ConfigError: It cannot be read.
    """
    if name == STDIN:
        if sys.stdin is None:
            raise ConfigError("standard input is closed")
        yield ByteSource(name, cast("Readable", sys.stdin.buffer), before_read)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from None
    with stream:
        packed = stream.peek(len(_GZIP)).startswith(_GZIP)  # as rotated logs are
        yield ByteSource(name, gzip.GzipFile(fileobj=stream) if packed else stream, before_read)
