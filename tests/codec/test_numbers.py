import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import EncodeError, format_number

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-17, "-17"),
        (10**30, "1" + "0" * 30),
        (True, "1"),
        (False, "0"),
        (0.1, "0.1"),
        (9e6, "9000000.0"),
        (1e16, "10000000000000000"),
        (1.5e-7, "0.00000015"),
        (-1e-5, "-0.00001"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert format_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back(value: float) -> None:
    """A float reads back as itself, sign of zero included, with no exponent in the text."""
    text = format_number(value)
    assert PLAIN.fullmatch(text)
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float(text) == value


@given(st.integers())
def test_integers_read_back(value: int) -> None:
    """An integer reads back as itself, however long."""
    text = format_number(value)
    assert PLAIN.fullmatch(text)
    assert int(text) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(EncodeError, match="is no number for the wire"):
        format_number(value)


@pytest.mark.parametrize("digits", [310, 6000])  # Python itself writes 4300 at most
def test_integers_that_c_reads_as_infinite_are_refused(digits: int) -> None:
    value = -(10 ** (digits - 1))
    with pytest.raises(EncodeError, match="bits is no number for the wire"):
        format_number(value)
