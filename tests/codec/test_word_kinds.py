"""Kinds of words: what each reads, writes and refuses."""

import math
import re
from collections.abc import Callable
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    MotorStatus,
)
from dcs_codec.fields import (
    Destination,
    Flag,
    Integer,
    Number,
    Rest,
    Word,
    Words,
)
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.strategies import UNICODE_BLANKS, words
from dcs_codec.words import find_words, to_bytes


def refusal(kind: WordKind | TailKind, value: object) -> str | None:
    """Why a kind of field does not write a value, None where it does."""
    try:
        if isinstance(kind, WordKind):
            kind.write(value)
        else:
            kind.write_tail(value, {})
    except ValueError as error:
        return str(error)
    return None


NOT_TEXT: list[object] = [None, 1, 1.5, b"a", ["a"], ("a",), object]


@pytest.mark.parametrize("word", ["a", "1.10", "{a", "\\", "é" * 19, "\udcff", *UNICODE_BLANKS])
def test_word_takes(word: str) -> None:
    assert refusal(Word(max_bytes=39), word) is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("", "is empty"),
        ("a b", "holds ' ', which would end the word: 'a b'"),
        ("a " + "b" * 99, f"holds ' ', which would end the word: 'a {'b' * 58}'"),
        ("a\t", "holds '\\t', which would end the word: 'a\\t'"),
        ("\n", "holds '\\n', which would end the word: '\\n'"),
        ("a\x0b", "holds '\\x0b', which would end the word: 'a\\x0b'"),
        ("a\0", "holds '\\x00', which would end the word: 'a\\x00'"),
        ("abcdef", "has 6 bytes, the C side takes 5: 'abcdef'"),
        ("ééé", "has 6 bytes, the C side takes 5: 'ééé'"),
        ("\ud800", "character '\\ud800' has no bytes"),
        ("\udcc3\udca9", "escaped bytes that together are another character"),
        (1, "is text on the wire, got int 1"),
        (b"a", "is text on the wire, got bytes b'a'"),
        (None, "is text on the wire, got NoneType None"),
    ],
)
def test_word_refuses(word: object, reason: str) -> None:
    assert refusal(Word(max_bytes=5), word) == reason


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (Word(optional=True), ""),
        (Number(optional=True), None),
        (Integer(optional=True), None),
        (Flag(optional=True), None),
    ],
)
def test_an_optional_word_that_is_missing_is_never_written(kind: WordKind, missing: object) -> None:
    assert kind.optional
    assert kind.missing == missing
    assert refusal(kind, missing) is not None


@pytest.mark.parametrize("kind", [Word, Number, Integer, Flag, Destination])
def test_what_stands_for_a_missing_word_is_not_for_a_class_to_choose(
    kind: Callable[..., WordKind],
) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'missing'"):
        kind(missing=kind().missing)


def test_a_destination_is_never_missing() -> None:
    assert not Destination().optional
    with pytest.raises(TypeError, match="unexpected keyword argument 'optional'"):
        Destination(optional=True)  # type: ignore[call-arg] # that it fails is the case


@pytest.mark.parametrize("kind", [Word, Number, Integer, Flag, Rest, Words])
def test_kinds_are_made_of_named_values(kind: Callable[..., WordKind | TailKind]) -> None:
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        kind(True)


@pytest.mark.parametrize("kind", [Word, Number, Integer, Flag, Destination, Rest, Words])
def test_kinds_are_values(kind: Callable[..., WordKind | TailKind]) -> None:
    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        kind().optional = True  # type: ignore[misc, union-attr] # that it fails is the case


def test_text_of_other_classes_is_written_as_plain_text() -> None:
    assert type(Word().write(MotorStatus.NORMAL)) is str
    assert Word().write(MotorStatus.NORMAL) == "normal"
    assert Rest().write_tail(MotorStatus.NORMAL, {}) == " normal"


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        (Number(), 1.5, "1.5"),
        (Number(), -1e10, "-10000000000.0"),
        (Number(), 5, "5"),
        (Number(), 1e-7, "0.0000001"),
        (Number(limit=1e15), 1e15, "1000000000000000.0"),
        (Integer(), -(2**31) + 1, "-2147483647"),
        (Flag(), True, "1"),
        (Flag(), 0, "0"),
        (Destination(), 2.5, "2.5"),
        (Destination(), "home", "home"),
        (Destination(), "nan", "nan"),
    ],
)
def test_values_and_their_words(kind: WordKind, value: object, word: str) -> None:
    assert kind.write(value) == word
    assert kind.read(word) == value


