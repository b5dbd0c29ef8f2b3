"""Kinds of fields: how one value stands in a text, what is read as it, what encode refuses.

A message class names the kind of each field by one of the annotations below. Most kinds are one
word each; a tail field takes the rest of the text and comes last.

*Optional* words stand in the text all together or not at all: the forms of a message that differ
by a few words are one class (`htos_report_shutter_state` with and without its result).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, get_type_hints

import attrs

from dcs_codec.errors import EncodeError
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.limits import (
    MAX_DEVICE_LIST,
    MAX_HARDWARE_NAME,
    MAX_INTEGER,
    MAX_NAME,
    MAX_POSITION,
    MAX_RUN_DEFINITION,
    MAX_STRING_CONTENTS,
    MAX_WORD,
)
from dcs_codec.message import BESIDE_FIELDS, Message
from dcs_codec.numbers import (
    NotFinite,
    format_number,
    parse_integer,
    parse_number,
    parse_stored_number,
)
from dcs_codec.words import BLANKS, find_words, first_word, to_bytes


@attrs.frozen(kw_only=True)
class Word(WordKind):
    """Text without blanks.

    Attributes:
        max_bytes: Longest word the C side takes.
        optional: Whether the word may be missing; the field holds "" then.
        is_unique: Whether nearly every message has another, so that none is worth remembering.
    """

    max_bytes: int = MAX_WORD
    optional: bool = False
    is_unique: bool = False
    missing: str = attrs.field(default="", init=False)

    def read(self, word: str) -> str:
        """Any word is one."""
        return word

    def write(self, value: object) -> str:
        """The word; raises ValueError where it is none, or too long."""
        word = as_text(value)
        if not word:
            raise ValueError("is empty")
        bad = next((mark for mark in word if mark in BLANKS or mark == "\0"), None)
        if bad is not None:
            raise ValueError(f"holds {bad!r}, which would end the word: {word[:60]!r}")
        return fitting(word, self.max_bytes)


@attrs.frozen(kw_only=True)
class Number(WordKind):
    """A decimal number, read by C as `%lf`.

    Attributes:
        limit: Largest number encode lets out, in either direction; decode takes any.
        optional: Whether the word may be missing; the field holds None then.
        stored: Whether dcss tells what it has stored there, which may be a `NotFinite`.
    """

    limit: float = MAX_POSITION
    optional: bool = False
    stored: bool = False
    missing: None = attrs.field(default=None, init=False)

    def read(self, word: str) -> float:
        """The number; raises ValueError for other words, also for nan if that is not stored."""
        return parse_stored_number(word) if self.stored else parse_number(word)

    def write(self, value: object) -> str:
        """The number in decimal digits; raises ValueError where it is none, or beyond the limit.

        A `NotFinite` that was stored is written again; any other nan or infinity is refused.
        """
        if self.stored and isinstance(value, NotFinite):
            return value.word
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"is a number on the wire, got {type(value).__name__} {value!r}")
        if not -self.limit <= value <= self.limit:  # so also for nan
            raise ValueError(f"is {_shown(value)}, {self.limit:g} is the most a dcss can take")
        try:
            word = format_number(value)
        except EncodeError as error:  # without a limit
            raise ValueError(error.reason) from None
        if float(value) != value:
            raise ValueError(f"is {_shown(value)}, which no C double holds exactly")
        return word


@attrs.frozen(kw_only=True)
class Integer(WordKind):
    """An integer, read by C as `%d`.

    Attributes:
        optional: Whether the word may be missing; the field holds None then.
    """

    optional: bool = False
    missing: None = attrs.field(default=None, init=False)

    def read(self, word: str) -> int:
        """The integer; raises ValueError for other words."""
        return parse_integer(word)

    def write(self, value: object) -> str:
        """The integer in decimal digits; raises ValueError where it is none C can hold."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"is an integer on the wire, got {type(value).__name__} {value!r}")
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"has {value.bit_length()} bits, C reads 32 with the sign")
        return str(int(value))


@attrs.frozen(kw_only=True)
class Flag(WordKind):
    """`0` or `1`, for no and yes.

    Attributes:
        optional: Whether the word may be missing; the field holds None then.
    """

    optional: bool = False
    missing: None = attrs.field(default=None, init=False)

    def read(self, word: str) -> bool:
        """True for `1`; raises ValueError for anything but `0` and `1`."""
        if word not in FLAGS:
            raise ValueError(f"is 0 or 1, not {word[:60]!r}")
        return FLAGS[word]

    def write(self, value: object) -> str:
        """`1` for True (and for 1), `0` for False; raises ValueError for anything else."""
        try:
            return FLAG_WORDS[value]
        except (KeyError, TypeError):
            raise ValueError(f"is True or False, got {type(value).__name__} {value!r}") from None


