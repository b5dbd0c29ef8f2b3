"""Reads the bodies of HTTP requests.

The chunked coding is read strictly (RFC 9112, section 7.1): lines end in CR LF, sizes are bare hex
digits. Chunk extensions and trailers are skipped. No announced size is trusted: memory is taken
only as bytes arrive.
"""

import re
from io import BufferedIOBase

MAX_LINE_BYTES = 4096  # a chunk's size and extensions, or one trailer
MAX_TRAILERS = 32
PIECE_BYTES = 64 * 1024

_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")


class BodyTooLargeError(ValueError):
    """A body is longer than the caller allows."""


def read_sized(stream: BufferedIOBase, size: int) -> bytes:
    """Exactly `size` bytes of `stream`.

    Raises:
        EOFError: The stream ended earlier.
    """
    first = stream.read(min(PIECE_BYTES, size))
    if len(first) == size:
        return first
    body = bytearray(first)
    while len(body) < size:
        piece = stream.read(min(PIECE_BYTES, size - len(body)))
        if not piece:
            raise EOFError(f"{len(body)} of {size} bytes")
        body += piece
    return bytes(body)


def read_chunked(stream: BufferedIOBase, max_bytes: int) -> bytes:
    """Read a chunked body of at most `max_bytes`, to its end.

    Raises:
        BodyTooLargeError: The sizes of the chunks add up to more.
        EOFError: The stream ended before the last chunk.
        ValueError: The body is not chunked.
    """
    body = bytearray()
    while size := _read_size(stream):
        if size > max_bytes - len(body):
            raise BodyTooLargeError(f"more than {max_bytes} bytes")
        body += read_sized(stream, size)
        if read_sized(stream, 2) != b"\r\n":
            raise ValueError("a chunk is longer than its size")
    for _ in range(MAX_TRAILERS):
        if _read_line(stream) == b"\r\n":
            return bytes(body)
    raise ValueError("too many trailers")


def _read_size(stream: BufferedIOBase) -> int:
    line = _read_line(stream)
    match = _SIZE.fullmatch(line)
    if match is None:
        raise ValueError(f"not the size of a chunk: {line[:40]!r}")
    return int(match[1], 16)


def _read_line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(MAX_LINE_BYTES)
    if line.endswith(b"\r\n"):
        return line
    if len(line) < MAX_LINE_BYTES and not line.endswith(b"\n"):
        raise EOFError("part of the line of a chunk")
    raise ValueError(f"not a line of a chunked body: {line[:40]!r}")
