"""Makes instances of attrs classes from nested mappings; finds and explains every wrong value.

cattrs builds the values. We add three things: values keep the types that YAML gives them; each
value is checked separately, because a class stops at its first wrong one; and messages do not use
Python's terms.
"""

import contextlib
import datetime
import functools
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from dhs_runtime.config import Rule
from dhs_runtime.process import key_kinds
from dhs_runtime.process.explaining import KeyPath, NotTaken, Wrong, mistake_of, words_of, wrongs_in
from dhs_runtime.process.hints import address_in
from dhs_runtime.process.key_kinds import Field, fields_of, is_section
from dhs_runtime.process.mistakes import MAX_MISTAKES, ConfigFileError, Mistake
from dhs_runtime.process.yaml_values import Unclear, place_of, unclear_in
from dhs_runtime.secrets import names_a_secret

C = TypeVar("C")
StructureHook = Callable[[Any, Any], Any]


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
        wrongs = list(wrongs_in(error))
        found = [mistake_of(each, values, config_class, at) for each in wrongs[:MAX_MISTAKES]]
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


# -- values of each kind, as YAML types them -------------------------------------------------


def _number(value: object) -> float | None:
    try:
        number = float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if number is not None and not math.isfinite(number):
        raise NotTaken(Wrong(wanted="finite number"))
    return number


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):  # also an enum of numbers
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


_SCALARS: Final[Mapping[type, Callable[[object], object]]] = {
    bool: lambda value: value if isinstance(value, bool) else None,
    int: _whole,
    float: _number,
    str: lambda value: value if isinstance(value, str) else None,
    Path: lambda value: Path(value) if isinstance(value, str) and value else None,
    datetime.date: lambda value: value if type(value) is datetime.date else None,
    datetime.datetime: lambda value: value if isinstance(value, datetime.datetime) else None,
}
"""For each type, makes its value from a value of YAML; None if that is of another kind."""


def _scalar(value: object, hint: type) -> object:
    make = next(_SCALARS[kind] for kind in hint.__mro__ if kind in _SCALARS)
    made = make(value)
    if made is None:
        raise NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))
    return made


def _anything(value: object, _: object) -> object:
    unclear = [Wrong(path, wanted="clear value") for path in unclear_in(value)]
    if unclear:
        raise NotTaken(*unclear)
    return value


def _option_hook(hint: Any) -> StructureHook:
    options = key_kinds.options_of(hint)
    make: Callable[[object], object] = hint if isinstance(hint, type) else (lambda value: value)

    def hook(value: object, _: object) -> object:
        is_one = any(value == option and type(value) is type(option) for option in options)
        if is_one or (isinstance(hint, type) and isinstance(value, hint)):
            return make(value)
        raise NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))

    return hook


def _union_hook(hint: Any, converter: cattrs.Converter) -> StructureHook:
    def hook(value: object, _: object) -> object:
        for part in key_kinds.parts_of(hint):
            with contextlib.suppress(Exception):  # another part may accept it
                return converter.structure(value, part)
        raise NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))

    return hook