FLAGS: Final = {"0": False, "1": True}
FLAG_WORDS: Final[dict[object, str]] = {False: "0", True: "1"}

_LONG_INTEGER: Final = 128  # bits; longer ones are described, not shown
_NUMBER_KIND: Final = Number()
_WORD_KIND: Final = Word()


@attrs.frozen(kw_only=True)
class Destination(WordKind):
    """Where a motor shall go: a number, or a word that only its DHS understands (`home`)."""

    optional: bool = attrs.field(default=False, init=False)
    missing: None = attrs.field(default=None, init=False)

    def read(self, word: str) -> float | str:
        """The number where the word is one, else the word as it stands."""
        try:
            return parse_number(word)
        except ValueError:
            return word

    def write(self, value: object) -> str:
        """The word; raises ValueError as `Number` and `Word` do, and for a number as text."""
        if not isinstance(value, str):
            return _NUMBER_KIND.write(value)
        if not isinstance(self.read(value), str):
            raise ValueError(f"is a number given as text: {value[:60]!r}")
        return _WORD_KIND.write(value)


@attrs.frozen(kw_only=True)
class Rest(TailKind):
    """The rest of the text behind one blank, kept to the letter.

    Attributes:
        max_bytes: Longest rest the C side takes, None where only the frame sets a limit.
        always_separated: Whether the blank in front is written for an empty rest too (dcss reads
            stale bytes of an older message without it).
        max_first_word: Longest first word the C side takes, None where it reads none.
    """

    max_bytes: int | None = None
    always_separated: bool = False
    max_first_word: int | None = None

    def read_tail(self, tail: str, before: Mapping[str, object]) -> str:
        """The text after the one blank; any is right."""
        return tail[1:]

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The text behind one blank; raises ValueError where it would not be read back."""
        rest = as_text(value)
        if "\0" in rest:
            raise ValueError("holds a NUL, which would end the text")
        if rest.endswith(("\r", "\n")):
            raise ValueError("ends in a line end, which readers take off")
        if self.max_first_word is not None:
            fitting(first_word(rest), self.max_first_word)
        rest = fitting(rest, self.max_bytes)
        return " " + rest if rest or self.always_separated else ""


@attrs.frozen(kw_only=True)
class Words(TailKind):
    """All words that follow.

    Attributes:
        max_bytes: Longest list the C side takes, blanks between included.
        may_be_empty: Whether there may be none.
    """

    max_bytes: int | None = None
    may_be_empty: bool = False

    def read_tail(self, tail: str, before: Mapping[str, object]) -> tuple[str, ...]:
        """The words; raises ValueError where there is none."""
        words = tuple(word for word, _ in find_words(tail))
        if not words and not self.may_be_empty:
            raise ValueError("is missing")
        return words

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The words with blanks between; raises ValueError where one is no name."""
        if not isinstance(value, tuple):
            raise ValueError(f"is a tuple of words, got {type(value).__name__} {value!r}")
        if not value and not self.may_be_empty:
            raise ValueError("is empty")
        words = fitting(" ".join(map(_NAME_KIND.write, value)), self.max_bytes)
        return " " + words if words else ""


_NAME_KIND: Final = Word(max_bytes=MAX_NAME)


def binary_refusal(value: object) -> str | None:
    """Why `value` cannot be the binary part of a frame, or None when it can."""
    return None if isinstance(value, bytes) else f"is bytes on the wire, got {type(value).__name__}"