@pytest.mark.parametrize("form", ["{}", "{}.", "{}.0", "{}.000000"])
def test_a_flag_may_be_written_as_a_number_with_a_point(form: str) -> None:
    assert Flag().read(form.format(1)) is True
    assert Flag().read(form.format(0)) is False


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Number(), True, "is a number on the wire, got bool True"),
        (Number(), "1", "is a number on the wire, got str '1'"),
        (Number(), Decimal(1), "is a number on the wire, got Decimal Decimal('1')"),
        (Number(), None, "is a number on the wire, got NoneType None"),
        (Number(), math.nan, "is nan, 1e+10 is the most a dcss can take"),
        (Number(), -math.inf, "is -inf, 1e+10 is the most a dcss can take"),
        (Number(), 1e20, "is 1e+20, 1e+10 is the most a dcss can take"),
        pytest.param(
            Number(),
            10**5000,
            "is an integer of 16610 bits, 1e+10 is the most a dcss can take",
            id="long",
        ),
        (Number(), 2**128 - 1, f"is {2**128 - 1}, 1e+10 is the most a dcss can take"),
        (Number(), 2**128, "is an integer of 129 bits, 1e+10 is the most a dcss can take"),
        (Number(limit=5), 5.5, "is 5.5, 5 is the most a dcss can take"),
        (Number(limit=math.inf), math.inf, "inf is not a number for the wire"),
        (
            Number(limit=1e20),
            2**53 + 1,
            "is 9007199254740993, which no C double holds exactly",
        ),
        (Integer(), True, "is an integer on the wire, got bool True"),
        (Integer(), 1.0, "is an integer on the wire, got float 1.0"),
        (Integer(), 2**31, "has 32 bits, C reads 32 with the sign"),
        (Flag(), 2, "is True or False, got int 2"),
        (Flag(), "1", "is True or False, got str '1'"),
        (Flag(), [], "is True or False, got list []"),
        (Destination(), "5", "is a number given as text: '5'"),
        (Destination(), "5" * 99, f"is a number given as text: '{'5' * 60}'"),
        (Destination(), "a b", "holds ' ', which would end the word: 'a b'"),
        (Destination(), 1e11, "is 100000000000.0, 1e+10 is the most a dcss can take"),
        (Destination(), None, "is a number on the wire, got NoneType None"),
    ],
)
def test_values_that_have_no_word(kind: WordKind | TailKind, value: object, reason: str) -> None:
    assert refusal(kind, value) == reason


@pytest.mark.parametrize(
    ("kind", "word", "reason"),
    [
        (Number(), "home", "is not a number: 'home'"),
        (Integer(), "1.5", "is not an integer: '1.5'"),
        (Flag(), "2", "is 0 or 1, not '2'"),
        (Flag(), "01", "is 0 or 1, not '01'"),
        (Flag(), "1.5", "is 0 or 1, not '1.5'"),
        (Flag(), ".0", "is 0 or 1, not '.0'"),
        (Flag(), "2" * 99, f"is 0 or 1, not '{'2' * 60}'"),
    ],
)
def test_words_that_have_no_value(kind: WordKind, word: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        kind.read(word)


@pytest.mark.parametrize("value", NOT_TEXT)
@pytest.mark.parametrize("kind", [Word(), Rest()])
def test_only_text_is_text(kind: Word | Rest, value: object) -> None:
    reason = refusal(kind, value)
    assert reason is not None
    assert reason.startswith("is text on the wire, got ")


@given(words(39))
def test_generated_words_are_taken(word: str) -> None:
    """What the strategies call a word, Word takes and C scans as one."""
    assert refusal(Word(max_bytes=39), word) is None
    assert [found for found, _ in find_words(word)] == [word]


@given(st.text(max_size=60))
def test_word_takes_just_what_c_scans_as_one(text: str) -> None:
    """Word takes a text if and only if C reads it as one word of that many bytes."""
    whole = [found for found, _ in find_words(text)] == [text]
    fits = "\0" not in text and _has_bytes(text) and len(to_bytes(text)) <= 39
    assert (refusal(Word(max_bytes=39), text) is None) == (whole and fits)


def _has_bytes(text: str) -> bool:
    return not any("\ud800" <= mark <= "\udfff" for mark in text)
