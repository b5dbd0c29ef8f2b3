"""Splits a byte stream into frames of either framing, and resynchronises after damage.

`dcs_codec.FrameDecoder` gives up on a broken stream, as a connection must. A file with a missing
piece, or with several connections one after another, should still be read, so here each frame is
examined separately. A frame that begins like a v2 header (a digit or a blank) is v2, others are v1;
so the handshake, always v1, may come before frames of either kind. Where no frame can begin, bytes
are skipped up to the next keyword after a header or after the end of v1 padding.
"""

import functools
import re
from collections.abc import Iterator
from typing import Final

import attrs

from dcs_codec import NEED_DATA, BadHeaderError, Frame, FrameDecoder, Framing, parse_header
from dcs_codec.limits import DEFAULT_MAX_FRAME_SIZE, V1_FRAME_SIZE, V2_HEADER_SIZE

KEYWORD: Final = re.compile(rb"(?:stoc|stoh|htos|gtos|stog)_[a-z]")
"""The beginnings of DCS texts, on the hardware and the GUI port."""

_V1: Final = Framing.V1  # the look-up of an enum's member is slow
_V2_FIRST: Final = b" 0123456789"
_TEXT_OF_WORDS: Final = re.compile(rb"[A-Za-z][^\x00-\x08\x0e-\x1f]*")
_AFTER_TEXT: Final = re.compile(rb"[ \d]{25}[ \0]|[ \d]{1,25}\Z|\0")
_PRINTABLE: Final = re.compile(rb"[ -~]")
_TAIL: Final = V2_HEADER_SIZE + 8  # kept from skipped bytes: a header and part of a keyword


@attrs.define(kw_only=True)
class StreamPiece:
    """A frame, or bytes that are not a frame.

    Attributes:
        offset: Its offset in the stream.
        size: Its number of bytes.
        data: The bytes of a frame; b"" for skipped bytes.
        frame: The frame, or None.
        reason: Why it is not a frame.
    """

    offset: int
    size: int
    data: bytes = b""
    frame: Frame | None = None
    reason: str = ""


@attrs.define
class _Lost:
    """Bytes being skipped; if `fresh`, the very first may begin a frame.

    The next frame begins at offset `until`, if that is known.
    """

    offset: int
    reason: str
    fresh: bool = False
    until: int | None = None


