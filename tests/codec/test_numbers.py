import copy
import math
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import EncodeError, NotFinite, format_number
from dcs_codec.numbers import parse_integer, parse_number, parse_stored_number

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
TINY = re.compile(r"-?[0-9](\.[0-9]+)?e-[0-9]+")


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
        (1e-38, "0.00000000000000000000000000000000000001"),
        (-1e-38, "-1e-38"),
        (-1e-39, "-1e-39"),
        (5e-324, "5e-324"),
        (1e300, "1" + "0" * 300),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert format_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back(value: float) -> None:
    """A float reads back as itself, sign of zero included; only a tiny one has an exponent."""
    text = format_number(value)
    assert PLAIN.fullmatch(text) or (TINY.fullmatch(text) and abs(value) < 1e-20)
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
    with pytest.raises(EncodeError, match=f"^{value} is not a number for the wire$"):
        format_number(value)


@pytest.mark.parametrize("digits", [310, 6000])  # Python itself writes 4300 at most
def test_integers_that_c_reads_as_infinite_are_refused(digits: int) -> None:
    value = -(10 ** (digits - 1))
    reason = f"integer of {value.bit_length()} bits is too large for the wire"
    with pytest.raises(EncodeError, match=f"^{reason}$"):
        format_number(value)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0.0),
        ("-20.000000", -20.0),
        ("+5", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("3e0", 3.0),
        ("1E-3", 0.001),
        ("007", 7.0),
    ],
)
def test_words_that_are_numbers(word: str, value: float) -> None:
    assert parse_number(word) == value


@pytest.mark.parametrize(
    "word",
    [
        "",
        "-",
        ".",
        "e5",
        "1e",
        "1_0",
        "nan",
        "-inf",
        "Infinity",
        "0x10",
        "1,5",
        "1 ",
        "\u0665",
        "--1",
    ],
)
def test_words_that_are_no_numbers(word: str) -> None:
    for parse in (parse_number, parse_integer):
        with pytest.raises(ValueError, match=r"^is not (a number|an integer): "):
            parse(word)


def test_a_long_word_that_is_no_number_is_refused_at_once() -> None:
    """A pattern that tries every split of the digits would take hours and hit the timeout."""
    with pytest.raises(ValueError, match=r"^is not a number: '1{60}'$"):
        parse_number("1" * 1_000_000 + "x")
    with pytest.raises(ValueError, match=r"^is not an integer: '1{60}'$"):
        parse_integer("1" * 1_000_000 + "x")


def test_numbers_that_no_double_holds() -> None:
    with pytest.raises(ValueError, match=r"^is too large for a number: '9{60}'$"):
        parse_number("9" * 400)
    with pytest.raises(ValueError, match=r"^is an integer of 5000 digits$"):
        parse_integer("9" * 5000)
    assert parse_integer("-0012") == -12


def test_integers_may_have_decimals_that_are_noughts() -> None:
    """As MX writes them, with `%f`."""
    for word in ("20000", "20000.", "+20000.0", "20000.000000"):
        assert parse_integer(word) == 20000
        assert type(parse_integer(word)) is int
    assert parse_integer("-1.000000") == -1
    for word in ("5.5", "20000.000001", ".0", ".", "2e4", "1_0.0", "1.0.0", "nan"):
        with pytest.raises(ValueError, match=f"^is not an integer: '{re.escape(word)}'$"):
            parse_integer(word)


@pytest.mark.parametrize("word", ["nan", "-nan", "NaN", "inf", "-inf", "+Infinity"])
def test_what_is_not_finite_is_kept_by_its_word(word: str) -> None:
    number = parse_stored_number(word)
    assert isinstance(number, NotFinite)
    assert not math.isfinite(number)
    assert number.word == word
    assert number == NotFinite(word)
    assert hash(number) == hash(NotFinite(word))
    assert number not in (NotFinite("INFINITY"), math.inf, 0.0, None)
    for again in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert again == number
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(word)


def test_what_is_finite_is_a_number() -> None:
    assert type(parse_stored_number("1.5")) is float
    for word in ("1.5", "nanx", "nan(1)", "1e999", ""):
        with pytest.raises(ValueError, match=f"^is not nan or infinite: '{re.escape(word)}'$"):
            NotFinite(word)


@given(st.text("0123456789+-.eE_nif ", max_size=12))
def test_words_are_numbers_as_python_reads_them(word: str) -> None:
    """For words without underscore and blank, parse_number accepts what float makes finite."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and not {"_", " "} & set(word):
        assert parse_number(word) == value
    else:
        with pytest.raises(ValueError, match=r"^is "):
            parse_number(word)
