r"""Messages as plain dicts, JSON and JSON Lines; imported by its own name, since it needs cattrs.

    >>> from dcs_codec import decode_text
    >>> from dcs_codec.interchange import from_json, to_json
    >>> to_json(decode_text("stoh_abort_all soft"))
    '{"keyword": "stoh_abort_all", "abort_arg": "soft"}'
    >>> from_json('{"keyword": "stoh_set_encoder", "encoder_name": "e", "position": "1"}')
    Traceback (most recent call last):
    dcs_codec.errors.InterchangeError: stoh_set_encoder: position: is a number, got str

Form: one object per message, its fields in wire order behind the `keyword`, which names the class.
`unknown` and `malformed` stand for `UnknownMessage` and `MalformedMessage`: no keyword of a
registry is such a word, all begin with `stoc_`, `stoh_` or `htos_`. Tuples are lists. Members of a
union are told apart by shape: readings of ion chambers are a list, a failure is an object.
Surplus words of a decoded message follow its fields as `surplus`; `binary` comes last, in base64. A
field that is empty ("", None) by default is left out while it is: its word is not on the wire
either, so the keys are the words there are. It may be given.

What holds:

- `from_json(to_json(m)) == m`, and is of the same class, for every message decoded from bytes,
  whether encode takes it or not, and for every one made of values of its fields' types. Bytes that
  are no UTF-8 stay lone surrogates, `\udcff`. `to_dict` and `to_json` refuse what would not come
  back, none of which decode makes: numbers that are not finite, integers of thousands of digits,
  two characters that are a surrogate pair (JSON reads one). A `NotFinite` that decode made is its
  word, `"nan"`.
- `to_json` gives one line of ASCII, so lines of it are JSON Lines.
- From any mapping and any text comes a message or an `InterchangeError`: keys too many, twice or
  missing are refused, and so are values of another type. true is no number and 1.0 no integer; an
  integer is a number, as JSON has one kind of them, and stays an integer.
"""

import base64
import functools
import json
import math
import re
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, Union, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from dcs_codec.errors import InterchangeError
from dcs_codec.message import (
    BESIDE_FIELDS,
    MalformedMessage,
    Message,
    UnknownMessage,
    keep_surplus,
)
from dcs_codec.messages import default_registry
from dcs_codec.numbers import NotFinite
from dcs_codec.registry import Registry
from dcs_codec.words import BLANKS

_TAG: Final = "keyword"
_SURPLUS: Final = "surplus"
_ODD_TAGS: Final[dict[type[Message], str]] = {
    UnknownMessage: "unknown",
    MalformedMessage: "malformed",
}
_SHOWN: Final = 60  # characters of a refused key
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_Read = Callable[[Any, object], Any]  # the type that cattrs hands in is known beforehand
_Write = Callable[[Any], Any]


class Interchange:
    """Converts messages; a value that any number of threads may share."""

    def __init__(self, registry: Registry | None = None) -> None:
        """An interchange over `registry`, by default over every message of this package.

        Raises:
            InterchangeError: A class has a field whose type has no form here.
        """
        known = default_registry() if registry is None else registry
        classes = (*_ODD_TAGS, *known)
        converter = _new_converter()
        self._writers: dict[type[Message], _Write]
        self._writers = {cls: converter.get_unstructure_hook(cls) for cls in classes}
        self._readers: dict[str, _Read]
        self._readers = {_tag_of(cls): converter.get_structure_hook(cls) for cls in classes}
        self._may_have_surplus = {plan.keyword for plan in known.plans() if plan.tail is None}

    def to_dict(self, message: Message) -> dict[str, object]:
        """The object of a message.

        Raises:
            InterchangeError: A field does not hold what its annotation says, or the registry does
                not have the message's class.
        """
        writer = self._writers.get(type(message))
        if writer is None:
            reason = f"{type(message).__name__} is not in the registry"
            raise InterchangeError(message.keyword, "", reason)
        return {_TAG: _tag_of(type(message)), **writer(message)}

    def from_dict(self, mapping: Mapping[str, object]) -> Message:
        """The message of an object.

        Raises:
            InterchangeError: The mapping is the object of no message.
        """
        if not isinstance(mapping, Mapping):
            raise InterchangeError("", "", f"is an object, got {type(mapping).__name__}")
        keyword = mapping.get(_TAG)
        if not isinstance(keyword, str):
            raise InterchangeError("", _TAG, "is missing, or no text")
        if keyword not in self._readers:
            raise InterchangeError("", _TAG, f"is not in the registry: {keyword[:_SHOWN]!r}")
        fields = {name: value for name, value in mapping.items() if name != _TAG}
        surplus = fields.pop(_SURPLUS, "") if keyword in self._may_have_surplus else ""
        try:
            message: Message = self._readers[keyword](fields, None)
        except (cattrs.BaseValidationError, ValueError) as error:
            mistakes = cattrs.transform_error(error, path="", format_exception=_explain)
            reason, _, path = mistakes[0].rpartition(" @ ")
            raise InterchangeError(keyword, path.removeprefix("."), reason) from None
        try:
            return keep_surplus(message, _surplus_words(surplus))
        except ValueError as error:
            raise InterchangeError(keyword, _SURPLUS, str(error)) from None

    def to_json(self, message: Message) -> str:
        """The object of a message as one line of ASCII; raises as `to_dict`."""
        written = self.to_dict(message)
        try:
            return json.dumps(written, allow_nan=False)
        except (TypeError, ValueError) as error:  # thousands of digits, or a type of a site's own
            raise InterchangeError(str(written[_TAG]), "", str(error)) from None

    def from_json(self, text: str) -> Message:
        """The message of an object in JSON (a line of JSON Lines).

        Raises:
            InterchangeError: The text is no JSON, nests too deep, or is the object of no message.
        """
        try:
            value = json.loads(text, object_pairs_hook=_without_twins)
        except (ValueError, RecursionError) as error:
            raise InterchangeError("", "", f"cannot be read: {error}") from None
        return self.from_dict(value)


