"""Describes the values of configuration keys, for messages and pages.

The descriptions come from the classes: their types, validators and docstrings.
"""

import collections.abc
import dataclasses
import datetime
import enum
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from dhs_runtime.config import Rule

if TYPE_CHECKING:
    Field = attrs.Attribute[Any]
else:
    Field = attrs.Attribute

_WORDS: Final[Mapping[object, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    datetime.date: "date",
    datetime.datetime: "date with a time",
    Any: "anything",
    types.NoneType: "null",
}
_PLURALS: Final[Mapping[object, str]] = {
    int: "whole numbers",
    float: "numbers",
    str: "texts",
    Path: "paths",
}
LISTS: Final[Mapping[object, type]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: tuple,
    collections.abc.Collection: tuple,
    collections.abc.Iterable: tuple,
    collections.abc.Set: frozenset,
}
"""The types that can be made from a list in a file, and what makes each."""
MAPPINGS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def kind_of(hint: Any) -> str:
    """The values of a type, in words: `whole number or null`, `list of texts`."""
    parts = parts_of(hint)
    if len(parts) > 1:
        return " or ".join(map(kind_of, parts))
    if is_section(hint):
        return "section"
    options = options_of(hint)
    if options:
        return f"one of {', '.join(map(str, options))}"
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in LISTS:
        return f"list of {_PLURALS.get(args[0], kind_of(args[0]))}" if args else "list"
    name: str = getattr(hint, "__name__", str(hint))
    return "mapping" if origin in MAPPINGS else _WORDS.get(hint, name)


def parts_of(hint: Any) -> tuple[Any, ...]:
    """The possible types of a value: the type itself, or the parts of a union."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def options_of(hint: Any) -> tuple[object, ...]:
    """All values of a type, if it has only a few."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return tuple(member.value for member in hint)
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def limits_of(validator: Any) -> dict[str, Any]:
    """The limits that a validator of attrs or of ours sets, by kind.

    The kinds are the sign of a bound (`>=`), `in` for options, `rule` for a `Rule`, `each` for
    the items of a list.
    """
    return dict(_limits(validator))


def _limits(validator: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(validator, Rule):
        yield "rule", validator
    for part in getattr(validator, "_validators", ()):
        yield from _limits(part)
    if hasattr(validator, "member_validator"):
        yield "each", limits_of(validator.member_validator)
    elif hasattr(validator, "validator") and not hasattr(validator, "exc_types"):  # `not_` has
        yield from _limits(validator.validator)
    if hasattr(validator, "compare_op"):
        yield validator.compare_op, validator.bound
    if hasattr(validator, "options"):
        yield "in", tuple(validator.options)


def takes(hint: Any, validator: Any) -> str:
    """The values of a key, with its limits: `whole number of 1 to 65535`."""
    limits = limits_of(validator)
    kind = kind_of(hint)
    if "rule" in limits:
        return kind.replace("path" if "path" in kind else "text", limits["rule"].wanted)
    if "in" in limits:
        return f"one of {', '.join(map(str, limits['in']))}"
    words, _, null = kind.partition(" or null")
    said = _bounds_in_words(limits)
    return f"{words}{said and ' '}{said}{' or null' if kind != words else ''}{null}"


def _bounds_in_words(limits: Mapping[str, Any]) -> str:
    if ">=" in limits and "<=" in limits:
        return f"of {limits['>=']:g} to {limits['<=']:g}"
    words = {">": "more than", ">=": "at least", "<=": "at most", "<": "less than"}
    return " and ".join(f"{words[sign]} {limits[sign]:g}" for sign in words if sign in limits)


def is_section(hint: Any) -> bool:
    """Whether a section of the file becomes an instance of this class."""
    return isinstance(hint, type) and (attrs.has(hint) or dataclasses.is_dataclass(hint))


def fields_of(config_class: type) -> dict[str, tuple[Field, Any]]:
    """The fields of a class that a file can set, by name, with their types."""
    hints = typing.get_type_hints(config_class)
    if dataclasses.is_dataclass(config_class):  # as an attrs class with the same fields
        same = {
            field.name: attrs.field(repr=field.repr, init=field.init)
            for field in dataclasses.fields(config_class)
        }
        config_class = attrs.make_class(config_class.__name__, same)
    return {
        field.name: (field, hints.get(field.name, Any))
        for field in attrs.fields(config_class)
        if field.init
    }


def meanings_of(documented: type) -> dict[str, str]:
    """The texts below `Attributes:` in a docstring, by name."""
    _, _, below = (inspect.getdoc(documented) or "").partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", below, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
