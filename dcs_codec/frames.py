"""Frames in both framings: cuts them out of a byte stream, and writes them.

v1  every frame is exactly 200 bytes: text, then NUL up to the end. Bytes after the first NUL
    are garbage; a text that fills all 200 has no NUL at all.
v2  a 26-byte ASCII header of two decimal sizes (`"%12d %12d "`), then the text, which dcss ends
    with one NUL that it counts, then the binary part. Readers must accept what the other code
    bases write: sizes aligned left, a NUL as 26th byte, a text without NUL.

Source: dcss_hardware_client.c and xos_socket.c, confirmed on the wire of a real dcss.
"""

import enum
from collections.abc import Mapping
from typing import Final, Literal, NoReturn

import attrs

from dcs_codec.drafts import draft_class
from dcs_codec.errors import (
    BadHeaderError,
    EncodeError,
    FrameError,
    FrameTooLargeError,
    LocalProtocolError,
    TruncatedFrameError,
)
from dcs_codec.limits import (
    DEFAULT_MAX_FRAME_SIZE,
    V1_FRAME_SIZE,
    V1_MAX_TEXT,
    V2_HEADER_SIZE,
    V2_MAX_BINARY,
    V2_MAX_TEXT,
)
from dcs_codec.words import first_word, to_text

__all__ = [
    "NEED_DATA",
    "Frame",
    "FrameDecoder",
    "Framing",
    "NeedData",
    "encode_frame",
    "parse_header",
]

V2_HEADERS: Final = tuple(b"%12d %12d " % (size, 0) for size in range(2048))
"""Headers of short frames without a binary part, by the size of the text with its NUL."""

_KNOWN_HEADERS: Final = 2 * len(V2_HEADERS)  # with a blank or a NUL at the end
_SHOWN: Final = 80  # bytes of a refused text in which its keyword is looked for
_V2_FIRST_BYTES: Final = b" 0123456789"  # a header begins with blanks or digits, a text does not


class Framing(enum.Enum):
    """How frames are cut out of the byte stream; DCSS's database sets it per hardware host."""

    V1 = "v1"
    """Blocks of 200 bytes, filled up with NULs."""
    V2 = "v2"
    """A header of 26 bytes with two sizes, then the text, then a binary part."""
    AUTO = "auto"
    """Look at the first byte of the first frame, then keep to that framing."""


class NeedData(enum.Enum):
    """Type of `NEED_DATA` (an enum of one member, which type checkers narrow)."""

    NEED_DATA = "NEED_DATA"
    """No whole frame is there; give more bytes."""

    def __repr__(self) -> str:
        return "NEED_DATA"


_V2: Final = Framing.V2  # looking up an enum's member takes longer than the rest of a frame

NEED_DATA: Final = NeedData.NEED_DATA
"""There is no whole frame (or event) yet: call `receive_data` and ask again."""


@attrs.frozen(weakref_slot=False)
class Frame:
    """One frame.

    Attributes:
        text: Text without NUL and without the line end that dcss writes after some.
        binary: Binary part (v2 only).
    """

    text: bytes
    binary: bytes = b""

    def __str__(self) -> str:
        """The text as it is, for a log; a binary part is given by its size, `<12 bytes>`."""
        text = to_text(self.text)
        return f"{text} <{len(self.binary)} bytes>" if self.binary else text


_FrameDraft: Final = draft_class(Frame)


def encode_frame(frame: Frame, framing: Framing) -> bytes:
    """The bytes of one frame.

    Raises:
        EncodeError: The text holds a NUL or is too long (199 bytes in v1), there is a
            binary part in v1, or one that is too long for v2.
        LocalProtocolError: `framing` is AUTO, which is for reading only.
    """
    text, binary = frame.text, frame.binary
    if 0 in text:
        raise _refused(text, "", "text holds a NUL byte, which would end it")
    if framing is _V2:
        size = len(text) + 1
        if size < len(V2_HEADERS) and not binary:
            return V2_HEADERS[size] + text + b"\0"
        if size > V2_MAX_TEXT + 1:
            raise _refused(text, "", f"text of {len(text)} bytes, v2 carries {V2_MAX_TEXT}")
        if len(binary) > V2_MAX_BINARY:
            raise _refused(text, "binary", f"has {len(binary)} bytes, v2 carries {V2_MAX_BINARY}")
        return b"%12d %12d %b\0%b" % (size, len(binary), text, binary)
    if framing is Framing.V1:
        if len(text) > V1_MAX_TEXT:
            raise _refused(text, "", f"text of {len(text)} bytes, v1 carries {V1_MAX_TEXT}")
        if binary:
            raise _refused(text, "binary", "v1 carries no binary part")
        return text.ljust(V1_FRAME_SIZE, b"\0")
    raise LocalProtocolError("Framing.AUTO is for reading; write v1 or v2")


