"""The results of reading an input: messages with place and time, and damages."""

from typing import Final

import attrs

from dcs_codec import Direction, MalformedMessage, Message, UnknownMessage


@attrs.define(kw_only=True)  # as frozen, but made in a third of the time
class Place:
    """A place in an input.

    Attributes:
        source: Name of the file, `-` for standard input; for a TCP stream also its two sides.
        line: Line number, from 1, for an input with lines.
        offset: Offset in bytes, for an input without lines.
    """

    source: str
    line: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.source}:{self.line}"
        return self.source if self.offset is None else f"{self.source}: byte {self.offset}"


@attrs.define(kw_only=True)  # as frozen, but made in a third of the time
class Sighting:
    """One message.

    Attributes:
        message: The message.
        place: Its place.
        time: Seconds since 1970; for an input without dates, since midnight or since its beginning;
            None if unknown.
        connection: The connection, "" if unknown.
        conversation: The same for a start and its completion; usually the connection.
        direction: Its direction, None if neither its keyword nor its stream shows it.
        size: Bytes of the frame, or of the text in a log.
        is_again: Whether it repeats an earlier line of the log in other words.
    """

    message: Message
    place: Place
    time: float | None = None
    connection: str = ""
    conversation: str = ""
    direction: Direction | None = None
    size: int = 0
    is_again: bool = False

    @property
    def keyword(self) -> str:
        """First word of the message as received."""
        return self.message.received_keyword


@attrs.frozen(kw_only=True)
class Damage:
    """A part that cannot be read, or is missing.

    Attributes:
        place: Its place.
        reason: The reason, in one line.
    """

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


Found = Sighting | Damage

ODD: Final = (UnknownMessage, MalformedMessage)
"""The classes of malformed and unknown messages."""
