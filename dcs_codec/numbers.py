"""Numbers as C's `%lf` and `%d` scanners and Tcl read them.

They are finite. Only a number that a dcss has stored, and then sends, may be a `NotFinite`.
"""

import math
import re
from typing import Final

from dcs_codec.errors import EncodeError

__all__ = ["NotFinite", "format_number"]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_EXPONENT: Final = re.compile(r"e\+0?")
_LONGEST_FIXED: Final = 40  # characters; beyond, a tiny number is written with an exponent


class NotFinite(float):
    """A number that is not finite, as a peer wrote it: `nan`, `-inf`.

    It is a float, but equal only to another of the same word, so that messages with it can be
    compared.
    """

    __slots__ = ("word",)
    word: str

    def __new__(cls, word: str) -> "NotFinite":
        """The number of a word; raises ValueError for any other word."""
        if not _NOT_FINITE.fullmatch(word):
            raise ValueError(f"is not nan or infinite: {word[:60]!r}")
        number = super().__new__(cls, word)
        number.word = word
        return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotFinite) and self.word == other.word

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.word)

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]  # a float gives a float
        """The arguments for a copy."""
        return (self.word,)


def parse_number(word: str) -> float:
    """The number of a word.

    Raises:
        ValueError: The word is not a decimal number, or is too large for a C double.
    """
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"is not a number: {word[:60]!r}")
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"is too large for a number: {word[:60]!r}")
    return value


def parse_stored_number(word: str) -> float:
    """The number of a word; a `NotFinite` for nan and infinity.

    A dcss stores those when a DHS reports them, and sends them with the device's configuration.

    Raises:
        ValueError: As `parse_number` for any other word.
    """
    return NotFinite(word) if _NOT_FINITE.fullmatch(word) else parse_number(word)


def parse_integer(word: str) -> int:
    """The integer of a word: `20000`, or `20000.000000` as MX writes it.

    Raises:
        ValueError: The word is not a decimal integer, or has thousands of digits.
    """
    match = _INTEGER.fullmatch(word)
    if match is None:
        raise ValueError(f"is not an integer: {word[:60]!r}")
    try:
        return int(match[1])
    except ValueError:  # Python's own limit
        raise ValueError(f"is an integer of {len(word)} digits") from None


def format_number(value: float) -> str:
    """A number as text that reads back as the same number: `9000000.0`, never `9e+06`.

    C code that reads an integer stops at an exponent, so there is one only if the number would
    be longer than 40 characters without it: `5e-324`.

    Raises:
        EncodeError: The number is nan or infinite (a dcss would loop forever on it), or an
            integer that C would read as infinite.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    try:
        finite = math.isfinite(value)
    except OverflowError:
        size = int(value).bit_length()
        raise EncodeError("", "", f"integer of {size} bits is too large for the wire") from None
    if not finite:
        raise EncodeError("", "", f"{value} is not a number for the wire")
    if isinstance(value, int):
        return str(int(value))
    text = repr(float(value))
    if "e" not in text:
        return text
    from decimal import Decimal  # noqa: PLC0415 - hardly any number needs it

    fixed = format(Decimal(text), "f")
    return fixed if len(fixed) <= _LONGEST_FIXED or abs(value) > 1 else text


def plus_minus(limit: float) -> str:
    """A limit in either direction, as text: `±1e10`."""
    short = f"{limit:g}"
    return "±" + (_EXPONENT.sub("e", short) if float(short) == limit else str(limit))