def _refused(text: bytes, field: str, reason: str) -> EncodeError:
    return EncodeError(first_word(to_text(text[:_SHOWN])), field, reason)


def parse_header(header: bytes) -> tuple[int, int]:
    """Text size and binary size of a v2 header.

    Raises:
        BadHeaderError: The header is not two decimal sizes.
    """
    sizes = header.replace(b"\0", b" ").split()
    if len(sizes) == 2 and sizes[0].isdigit() and sizes[1].isdigit():  # noqa: PLR2004
        return int(sizes[0]), int(sizes[1])
    raise BadHeaderError(header)


class _ShortEnds(dict[bytes, int]):
    """The end of a short frame without a binary part, by its header.

    Filled on demand: a connection repeats a few headers.
    """

    def __missing__(self, header: bytes) -> int:
        try:
            text_size, binary_size = parse_header(header)
        except BadHeaderError:
            raise KeyError(header) from None
        if binary_size or text_size >= len(V2_HEADERS):
            raise KeyError(header)
        if len(self) >= _KNOWN_HEADERS:  # a header may be written in many ways
            self.clear()
        self[header] = end = V2_HEADER_SIZE + text_size
        return end


_SHORT_ENDS: Final = _ShortEnds()


def _a_framing(value: object) -> Framing:
    if not isinstance(value, Framing):
        raise TypeError(f"framing is a Framing, such as Framing.V2; got {value!r}")
    return value


