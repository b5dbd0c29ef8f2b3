"""Finds texts of messages in bytes that a program logged as it read or wrote them.

Such bytes come in pieces as from a socket: a v2 header in one line and its text in the next,
several frames in one line, or one frame over several lines. A header gives the length of its text.
A text without a header (v1, or the header's line is lost) ends at its NUL.
"""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from dcs_codec.limits import V1_FRAME_SIZE, V2_HEADER_SIZE
from dhs_lab.tools.splitting import KEYWORD, v2_sizes

_TEXT: Final = re.compile(rb"[A-Za-z]")
_PART_OF_HEADER: Final = re.compile(rb" {1,4}| {4}[ \d]{1,21}")
_HEADER: Final = re.compile(rb"[ \d][ \d\0]{24}[ \0]")
_NEXT: Final = re.compile(rb"[ \d]{25}[ \0](?:stoc|stoh|htos)_[a-z]")
_LONGEST: Final = 1 << 20  # bytes of a frame; larger ones are pictures, which no log has


@attrs.frozen
class Cut:
    """A text, or the reason why there is none."""

    text: str = ""
    reason: str = ""


class FrameCutter:
    """Cuts the bytes that one place in a program logged."""

    def __init__(self) -> None:
        self.rest = b""
        """The bytes of an incomplete frame."""
        self._is_framed: bool | None = None  # True: texts have a header or a NUL

    def starts_with(self, data: bytes) -> bool:
        """Whether frames begin here; otherwise the bytes are not DCS."""
        data = data.lstrip(b"\0")
        return KEYWORD.match(data) is not None or _header_of(data) is not None

    def may_start_with(self, data: bytes) -> bool:
        """Whether frames begin here, or part of a header is here."""
        return self.starts_with(data) or _PART_OF_HEADER.fullmatch(data) is not None

    def feed(self, data: bytes) -> Iterator[Cut]:
        """Add bytes; returns the texts that are complete now."""
        if self.rest and self.starts_with(data) and KEYWORD.match(self.rest):
            yield from self._before_another()
        if not self.rest and _is_v1(data):  # after a NUL come bytes of the sender's memory
            for at in range(0, len(data), V1_FRAME_SIZE):
                yield _text(data[at : data.index(b"\0", at)])
            return
        self.rest += data
        while self.rest:
            self.rest = self.rest.lstrip(b"\0")
            cut = self._next()
            if cut is None:
                break
            if cut.text or cut.reason:  # dcss ignores a frame without a text, too
                yield cut

    def finish(self) -> Iterator[Cut]:
        """Report the end of the log."""
        if self.rest.strip(b" \0"):
            yield from self._before_another()
        self.rest = b""

    def _before_another(self) -> Iterator[Cut]:
        """The rest before another frame: a text if texts have no header or NUL, else truncated."""
        rest, self.rest = self.rest, b""
        if not self._is_framed and KEYWORD.match(rest):
            self._is_framed = False
            yield _text(rest)
        else:
            yield Cut(reason=f"a frame is cut off: {_shown(rest)}")

    def _next(self) -> Cut | None:
        sizes = _header_of(self.rest)
        if sizes is not None:
            return self._of_header(*sizes)
        if _PART_OF_HEADER.fullmatch(self.rest) or not self.rest:
            return None
        end = self.rest.find(b"\0")
        if KEYWORD.match(self.rest):
            return self._of_keyword(end)
        at = _another(self.rest)
        at = end if at < 0 else at
        if at < 0:
            return self._lose(len(self.rest), "no frame begins") if self._is_too_long() else None
        return self._lose(at, "no frame begins")

    def _of_header(self, text_size: int, binary_size: int) -> Cut | None:
        end = self.rest.find(b"\0", V2_HEADER_SIZE)
        text = self.rest[V2_HEADER_SIZE:end] if end >= 0 else b""
        if binary_size == 0 and _TEXT.match(text) and _another(text) < 0:
            return self._up_to_nul(text, end)  # a size may be wrong after names were masked
        size = V2_HEADER_SIZE + text_size + binary_size
        if size > _LONGEST:
            return self._lose(V2_HEADER_SIZE, f"a frame of {size} bytes is announced")
        if len(self.rest) < size:
            return None
        text = self.rest[V2_HEADER_SIZE : V2_HEADER_SIZE + text_size].rstrip(b"\0")
        if text and (not _TEXT.match(text) or b"\0" in text or _another(text) >= 0):
            return self._lose(V2_HEADER_SIZE, "the header does not fit what follows")
        self._is_framed = True
        self.rest = self.rest[size:]
        return _text(text)

    def _of_keyword(self, end: int) -> Cut | None:
        if end < 0:
            if self._is_framed is False:
                text, self.rest = self.rest, b""
                return _text(text)
            return (
                self._lose(len(self.rest), "a frame without an end")
                if self._is_too_long()
                else None
            )
        return self._up_to_nul(self.rest[:end], end)

    def _up_to_nul(self, text: bytes, end: int) -> Cut:
        after = self.rest[end:].lstrip(b"\0")
        if after and not self.starts_with(after) and not _PART_OF_HEADER.fullmatch(after):
            return self._lose(end, "no frame follows the NUL")
        self._is_framed = True
        self.rest = after
        return _text(text)

    def _is_too_long(self) -> bool:
        return len(self.rest) > _LONGEST

    def _lose(self, size: int, reason: str) -> Cut:
        lost, self.rest = self.rest[:size], self.rest[size:]
        return Cut(reason=f"{reason}: {_shown(lost)}")


def _header_of(data: bytes) -> tuple[int, int] | None:
    head = data[:V2_HEADER_SIZE]
    return v2_sizes(head) if _HEADER.fullmatch(head) else None


def _is_v1(data: bytes) -> bool:
    """Whether these are whole frames of v1."""
    starts = range(0, len(data), V1_FRAME_SIZE)
    return len(data) % V1_FRAME_SIZE == 0 and all(
        KEYWORD.match(data, at) and b"\0" in data[at : at + V1_FRAME_SIZE] for at in starts
    )


def _another(data: bytes) -> int:
    """Where another frame begins inside, -1 if none does."""
    for match in _NEXT.finditer(data, 1):
        if _header_of(data[match.start() :]) is not None:
            return match.start()
    return -1


def _text(data: bytes) -> Cut:
    return Cut(data.decode("utf-8", "surrogateescape"))


def _shown(data: bytes) -> str:
    return ascii(data[:60].decode("latin-1"))
