"""Makes attrs classes of nested mappings; finds every wrong value and explains it.

cattrs builds values from types. We add three things: values keep the types that YAML gives them;
each value is checked separately, because the class would stop at its first bad one; and messages do
not use Python's terms.
"""

import json
import math
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import cattrs

from dhs_runtime.config import Rule
from dhs_runtime.process import key_kinds
from dhs_runtime.process.hints import address_in, hint_for, meant_key, secret_hint, shown
from dhs_runtime.process.key_kinds import Field, fields_of
from dhs_runtime.process.mistakes import MAX_MISTAKES, ConfigFileError, Mistake
from dhs_runtime.process.yaml_values import Unclear, path_text, place_of, unclear_in
from dhs_runtime.secrets import mask_reason, names_a_secret

C = TypeVar("C")
StructureHook = Callable[[Any, Any], Any]
KeyPath = tuple[object, ...]


@attrs.frozen
class Wrong:
    """A wrong value, before its place in the file is known.

    Attributes:
        path: The path, relative to the section being checked.
        reason: What is wrong; not used if `wanted` is given.
        quoted: The same in the words of an author's class, which may repeat the value.
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


class _NotTaken(ValueError):  # noqa: N818 - carries several
    """Raised by the hooks: the mistakes in a value."""

    def __init__(self, *wrongs: Wrong) -> None:
        super().__init__(*wrongs)
        self.wrongs = wrongs


def structured(
    values: Mapping[str, object],
    config_class: type[C],
    source: str,
    at: str,
    further: Callable[[C], Iterable[tuple[str, str]]],
) -> C:
    """See `config_file.structure`; raises its ConfigFileError."""
    try:
        made = _CONVERTER.structure(values, config_class)
    except Exception as error:  # noqa: BLE001 - an author's class may raise anything
        wrongs = list(_wrongs(error))
        found = [_mistake(each, values, config_class, at) for each in wrongs[:MAX_MISTAKES]]
        if len(wrongs) > MAX_MISTAKES:
            found.append(Mistake("", "more mistakes", found[-1].line))
        raise ConfigFileError(source, found) from None
    mistakes = []
    for path, reason in further(made):
        place = place_of(values, tuple(path.split(".")))
        mistakes.append(
            Mistake(f"{at}.{path}" if at else path, reason, place.line if place else None)
        )
    if mistakes:
        raise ConfigFileError(source, mistakes)
    return made


def _mistake(wrong: Wrong, values: object, config_class: type, at: str) -> Mistake:
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
    """The path with the keys of mappings as texts: a number may be an index, or a key."""
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
        if attrs.has(hint):
            hint = fields_of(hint)[str(key)][1]
        else:  # the values of a mapping, the items of a list
            hint = next((arg for arg in reversed(args) if arg is not ...), None)
    return list(fields_of(hint)) if attrs.has(hint) else []


def _wrongs(error: BaseException, path: KeyPath = ()) -> Iterator[Wrong]:
    """All mistakes in an exception."""
    if isinstance(error, _NotTaken):
        for wrong in error.wrongs:
            yield attrs.evolve(wrong, path=(*path, *wrong.path))
    elif isinstance(error, cattrs.IterableValidationError):
        inner, others = error.group_exceptions()
        for exception, note in inner:
            yield from _wrongs(exception, (*path, note.index))
        for exception in others:
            yield from _wrongs(exception, path)
    else:  # of an author's class or validator, in the words of its author
        text = " ".join(str(error).split())
        is_plain = isinstance(error, ValueError | TypeError) and text
        said = text if is_plain else f"not taken ({type(error).__name__}: {text})"
        yield Wrong(path, quoted=said)


# -- values of each kind, as YAML types them -------------------------------------------------


def _number(value: object) -> float | None:
    try:
        number = float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if number is not None and not math.isfinite(number):
        raise _NotTaken(Wrong(wanted="finite number"))
    return number


def _whole(value: object) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


_SCALARS: Final[Mapping[type, Callable[[object], object]]] = {
    bool: lambda value: value if isinstance(value, bool) else None,
    int: _whole,
    float: _number,
    str: lambda value: value if isinstance(value, str) else None,
    Path: lambda value: Path(value) if isinstance(value, str) and value else None,
}
"""The value of each type for a value of YAML, None if it is of another kind."""


def _scalar(value: object, hint: type) -> object:
    made = _SCALARS[hint](value)
    if made is None:
        raise _NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))
    return made


def _anything(value: object, _: object) -> object:
    unclear = [Wrong(path, wanted="clear value") for path in unclear_in(value)]
    if unclear:
        raise _NotTaken(*unclear)
    return value


def _option_hook(hint: Any) -> StructureHook:
    options = key_kinds.options_of(hint)
    make: Callable[[object], object] = hint if isinstance(hint, type) else (lambda value: value)

    def hook(value: object, _: object) -> object:
        is_one = any(value == option and type(value) is type(option) for option in options)
        if is_one or (isinstance(hint, type) and isinstance(value, hint)):
            return make(value)
        raise _NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))

    return hook


def _list_hook(hint: Any, converter: cattrs.Converter) -> StructureHook:
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint) or (Any, ...)
    is_fixed = origin is tuple and args[-1] is not ...

    def hook(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise _NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))
        if is_fixed and len(value) != len(args):
            raise _NotTaken(Wrong(reason=f"list of {len(args)} wanted, this has {len(value)}"))
        kinds = args if is_fixed else args[:1] * len(value)
        items = zip(range(len(value)), value, kinds, strict=True)
        return key_kinds.LISTS[origin](_each(items, converter))

    return hook


def _mapping_hook(hint: Any, converter: cattrs.Converter) -> StructureHook:
    args = typing.get_args(hint) or (Any, Any)

    def hook(value: object, _: object) -> object:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise _NotTaken(Wrong(wanted="mapping"))
        wrongs = [key for key in value if args[0] is str and not isinstance(key, str)]
        if wrongs:
            reason = "a key here is a text; put it in quotes"
            raise _NotTaken(*(Wrong((key,), reason) for key in wrongs))
        made = _each(((key, item, args[1]) for key, item in value.items()), converter)
        if args[1] is Any:
            return value  # unchanged, with its lines
        return dict(zip(value, made, strict=True))

    return hook


def _each(items: Iterable[tuple[object, object, Any]], converter: cattrs.Converter) -> list[object]:
    """The values made of items, each with its key and its type; all mistakes are raised."""
    made: list[object] = []
    wrongs: list[Wrong] = []
    for key, item, hint in items:
        try:
            made.append(converter.structure(item, hint))
        except Exception as error:  # noqa: BLE001 - whatever an author's class raises
            wrongs += _wrongs(error, (key,))
    if wrongs:
        raise _NotTaken(*wrongs)
    return made


# -- classes ---------------------------------------------------------------------------------


def _class_hook(config_class: type, converter: cattrs.Converter) -> StructureHook:
    """A hook for an attrs class that checks each value where it is."""
    fields = fields_of(config_class)

    def hook(value: object, _: object) -> object:
        if value is None:  # `log:` without a value
            value = {}
        if not isinstance(value, Mapping):
            raise _NotTaken(Wrong(wanted="section", hint=_meant_section(fields, value, converter)))
        wrongs = [Wrong((key,)) for key in value if key not in fields]
        made: dict[str, object] = {}
        for name, (field, hint) in fields.items():
            if name in value:
                try:
                    made[field.alias or name] = _taken(converter, field, hint, value[name])
                except Exception as error:  # noqa: BLE001 - whatever an author's class raises
                    wrongs += _of_field(_wrongs(error, (name,)), field)
            elif field.default is attrs.NOTHING:
                wrongs.append(Wrong((name,), "this key is missing, and has no default"))
        if wrongs:
            raise _NotTaken(*wrongs)
        return config_class(**made)

    return hook


def _of_field(wrongs: Iterable[Wrong], field: Field) -> Iterator[Wrong]:
    is_secret = not field.repr or names_a_secret(field.name)
    for wrong in wrongs:
        yield attrs.evolve(wrong, secret=True) if is_secret else wrong


def _taken(converter: cattrs.Converter, field: Field, hint: Any, value: object) -> object:
    """A value for a field, after its type and the validators of this value accept it."""
    try:
        made = converter.structure(value, hint)
    except _NotTaken as error:
        (*_, last) = error.wrongs
        if len(error.wrongs) == 1 and not last.path and last.wanted and not last.hint:
            raise _NotTaken(_more_exact(last, hint, field)) from None
        raise
    if field.validator is not None and _stands_alone(field.validator):
        try:
            field.validator(None, field, made)
        except (ValueError, TypeError) as error:
            raise _NotTaken(*_refused(error, hint, field, made)) from None
    return made


def _more_exact(wrong: Wrong, hint: Any, field: Field) -> Wrong:
    """Add the limits of the field: for a text as a port, the message names the allowed numbers."""
    exact = key_kinds.takes(hint, field.validator)
    is_more = not attrs.has(hint) and exact.removesuffix(" or null") != "number"
    return attrs.evolve(wrong, wanted=exact) if is_more else wrong


def _refused(error: Exception, hint: Any, field: Field, made: object) -> Iterator[Wrong]:
    """What is wrong with a value of the right type that a validator refused."""
    limits = key_kinds.limits_of(field.validator)
    each: dict[str, Any] = limits.get("each", {})
    if "rule" in limits:
        yield _by_rule(limits["rule"], made, ())
    elif "rule" in each and isinstance(made, tuple | list):
        for index, item in enumerate(made):
            if each["rule"].trouble(str(item)):
                yield _by_rule(each["rule"], item, (index,))
    elif limits:
        yield Wrong(wanted=key_kinds.takes(hint, field.validator))
    else:
        yield Wrong(quoted=str(error).removeprefix(f"{field.name!r} "))


def _by_rule(rule: Rule, value: object, path: KeyPath) -> Wrong:
    return Wrong(path, wanted=rule.wanted, hint=rule.trouble(str(value)))


def _meant_section(
    fields: Mapping[str, tuple[Field, Any]], value: object, converter: cattrs.Converter
) -> str:
    """The keys that were probably meant, as `did you mean {level: info}?`."""
    if isinstance(value, list):
        return "its keys are KEY: VALUE, without '-' or brackets"
    if isinstance(value, Unclear):
        return value.reason
    begun = re.match(r"(\w+)\s*[:=]\s*(?!//)", str(value))
    if begun and begun[1] in fields:
        return f"did you mean {begun[1]}: {str(value)[begun.end() :]}?"
    address = address_in(value)
    if address and {"host", "port"} <= fields.keys():
        return f"did you mean {{host: {address.host}, port: {address.port}}}?"
    for name, (field, hint) in fields.items() if "://" not in str(value) else ():
        try:
            _taken(converter, field, hint, value)
        except Exception:  # noqa: BLE001, S112 - then it was not meant for this
            continue
        return f"did you mean {{{name}: {str(value).lower() if value is True else value}}}?"
    return f"its keys are {', '.join(fields)}"


def _stands_alone(validator: object) -> bool:
    """Whether it is a rule or a validator of attrs, which only look at the value."""
    parts = getattr(validator, "_validators", None)
    if parts is not None:
        return all(map(_stands_alone, parts))
    own = attrs.validators.ge(0).__class__.__module__
    return isinstance(validator, Rule) or type(validator).__module__ == own


def _origin_in(*origins: object) -> Callable[[Any], bool]:
    return lambda hint: (typing.get_origin(hint) or hint) in origins


_CONVERTER: Final = cattrs.Converter()
for _kind in _SCALARS:
    _CONVERTER.register_structure_hook(_kind, _scalar)
_CONVERTER.register_structure_hook_func(lambda hint: hint is Any, _anything)
_CONVERTER.register_structure_hook_factory(attrs.has, _class_hook)
_CONVERTER.register_structure_hook_factory(
    lambda hint: bool(key_kinds.options_of(hint)), _option_hook
)
_CONVERTER.register_structure_hook_factory(_origin_in(*key_kinds.LISTS), _list_hook)
_CONVERTER.register_structure_hook_factory(_origin_in(*key_kinds.MAPPINGS), _mapping_hook)
