"""What reading an input finds: messages with where and when, and places that cannot be read."""

from typing import Final

import attrs

from dcs_codec import Direction, MalformedMessage, Message, UnknownMessage


@attrs.define(kw_only=True)  # as frozen, but made in a third of the time
class Place:
    """Where in an input something stands.

    Attributes:
        source: Name of the file, `-` for standard input; of a TCP stream also its two ends.
        line: Line, counted from 1, of an input that has lines.
        offset: Offset in bytes, of one that has none.
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
    """One message found.

    Attributes:
        message: What it is.
        place: Where it stands.
        time: When, in seconds since 1970; of an input without dates since midnight or since its
            beginning; None where nothing tells.
        connection: Between whom, "" where nothing tells.
        conversation: What a start and its completion have in common; usually the connection.
        direction: Which way it went, None where neither its keyword nor its stream tells.
        size: Bytes of the frame, of a log's text the bytes of that.
        is_again: Whether the log told this message before, in other words.
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
    """Something that cannot be read, or is missing.

    Attributes:
        place: Where.
        reason: Why, in one line.
    """

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


Found = Sighting | Damage

ODD: Final = (UnknownMessage, MalformedMessage)
"""Classes of messages that are not what their keyword says, or whose keyword nobody knows."""
