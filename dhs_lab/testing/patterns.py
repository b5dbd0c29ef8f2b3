"""Patterns for the messages that a test expects, with holes and tolerances.

A pattern is a message (every field must be equal), `expected(CLASS, field=...)` (other fields may
have any value), or a text: `"htos_motor_move_completed sample_z 1.5~0.01 *"`.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import attrs

from dcs_codec import (
    IonChamberFailure,
    IonChamberReading,
    Message,
    default_registry,
    format_number,
)

Bindings = dict[str, object]
"""The values of named holes."""

ENDING: Final = "..."
"""The last word of a text pattern that allows more words."""

_NEAR: Final = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)~([0-9.]+(?:[eE][+-]?[0-9]+)?)")


class PatternError(ValueError):
    """A pattern that no message can match: its class lacks a field or a word of it."""


class FieldPattern(Protocol):
    """A condition for a field. Its `str` is shown in a diff."""

    def fits(self, value: object, bindings: Bindings) -> bool:
        """Whether a value matches; may store the value of a hole."""


@attrs.frozen
class Hole:
    """Any value; all holes with the same name have the same value."""

    name: str = ""

    def fits(self, value: object, bindings: Bindings) -> bool:
        """Whether it is the first hole with this name, or has the value of the first."""
        return not self.name or bindings.setdefault(self.name, value) == value

    def __str__(self) -> str:
        return f"*{self.name}"


@attrs.frozen
class Near:
    """A number within a tolerance."""

    value: float
    tolerance: float

    def fits(self, value: object, bindings: Bindings) -> bool:  # noqa: ARG002 - of the protocol
        """Whether it is a number within the tolerance."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        # Allow for rounding: 0.3 counts as within 0.1 of 0.2.
        return abs(value - self.value) <= self.tolerance * (1 + 1e-9)

    def __str__(self) -> str:
        return f"{_number_text(self.value)}~{_number_text(self.tolerance)}"


@attrs.frozen
class _Value:
    """Exactly this value, or a text that a regular expression matches completely."""

    value: object

    def fits(self, value: object, bindings: Bindings) -> bool:  # noqa: ARG002 - of the protocol
        if isinstance(self.value, re.Pattern):
            return isinstance(value, str) and self.value.fullmatch(value) is not None
        return value == self.value

    def __str__(self) -> str:
        if isinstance(self.value, re.Pattern):
            return f"/{self.value.pattern}/"
        return shown(self.value)


@attrs.frozen
class _Words:
    """The words for one field in a text pattern, compared word by word."""

    words: tuple[str, ...]
    is_open: bool = False

    def fits(self, value: object, bindings: Bindings) -> bool:
        came = _atoms(value)
        if len(came) < len(self.words) or (len(came) > len(self.words) and not self.is_open):
            return False
        return all(_fits(w, c, bindings) for w, c in zip(self.words, came, strict=False))

    def __str__(self) -> str:
        return " ".join((*self.words, *[ENDING] * self.is_open))


def _fits(word: str, came: str | float, bindings: Bindings) -> bool:
    """Whether a word of a pattern matches a value; numbers are compared as numbers."""
    if word.startswith("*"):
        return Hole(word[1:]).fits(came, bindings)
    try:
        if match := _NEAR.fullmatch(word):
            return Near(float(match[1]), float(match[2])).fits(float(came), bindings)
        return word == came if isinstance(came, str) else float(word) == came
    except ValueError:
        return False


def _atoms(value: object) -> list[str | float]:
    """The words of a value as on the wire; numbers stay numbers."""
    found: list[str | float] = []
    match value:
        case str():
            found += value.split()
        case int() | float():
            found.append(value)
        case tuple():
            found += [atom for each in value for atom in _atoms(each)]
        case IonChamberReading():
            found += [value.name, value.counts]
        case IonChamberFailure():
            found += [*value.names, *value.reason.split()]
    return found


def shown(value: object) -> str:
    """A value for a diff, as on the wire."""
    if value is None or value == "":
        return "(none)"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        return value
    return " ".join(atom if isinstance(atom, str) else _number_text(atom) for atom in _atoms(value))


def _number_text(number: float) -> str:
    """A number as on the wire, where `nan` and `inf` are words that a DHS should not send."""
    return format_number(number) if math.isfinite(number) else str(number)


