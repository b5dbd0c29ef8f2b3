"""The converter of messages to dicts and back: one hook for each shape, equally strict both ways.

It is for `interchange`, which has the rules.
"""

import base64
import math
import re
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, Union, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from dcs_codec.errors import InterchangeError
from dcs_codec.message import BESIDE_FIELDS, MalformedMessage, Message, UnknownMessage
from dcs_codec.numbers import NotFinite
from dcs_codec.words import BLANKS

ODD_TAGS: Final[dict[type[Message], str]] = {
    UnknownMessage: "unknown",
    MalformedMessage: "malformed",
}
"""Tags of the classes that have no keyword of their own."""

_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")

Read = Callable[[Any, object], Any]
"""From a value of JSON to ours; the type that cattrs passes is known already."""

Write = Callable[[Any], Any]
"""The reverse."""


def tag_of(message_class: type[Message]) -> str:
    """The tag of a class in its objects: its keyword, `unknown` or `malformed`."""
    return ODD_TAGS.get(message_class, message_class.keyword)


def new_converter() -> cattrs.Converter:
    """A converter of messages and of the values in their fields; it refuses all else."""
    converter = cattrs.Converter(
        forbid_extra_keys=True,
        structure_fallback_factory=_refuse_type,
        unstructure_fallback_factory=_refuse_type,
    )
    for kind, check in _SCALARS.items():
        converter.register_structure_hook(kind, _reader(check))
        converter.register_unstructure_hook(kind, check)
    converter.register_structure_hook(float, _reader(_read_number))
    converter.register_unstructure_hook(float, _written_number)
    converter.register_structure_hook(bytes, _reader(_from_base64))
    converter.register_unstructure_hook(bytes, _to_base64)
    converter.register_structure_hook_factory(_is_row, _row_reader)
    converter.register_unstructure_hook_factory(_is_row, _row_writer)
    converter.register_structure_hook_factory(_is_union, _union_reader)
    converter.register_unstructure_hook_factory(_is_union, _union_writer)
    converter.register_structure_hook_factory(attrs.has, _object_reader)
    converter.register_unstructure_hook_factory(_is_message, _message_writer)
    return converter


def _refuse_type(kind: object) -> NoReturn:
    raise InterchangeError("", "", f"no form for values of {kind}")


def _refuse(value: object, wanted: str) -> NoReturn:
    raise ValueError(f"is {wanted}, got {type(value).__name__}")  # its repr may nest too deep


def _reader(read: Callable[[Any], Any]) -> Read:
    return lambda value, _: read(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        _refuse(value, "text")
    if not value.isascii() and _SURROGATE_PAIR.search(value):
        raise ValueError("holds a surrogate pair in two characters")
    return str.__str__(value)


def surplus_words(value: object) -> str:
    """Surplus as an object has it; raises ValueError if it is not surplus."""
    words = _text(value)
    if words != words.strip(BLANKS):
        raise ValueError("has blanks before its words or after them")
    return words


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(value, "a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer larger than any float
        finite = False
    if not finite:
        raise ValueError("is not a finite number")
    return int(value) if isinstance(value, int) else float(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(value, "an integer")
    return int(value)


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse(value, "true or false")


def _nothing(value: object) -> None:
    return None if value is None else _refuse(value, "null")


_SCALARS: Final[dict[type, Callable[[object], object]]] = {
    str: _text,
    float: _number,
    int: _integer,
    bool: _truth,
    types.NoneType: _nothing,
}


def _read_number(value: object) -> float:
    if not isinstance(value, str):
        return _number(value)
    try:
        return NotFinite(value)
    except ValueError:
        _refuse(value, "a number")


def _written_number(value: object) -> float | str:
    return value.word if isinstance(value, NotFinite) else _number(value)


def _from_base64(value: object) -> bytes:
    return base64.b64decode(_text(value), validate=True)


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _is_row(kind: object) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _row_reader(kind: object, converter: cattrs.Converter) -> Read:
    items = types.GenericAlias(list, get_args(kind)[:1])
    read = converter.get_structure_hook(items)

    def read_row(value: object, _: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            _refuse(value, "a list")
        return tuple(read(value, items))

    return read_row


def _row_writer(kind: object, converter: cattrs.Converter) -> Write:
    write = converter.get_unstructure_hook(get_args(kind)[0])

    def write_row(value: object) -> list[object]:
        if not isinstance(value, tuple):
            _refuse(value, "a tuple")
        return [write(item) for item in value]

    return write_row


def _is_union(kind: object) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _union_reader(union: object, converter: cattrs.Converter) -> Read:
    members = _members(union)
    return lambda value, _: converter.structure(value, _member_of(value, members))


def _union_writer(union: object, converter: cattrs.Converter) -> Write:
    members = _members(union)
    return lambda value: converter.unstructure(value, _member_of(value, members))


def _members(union: object) -> dict[type, Any]:
    """The members of a union by the types of their values, here and in JSON."""
    members: dict[type, Any] = {}
    for member in get_args(union):
        kind = get_origin(member) or member
        in_json = dict if attrs.has(kind) else list if kind is tuple else kind
        if in_json in members or (in_json is kind and kind not in _SCALARS):
            _refuse_type(union)
        members |= {kind: member, in_json: member}
    if float in members:
        members.setdefault(int, float)
    return members


def _member_of(value: object, members: Mapping[type, Any]) -> Any:
    for kind in type(value).__mro__:
        if kind in members:
            return members[kind]
    raise ValueError(f"cannot be {type(value).__name__}")


def _object_reader(kind: type, converter: cattrs.Converter) -> Read:
    read: Callable[[Any, Any], object] = make_dict_structure_fn(kind, converter)

    def read_object(value: object, _: object) -> object:
        if not isinstance(value, dict):
            _refuse(value, "an object")
        if not all(isinstance(name, str) for name in value):  # a dict that is not of JSON
            raise ValueError("has a key that is not text")
        return read(value, kind)

    return read_object


def _is_message(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Message)


def _message_writer(message_class: type[Message], converter: cattrs.Converter) -> Write:
    """Fields in wire order: cattrs itself would put those with a default after the others."""
    hints = get_type_hints(message_class, include_extras=True)
    hooks = [
        (field.name, _empty_default(field), converter.get_unstructure_hook(hints[field.name]))
        for field in sorted(attrs.fields(message_class), key=_place)
    ]

    def write_message(message: Message) -> dict[str, object]:
        written = {}
        for name, empty, write in hooks:
            try:
                value = getattr(message, name)
                if value != empty:
                    written[name] = write(value)
            except (AttributeError, TypeError, ValueError) as error:
                raise InterchangeError(tag_of(message_class), name, str(error)) from None
        return written

    return write_message


def _place(field: "attrs.Attribute[object]") -> int:
    """Words in wire order first, then what every message has."""
    return BESIDE_FIELDS.index(field.name) if field.name in BESIDE_FIELDS else -1


def _empty_default(field: "attrs.Attribute[object]") -> object:
    """A default that is not a word on the wire; else something that equals no value."""
    is_empty = isinstance(field.default, (str, bytes, types.NoneType)) and not field.default
    return field.default if is_empty else attrs.NOTHING
