"""Frames: how many bytes make one, in both framings, in both directions.

v1  every frame is exactly 200 bytes: text, then NUL up to the end. Bytes behind the first NUL
    are garbage; a text that fills all 200 has no NUL at all.
v2  a 26-byte ASCII header of two decimal sizes (`"%12d %12d "`), then the text, which dcss ends
    with one NUL that it counts, then the binary part. Readers must take what the other code bases
    write: sizes aligned left, a NUL as 26th byte, a text without NUL.

Source: dcss_hardware_client.c and xos_socket.c, confirmed on the wire of a real dcss.
"""

import enum
from typing import Final, Literal

import attrs

from dcs_codec.errors import (
    BadHeaderError,
    EncodeError,
    FrameError,
    FrameTooLargeError,
    LocalProtocolError,
    TruncatedFrameError,
)
from dcs_codec.words import first_word, to_text

V1_FRAME_SIZE: Final = 200
V1_MAX_TEXT: Final = V1_FRAME_SIZE - 1  # dcss terminates the text; a 200th byte would be cut
V2_HEADER_SIZE: Final = 26
V2_MAX_TEXT: Final = (1 << 20) - 1  # the Tcl side parses into 1 MiB (dcs_message_parse.cc)
DEFAULT_MAX_FRAME_SIZE: Final = 1 << 24

_SHOWN: Final = 80  # bytes of a refused text in which its keyword is looked for
_V2_FIRST_BYTES: Final = b" 0123456789"  # a header starts with blanks or digits, a text does not


class Framing(enum.Enum):
    """How frames are cut out of the byte stream; DCSS's database sets it per hardware host."""

    V1 = "v1"
    V2 = "v2"
    AUTO = "auto"
    """Look at the first byte of the first frame, then hold to what it was."""


class NeedData(enum.Enum):
    """Type of `NEED_DATA` (an enum of one member, which type checkers narrow)."""

    NEED_DATA = "NEED_DATA"

    def __repr__(self) -> str:
        return "NEED_DATA"


NEED_DATA: Final = NeedData.NEED_DATA
"""There is no whole frame (or event) yet: call `receive_data` and ask again."""


@attrs.frozen
class Frame:
    """One frame: text without its terminating NUL and line end, and the binary part (v2 only)."""

    text: bytes
    binary: bytes = b""


def encode_frame(frame: Frame, framing: Framing) -> bytes:
    """The bytes of one frame.

    Raises:
        EncodeError: The text holds a NUL or is too long (199 bytes in v1), or v1 was to carry a
            binary part.
        LocalProtocolError: `framing` is AUTO, which is for reading only.
    """
    text = frame.text
    if b"\0" in text:
        raise _refused(text, "", "text holds a NUL byte, which would end it")
    if framing is Framing.V2:
        if len(text) > V2_MAX_TEXT:
            raise _refused(text, "", f"text of {len(text)} bytes, v2 carries {V2_MAX_TEXT}")
        return b"%12d %12d %b\0%b" % (len(text) + 1, len(frame.binary), text, frame.binary)
    if framing is Framing.V1:
        if len(text) > V1_MAX_TEXT:
            raise _refused(text, "", f"text of {len(text)} bytes, v1 carries {V1_MAX_TEXT}")
        if frame.binary:
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


class FrameDecoder:
    """Cuts frames out of a byte stream that arrives in any pieces.

    Give it bytes with `receive_data`, tell it the end with `receive_eof`, and take frames with
    `next_frame` until that returns `NEED_DATA`. After a `FrameError` nothing more can be read:
    the error is raised again at every call.
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
        """
        self._framing = framing
        self._max_frame_size = max_frame_size
        self._buffer = bytearray()
        self._sizes: tuple[int, int] | None = None  # of the v2 frame being read
        self._needed = 1  # bytes in the buffer below which there is nothing to do
        self._eof = False
        self._error: FrameError | None = None

    @property
    def framing(self) -> Framing:
        """Framing in use; AUTO until the first byte settles it."""
        return self._framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        if self._sizes is not None:
            raise LocalProtocolError("framing changes between frames, not inside one")
        self._framing = framing
        self._needed = 1

    @property
    def eof(self) -> bool:
        """Whether the stream has ended and every frame was taken."""
        return self._eof and not self._buffer and self._error is None

    @property
    def pending(self) -> bytes:
        """Bytes received that are part of no frame yet (or, after an error, never will be)."""
        return bytes(self._buffer)

    def receive_data(self, data: bytes) -> None:
        """Add bytes as they came from the peer, in any size, also none."""
        self._buffer += data

    def receive_eof(self) -> None:
        """Tell that no more bytes will come; calling it again changes nothing."""
        self._eof = True

    def next_frame(self) -> Frame | Literal[NeedData.NEED_DATA]:
        """The next whole frame, or `NEED_DATA`.

        Raises:
            BadHeaderError: A v2 header is not two decimal sizes.
            FrameTooLargeError: A v2 header announces more than `max_frame_size`.
            TruncatedFrameError: The stream ended inside a frame.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        if len(self._buffer) < self._needed:
            return self._starved()
        if self._framing is Framing.AUTO:
            is_v2 = self._buffer[0] in _V2_FIRST_BYTES
            self._framing = Framing.V2 if is_v2 else Framing.V1
        return self._next_v2() if self._framing is Framing.V2 else self._next_v1()

    def _next_v1(self) -> Frame | Literal[NeedData.NEED_DATA]:
        if len(self._buffer) < V1_FRAME_SIZE:
            self._needed = V1_FRAME_SIZE
            return self._starved()
        text = bytes(self._buffer[:V1_FRAME_SIZE])
        self._drop(V1_FRAME_SIZE)
        return Frame(_clean(text))

    def _next_v2(self) -> Frame | Literal[NeedData.NEED_DATA]:
        if self._sizes is None:
            if len(self._buffer) < V2_HEADER_SIZE:
                self._needed = V2_HEADER_SIZE
                return self._starved()
            self._sizes = self._read_header()
            self._needed = V2_HEADER_SIZE + sum(self._sizes)
            if len(self._buffer) < self._needed:
                return self._starved()
        text_end = V2_HEADER_SIZE + self._sizes[0]
        buffer = self._buffer
        frame = Frame(
            _clean(bytes(buffer[V2_HEADER_SIZE:text_end])), bytes(buffer[text_end : self._needed])
        )
        self._drop(self._needed)
        self._sizes = None
        self._needed = V2_HEADER_SIZE
        return frame

    def _read_header(self) -> tuple[int, int]:
        try:
            sizes = parse_header(bytes(self._buffer[:V2_HEADER_SIZE]))
        except BadHeaderError as error:
            self._error = error
            raise
        if sum(sizes) > self._max_frame_size:
            self._error = FrameTooLargeError(sum(sizes), self._max_frame_size)
            raise self._error
        return sizes

    def _drop(self, size: int) -> None:
        del self._buffer[:size]  # moves a start offset; the bytes behind stay where they are

    def _starved(self) -> Literal[NeedData.NEED_DATA]:
        if self._eof and self._buffer:
            self._error = TruncatedFrameError(self.pending)
            raise self._error
        return NEED_DATA


def _clean(text: bytes) -> bytes:
    return text.partition(b"\0")[0].rstrip(b"\r\n")