@functools.cache
def _default_interchange() -> Interchange:
    return Interchange()


def to_dict(message: Message) -> dict[str, object]:
    """The object of a message over the default registry; see `Interchange.to_dict`."""
    return _default_interchange().to_dict(message)


def from_dict(mapping: Mapping[str, object]) -> Message:
    """The message of an object over the default registry; see `Interchange.from_dict`."""
    return _default_interchange().from_dict(mapping)


def to_json(message: Message) -> str:
    """The line of a message over the default registry; see `Interchange.to_json`."""
    return _default_interchange().to_json(message)


def from_json(text: str) -> Message:
    """The message of a line over the default registry; see `Interchange.from_json`."""
    return _default_interchange().from_json(text)


def _tag_of(message_class: type[Message]) -> str:
    return _ODD_TAGS.get(message_class, message_class.keyword)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _explain(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"has a key too many: {min(map(repr, error.extra_fields))[:_SHOWN]}"
    return str(error)


# -- the converter: one hook per shape, as strict in either direction ------------------------------


def _new_converter() -> cattrs.Converter:
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


def _reader(read: Callable[[Any], Any]) -> _Read:
    return lambda value, _: read(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        _refuse(value, "text")
    if not value.isascii() and _SURROGATE_PAIR.search(value):
        raise ValueError("holds a surrogate pair in two characters")
    return str.__str__(value)


def _surplus_words(value: object) -> str:
    words = _text(value)
    if words != words.strip(BLANKS):
        raise ValueError("has blanks before its words or after them")
    return words


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(value, "a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        finite = False
    if not finite:
        raise ValueError("is no finite number")
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


def _row_reader(kind: object, converter: cattrs.Converter) -> _Read:
    items = types.GenericAlias(list, get_args(kind)[:1])
    read = converter.get_structure_hook(items)

    def read_row(value: object, _: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            _refuse(value, "a list")
        return tuple(read(value, items))

    return read_row


def _row_writer(kind: object, converter: cattrs.Converter) -> _Write:
    write = converter.get_unstructure_hook(get_args(kind)[0])

    def write_row(value: object) -> list[object]:
        if not isinstance(value, tuple):
            _refuse(value, "a tuple")
        return [write(item) for item in value]

    return write_row


def _is_union(kind: object) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _union_reader(union: object, converter: cattrs.Converter) -> _Read:
    members = _members(union)
    return lambda value, _: converter.structure(value, _member_of(value, members))


def _union_writer(union: object, converter: cattrs.Converter) -> _Write:
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


def _object_reader(kind: type, converter: cattrs.Converter) -> _Read:
    read: Callable[[Any, Any], object] = make_dict_structure_fn(kind, converter)

    def read_object(value: object, _: object) -> object:
        if not isinstance(value, dict):
            _refuse(value, "an object")
        if not all(isinstance(name, str) for name in value):  # of a dict that JSON cannot be
            raise ValueError("has a key that is no text")
        return read(value, kind)

    return read_object


def _is_message(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Message)


def _message_writer(message_class: type[Message], converter: cattrs.Converter) -> _Write:
    """Fields in wire order: what cattrs generates has those with a default behind the others."""
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
                raise InterchangeError(_tag_of(message_class), name, str(error)) from None
        return written

    return write_message


def _place(field: "attrs.Attribute[object]") -> int:
    """Words in wire order first, then what every message has."""
    return BESIDE_FIELDS.index(field.name) if field.name in BESIDE_FIELDS else -1


def _empty_default(field: "attrs.Attribute[object]") -> object:
    """A default that is no word on the wire; else what equals no value."""
    is_empty = isinstance(field.default, (str, bytes, types.NoneType)) and not field.default
    return field.default if is_empty else attrs.NOTHING
