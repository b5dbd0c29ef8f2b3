"""Kinds of fields that are one word: text, numbers, flags, destinations of motors.

*Optional* words are all in the text, or all missing: the forms of a message that differ by a few
words are one class (`htos_report_shutter_state` with and without its result).
"""

import math
from typing import Final

import attrs

from dcs_codec.errors import EncodeError
from dcs_codec.kinds import Reading, WordKind, Writing
from dcs_codec.limits import MAX_INTEGER, MAX_POSITION, MAX_WORD
from dcs_codec.numbers import (
    NotFinite,
    format_number,
    parse_integer,
    parse_number,
    parse_stored_number,
    plus_minus,
)
from dcs_codec.words import BLANKS, as_text, fitting

_LEAST_FIXED: Final = 1e-4  # repr writes an exponent below it, and from 1e16 on
_GREATEST_FIXED: Final = 1e15
_EDGE: Final = 1e-9
_LONGEST: Final = 4  # bytes of a character
_LONG_INTEGER: Final = 128  # bits; longer ones are described, not shown
_NINE: Final = ord("9")
_UNDERSCORE: Final = ord("_")  # Python's numbers may hold it, the wire's do not


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Word(WordKind):
    """Text without blanks.

    Attributes:
        max_bytes: Longest word the C side takes.
        optional: Whether the word may be missing; the field holds "" then.
        is_unique: Whether values rarely repeat, so that caching them is useless.
    """

    max_bytes: int = MAX_WORD
    optional: bool = False
    is_unique: bool = False
    missing: str = attrs.field(default="", init=False)

    def read(self, word: str) -> str:
        """Any word."""
        return word

    def write(self, value: object) -> str:
        """The word; raises ValueError if it is not a word, or too long."""
        word = as_text(value)
        if not word:
            raise ValueError("is empty")
        bad = next((mark for mark in word if mark in BLANKS or mark == "\0"), None)
        if bad is not None:
            raise ValueError(f"holds {bad!r}, which would end the word: {word[:60]!r}")
        return fitting(word, self.max_bytes)

    @property
    def repeats(self) -> bool:
        """Unless it is unique: devices, operations and statuses have few names."""
        return not self.is_unique

    @property
    def is_verbatim(self) -> bool:
        """Any word is its own value."""
        return True

    @property
    def longest_word(self) -> int:
        """The limit."""
        return self.max_bytes

    def described(self) -> tuple[str, str]:
        """A word of so many bytes."""
        return "word", f"{self.max_bytes} bytes"

    def reading(self, field: str, word: str) -> Reading:
        """The bytes as text."""
        return Reading(lines=(f"draft.{field} = {word}.decode()",))

    def writing(self, field: str) -> Writing | None:
        """A short word of printable letters, where words do not repeat."""
        if self.repeats:
            return None
        value = f"v_{field}"
        fits = (
            f"type({value}) is str and {value} and len({value}) <= {self.max_bytes // _LONGEST}"
            f" and {value}.isprintable() and ' ' not in {value}"
        )
        return Writing(setup=f"{value} = message.{field}", fits=fits, text=f" {{{value}}}")


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Number(WordKind):
    """A decimal number, read by C as `%lf`.

    Attributes:
        limit: Largest number that encode writes, in either direction; decode accepts any.
        optional: Whether the word may be missing; the field holds None then.
        stored: Whether dcss sends what it has stored there, which may be a `NotFinite`.
    """

    limit: float = MAX_POSITION
    optional: bool = False
    stored: bool = False

    def read(self, word: str) -> float:
        """The number; raises ValueError for other words, also for nan if that is not stored."""
        return parse_stored_number(word) if self.stored else parse_number(word)

    def write(self, value: object) -> str:
        """The number in decimal digits; raises ValueError if it is not one, or beyond the limit.

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

    def described(self) -> tuple[str, str]:
        """A number up to its limit."""
        finite = "any" if self.limit == math.inf else plus_minus(self.limit)
        return "number", finite + ", nan, inf" * self.stored

    def reading(self, field: str, word: str) -> Reading:
        """As Python's `float`; underscores, nan and infinity go to the reference."""
        return _reading_number(field, word, "float")

    def writing(self, field: str) -> Writing:
        """A number that Python writes without an exponent; limits go to the reference."""
        value = f"v_{field}"
        low = repr(_LEAST_FIXED * (1 + _EDGE))
        high = repr(min(self.limit, _GREATEST_FIXED) * (1 - _EDGE))
        # No chains of comparisons: CPython takes longer for them.
        fits = (
            f"(type({value}) is float or type({value}) is int)"
            f" and ({value} >= {low} and {value} <= {high}"
            f" or {value} <= -{low} and {value} >= -{high} or {value} == 0)"
        )
        return Writing(setup=f"{value} = message.{field}", fits=fits, text=f" {{{value}!r}}")


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Integer(WordKind):
    """An integer, read by C as `%d`.

    Attributes:
        optional: Whether the word may be missing; the field holds None then.
    """

    optional: bool = False

    def read(self, word: str) -> int:
        """The integer; raises ValueError for other words."""
        return parse_integer(word)

    def write(self, value: object) -> str:
        """The integer in decimal digits; raises ValueError if C cannot hold it."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"is an integer on the wire, got {type(value).__name__} {value!r}")
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"has {value.bit_length()} bits, C reads 32 with the sign")
        return str(int(value))

    def described(self) -> tuple[str, str]:
        """An integer of 32 bits."""
        return "integer", plus_minus(MAX_INTEGER)

    def reading(self, field: str, word: str) -> Reading:
        """As Python's `int`; underscores go to the reference."""
        return _reading_number(field, word, "int")

    def writing(self, field: str) -> Writing:
        """An integer that C can hold."""
        value = f"v_{field}"
        fits = f"type({value}) is int and {value} <= {MAX_INTEGER} and {value} >= {-MAX_INTEGER}"
        return Writing(setup=f"{value} = message.{field}", fits=fits, text=f" {{{value}!r}}")


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Flag(WordKind):
    """`0` or `1`, for no and yes.

    Attributes:
        optional: Whether the word may be missing; the field holds None then.
    """

    optional: bool = False

    def read(self, word: str) -> bool:
        """True for `1`, also for `1.000000`, as MX writes numbers.

        Raises:
            ValueError: It is neither 0 nor 1.
        """
        digit, _, zeros = word.partition(".")
        if digit not in FLAGS or zeros.strip("0"):
            raise ValueError(f"is 0 or 1, not {word[:60]!r}")
        return FLAGS[digit]

    def write(self, value: object) -> str:
        """`1` for True (and for 1), `0` for False; raises ValueError for anything else."""
        try:
            return FLAG_WORDS[value]
        except (KeyError, TypeError):
            raise ValueError(f"is True or False, got {type(value).__name__} {value!r}") from None

    def described(self) -> tuple[str, str]:
        """One of two digits."""
        return "0 or 1", ""

    def reading(self, field: str, word: str) -> Reading:
        """Looked up."""
        return Reading(lines=(f"draft.{field} = FLAGS[{word}]",), names={"FLAGS": _FLAG_BYTES})

    def writing(self, field: str) -> Writing:
        """Looked up."""
        return Writing(text=f"{{FLAGS[message.{field}]}}", names={"FLAGS": _FLAG_TEXTS})


