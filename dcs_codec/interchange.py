"""Messages as plain dicts, JSON and JSON Lines; `dcs_codec` itself does not import this module.

    >>> from dcs_codec import decode_text
    >>> from dcs_codec.interchange import from_json, to_json
    >>> to_json(decode_text("stoh_abort_all soft"))
    '{"keyword": "stoh_abort_all", "abort_arg": "soft"}'
    >>> from_json('{"keyword": "htos_operation_update", "operation_name": "a"}')
    Traceback (most recent call last):
    dcs_codec.errors.InterchangeError: htos_operation_update: operation_handle: is missing

Form: one object per message. `keyword` comes first and names the class; `unknown` and `malformed`
stand for `UnknownMessage` and `MalformedMessage`, since no keyword of a registry is such a word:
all begin with `stoc_`, `stoh_` or `htos_`. The fields follow under their names, in wire order;
tuples are lists, and readings and failures of ion chambers are objects. A union is told apart by
shape: a list of readings or the object of a failure, a number or a word. `binary` comes last, in
base64. What a class lets be absent on the wire ("", None, no binary) is absent here too, so that
the keys are the words there are; it may be given all the same. `to_json` gives one line of ASCII,
so lines of it are JSON Lines, and bytes that are no UTF-8 stay (lone surrogates: `\\udcff`).

What holds:

- `from_json(to_json(m)) == m`, of the same type, for every message whose fields hold what their
  annotations say; for all that decode makes, then, encode may take them or not. Only a text with a
  surrogate pair in two characters is refused, which no bytes are and JSON would read as one.
- Any mapping and any text is a message or an `InterchangeError`. A key too many, or twice, or
  missing, is refused, and any value of another type: true is no number, 1.0 no integer. An integer
  is a number, and stays one: JSON has one kind of them.
"""

import base64
import json
import math
import re
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn
from cattrs.strategies import configure_tagged_union

from dcs_codec.errors import InterchangeError
from dcs_codec.fields import FLAGS, Flag, binary_refusal
from dcs_codec.message import MalformedMessage, Message, UnknownMessage
from dcs_codec.messages import default_registry
from dcs_codec.registry import Registry

_TAG: Final = "keyword"
_FLAG: Final = Flag()
_SHOWN: Final = 60  # characters of a refused key
_JSON_TYPES: Final = {kind: kind for kind in (str, float, int, bool, types.NoneType)} | {
    tuple: list
}
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_T = TypeVar("_T")
_Write = Callable[[Any], object]
_Read = Callable[[Any, Any], object]