def _list_hook(hint: Any, converter: cattrs.Converter) -> StructureHook:
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint) or (Any, ...)
    is_fixed = origin is tuple and args[-1] is not ...

    def hook(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise NotTaken(Wrong(wanted=key_kinds.kind_of(hint)))
        if is_fixed and len(value) != len(args):
            raise NotTaken(Wrong(reason=f"list of {len(args)} wanted, this has {len(value)}"))
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
            raise NotTaken(Wrong(wanted="mapping"))
        keys: list[object] = []
        wrongs: list[Wrong] = []
        for key in value:
            try:
                keys.append(converter.structure(key, args[0]))
            except NotTaken:
                quotes = "; put it in quotes" if args[0] is str else ""
                kind = key_kinds.kind_of(args[0])
                wrongs.append(Wrong((key,), f"a key here is a {kind}{quotes}"))
        if wrongs:
            raise NotTaken(*wrongs)
        made = _each(((key, item, args[1]) for key, item in value.items()), converter)
        if args[1] is Any:
            return value  # unchanged, with its lines
        return dict(zip(keys, made, strict=True))

    return hook


def _each(items: Iterable[tuple[object, object, Any]], converter: cattrs.Converter) -> list[object]:
    """The values made from items of key, value and type; raises all mistakes together."""
    made: list[object] = []
    wrongs: list[Wrong] = []
    for key, item, hint in items:
        try:
            made.append(converter.structure(item, hint))
        except Exception as error:  # noqa: BLE001 - an author's class may raise anything
            wrongs += wrongs_in(error, (key,))
    if wrongs:
        raise NotTaken(*wrongs)
    return made


# -- classes ---------------------------------------------------------------------------------


def _class_hook(config_class: type, converter: cattrs.Converter) -> StructureHook:
    """A hook that checks each value of a class separately, and refuses unknown keys."""
    fields = fields_of(config_class)
    hooks: dict[str, Any] = {
        name: override(struct_hook=functools.partial(_taken, converter, field, hint))
        for name, (field, hint) in fields.items()
    }
    made_of: StructureHook = make_dict_structure_fn(
        config_class, converter, _cattrs_forbid_extra_keys=True, **hooks
    )

    def hook(value: object, _: object) -> object:
        if value is None:  # `log:` without a value
            value = {}
        if not isinstance(value, Mapping):
            raise NotTaken(Wrong(wanted="section", hint=_meant_section(fields, value, converter)))
        return made_of(value, config_class)

    return hook


def _taken(
    converter: cattrs.Converter, field: Field, hint: Any, value: object, _: object = None
) -> object:
    """A value for a field; the message about a wrong secret does not show it."""
    try:
        return _accepted(converter, field, hint, value)
    except Exception as error:
        if field.repr and not names_a_secret(field.name):
            raise
        hidden = (attrs.evolve(wrong, secret=True) for wrong in wrongs_in(error))
        raise NotTaken(*hidden) from None


def _accepted(converter: cattrs.Converter, field: Field, hint: Any, value: object) -> object:
    """The value for a field, accepted by its type and by its validators."""
    try:
        made = converter.structure(value, hint)
    except NotTaken as error:
        (*_, last) = error.wrongs
        if len(error.wrongs) == 1 and not last.path and last.wanted and not last.hint:
            raise NotTaken(_more_exact(last, hint, field)) from None
        raise
    if field.validator is not None and _stands_alone(field.validator):
        try:
            field.validator(None, field, made)
        except (ValueError, TypeError) as error:
            raise NotTaken(*_refused(error, hint, field, made)) from None
    return made


def _more_exact(wrong: Wrong, hint: Any, field: Field) -> Wrong:
    """Add the limits of the field: if a text is given for a port, say which numbers it can be."""
    exact = key_kinds.takes(hint, field.validator)
    is_more = not is_section(hint) and exact.removesuffix(" or null") != "number"
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
        yield Wrong(quoted=words_of(error).removeprefix(f"{field.name!r} "))


def _by_rule(rule: Rule, value: object, path: KeyPath) -> Wrong:
    return Wrong(path, wanted=rule.wanted, hint=rule.trouble(str(value)))


def _meant_section(
    fields: Mapping[str, tuple[Field, Any]], value: object, converter: cattrs.Converter
) -> str:
    """The keys that were probably meant, as `did you mean {level: info}?`."""
    if isinstance(value, list):
        return "write its keys as KEY: VALUE, without '-' or brackets"
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
    """Whether a validator looks only at the value: a rule does, and so do those of attrs."""
    parts = getattr(validator, "_validators", None)
    if parts is not None:
        return all(map(_stands_alone, parts))
    own = attrs.validators.ge(0).__class__.__module__
    return isinstance(validator, Rule) or type(validator).__module__ == own


def _is_wide_union(hint: Any) -> bool:
    """Whether it has several types besides null."""
    return len([part for part in key_kinds.parts_of(hint) if part is not types.NoneType]) > 1


def _origin_in(*origins: object) -> Callable[[Any], bool]:
    return lambda hint: (typing.get_origin(hint) or hint) in origins


_CONVERTER: Final = cattrs.Converter()
for _kind in _SCALARS:
    _CONVERTER.register_structure_hook(_kind, _scalar)
_CONVERTER.register_structure_hook_func(lambda hint: hint is Any, _anything)
_CONVERTER.register_structure_hook_factory(is_section, _class_hook)
_CONVERTER.register_structure_hook_factory(_is_wide_union, _union_hook)
_CONVERTER.register_structure_hook_factory(
    lambda hint: bool(key_kinds.options_of(hint)), _option_hook
)
_CONVERTER.register_structure_hook_factory(_origin_in(*key_kinds.LISTS), _list_hook)
_CONVERTER.register_structure_hook_factory(_origin_in(*key_kinds.MAPPINGS), _mapping_hook)