FLAGS: Final = {"0": False, "1": True}
FLAG_WORDS: Final[dict[object, str]] = {False: "0", True: "1"}

_FLAG_BYTES: Final = {word.encode(): flag for word, flag in FLAGS.items()}
_FLAG_TEXTS: Final = {flag: " " + word for flag, word in FLAG_WORDS.items()}
_NUMBER_KIND: Final = Number()
_WORD_KIND: Final = Word()


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Destination(WordKind):
    """Where to move a motor: a number, or a word that only its DHS understands (`home`)."""

    def read(self, word: str) -> float | str:
        """The number if the word is one, else the word unchanged."""
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

    @property
    def repeats(self) -> bool:
        """True for its words; numbers are never cached."""
        return True

    def described(self) -> tuple[str, str]:
        """Either of both."""
        (_, number), (_, word) = _NUMBER_KIND.described(), _WORD_KIND.described()
        return "number or word", f"{number} or {word}"

    def reading(self, field: str, word: str) -> Reading:
        """A number, or a word that begins with a letter."""
        as_word = f"draft.{field} = {word}.decode()"
        odd = f"{_UNDERSCORE} in {word} or number * 0.0 != 0.0"
        return Reading(
            lines=(
                f"if {word}[0] > {_NINE}:",  # a letter: quicker to see than a failure of float
                f" {as_word}",
                "else:",
                " try:",
                f"  draft.{field} = number = float({word})",
                f"  if {odd}: return reference(text, binary)",
                " except ValueError:",
                f"  {as_word}",
            )
        )

    def writing(self, field: str) -> Writing:
        """A number; words are remembered."""
        return _NUMBER_KIND.writing(field)


def _reading_number(field: str, word: str, reader: str) -> Reading:
    """How a number is read; `reader` makes one of bytes, or raises ValueError."""
    is_float = reader == "float"
    target = f"draft.{field} = n_{word}" if is_float else f"draft.{field}"
    return Reading(
        lines=(f"{target} = {reader}({word})",),
        odd=f"{_UNDERSCORE} in {word}",
        finite=f"n_{word}" if is_float else "",
    )


def _shown(value: float) -> str:
    """A number for a message; Python itself writes no integer of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > _LONG_INTEGER:
        return f"an integer of {value.bit_length()} bits"
    return str(value)
