"""Shows sightings as lines of text; they contain no control characters."""

import functools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from dcs_codec import (
    Direction,
    MalformedMessage,
    Message,
    NotFinite,
    UnknownMessage,
    format_number,
)
from dhs_lab.tools.sightings import ODD, Sighting

_TO_DHS: Final = Direction.TO_DHS  # the look-up of an enum's member is slow
_TO_DCSS: Final = Direction.TO_DCSS
_ARROWS_OF_GUIS: Final[Mapping[Direction | None, str]] = {
    Direction.TO_GUI: "-> GUI ",
    Direction.FROM_GUI: "-> DCSS",
}
_BESIDE: Final = tuple(field.name for field in attrs.fields(Message))
"""The attributes of every message in addition to the fields of its class."""
_BARE: Final = re.compile(r"[!#-&(-~]+")  # printable ASCII without blanks and quotes
_DAY_S: Final = 86_400
_UNDATED_S: Final = 3650 * _DAY_S  # later times have a date
_KEPT: Final = 1 << 13  # cached words of each kind
_LONG: Final = 80  # characters; longer words are not cached
_LONG_MESSAGE: Final = 300  # the same for messages


@functools.lru_cache(_KEPT)
def show_time(time: float | None) -> str:
    """A time as in logs; without a date only the clock time."""
    if time is None:
        return "-"
    fraction, whole = math.modf(time)
    micros = round(fraction * 1e6)  # as datetime rounds
    if not 0 <= micros < 1_000_000:  # noqa: PLR2004
        whole, micros = whole + micros // 1_000_000, micros % 1_000_000
    return f"{_second(whole)}.{micros // 1000:03d}"


@functools.lru_cache(_KEPT)
def _second(time: float) -> str:
    """A time to the second, cached: many messages share one."""
    if abs(time) < _UNDATED_S:
        return f"{datetime.fromtimestamp(time % _DAY_S, UTC):%H:%M:%S}"
    return datetime.fromtimestamp(time).isoformat(" ")


def show_word(value: object) -> str:
    """A value of a field as one word: bare if that is clear, else quoted and escaped."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, NotFinite):
        return value.word
    if isinstance(value, int | float):
        return format_number(value)
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) else ascii(value)
    import json  # noqa: PLC0415 - few messages have a list

    return json.dumps(value, default=attrs.asdict)


def show_fields(message: Message) -> str:
    """The fields of a message by name, without those that are not on the wire."""
    if isinstance(message, ODD) or message.surplus or message.binary:
        return _show_any(message)
    names, get = _FIELDS[type(message)]
    shown = []
    for (name, empty), value in zip(names, get(message)):  # noqa: B905 - the last two are empty
        kind = type(value)
        if not value and value == empty:
            continue
        if kind is str:
            shown.append(name + (_show_short(value) if len(value) < _LONG else show_word(value)))
        elif kind in _NUMBERS:  # 0.0 and -0.0 are equal, so neither is cached
            shown.append(name + (_show_short(value) if value else show_word(value)))
        else:
            return _show_any(message)
    return " ".join(shown)


_Names = Sequence[tuple[str, object]]


class _Fields(dict[type[Message], tuple[_Names, Callable[[Message], Sequence[Any]]]]):
    """By class: the names of its fields with `=`, their empty values, and a getter of the values.

    The getter also returns the values of `_BESIDE`, as the last ones.
    """

    def __missing__(
        self, message_class: type[Message]
    ) -> tuple[_Names, Callable[[Message], Sequence[Any]]]:
        fields = {field.name: field.default for field in attrs.fields(message_class)}
        own = [name for name in fields if name not in _BESIDE]
        empty = [fields[name] if fields[name] in ("", None) else attrs.NOTHING for name in own]
        names = list(zip((f"{name}=" for name in own), empty, strict=True))
        self[message_class] = names, operator.attrgetter(*own, *_BESIDE)
        return self[message_class]


_FIELDS: Final = _Fields()


def _show_any(message: Message) -> str:
    """`show_fields` of any message."""
    names, get = _FIELDS[type(message)]
    values = get(message)
    if isinstance(message, MalformedMessage):  # field and reason are shown at the end
        names, values = names[:1], values[:1]
    shown = [
        f"{name}{show_word(value)}"
        for (name, empty), value in zip(names, values)  # noqa: B905 - the last two are empty
        if value != empty
    ]
    if message.surplus:
        shown.append(f"surplus={show_word(message.surplus)}")
    if message.binary:
        shown.append(f"binary=<{len(message.binary)}_bytes>")
    return " ".join(shown)


_show_short = functools.lru_cache(_KEPT, typed=True)(show_word)  # names and numbers repeat
_NUMBERS: Final = frozenset({int, float, bool})


def show_trouble(message: Message) -> str:
    """What is wrong with a message, "" if nothing is."""
    if not isinstance(message, ODD):
        return ""
    if isinstance(message, UnknownMessage):
        return "unknown keyword"
    reason = ascii(message.reason)[1:-1]
    return f"malformed: {message.field}: {reason}" if message.field else f"malformed: {reason}"


def _arrow(direction: Direction | None) -> str:
    if direction is _TO_DHS:
        return "-> DHS "
    if direction is _TO_DCSS:
        return "-> DCSS"
    return _ARROWS_OF_GUIS.get(direction, "?      ")


def show(found: Sighting) -> str:
    """A sighting in one line: time, direction, keyword, fields, what is odd, connection."""
    line = f"{show_time(found.time)}  {_arrow(found.direction)}  {_show_message(found.message)}"
    return line + _show_connection(found.connection) if found.connection else line.rstrip()


def _show_message(message: Message) -> str:
    """Keyword, fields, and what is odd."""
    known = _SHOWN.get(id(message))  # equal messages may differ, as 0.0 and -0.0 do
    if known is not None:
        return known[1]
    text = _show_keyword(message.received_keyword)
    fields = show_fields(message)
    if fields:
        text += f"  {fields}"
    if isinstance(message, ODD):
        text += f"  !! {show_trouble(message)}"
    if len(text) < _LONG_MESSAGE and not message.binary:  # a binary part may be large
        if len(_SHOWN) >= _KEPT:
            _SHOWN.clear()
        _SHOWN[id(message)] = message, text
    return text


_SHOWN: Final[dict[int, tuple[Message, str]]] = {}
"""Recently shown messages: logs repeat texts, and `reading` returns the same message for them."""


@functools.lru_cache(_KEPT)
def _show_keyword(keyword: str) -> str:
    return f"{show_word(keyword):28}"


@functools.lru_cache(_KEPT)
def _show_connection(connection: str) -> str:
    return f"  [{ascii(connection)[1:-1]}]"