class FrameDecoder:
    """Cuts frames out of a byte stream that arrives in any pieces.

    Give it bytes with `receive_data`, tell it the end with `receive_eof`, and take frames with
    `next_frame` until that returns `NEED_DATA`. After a `FrameError` nothing more can be read:
    the error is raised again at every call.

    Bytes are read where they came: frames are cut out of a *run*, the last piece received. Data
    that arrives before the run is used up is queued, and joined to the remainder once a whole frame
    is available; the total cost is linear for any chunking. A binary part that is in both is joined
    separately, since it may be large.
    """

    def __init__(
        self,
        framing: Framing = Framing.AUTO,
        max_frame_size: int = DEFAULT_MAX_FRAME_SIZE,
    ) -> None:
        """A decoder.

        Args:
            framing: How to read; may be set again between frames.
            max_frame_size: Largest text plus binary of a v2 frame, in bytes; checked on the
                header, before anything is kept.

        Raises:
            TypeError: `framing` is not a `Framing`.
        """
        self._framing = _a_framing(framing)
        self._block_size = V1_FRAME_SIZE
        self._max_frame_size = max_frame_size
        self._run = b""
        self._at = 0  # where in the run the next frame begins
        self._waiting = bytearray()  # received after the run
        self._needed = 1  # bytes needed before the next attempt to read
        self._joined = 1  # how many of these must be in the run
        # Frames that `next_frame` cuts by itself: none in v1, and none after an error.
        self._ends = self._known_ends()
        self._eof = False
        self._error: FrameError | None = None

    @property
    def framing(self) -> Framing:
        """Framing in use; AUTO until the first byte decides it."""
        return self._framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        if self._needed > V2_HEADER_SIZE and self._framing is _V2:
            raise LocalProtocolError("framing changes between frames, not inside one")
        self._framing = _a_framing(framing)
        self._needed = self._joined = 1
        self._ends = self._known_ends()

    def expect_block(self, size: int) -> None:
        """Read v1 in blocks of `size` bytes from here on; call it between two frames."""
        self._block_size = size
        self.framing = Framing.V1

    @property
    def eof(self) -> bool:
        """Whether the stream has ended and every frame was taken."""
        return self._eof and not self._size and self._error is None

    @property
    def has_more(self) -> bool:
        """Whether bytes were received that no frame has taken yet."""
        return self._at < len(self._run) or bool(self._waiting)

    @property
    def pending(self) -> bytes:
        """Bytes received that are not part of a frame yet (or, after an error, never will be)."""
        return self._run[self._at :] + self._waiting

    def _known_ends(self) -> Mapping[bytes, int]:
        is_short = self._max_frame_size >= len(V2_HEADERS)
        return _SHORT_ENDS if self._framing is _V2 and is_short else {}

    @property
    def _size(self) -> int:
        return len(self._run) - self._at + len(self._waiting)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes as they came from the peer, in any size, also none.

        After a `FrameError` they are not kept: no frame can begin in them.

        Raises:
            LocalProtocolError: The end of the stream was announced before.
        """
        if self._error is not None:
            return
        if self._eof:
            raise LocalProtocolError("no data can follow the end of the stream")
        if self._at == len(self._run) and not self._waiting:
            self._run = data if type(data) is bytes else bytes(data)  # `bytes` costs a call
            self._at = 0
        else:
            self._waiting += data

    def receive_eof(self) -> None:
        """Announce the end of the stream; idempotent."""
        self._eof = True

    def next_frame(self) -> Frame | Literal[NeedData.NEED_DATA]:
        """The next whole frame, or `NEED_DATA`.

        Raises:
            BadHeaderError: A v2 header is not two decimal sizes.
            FrameTooLargeError: A v2 header announces more than `max_frame_size`.
            TruncatedFrameError: The stream ended inside a frame.
        """
        run = self._run
        at = self._at
        size = len(run)
        text_at = at + V2_HEADER_SIZE
        if text_at > size:
            # Usually everything was taken; bytes that broke the stream are never taken.
            return NEED_DATA if at == size and not self._waiting else self._read()
        try:
            end = at + self._ends[run[at:text_at]]
        except KeyError:
            return self._read()
        if end > size:
            return self._read()
        self._at = end
        text = run[text_at:end].rstrip(b"\0\r\n")
        frame = _FrameDraft()
        frame.text = _clean(text) if 0 in text else text
        frame.binary = b""
        frame.__class__ = Frame
        made: Frame = frame
        return made

    def _read(self) -> Frame | Literal[NeedData.NEED_DATA]:
        """`next_frame` if cutting is not enough: look at the header, join pieces, or wait."""
        if self._error is not None:
            raise self._error.with_traceback(None)
        if self._size < self._needed:
            return self._starved()
        if len(self._run) - self._at < self._joined:
            self._run = self.pending
            self._at = 0
            self._waiting.clear()
        if self._framing is Framing.AUTO:
            is_v2 = self._run[self._at] in _V2_FIRST_BYTES
            self._framing = _V2 if is_v2 else Framing.V1
            self._ends = self._known_ends()
        return self._read_v2() if self._framing is _V2 else self._read_v1()

    def _read_v1(self) -> Frame | Literal[NeedData.NEED_DATA]:
        end = self._at + self._block_size
        if end > len(self._run):
            self._needed = self._joined = self._block_size
            return self._read()
        text = self._run[self._at : end]
        self._at = end
        return Frame(_clean(text))

    def _read_v2(self) -> Frame | Literal[NeedData.NEED_DATA]:
        text_at = self._at + V2_HEADER_SIZE
        if text_at > len(self._run):
            self._needed = self._joined = V2_HEADER_SIZE
            return self._read()
        text_size, binary_size = self._read_header(self._run[self._at : text_at])
        text_end = text_at + text_size
        end = text_end + binary_size
        if text_end > len(self._run) or end - self._at > self._size:
            self._needed, self._joined = end - self._at, text_end - self._at
            return self._read()
        text = self._run[text_at:text_end]
        if end <= len(self._run):
            binary = self._run[text_end:end]
            self._at = end
        else:
            binary = self._join_binary(text_end, end - len(self._run))
        self._needed = self._joined = V2_HEADER_SIZE
        return Frame(_clean(text), binary)

    def _join_binary(self, begin: int, count: int) -> bytes:
        """The run from `begin` on and `count` waiting bytes; the other bytes become the run."""
        with memoryview(self._waiting) as waiting, waiting[:count] as after:
            binary = b"".join((self._run[begin:], after))
            self._run = bytes(waiting[count:])
        self._at = 0
        self._waiting.clear()
        return binary

    def _read_header(self, header: bytes) -> tuple[int, int]:
        try:
            text_size, binary_size = parse_header(header)
        except BadHeaderError as error:
            self._fail(error)
        if text_size + binary_size > self._max_frame_size:
            self._fail(FrameTooLargeError(text_size + binary_size, self._max_frame_size))
        return text_size, binary_size

    def _fail(self, error: FrameError) -> NoReturn:
        self._error = error
        self._ends = {}
        raise error

    def _starved(self) -> Literal[NeedData.NEED_DATA]:
        if self._eof and self._size:
            self._fail(TruncatedFrameError(self.pending))
        return NEED_DATA


def _clean(text: bytes) -> bytes:
    return text.partition(b"\0")[0].rstrip(b"\r\n")
