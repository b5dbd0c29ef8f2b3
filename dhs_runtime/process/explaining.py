"""Explains wrong values: turns the exceptions of cattrs and of our hooks into lines to read."""

import json
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import cattrs

from dhs_runtime.process import key_kinds
from dhs_runtime.process.hints import hint_for, meant_key, secret_hint, shown
from dhs_runtime.process.key_kinds import fields_of, is_section
from dhs_runtime.process.mistakes import Mistake
from dhs_runtime.process.yaml_values import path_text, place_of
from dhs_runtime.secrets import mask_reason

KeyPath = tuple[object, ...]


@attrs.frozen
class Wrong:
    """A wrong value, before its place in the file is known.

    Attributes:
        path: The path, relative to the section being checked.
        reason: What is wrong; not used if `wanted` is given.
        quoted: What is wrong, in the words of an author's class; they may repeat the value.
        wanted: The kind of value that is wanted.
        hint: What was probably meant, "" if unknown.
        secret: Whether the value must not be shown.
    """

    path: KeyPath = ()
    reason: str = ""
    quoted: str = ""
    wanted: str = ""
    hint: str = ""
    secret: bool = False


class NotTaken(ValueError):  # noqa: N818 - several errors in one
    """Raised by the hooks: the mistakes in a value."""

    def __init__(self, *wrongs: Wrong) -> None:
        super().__init__(*wrongs)
        self.wrongs = wrongs


def mistake_of(wrong: Wrong, values: object, config_class: type, at: str) -> Mistake:
    """The mistake for a wrong value, with its place."""
    path, place = wrong.path, place_of(values, wrong.path)
    line = place.line if place else getattr(values, "line", None)
    reason, hint = wrong.reason or wrong.quoted, wrong.hint
    value = _value_at(values, path)
    if wrong.secret and (wrong.wanted or wrong.quoted):
        reason = f"{wrong.wanted or 'value of its kind'} wanted (not shown, as it is secret)"
        hint = secret_hint(value)
    elif wrong.wanted:
        reason = f"{wrong.wanted} wanted, got {shown(value, place.text if place else None)}"
        hint = hint or hint_for(wrong.wanted, value)
    elif not reason:
        reason = meant_key(str(path[-1]), _known_at(config_class, path[:-1]), config_class)
    where = ".".join(filter(None, (at, path_text(_as_written(path, values))))).replace(".[", "[")
    reason = f"{reason}; {mask_reason(hint)}" if hint else reason
    return Mistake(mask_reason(where) or "top", reason, line)


def _as_written(path: KeyPath, values: object) -> Iterator[object]:
    """The path, with keys of mappings as texts, because a number may be an index or a key."""
    for depth, key in enumerate(path):
        is_index = isinstance(_value_at(values, path[:depth]), list)
        yield key if is_index or isinstance(key, str) else json.dumps(key, default=str)


def _value_at(values: object, path: KeyPath) -> object:
    for key in path:
        if isinstance(values, Mapping):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int) and key < len(values):
            values = values[key]
    return values


def _known_at(config_class: Any, path: KeyPath) -> list[str]:
    """The keys of a section."""
    hint = config_class
    for key in path:
        args = typing.get_args(hint)
        if is_section(hint):
            hint = fields_of(hint)[str(key)][1]
        else:  # the values of a mapping, the items of a list
            hint = next((arg for arg in reversed(args) if arg is not ...), None)
        hint = next(filter(is_section, key_kinds.parts_of(hint)), hint)
    return list(fields_of(hint)) if is_section(hint) else []


def wrongs_in(error: BaseException, path: KeyPath = ()) -> Iterator[Wrong]:
    """All mistakes in an exception."""
    if isinstance(error, NotTaken):
        for wrong in error.wrongs:
            yield attrs.evolve(wrong, path=(*path, *wrong.path))
    elif isinstance(error, cattrs.IterableValidationError | cattrs.ClassValidationError):
        inner, others = error.group_exceptions()
        for exception, note in inner:
            key = note.name if isinstance(note, cattrs.AttributeValidationNote) else note.index
            if isinstance(exception, KeyError) and exception.args == (key,):
                yield Wrong((*path, key), "this key is missing, and has no default")
            else:
                yield from wrongs_in(exception, (*path, key))
        for exception in others:
            yield from wrongs_in(exception, path)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        yield from (Wrong((*path, key)) for key in sorted(error.extra_fields, key=str))
    elif isinstance(error, cattrs.StructureHandlerNotFoundError):
        kind = key_kinds.kind_of(error.type_)
        yield Wrong(path, f"its class wants {kind!r} here, which a file cannot give")
    else:
        yield Wrong(path, quoted=words_of(error))


def words_of(error: BaseException) -> str:
    """What an author's class or validator says, without the arguments that attrs adds."""
    said = str(error.args[0]) if len(error.args) > 1 else str(error)
    text = " ".join(said.split())
    is_plain = isinstance(error, ValueError | TypeError) and text
    return text if is_plain else f"not accepted ({type(error).__name__}: {text})"
