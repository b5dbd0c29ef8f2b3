"""Numbers as people read them."""

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
