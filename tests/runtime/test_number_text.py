"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import EncodeError
from dhs_runtime.number_text import any_number_text, counted, number_text, short_number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (sum([0.1] * 26), "2.6"),
        (2.5999999999999996, "2.6"),
        (1 / 3, "0.333333333333"),
        (90.0, "90.0"),
        (1234567.891, "1234567.891"),
        (1e-7, "0.0000001"),
    ],
)
def test_numbers_are_shown_without_the_rest_of_binary_fractions(number: float, text: str) -> None:
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_is_as_near_as_twelve_digits_are(number: float) -> None:
    assert math.isclose(float(number_text(number)), number, rel_tol=5e-12, abs_tol=5e-323)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(EncodeError):
        number_text(number)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 2.6])
def test_what_dcss_tells_may_be_any_number(number: float) -> None:
    assert any_number_text(number) == str(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (100, "100"),
        (1e6, "1e+06"),
        (24.95, "24.95"),
        (25.00000001, "25.00000001"),
        (math.nan, "nan"),
    ],
)
def test_a_number_in_a_sentence(number: float, text: str) -> None:
    assert short_number_text(number) == text


def test_one_is_no_plural() -> None:
    assert [counted(number, "DHS") for number in (0, 1, 2)] == ["0 DHSs", "1 DHS", "2 DHSs"]
