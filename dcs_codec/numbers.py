"""Numbers as C's `%lf` and `%d` scanners and Tcl read them; never nan, never infinite."""

import math
import re
from decimal import Decimal
from typing import Final

from dcs_codec.errors import EncodeError

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_LONGEST_FIXED: Final = 40  # characters; beyond, a tiny number is written with an exponent


def parse_number(word: str) -> float:
    """The number that a word is.

    Raises:
        ValueError: The word is no decimal number, or one too large for a C double.
    """
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"is no number: {word[:60]!r}")
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"is too large for a number: {word[:60]!r}")
    return value


def parse_integer(word: str) -> int:
    """The integer that a word is.

    Raises:
        ValueError: The word is no decimal integer, or has thousands of digits.
    """
    if not _INTEGER.fullmatch(word):
        raise ValueError(f"is no integer: {word[:60]!r}")
    try:
        return int(word)
    except ValueError:  # Python's own limit
        raise ValueError(f"is an integer of {len(word)} digits") from None


def format_number(value: float) -> str:
    """A number as text that reads back as the same number: `9000000.0`, never `9e+06`.

    C code that reads an integer stops at an exponent, so there is one only where it takes more
    than 40 characters to do without: `5e-324`.

    Raises:
        EncodeError: The number is nan or infinite (a dcss would loop for ever on it), or an
            integer that C would read as infinite.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    try:
        finite = math.isfinite(value)
    except OverflowError:
        size = int(value).bit_length()
        raise EncodeError("", "", f"integer of {size} bits is no number for the wire") from None
    if not finite:
        raise EncodeError("", "", f"{value} is no number for the wire")
    if isinstance(value, int):
        return str(int(value))
    text = repr(float(value))
    if "e" not in text:
        return text
    fixed = format(Decimal(text), "f")
    return fixed if len(fixed) <= _LONGEST_FIXED or abs(value) > 1 else text