class Interchange:
    """Converts messages; a value that any number of threads may share."""

    def __init__(self, registry: Registry | None = None) -> None:
        """An interchange over `registry`, by default over every message of this package.

        Raises:
            InterchangeError: A class of the registry has a field of a type without a form here.
        """
        known = default_registry() if registry is None else registry
        tags: dict[type[Message], str] = {UnknownMessage: "unknown", MalformedMessage: "malformed"}
        tags |= {message_class: message_class.keyword for message_class in known}
        union: Any = Union[tuple(tags)]
        converter = _new_converter()
        configure_tagged_union(union, converter, tags.__getitem__, _TAG)
        self._tags = tags
        self._keywords = frozenset(tags.values())
        self._write: Callable[[Message], dict[str, object]] = converter.get_unstructure_hook(union)
        self._read: Callable[[object, object], Message] = converter.get_structure_hook(union)

    def to_dict(self, message: Message) -> dict[str, object]:
        """The object of a message, of nothing but JSON's types.

        Raises:
            InterchangeError: A field does not hold what its annotation says, or the message's class
                is not in the registry.
        """
        if type(message) not in self._tags:
            reason = f"{type(message).__name__} is not in the registry"
            raise InterchangeError(message.keyword, "", reason)
        return {_TAG: "", **self._write(message)}  # the union writes its tag behind the fields

    def from_dict(self, mapping: Mapping[str, object]) -> Message:
        """The message of an object.

        Raises:
            InterchangeError: The mapping is not the object of a message.
        """
        if not isinstance(mapping, Mapping):
            raise InterchangeError("", "", f"is an object, got {type(mapping).__name__}")
        if _TAG not in mapping:
            raise InterchangeError("", _TAG, "is missing")
        keyword = mapping[_TAG]
        if not isinstance(keyword, str):
            raise InterchangeError("", _TAG, f"is text, got {type(keyword).__name__}")
        if keyword not in self._keywords:
            raise InterchangeError("", _TAG, f"is no message's: {keyword[:_SHOWN]!r}")
        try:
            return self._read(dict(mapping), Message)
        except cattrs.BaseValidationError as error:
            mistakes = cattrs.transform_error(error, path="", format_exception=_explain)
            reason, _, path = mistakes[0].rpartition(" @ ")
            raise InterchangeError(keyword, path.removeprefix("."), reason) from None

    def to_json(self, message: Message) -> str:
        """The object of a message as one line of ASCII; raises as `to_dict`."""
        written = self.to_dict(message)
        try:
            return json.dumps(written, allow_nan=False)
        except (TypeError, ValueError) as error:  # a site's own type; thousands of digits
            raise InterchangeError(str(written[_TAG]), "", str(error)) from None

    def from_json(self, text: str) -> Message:
        """The message of an object in JSON, as a line of JSON Lines is.

        Raises:
            InterchangeError: The text is no JSON (or too deep, or too many digits), or not the
                object of a message.
        """
        try:
            value = json.loads(text, object_pairs_hook=_without_twins)
        except (ValueError, RecursionError) as error:
            raise InterchangeError("", "", f"cannot be read: {error}") from None
        return self.from_dict(value)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; raises ValueError where a key stands in it twice."""
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


# -- the converter -------------------------------------------------------------------------------


def _new_converter() -> cattrs.Converter:
    converter = cattrs.Converter(
        forbid_extra_keys=True,
        structure_fallback_factory=_refuse_type,
        unstructure_fallback_factory=_refuse_type,
    )
    for kind, check in {str: _text, float: _number, int: _integer, types.NoneType: _same}.items():
        converter.register_structure_hook(kind, _reader(check))
        converter.register_unstructure_hook(kind, check)
    converter.register_structure_hook(bool, _reader(_truth))
    converter.register_unstructure_hook(bool, _written_truth)
    converter.register_structure_hook(bytes, _reader(_binary))
    converter.register_unstructure_hook(bytes, _written_binary)
    converter.register_structure_hook_factory(_is_row, _row_reader)
    converter.register_unstructure_hook_factory(_is_row, _row_writer)
    converter.register_structure_hook_factory(_is_union, _union_reader)
    converter.register_unstructure_hook_factory(_is_union, _union_writer)
    converter.register_structure_hook_factory(attrs.has, _object_reader)
    converter.register_unstructure_hook_factory(_is_message, _message_writer)
    return converter


def _refuse_type(kind: Any) -> NoReturn:
    raise InterchangeError("", "", f"no form for fields of {kind}")


def _reader(check: Callable[[Any], object]) -> _Read:
    return lambda value, _: check(value)


def _refuse(wanted: str, value: object) -> NoReturn:
    raise ValueError(f"is {wanted}, got {type(value).__name__}")  # its repr may be too deep


def _same(value: object) -> object:
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        _refuse("text", value)
    if not value.isascii() and _SURROGATE_PAIR.search(value):
        raise ValueError("holds a surrogate pair in two characters")
    return str.__str__(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse("a number", value)
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        finite = False
    if not finite:
        raise ValueError("is no finite number")
    return int(value) if isinstance(value, int) else float(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse("an integer", value)
    return int(value)


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse("true or false", value)


def _written_truth(value: object) -> bool:
    return FLAGS[_FLAG.write(value)]  # encode takes 1 for True as well


def _binary(value: object) -> bytes:
    if not isinstance(value, str):
        _refuse("text in base64", value)
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError(f"is no base64: {error}") from None


def _written_binary(value: bytes) -> str:
    reason = binary_refusal(value)
    if reason is not None:
        raise ValueError(reason)
    return base64.b64encode(value).decode("ascii")


def _is_row(kind: Any) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _row_reader(kind: Any, converter: cattrs.Converter) -> _Read:
    items = types.GenericAlias(list, get_args(kind)[:1])
    read = converter.get_structure_hook(items)

    def read_row(value: object, _: object) -> object:
        return tuple(read(value, items)) if isinstance(value, list) else _refuse("a list", value)

    return read_row


def _row_writer(kind: Any, converter: cattrs.Converter) -> _Write:
    write = converter.get_unstructure_hook(get_args(kind)[0])

    def write_row(value: object) -> object:
        if not isinstance(value, tuple):
            _refuse("a tuple", value)
        return [write(item) for item in value]

    return write_row


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _union_reader(union: Any, converter: cattrs.Converter) -> _Read:
    members = _members(union)
    hooks = {shape: converter.get_structure_hook(member) for shape, member in members.items()}

    def read_union(value: object, _: object) -> object:
        shape = _shape_of(value, members)
        return hooks[shape](value, members[shape])

    return read_union


def _union_writer(union: Any, converter: cattrs.Converter) -> _Write:
    members = _members(union)
    hooks = {shape: converter.get_unstructure_hook(member) for shape, member in members.items()}

    def write_union(value: object) -> object:
        return hooks[_shape_of(value, members)](value)

    return write_union


def _members(union: Any) -> dict[type, Any]:
    """The members of a union by the types of their values, those in JSON among them."""
    members: dict[type, Any] = {}
    for member in get_args(union):
        python_type = get_origin(member) or member
        json_type = dict if attrs.has(python_type) else _JSON_TYPES.get(python_type)
        if json_type is None or json_type in members:
            _refuse_type(union)
        members |= {python_type: member, json_type: member}
    for kind in {int, float, bool} & members.keys():  # encode takes an integer for each
        members.setdefault(int, members[kind])
    return members


def _shape_of(value: object, members: Mapping[type, object]) -> type:
    for kind in type(value).__mro__:
        if kind in members:
            return kind
    raise ValueError(f"cannot be {type(value).__name__}")


def _object_reader(kind: Any, converter: cattrs.Converter) -> _Read:
    read = make_dict_structure_fn(kind, converter)

    def read_object(value: Any, _: object) -> object:
        return read(value, kind) if isinstance(value, dict) else _refuse("an object", value)

    return read_object


def _is_message(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Message)


def _message_writer(kind: type[Message], converter: cattrs.Converter) -> _Write:
    """What cattrs would generate puts fields with a default last; here they keep their place."""
    hints = get_type_hints(kind, include_extras=True)
    hooks = [
        (field.name, _absent(field.default), converter.get_unstructure_hook(hints[field.name]))
        for field in sorted(attrs.fields(kind), key=lambda field: field.name == "binary")
    ]

    def write_message(message: Message) -> object:
        written = {}
        for name, absent, write in hooks:
            try:
                value = getattr(message, name)
                if value != absent:
                    written[name] = write(value)
            except (AttributeError, TypeError, ValueError) as error:
                raise InterchangeError(kind.keyword, name, str(error)) from None
        return written

    return write_message


def _absent(default: object) -> object:
    """The default of what may be absent on the wire; else what equals no value."""
    return default if default is None or default in {"", b""} else attrs.NOTHING
