"""What reading an input finds: messages with where and when, and places that cannot be read."""

from typing import Final

import attrs

from dcs_codec import Direction, MalformedMessage, Message, UnknownMessage

_ODD: Final = (UnknownMessage, MalformedMessage)
_DIRECTIONS: Final = {
    "stoc_": Direction.TO_DHS,
    "stoh_": Direction.TO_DHS,
    "htos_": Direction.TO_DCSS,
}
_DIRECTIONS_OF_CLASSES: Final[dict[type[Message], Direction]] = {}  # those met


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
        return keyword_of(self.message)


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


def keyword_of(message: Message) -> str:
    """The keyword as received, of whatever class the message is."""
    if isinstance(message, ODD):
        return message.received_keyword
    return message.keyword


def direction_of(message: Message) -> Direction | None:
    """Which way a message goes, by the first letters of its keyword; None where they tell none."""
    known = _DIRECTIONS_OF_CLASSES.get(type(message))
    if known is None:
        known = _DIRECTIONS.get(keyword_of(message)[:5])
        if known is not None and not isinstance(message, ODD):
            _DIRECTIONS_OF_CLASSES[type(message)] = known
    return known
