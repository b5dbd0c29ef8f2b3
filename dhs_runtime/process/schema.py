"""JSON Schema of the configuration files, for editors; made from their classes.

It covers single values: keys, types, limits. Only `dhs check` finds mistakes that involve the file
system, or several values.
"""

import enum
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from dhs_runtime.process import key_kinds
from dhs_runtime.process.key_kinds import Field, fields_of

Schema = dict[str, object]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Final[Mapping[object, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    Path: "string",
    types.NoneType: "null",
}
_BOUNDS: Final = {
    ">": "exclusiveMinimum",
    ">=": "minimum",
    "<=": "maximum",
    "<": "exclusiveMaximum",
}


def file_schema(config_class: type) -> Schema:
    """The JSON Schema of a file, given its class, as `dhs check --schema` prints it."""
    return {"$schema": DIALECT, **schema_of(config_class), "type": "object"}


def schema_of(config_class: type) -> Schema:
    """A JSON Schema (2020-12) of the mappings for a class; sections may be empty."""
    properties: dict[str, object] = {}
    required: list[str] = []
    meanings = key_kinds.meanings_of(config_class)
    for name, (field, hint) in fields_of(config_class).items():
        schema = _of_field(hint, field)
        if name in meanings:
            schema["description"] = meanings[name]
        properties[name] = schema
        if field.default is attrs.NOTHING:
            required.append(name)
    schema = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    if required:
        return {**schema, "type": "object", "required": required}
    return schema


def _portable(pattern: str) -> str:
    r"""The pattern with `(?![\s\S])` for a last `$`, which in Python also matches before `\n`."""
    return re.sub(r"\$(?=\||\Z)", r"(?![\\s\\S])", pattern)


def _of_field(hint: Any, field: Field) -> Schema:
    schema = _of_type(hint)
    for sign, limit in key_kinds.limits_of(field.validator).items():
        if sign in _BOUNDS:
            schema[_BOUNDS[sign]] = limit
        elif sign == "in":
            schema["enum"] = list(limit)
        elif sign == "rule" and limit.pattern:
            schema["pattern"] = _portable(limit.pattern)
        elif sign == "each" and "rule" in limit and limit["rule"].pattern:
            schema["items"] = {**_of_type(str), "pattern": _portable(limit["rule"].pattern)}
    default = field.default
    if isinstance(default, bool | int | float | str | types.NoneType):
        schema["default"] = default
    elif isinstance(default, Path):
        schema["default"] = str(default)
    elif isinstance(default, enum.Enum):
        schema["default"] = default.value
    return schema


def _of_type(hint: Any) -> Schema:
    parts = [_of_one(part) for part in key_kinds.parts_of(hint)]
    if len(parts) == 1:
        return parts[0]
    if all(part.keys() == {"type"} for part in parts):
        return {"type": [part["type"] for part in parts]}
    return {"anyOf": parts}


def _of_one(hint: Any) -> Schema:
    if key_kinds.is_section(hint):
        return schema_of(hint)
    options = key_kinds.options_of(hint)
    if options:
        return {"enum": list(options)}
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in key_kinds.LISTS:
        return {"type": "array", "items": _of_type(args[0])} if args else {"type": "array"}
    if origin in key_kinds.MAPPINGS:
        values = _of_type(args[1]) if args else {}
        return {"type": ["object", "null"], "additionalProperties": values or True}
    return {"type": _TYPES[hint]} if hint in _TYPES else {}
