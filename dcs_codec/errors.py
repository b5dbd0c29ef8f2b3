"""The exceptions of the codec, all below `DcsError`.

DcsError
├── LocalProtocolError          we were about to break the protocol; nothing was sent
│   ├── EncodeError             a value does not fit its word on the wire
│   ├── StateError              the message may not be sent now, or not by this role
│   └── RegistryError           a message class is not fit for the registry
├── RemoteProtocolError         the peer broke the protocol
│   ├── FrameError              fatal: where frames begin is lost, and raised again at every call
│   │   ├── BadHeaderError      the 26 bytes are not two sizes
│   │   ├── FrameTooLargeError  announced more than `max_frame_size`; nothing of it was kept
│   │   └── TruncatedFrameError the stream ended inside a frame
│   ├── HandshakeError          fatal: the first frame is not the handshake's
│   └── DecodeError             recoverable: one message; carried by `MalformedMessage`, never lost
└── InterchangeError            a dict or JSON is not a message, or a message cannot become one

All can be pickled. Any other exception out of `dcs_codec` is a bug.
"""

__all__ = [
    "BadHeaderError",
    "DcsError",
    "DecodeError",
    "EncodeError",
    "FrameError",
    "FrameTooLargeError",
    "HandshakeError",
    "InterchangeError",
    "LocalProtocolError",
    "RegistryError",
    "RemoteProtocolError",
    "StateError",
    "TruncatedFrameError",
]


class DcsError(Exception):
    """Base of every error the codec raises on purpose."""


class LocalProtocolError(DcsError):
    """This side was about to break the protocol; nothing has been sent."""


class EncodeError(LocalProtocolError):
    """A value does not fit the word it should become on the wire.

    Attributes:
        keyword: Keyword of the message, "" if there is none yet.
        field: Name of the wrong field, "" if the message as a whole is wrong.
        reason: What is wrong, in one line.
    """

    def __init__(self, keyword: str, field: str, reason: str) -> None:
        super().__init__(keyword, field, reason)
        self.keyword = keyword
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (self.keyword, self.field, self.reason) if part)


class StateError(LocalProtocolError):
    """The message may not be sent in this state of the connection, or not by this role."""


class RegistryError(LocalProtocolError):
    """A class is not fit for a registry, or two claim one keyword."""


class RemoteProtocolError(DcsError):
    """The peer broke the protocol."""


class FrameError(RemoteProtocolError):
    """The stream of frames is broken for good; close the connection."""


class BadHeaderError(FrameError):
    """A frame header is not two decimal sizes.

    Attributes:
        header: The 26 bytes as received.
    """

    def __init__(self, header: bytes) -> None:
        super().__init__(header)
        self.header = header

    def __str__(self) -> str:
        return f"frame header is not two decimal sizes: {self.header!r}"


class FrameTooLargeError(FrameError):
    """A frame header announces more bytes than allowed.

    Attributes:
        size: Announced bytes of text and binary together.
        limit: The decoder's `max_frame_size`.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"frame of {self.size} bytes announced, limit is {self.limit}"


class TruncatedFrameError(FrameError):
    """The stream ended inside a frame.

    Attributes:
        data: The bytes of the unfinished frame.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data

    def __str__(self) -> str:
        return f"stream ended {len(self.data)} bytes into a frame"


class HandshakeError(RemoteProtocolError):
    """The peer's first frame is not what the handshake asks for; close the connection.

    Attributes:
        expected: What it should have been.
        text: Text of that frame.
    """

    def __init__(self, expected: str, text: str) -> None:
        super().__init__(expected, text)
        self.expected = expected
        self.text = text

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.text[:80]!r}"


class DecodeError(RemoteProtocolError):
    """One message does not have the form of its keyword; other messages are not affected.

    Attributes:
        keyword: Keyword of the message, "" if it has none.
        field: Name of the wrong field, "" if the message as a whole is wrong.
        reason: What is wrong, in one line.
    """

    def __init__(self, keyword: str, field: str, reason: str) -> None:
        super().__init__(keyword, field, reason)
        self.keyword = keyword
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (self.keyword, self.field, self.reason) if part)


class InterchangeError(DcsError):
    """A dict or a JSON text is not a message, or a message cannot become one.

    Attributes:
        keyword: Keyword of the message, "" if there is none yet.
        path: Where the wrong value is (`result[0].counts`), "" for the whole object.
        reason: What is wrong, in one line.
    """

    def __init__(self, keyword: str, path: str, reason: str) -> None:
        super().__init__(keyword, path, reason)
        self.keyword = keyword
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return ": ".join(part for part in (self.keyword, self.path, self.reason) if part)
