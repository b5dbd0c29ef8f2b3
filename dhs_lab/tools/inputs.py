"""Reads a file or a pipe in pieces, of any size; files of gzip, bzip2 and xz are unpacked."""

import contextlib
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, cast

from dhs_runtime.lowlevel import ConfigError

STDIN: Final = "-"
_PIECE: Final = 1 << 16
SNIFFED: Final = 256
"""Bytes that are enough to recognise every kind of input."""
_GZIP: Final = b"\x1f\x8b"
_BZIP2: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\0"
_MAX_MEMORY: Final = 1 << 27  # of a file's dictionary; xz -9 needs half of it
_MAX_NULS: Final = 1 << 20
_MAX_LINE: Final = 1 << 22  # longer lines are not log lines; they are read in pieces


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
        """A source called `name` in messages; `before_read` is called before each read."""
        self.name = name
        self._stream = stream
        self._before_read = before_read
        self._ahead = b""
        self.fault = ""
        """Why it ended early (a truncated compressed file), "" if it did not."""

    def peek(self, size: int = SNIFFED) -> bytes:
        """The first bytes, at least `size` if there are as many; they are not used up.

        A block of NULs of up to a megabyte does not count: a loss of power leaves one.
        """
        while len(self._ahead) < size or (
            len(self._ahead) < _MAX_NULS and len(self._ahead.lstrip(b"\0")) < size
        ):
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
        """All bytes, in pieces of any size."""
        while piece := self.read_some():
            yield piece

    def line_blocks(self) -> Iterator[tuple[bytes, bool]]:
        """All bytes in blocks of lines; False with a block that does not end with a line.

        The end of a block's last line is left out.
        """
        started: list[bytes] = []
        size = 0
        for piece in self.pieces():
            end = piece.rfind(b"\n")
            started.append(piece[:end] if end >= 0 else piece)
            if end >= 0:
                yield b"".join(started), True
                started, size = [piece[end + 1 :]], len(piece) - end - 1
                continue
            size += len(piece)
            if size > _MAX_LINE:
                yield b"".join(started), False
                started, size = [], 0
        if size:
            yield b"".join(started), False

    def lines(self) -> Iterator[bytes]:
        """All lines, without their ends."""
        for block, _ in self.line_blocks():
            for line in block.split(b"\n"):
                yield line.rstrip(b"\r")

    def _read(self) -> bytes:
        self._before_read()
        try:
            return self._stream.read1(_PIECE)
        except (EOFError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # not gzip.BadGzipFile
                raise ConfigError(f"{self.name}: {error.strerror}") from None
            kind = self._stream.kind if isinstance(self._stream, _Unpacking) else "gzip"
            self.fault = f"damaged {kind}: {error}"
            return b""


class _Unpacking:
    """The content of a file of bzip2 or xz, or of several one after another."""

    def __init__(self, packed: Readable, kind: str, decompressor: Callable[[], Any]) -> None:
        self.kind = kind
        self._packed = packed
        self._decompressor = decompressor
        self._unpacker = decompressor()

    def read1(self, size: int = -1, /) -> bytes:
        while True:
            data = b""
            if self._unpacker.eof:
                data = (self._unpacker.unused_data or self._packed.read1(_PIECE)).lstrip(b"\0")
                if not data:
                    return b""
                self._unpacker = self._decompressor()
            elif self._unpacker.needs_input:
                data = self._packed.read1(_PIECE)
                if not data:
                    raise EOFError("its end is missing")
            try:
                content = self._unpacker.decompress(data, size)
            except Exception as error:  # noqa: BLE001 - lzma raises its own error class
                raise EOFError(str(error)) from None
            if content:
                return bytes(content)


def _unpacked(stream: io.BufferedReader) -> Readable:
    # The modules are imported only for such files.
    head = stream.peek(len(_XZ))
    if head.startswith(_GZIP):
        import gzip  # noqa: PLC0415

        return gzip.GzipFile(fileobj=stream)
    if head.startswith(_BZIP2):
        import bz2  # noqa: PLC0415

        return _Unpacking(stream, "bzip2", bz2.BZ2Decompressor)
    if head.startswith(_XZ):
        import lzma  # noqa: PLC0415

        return _Unpacking(stream, "xz", lambda: lzma.LZMADecompressor(memlimit=_MAX_MEMORY))
    return stream


@contextlib.contextmanager
def open_source(name: str, before_read: Callable[[], None] = lambda: None) -> Iterator[ByteSource]:
    """Open a file, also a compressed one, or standard input (`-`); see `ByteSource`.

    Raises:
        ConfigError: It cannot be read.
    """
    if name == STDIN:
        if sys.stdin is None:
            raise ConfigError("standard input is closed")
        yield ByteSource(name, cast("Readable", sys.stdin.buffer), before_read)
        return
    try:
        stream = open(name, "rb")  # noqa: SIM115, PTH123 - closed below; pathlib imports slowly
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from None
    with stream:
        yield ByteSource(name, _unpacked(stream), before_read)
