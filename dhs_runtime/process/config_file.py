"""Configuration files: YAML into attrs classes, every mistake named by its path."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import attrs
import cattrs
import yaml
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import format_exception

from dcs_codec import Framing
from dhs_runtime.errors import ConfigError

C = TypeVar("C")
Hook = Callable[[Any, Any], Any]

MAX_FILE_BYTES: Final = 1 << 20


@attrs.frozen
class Mistake:
    """One thing wrong in a configuration.

    Attributes:
        path: Where, as `automl.port`; "" for the file as a whole.
        reason: What is wrong with it.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class ConfigFileError(ConfigError):
    """A configuration file is wrong; the text has a line per mistake.

    Attributes:
        source: The file.
        mistakes: All of them.
    """

    def __init__(self, source: str, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(f"{source}: {mistake}" for mistake in mistakes))
        self.source = source
        self.mistakes = mistakes


def load_yaml(path: Path) -> Mapping[str, object]:
    """The mapping in a YAML file.

    Raises:
        ConfigFileError: The file is absent, unreadable, too large, no YAML or no mapping.
    """

    def wrong(reason: str) -> ConfigFileError:
        return ConfigFileError(str(path), (Mistake("", reason),))

    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise wrong(error.strerror or str(error)) from None
    if len(data) > MAX_FILE_BYTES:
        raise wrong(f"larger than {MAX_FILE_BYTES} bytes")
    try:
        value = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(f"not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise wrong("a mapping of names to values is wanted at the top")
    return value


def structure(values: Mapping[str, object], config_class: type[C], source: str, at: str = "") -> C:
    """An instance of an attrs class from nested mappings.

    Args:
        values: Names and values, as YAML gives them.
        config_class: What to make of them.
        source: The file, for messages.
        at: Path of `values` in the file.

    Raises:
        ConfigFileError: One line per mistake: `source`, the path of the value, and what is wrong.
    """
    try:
        return _CONVERTER.structure(values, config_class)
    except cattrs.BaseValidationError as error:
        texts = cattrs.transform_error(error, path=at, format_exception=_explain)
        raise ConfigFileError(source, tuple(map(_mistake, texts))) from None


def _mistake(text: str) -> Mistake:
    """What cattrs writes as `reason @ .automl.port`."""
    reason, _, where = text.rpartition(" @ ")
    return Mistake(where.lstrip(".") or "top", reason)


def _explain(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(field.name for field in getattr(error.cl, "__attrs_attrs__", ()))
        return f"unknown key {', '.join(sorted(error.extra_fields))} (known: {known})"
    if isinstance(error, ValueError | TypeError) and str(error):
        return str(error)
    return format_exception(error, wanted)


# -- values of each kind, as YAML types them -------------------------------------------------


def _strict(kind: type, name: str) -> Hook:
    """A hook that takes values as YAML types them: "yes" is no number, 1 is no truth."""

    def hook(value: object, _: object) -> object:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{name} wanted, got {value!r}")
        return value

    return hook


def _framing(value: object, _: object) -> Framing:
    try:
        return Framing(value)
    except ValueError:
        known = ", ".join(framing.value for framing in Framing)
        raise ValueError(f"one of {known} wanted, got {value!r}") from None


def _path(value: object, _: object) -> Path:
    if not isinstance(value, str):
        raise ValueError(f"text wanted, got {value!r}")
    return Path(value)


def _texts(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"list of texts wanted, got {value!r}")
    return tuple(value)


def _mapping(value: object, _: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"mapping of names to values wanted, got {value!r}")
    return value


# -- classes ---------------------------------------------------------------------------------


def _class_hook(config_class: type, converter: cattrs.Converter) -> Hook:
    """A hook for an attrs class that checks each value where it stands.

    The class itself would stop at its first bad value and not say where that is.
    """
    types = get_type_hints(config_class)
    hooks: dict[str, Any] = {
        field.name: override(
            struct_hook=functools.partial(_value, converter, types.get(field.name, Any), field)
        )
        for field in attrs.fields(config_class)
        if field.init
    }
    return make_dict_structure_fn(config_class, converter, **hooks)


def _value(
    converter: cattrs.Converter,
    wanted: Any,
    field: "attrs.Attribute[Any]",
    value: object,
    _: object,
) -> object:
    try:
        made = converter.structure(value, wanted)
        if field.validator is not None and _stands_alone(field.validator):
            field.validator(None, field, made)
    except (ValueError, TypeError) as error:
        if not field.repr:  # a password
            raise ValueError("no value of its kind (not shown, as it is secret)") from None
        raise ValueError(str(error).removeprefix(f"{field.name!r} ")) from None
    return made


def _stands_alone(validator: object) -> bool:
    """Whether it is one of attrs' own, which look at nothing but the value."""
    parts = getattr(validator, "_validators", None)
    if parts is not None:
        return all(map(_stands_alone, parts))
    return type(validator).__module__ == attrs.validators.ge(0).__class__.__module__


_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
_CONVERTER.register_structure_hook(bool, _strict(bool, "true or false"))
_CONVERTER.register_structure_hook(int, _strict(int, "whole number"))
_CONVERTER.register_structure_hook(float, _strict(float, "number"))
_CONVERTER.register_structure_hook(str, _strict(str, "text"))
_CONVERTER.register_structure_hook(Framing, _framing)
_CONVERTER.register_structure_hook(Path, _path)
_CONVERTER.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
_CONVERTER.register_structure_hook_func(lambda kind: kind == dict[str, Any], _mapping)
_CONVERTER.register_structure_hook_factory(attrs.has, _class_hook)
