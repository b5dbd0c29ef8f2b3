"""Bytes from hexadecimal digits.

Read are plain digits, with any blanks (`dhs encode --hex` writes a frame per line), `xxd` and
`hexdump -C`. Those two have an offset in front, the bytes as text behind, and `hexdump` puts `*`
for lines that repeat the one before: the padding of v1.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

_OFFSET: Final = re.compile(r"(?:([0-9a-fA-F]{4,16}):\s|([0-9a-fA-F]{8})(?:\s\s|$))")
_BYTES: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,8}")
_MAX_REPEAT: Final = 1 << 24


@attrs.frozen
class Row:
    """The bytes of one line, or why it has none."""

    line: int
    data: bytes
    reason: str = ""


def read_hex(lines: Iterable[bytes]) -> Iterator[Row]:
    """The bytes of a dump, line by line."""
    row = b""
    repeats = False
    at = 0
    for number, line in enumerate(lines, start=1):
        text = line.decode("latin-1")
        if text.strip() == "*":
            repeats = True
            continue
        offset = _OFFSET.match(text)
        if repeats and offset is not None:
            missing = int(offset[1] or offset[2], 16) - at
            repeats = False
            if row and 0 < missing <= _MAX_REPEAT:
                again = row * (missing // len(row) + 1)
                yield Row(number, again[:missing])
                at += missing
        try:
            row = _data_of(text, offset)
        except ValueError as error:
            yield Row(number, b"", str(error))
            continue
        at += len(row)
        if row:
            yield Row(number, row)


def _data_of(text: str, offset: re.Match[str] | None) -> bytes:
    if offset is None:
        if not re.fullmatch(r"[0-9a-fA-F\s]*", text):
            raise ValueError(f"no hexadecimal digits: {text[:40]!r}")
        digits = "".join(text.split())
        if len(digits) % 2:
            raise ValueError("an odd number of digits")
        return bytes.fromhex(digits)
    # Up to the bytes as text: behind two blanks in xxd, behind a | in hexdump.
    rest = text[offset.end() :]
    columns = rest.strip().split("  ", 1)[0] if offset[1] else rest.split("|", 1)[0]
    words = columns.split()
    if not all(map(_BYTES.fullmatch, words)):
        raise ValueError(f"no hexadecimal digits: {columns[:40]!r}")
    return bytes.fromhex("".join(words))
