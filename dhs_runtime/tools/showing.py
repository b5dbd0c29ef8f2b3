"""Sightings as lines for people; nothing in them can play tricks on a terminal."""

import json
import re
from datetime import UTC, datetime
from typing import Final

from dcs_codec import (
    Direction,
    MalformedMessage,
    Message,
    UnknownMessage,
    format_number,
)
from dcs_codec.interchange import to_dict
from dhs_runtime.tools.sightings import Sighting, keyword_of

ARROWS: Final = {Direction.TO_DHS: "-> DHS ", Direction.TO_DCSS: "-> DCSS", None: "?      "}

_BARE: Final = re.compile(r"[!#-&(-~]+")  # printable ASCII without blanks and quotes
_TWO_DAYS_S: Final = 172_800.0


def show_time(time: float | None) -> str:
    """A time as in logs; one without a date by the clock alone."""
    if time is None:
        return "-"
    if 0 <= time < _TWO_DAYS_S:
        moment = datetime.fromtimestamp(time, UTC)
        return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    moment = datetime.fromtimestamp(time)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def show_word(value: object) -> str:
    """A value of a field in one word: bare where that is clear, else quoted and escaped."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return format_number(value)
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) else ascii(value)
    return json.dumps(value)


def show_fields(message: Message) -> str:
    """The fields of a message by name; those that are not on the wire are left out."""
    fields = to_dict(message)
    del fields["keyword"]
    if message.binary:
        fields["binary"] = f"<{len(message.binary)}_bytes>"
    if isinstance(message, MalformedMessage):
        del fields["field"], fields["reason"]
    return " ".join(f"{name}={show_word(value)}" for name, value in fields.items())


def show_trouble(message: Message) -> str:
    """What is odd about a message, "" where nothing is."""
    if isinstance(message, UnknownMessage):
        return "unknown keyword"
    if isinstance(message, MalformedMessage):
        reason = ascii(message.reason)[1:-1]
        return f"malformed: {message.field}: {reason}" if message.field else f"malformed: {reason}"
    return ""


def show(found: Sighting) -> str:
    """A sighting in one line: time, direction, keyword, fields, what is odd, connection."""
    keyword = show_word(keyword_of(found.message))
    parts = [show_time(found.time), ARROWS[found.direction], f"{keyword:28}"]
    parts.append(show_fields(found.message))
    trouble = show_trouble(found.message)
    if trouble:
        parts.append(f"!! {trouble}")
    if found.connection:
        parts.append(f"[{ascii(found.connection)[1:-1]}]")
    return "  ".join(filter(None, parts)).rstrip()
