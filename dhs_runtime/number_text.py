"""Numbers as people read them."""

import math
from typing import Final

from dcs_codec import format_number

_DIGITS: Final = 12
"""Significant digits; the others are rounding errors of binary fractions."""


def number_text(number: float) -> str:
    """A number for people: 2.6, where the sum of its steps is 2.5999999999999996.

    Raises:
        EncodeError: The number is nan or infinite.
    """
    return format_number(float(f"{number:.{_DIGITS}g}"))


def any_number_text(number: float) -> str:
    """As `number_text`, and `nan`, `inf` and `-inf`: what DCSS tells may be any number."""
    return number_text(number) if math.isfinite(number) else str(number)


def short_number_text(number: float) -> str:
    """A number in a sentence: 100, 1e+06, 24.95; more than six digits only where it has more."""
    short = f"{number:g}"
    return short if float(short) == number else f"{number:.{_DIGITS}g}"


def counted(number: int, what: str) -> str:
    """How many of something, in English: "1 DHS", "2 DHSs"."""
    return f"{number} {what}{'s' * (number != 1)}"