class StreamSplitter:
    """Splits one stream; give it bytes with `feed` and announce the end with `finish`."""

    def __init__(self, framing: Framing = Framing.AUTO) -> None:
        """A splitter; with V1 or V2 every frame is read as such."""
        self._framing = framing
        self._decoders: dict[Framing, FrameDecoder] = {}
        self._buffer = bytearray()
        self._at = 0  # where in the buffer the next piece begins
        self._offset = 0  # of `_at` in the stream
        self._lost: _Lost | None = None
        self._v1_offset: int | None = None  # of a v1 frame; others are multiples of 200 away

    @property
    def framing(self) -> Framing:
        """The framing; may be set when it is known."""
        return self._framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        self._framing = framing

    @property
    def offset(self) -> int:
        """The offset of the next piece in the stream."""
        return self._offset

    def feed(self, data: bytes) -> list[StreamPiece]:
        """Add bytes; returns the pieces that are complete now."""
        offset, frame = self.whole(data)  # nearly always a frame comes in one piece
        if frame is not None:
            return [StreamPiece(offset=offset, size=len(data), data=data, frame=frame)]
        self._buffer += data
        pieces = list(self._pieces())
        del self._buffer[: self._at]
        self._at = 0
        return pieces

    def whole(self, data: bytes) -> tuple[int, Frame | None]:
        """The offset and the frame of these bytes, if they are exactly one v2 frame.

        Otherwise None; then give them to `feed`. Nothing may be waiting.
        """
        offset = self._offset
        size = len(data)
        if (
            self._buffer
            or self._lost is not None
            or self._framing is _V1
            or _text_end(data[:V2_HEADER_SIZE]) != size
            or data.find(b"\0", V2_HEADER_SIZE) != size - 1
            or data.find(b"  ", V2_HEADER_SIZE) >= 0  # it may be truncated
        ):
            return offset, None
        self._offset = offset + size
        return offset, Frame(data[V2_HEADER_SIZE:-1].rstrip(b"\r\n"))

    def gap(self, size: int, reason: str = "") -> list[StreamPiece]:
        """Report missing bytes here; their frame is lost."""
        pieces = self.finish()
        reason = reason or f"{size} bytes are missing"
        pieces.append(StreamPiece(offset=self._offset, size=size, reason=reason))
        self._offset += size
        self._lost = _Lost(self._offset, "no frame begins after the missing bytes", fresh=True)
        if self._framing is Framing.V1 and self._v1_offset is not None:
            self._lost.until = self._offset + (self._v1_offset - self._offset) % V1_FRAME_SIZE
        return pieces

    def finish(self) -> list[StreamPiece]:
        """Announce the end of the stream; returns the pieces after an unfinished frame."""
        pieces: list[StreamPiece] = []
        while len(self._buffer) > self._at:
            if self._lost is None:
                wanted = self._wanted()
                if self._lost is None:
                    size = len(self._buffer) - self._at
                    of = f" of {wanted}" if wanted else ""
                    self._lose(f"stream ended {size} bytes into a frame{of}")
            pieces += self._pieces()
            if self._lost is not None:  # no other frame begins in the rest
                self._skip(len(self._buffer) - self._at)
                pieces.append(self._found_again())
        self._buffer.clear()
        self._at = 0
        self._lost = None
        return pieces

    def _pieces(self) -> Iterator[StreamPiece]:
        while True:
            if self._lost is not None:
                if not self._resynchronise(self._lost):
                    return
                if self._offset > self._lost.offset:
                    yield self._found_again()
                self._lost = None
            wanted = self._wanted()
            if wanted is None or len(self._buffer) - self._at < wanted:
                return
            if wanted and self._is_torn(wanted):
                self._lose("bytes are missing in a frame")
            elif wanted:
                yield self._take(wanted)
            # otherwise no frame begins here, and `_lost` says why

    def _wanted(self) -> int | None:
        """Size of the frame that begins here; 0 if none does, None if more bytes are needed."""
        size = len(self._buffer) - self._at
        if not size:
            return None
        if self._is_v2():
            return self._wanted_v2() if size >= V2_HEADER_SIZE else None
        if self._framing is Framing.AUTO and not self._is_v1():
            self._lose("no frame begins here")
            return 0
        return V1_FRAME_SIZE

    def _is_v2(self) -> bool:
        if self._framing is Framing.AUTO:
            return self._buffer[self._at] in _V2_FIRST
        return self._framing is Framing.V2

    def _is_v1(self) -> bool:
        """Whether this may be v1: begins with a word, and no other frame begins inside."""
        is_known = KEYWORD.match(self._buffer, self._at) is not None
        if not is_known and not self._is_padded():
            return False
        end = self._at + V1_FRAME_SIZE
        # After the first NUL of a v1 frame there is garbage, also old texts, but never a header.
        inside = self._boundary(self._at + 1, end + V2_HEADER_SIZE, only_v2=is_known)
        return inside is None or inside >= end

    def _is_padded(self) -> bool:
        """Whether this may be v1 with an unknown word: a text, and NULs, or after another v1."""
        frame = self._buffer[self._at : self._at + V1_FRAME_SIZE]
        text, _, padding = frame.partition(b"\0")
        if not _TEXT_OF_WORDS.fullmatch(text):
            return False
        is_alone = self._v1_offset is None
        return not (is_alone and (padding.strip(b"\0") or len(text) == V1_FRAME_SIZE))

    def _wanted_v2(self) -> int:
        header = bytes(self._buffer[self._at : self._at + V2_HEADER_SIZE])
        size = _v2_size(header)
        if size is None:
            self._lose(f"frame header is not two decimal sizes: {header!r}")
            return 0
        if size > DEFAULT_MAX_FRAME_SIZE:
            self._lose(f"frame of {size} bytes announced, limit is {DEFAULT_MAX_FRAME_SIZE}")
            return 0
        return size

    def _is_torn(self, size: int) -> bool:
        """Whether a v2 text consists of the beginning of one frame and another frame.

        A text ends with its NUL or, if the sender writes no NUL, where another frame begins.
        """
        if not self._is_v2():
            return False
        end = self._at + size
        sizes = v2_sizes(bytes(self._buffer[self._at : self._at + V2_HEADER_SIZE]))
        text_size, binary_size = sizes or (0, 0)
        start = self._at + V2_HEADER_SIZE
        text = bytes(self._buffer[start : start + text_size])
        nul = text.find(b"\0")
        if nul >= 0 and text[nul:].strip(b"\0"):
            return True
        has_one_nul = nul == text_size - 1
        if not (has_one_nul or binary_size) and end < len(self._buffer):
            after = bytes(self._buffer[end : end + V2_HEADER_SIZE])
            if not _AFTER_TEXT.match(after) and not KEYWORD.match(after):
                return True
        return self._boundary(start + 1, start + text_size, only_v2=True) is not None

    def _take(self, size: int) -> StreamPiece:
        kind = Framing.V2 if self._is_v2() else Framing.V1
        piece = self._piece(kind, bytes(self._buffer[self._at : self._at + size]))
        self._at += size
        return piece

    def _piece(self, kind: Framing, data: bytes) -> StreamPiece:
        """The frame in these bytes."""
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = FrameDecoder(kind)
        decoder.receive_data(data)
        frame = decoder.next_frame()
        if frame is NEED_DATA:
            raise AssertionError("the codec wants more of a frame than its header says")
        piece = StreamPiece(offset=self._offset, size=len(data), data=data, frame=frame)
        if kind is Framing.V1:
            self._v1_offset = self._offset
        self._offset += len(data)
        return piece

    def _lose(self, reason: str) -> None:
        self._lost = _Lost(self._offset, reason)

    def _skip(self, size: int) -> None:
        self._at += size
        self._offset += size

    def _found_again(self) -> StreamPiece:
        lost, self._lost = self._lost, None
        if lost is None:
            raise AssertionError("nothing was lost")
        size = self._offset - lost.offset
        reason = f"{lost.reason}; {size} bytes skipped"
        return StreamPiece(offset=lost.offset, size=size, reason=reason)

    def _resynchronise(self, lost: _Lost) -> bool:
        """Skip to the next beginning of a frame; False if there is none yet."""
        if lost.until is not None:
            self._skip(min(lost.until - self._offset, len(self._buffer) - self._at))
            return self._offset == lost.until
        is_first = self._offset == lost.offset
        if is_first and lost.fresh and KEYWORD.match(self._buffer, self._at):
            return True
        found = self._boundary(self._at + (is_first and not lost.fresh), len(self._buffer))
        if found is None:
            self._skip(max(0, len(self._buffer) - self._at - _TAIL))
            return False
        self._skip(found - self._at)
        return True

    def _boundary(self, start: int, end: int, *, only_v2: bool = False) -> int | None:
        """Where the first frame between these begins, judged by its keyword."""
        for match in KEYWORD.finditer(self._buffer, start, end):
            at = match.start()
            header_at = at - V2_HEADER_SIZE
            if header_at >= start and _v2_size(bytes(self._buffer[header_at:at])) is not None:
                return header_at
            is_v1 = at > start and not _PRINTABLE.match(self._buffer, at - 1)
            if is_v1 and not only_v2 and self._framing is not Framing.V2:
                return at
        return None


def v2_sizes(header: bytes) -> tuple[int, int] | None:
    """Bytes of text and of binary by a v2 header, or None."""
    try:
        return parse_header(header)
    except BadHeaderError:
        return None


@functools.lru_cache(maxsize=4096)
def _v2_size(header: bytes) -> int | None:
    """Bytes of a v2 frame by its header, or None."""
    sizes = v2_sizes(header)
    return None if sizes is None else V2_HEADER_SIZE + sum(sizes)


@functools.lru_cache(maxsize=4096)
def _text_end(header: bytes) -> int | None:
    """The same for a header without a binary part, None for others."""
    sizes = v2_sizes(header)
    return None if sizes is None or sizes[1] else V2_HEADER_SIZE + sizes[0]
