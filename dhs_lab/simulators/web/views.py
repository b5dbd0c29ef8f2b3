"""Devices and messages as values for JSON."""

import enum
import functools
import inspect
from math import isfinite
from typing import Any, Final

import attrs

from dcs_codec import DHS_MESSAGES, MalformedMessage, Message, UnknownMessage
from dhs_lab.simulators.dcss import (
    Entry,
    PseudoMotorEntry,
    TrafficLine,
)

JsonObject = dict[str, object]

_NAMES: Final[dict[type[Any], tuple[str, ...]]] = {}  # names of the fields, by class
MAX_TEXT: Final = 4000  # characters shown of a text; a DHS may send a MiB


def device_view(device: Entry, host: str) -> JsonObject:
    """A device with all its attributes by name, its kind and its owner."""
    kind = device.kind.removeprefix("pseudo ").replace(" ", "_")
    values = {name: plain(getattr(device, name)) for name in _names(device)}
    values["is_pseudo"] = isinstance(device, PseudoMotorEntry)
    return {"name": device.name, "kind": kind, "host": host, "value": plain(device.value)} | values


def line_view(number: int, line: TrafficLine, message: Message) -> JsonObject:
    """A line of the wire: its text, and `is_bad` if no class reads it; no fields."""
    view: JsonObject = {
        "number": number,
        "at_s": round(line.at_s, 4),
        "host": line.host,
        "arrow": line.arrow,
        "text": cut(line.text),
    }
    if isinstance(message, (MalformedMessage, UnknownMessage)):
        view["is_bad"] = True
    return view


def message_view(message: Message) -> JsonObject:
    """A message with its fields by name, what is wrong with it, and its documentation."""
    match message:
        case MalformedMessage():
            trouble = f"malformed: {message.field} {message.reason}".replace("  ", " ")
            keyword = message.received_keyword
        case UnknownMessage():
            trouble, keyword = "no message class has this keyword", message.received_keyword
        case _:
            trouble, keyword = "", message.keyword
    return {
        "keyword": keyword,
        "fields": {} if trouble else _fields(message),
        "trouble": trouble,
        "meaning": meanings().get(keyword, ""),
    }


@functools.cache
def meanings() -> dict[str, str]:
    """By keyword, the docstring of the message class."""
    return {kind.keyword: inspect.getdoc(kind) or "" for kind in DHS_MESSAGES}


def cut(text: str, most: int = MAX_TEXT) -> str:
    """The text, or its beginning and how much is missing."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more)"


def plain(value: object) -> object:
    """A value for JSON; types that JSON does not have become text."""
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if attrs.has(type(value)):
        return {name: plain(getattr(value, name)) for name in _names(value)}
    return cut(str(value))


def _fields(message: Message) -> JsonObject:
    names = [name for name in _names(message) if name not in ("binary", "surplus")]
    names += ["surplus"] * bool(message.surplus)
    return {name: plain(getattr(message, name)) for name in names}


def _names(value: Any) -> tuple[str, ...]:
    kind = type(value)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in attrs.fields(kind))
    return _NAMES[kind]