_NO_SURPLUS: Final = ("surplus", _Value(""))

ANY: Any = Hole()
"""A hole without a name: any value."""


def hole(name: str) -> Any:
    """A hole that has the same value everywhere in one `expect`.

    In a text pattern it is `*name`.
    """
    return Hole(name)


def near(value: float, tolerance: float) -> Any:
    """A number within a tolerance; in a text pattern `value~tolerance`."""
    return Near(value, tolerance)


@attrs.frozen
class Pattern:
    """The pattern of one message.

    Attributes:
        keyword: First word of the message.
        fields: Conditions for its fields, in wire order; other fields may have any value.
    """

    keyword: str
    fields: Mapping[str, FieldPattern]

    def bound(self, message: Message, bindings: Bindings) -> Bindings | None:
        """The bindings with those of this message, or None if it does not match."""
        fresh = dict(bindings)
        if message.received_keyword != self.keyword or self.misfits(message, fresh):
            return None
        return fresh

    def misfits(self, message: Message, bindings: Bindings) -> list[str]:
        """Names of the fields that do not match, for a message with the same keyword."""
        return [
            name
            for name, field in self.fields.items()
            if not hasattr(message, name) or not field.fits(getattr(message, name), bindings)
        ]

    def __str__(self) -> str:
        shown = [str(field) for name, field in self.fields.items() if (name, field) != _NO_SURPLUS]
        return " ".join((self.keyword, *shown))


PatternLike = Pattern | Message | str
"""The arguments of `expect`: a pattern, an exact message, or a text with holes."""


def expected(message_class: type[Message], **fields: object) -> Pattern:
    """A message of this class with these fields; other fields may have any value.

    Args:
        message_class: Class of the message.
        fields: For each, a value, a compiled regular expression for the whole text, `near(...)`,
            `hole(...)` or `ANY`.

    Raises:
        PatternError: The class has no such field.
    """
    names = _fields_of(message_class)
    for name in fields:
        if name not in names:
            raise PatternError(f"{message_class.__name__} has no field {name}; it has {names}")
    patterns = {name: _field_pattern(fields.get(name, ANY)) for name in names}
    return Pattern(message_class.keyword, patterns)


def _fields_of(message_class: type[Message]) -> list[str]:
    """Names of the fields that are words; the binary part is not in the record of the traffic."""
    names = [field.name for field in attrs.fields(message_class)]
    return [name for name in names if name not in ("binary", "surplus")]


def _field_pattern(value: object) -> FieldPattern:
    return value if isinstance(value, (Hole, Near)) else _Value(value)


def as_pattern(pattern: PatternLike) -> Pattern:
    """The pattern of an argument of `expect`; raises PatternError."""
    if isinstance(pattern, Pattern):
        return pattern
    if isinstance(pattern, str):
        return _of_text(pattern)
    names = [*_fields_of(type(pattern)), "surplus"]
    return Pattern(
        pattern.received_keyword, {name: _Value(getattr(pattern, name)) for name in names}
    )


def _of_text(text: str) -> Pattern:
    keyword, *words = text.split() or [""]
    is_open = words[-1:] == [ENDING]
    words = words[:-1] if is_open else words
    plan = {plan.keyword: plan for plan in default_registry().plans()}.get(keyword)
    if plan is None:
        return Pattern(keyword, {"text": _Words((keyword, *words), is_open)})
    fitting = [form for form in plan.forms if len(form) <= len(words)]
    form = plan.forms[-1] if is_open or not fitting else fitting[-1]
    if not is_open and (len(words) < len(form) or (len(words) > len(form) and not plan.tail)):
        raise PatternError(
            f"{text!r} has {len(words)} words after {keyword}, which has {len(form)}: "
            f"{' '.join(form)}; write * for any word, {ENDING} at the end for any number of them"
        )
    fields: dict[str, FieldPattern] = {name: _Value(k.missing) for name, k in plan.words.items()}
    fields |= dict.fromkeys(form, ANY)
    fields |= {name: _Words((word,)) for name, word in zip(form, words, strict=False)}
    if plan.tail is not None:
        fields[plan.tail[0]] = _Words(tuple(words[len(form) :]), is_open)
    elif not is_open:
        fields |= [_NO_SURPLUS]
    return Pattern(keyword, fields)
