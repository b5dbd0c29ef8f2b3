"""Kinds of tails: what each reads, writes and refuses."""

import pytest
from hypothesis import given

from dcs_codec.fields import (
    Rest,
    Words,
)
from dcs_codec.kinds import TailKind
from dcs_codec.strategies import rests
from tests.codec.test_word_kinds import refusal


def test_lists_of_words() -> None:
    assert Words().write_tail(("a", "b"), {}) == " a b"
    assert Words().read_tail("  a \t b ", {}) == ("a", "b")
    with pytest.raises(ValueError, match=r"^is missing$"):
        Words().read_tail(" ", {})
    assert Words(max_bytes=3).write_tail(("a", "b"), {}) == " a b"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Words(), ["a"], "is a tuple of words, got list ['a']"),
        (Words(), (), "is empty"),
        (Words(), ("a", ""), "is empty"),
        (Words(), ("a" * 40,), f"has 40 bytes, the C side takes 39: {'a' * 40!r}"),
        (Words(max_bytes=3), ("a", "b", "c"), "has 5 bytes, the C side takes 3: 'a b c'"),
        (Rest(max_first_word=3), "abcd", "has 4 bytes, the C side takes 3: 'abcd'"),
        (Rest(max_first_word=3), " abcd e", "has 4 bytes, the C side takes 3: 'abcd'"),
    ],
)
def test_values_that_have_no_tail(kind: TailKind, value: object, reason: str) -> None:
    assert refusal(kind, value) == reason


def test_rests_stand_behind_one_blank() -> None:
    assert Rest().read_tail("  a ", {}) == " a "
    assert Rest().read_tail("", {}) == ""
    assert Rest().write_tail("", {}) == ""
    assert Rest(always_separated=True).write_tail("", {}) == " "
    assert Rest(max_first_word=3).write_tail("abc defgh", {}) == " abc defgh"


@pytest.mark.parametrize("text", ["", " ", " a  b ", "\na", "\ta", "{", "é", "\udcff"])
def test_rest_takes(text: str) -> None:
    assert refusal(Rest(max_bytes=10), text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\0b", "holds a NUL, which would end the text"),
        ("a\n", "ends in a line end, which readers take off"),
        ("\r", "ends in a line end, which readers take off"),
        ("abcdef", "has 6 bytes, the C side takes 5: 'abcdef'"),
        ("a\ud800", "character '\\ud800' has no bytes"),
        (1, "is text on the wire, got int 1"),
    ],
)
def test_rest_refuses(text: object, reason: str) -> None:
    assert refusal(Rest(max_bytes=5), text) == reason


def test_a_rest_without_limit_takes_any_length() -> None:
    assert refusal(Rest(), "a" * 1_000_000) is None


@given(rests(50))
def test_generated_rests_are_taken(text: str) -> None:
    """What the strategies call a rest, Rest takes."""
    assert refusal(Rest(max_bytes=50), text) is None