def _shown(value: float) -> str:
    """A number for a message; Python itself writes no integer of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > _LONG_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    return str(value)


def as_text(value: object) -> str:
    """A value that must be text, as plain `str`; raises ValueError where it is none."""
    if not isinstance(value, str):
        raise ValueError(f"is text on the wire, got {type(value).__name__} {value!r}")
    return str.__str__(value)


def fitting(text: str, max_bytes: int | None) -> str:
    """A text that has bytes, and not too many; raises ValueError where it has not."""
    try:
        size = len(to_bytes(text))
    except EncodeError as error:
        raise ValueError(error.reason) from None
    if max_bytes is not None and size > max_bytes:
        raise ValueError(f"has {size} bytes, the C side takes {max_bytes}: {text[:60]!r}")
    return text


Name = Annotated[str, Word(max_bytes=MAX_NAME)]
"""Name of a device, operation or hardware host."""

OptionalName = Annotated[str, Word(max_bytes=MAX_NAME, optional=True)]
"""The same where one form of the message does without."""

HardwareName = Annotated[str, Word(max_bytes=MAX_HARDWARE_NAME)]
"""Name of a device as the DHS knows it."""

OptionalHardwareName = Annotated[str, Word(max_bytes=MAX_HARDWARE_NAME, optional=True)]
"""The same where one form of the message does without."""

Handle = Annotated[str, Word(is_unique=True)]
"""Operation handle, `clientNumber.counter`; text, since `1.10` is not `1.1`."""

Status = Annotated[str, Word()]
"""Open vocabulary; `normal` is success."""

OptionalStatus = Annotated[str, Word(optional=True)]
"""The same where some DHSs leave it out."""

Scaled = Annotated[float, Number()]
"""Number in the motor's own units (mm, deg, eV ...)."""

StoredScaled = Annotated[float, Number(stored=True)]
"""The same as dcss has stored it: a `NotFinite` if a DHS reported that once."""

OptionalScaled = Annotated[float | None, Number(optional=True)]
"""The same where one form of the message does without."""

Seconds = Annotated[float, Number()]
"""Time in seconds."""

Steps = Annotated[int, Integer()]
"""Integer, in steps or as the message says."""

OptionalSteps = Annotated[int | None, Integer(optional=True)]
"""The same where one form of the message does without."""

OnOff = Annotated[bool, Flag()]
"""`1` for on, `0` for off."""

OptionalOnOff = Annotated[bool | None, Flag(optional=True)]
"""The same where one form of the message does without."""

MoveDestination = Annotated[float | str, Destination()]
"""Number in the motor's own units, or a word for the DHS (`home`, `#HM1`)."""

Text = Annotated[str, Rest()]
"""Rest of the text, to the letter; the blank in front is left out when it is empty."""

Note = Annotated[str, Rest(max_first_word=MAX_WORD)]
"""The same where it begins with what dcss takes for a device's name."""

StringContents = Annotated[str, Rest(max_bytes=MAX_STRING_CONTENTS, always_separated=True)]
"""Contents of a string, to the letter; the blank in front is always written."""

RunDefinition = Annotated[str, Rest(max_bytes=MAX_RUN_DEFINITION)]
"""Definition of a run, to the letter."""

DeviceNames = Annotated[tuple[str, ...], Words()]
"""Names of devices, one at least."""

MotorNames = Annotated[tuple[str, ...], Words(max_bytes=MAX_DEVICE_LIST)]
"""Names of the motors another depends on, one at least."""

MotorNamesOrNone = Annotated[tuple[str, ...], Words(max_bytes=MAX_DEVICE_LIST, may_be_empty=True)]
"""Names of the motors another is made of."""


def field_kinds(message_class: type[Message]) -> dict[str, WordKind | TailKind]:
    """Name and kind of each field of a message class, in wire order.

    Raises:
        TypeError: A field's annotation names no kind, stands behind the tail, is not plain
            (decoding calls no converter or validator), or has a name that every message has.
    """
    hints: Mapping[str, Any] = {field.name: field.type for field in attrs.fields(message_class)}
    if any(isinstance(hint, str) for hint in hints.values()):  # from __future__ import annotations
        hints = get_type_hints(message_class, include_extras=True)
    kinds: dict[str, WordKind | TailKind] = {}
    for field in attrs.fields(message_class):
        where = f"{message_class.__name__}.{field.name}"
        if field.name in BESIDE_FIELDS:
            if not field.inherited:
                raise TypeError(f"{where}: every message has it, and it is no word")
            continue
        kind = _kind_of(hints[field.name])
        if kind is None:
            raise TypeError(f"{where}: annotation names no kind")
        if any(isinstance(earlier, TailKind) for earlier in kinds.values()):
            raise TypeError(f"{where} stands behind the rest")
        if field.converter or field.validator or not field.init or field.alias != field.name:
            raise TypeError(
                f"{where}: a word has no converter, no validator, no alias, and is given at init"
            )
        kinds[field.name] = kind
    return kinds


def _kind_of(hint: Any) -> WordKind | TailKind | None:
    marks = getattr(hint, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, (WordKind, TailKind))), None)
