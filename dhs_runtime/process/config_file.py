"""Configuration files: YAML into attrs classes, every mistake named by its path."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import cattrs
import yaml
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.v import format_exception

from dcs_codec import Framing
from dhs_runtime.errors import ConfigError

C = TypeVar("C")

MAX_FILE_BYTES: Final = 1 << 20


def load_yaml(path: Path) -> Mapping[str, object]:
    """The mapping in a YAML file.

    Raises:
        ConfigError: The file is absent, unreadable, too large, no YAML or no mapping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    try:
        value = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"{path}: a mapping of names to values is wanted at the top")
    return value


def structure(values: Mapping[str, object], config_class: type[C], source: str) -> C:
    """An instance of an attrs class from nested mappings.

    Raises:
        ConfigError: One line per mistake: `source`, the path of the value, and what is wrong.
    """
    try:
        return _CONVERTER.structure(values, config_class)
    except cattrs.BaseValidationError as error:
        mistakes = cattrs.transform_error(error, path="", format_exception=_explain)
        lines = [f"{source}: {_tidy(mistake)}" for mistake in mistakes]
        raise ConfigError("\n".join(lines)) from None


def _tidy(mistake: str) -> str:
    """`automl.port: reason` instead of `reason @ .automl.port`."""
    reason, _, where = mistake.rpartition(" @ ")
    return f"{where.lstrip('.') or 'top'}: {reason}"


def _explain(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(field.name for field in getattr(error.cl, "__attrs_attrs__", ()))
        return f"unknown key {', '.join(sorted(error.extra_fields))} (known: {known})"
    if isinstance(error, ValueError | TypeError) and str(error):
        return str(error)
    return format_exception(error, wanted)


def _strict(kind: type, name: str) -> Any:
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


_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
_CONVERTER.register_structure_hook(bool, _strict(bool, "true or false"))
_CONVERTER.register_structure_hook(int, _strict(int, "whole number"))
_CONVERTER.register_structure_hook(float, _strict(float, "number"))
_CONVERTER.register_structure_hook(str, _strict(str, "text"))
_CONVERTER.register_structure_hook(Framing, _framing)
_CONVERTER.register_structure_hook(Path, _path)
