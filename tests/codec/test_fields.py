from typing import Annotated, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import DHS_MESSAGES, HtosOperationCompleted, Message, StocSendClientType
from dcs_codec.fields import (
    Handle,
    HardwareName,
    Name,
    Rest,
    Status,
    StringContents,
    Text,
    Word,
    binary_refusal,
    field_kinds,
)
from dcs_codec.words import find_words, to_bytes
from tests.codec.strategies import UNICODE_BLANKS, rests, words

NOT_TEXT: list[object] = [None, 1, 1.5, b"a", ["a"], ("a",), object]


@pytest.mark.parametrize("word", ["a", "1.10", "{a", "\\", "é" * 19, "\udcff", *UNICODE_BLANKS])
def test_word_takes(word: str) -> None:
    assert Word(max_bytes=39).refusal(word) is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("", "is empty"),
        ("a b", "holds ' ', which would end the word: 'a b'"),
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
    assert Word(max_bytes=5).refusal(word) == reason


def test_an_optional_word_may_be_empty_and_nothing_else_more() -> None:
    kind = Word(max_bytes=5, optional=True)
    assert kind.refusal("") is None
    assert kind.refusal("a") is None
    assert kind.refusal("a b") == Word(max_bytes=5).refusal("a b")
    assert kind.refusal(None) == "is text on the wire, got NoneType None"


@pytest.mark.parametrize("text", ["", " ", " a  b ", "\na", "\ta", "{", "é", "\udcff"])
def test_rest_takes(text: str) -> None:
    assert Rest(max_bytes=10).refusal(text) is None


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
    assert Rest(max_bytes=5).refusal(text) == reason


def test_a_rest_without_limit_takes_any_length() -> None:
    assert Rest().refusal("a" * 1_000_000) is None


@pytest.mark.parametrize("value", NOT_TEXT)
@pytest.mark.parametrize("kind", [Word(), Rest()])
def test_only_text_is_text(kind: Word | Rest, value: object) -> None:
    reason = kind.refusal(value)
    assert reason is not None
    assert reason.startswith("is text on the wire, got ")


@given(words(39))
def test_generated_words_are_taken(word: str) -> None:
    """What the strategies call a word, Word takes and C scans as one."""
    assert Word(max_bytes=39).refusal(word) is None
    assert [found for found, _ in find_words(word)] == [word]


@given(rests(50))
def test_generated_rests_are_taken(text: str) -> None:
    """What the strategies call a rest, Rest takes."""
    assert Rest(max_bytes=50).refusal(text) is None


@given(st.text(max_size=60))
def test_word_takes_just_what_c_scans_as_one(text: str) -> None:
    """Word takes a text if and only if C reads it as one word of that many bytes."""
    whole = [found for found, _ in find_words(text)] == [text]
    fits = "\0" not in text and _has_bytes(text) and len(to_bytes(text)) <= 39
    assert (Word(max_bytes=39).refusal(text) is None) == (whole and fits)


def _has_bytes(text: str) -> bool:
    return not any("\ud800" <= mark <= "\udfff" for mark in text)


def test_a_binary_part_is_bytes() -> None:
    assert binary_refusal(b"") is None
    assert binary_refusal("a") == "is bytes on the wire, got str"
    assert binary_refusal(bytearray(b"a")) == "is bytes on the wire, got bytearray"


def test_kinds_stand_in_wire_order() -> None:
    assert field_kinds(HtosOperationCompleted) == {
        "operation_name": Word(max_bytes=39),
        "operation_handle": Word(max_bytes=79),
        "operation_status": Word(max_bytes=79, optional=True),
        "operation_args": Rest(),
    }
    assert field_kinds(StocSendClientType) == {}


@pytest.mark.parametrize(
    ("alias", "kind"),
    [
        (Name, Word(max_bytes=39)),
        (HardwareName, Word(max_bytes=99)),
        (Handle, Word(max_bytes=79)),
        (Status, Word(max_bytes=79)),
        (Text, Rest()),
        (StringContents, Rest(max_bytes=1879, always_separated=True)),
    ],
)
def test_limits_are_those_of_the_c_side(alias: object, kind: Word | Rest) -> None:
    assert getattr(alias, "__metadata__", None) == (kind,)


@attrs.frozen(kw_only=True)
class StohNoKind(Message):
    keyword: ClassVar[str] = "stoh_no_kind"
    name: str


@attrs.frozen(kw_only=True)
class StohOtherMark(Message):
    keyword: ClassVar[str] = "stoh_other_mark"
    name: Annotated[str, "a name"]


@attrs.frozen(kw_only=True)
class StohBehindRest(Message):
    keyword: ClassVar[str] = "stoh_behind_rest"
    text: Text
    name: Name


@attrs.frozen(kw_only=True)
class StohConverted(Message):
    keyword: ClassVar[str] = "stoh_converted"
    name: Name = attrs.field(converter=str)


@attrs.frozen(kw_only=True)
class StohValidated(Message):
    keyword: ClassVar[str] = "stoh_validated"
    name: Name = attrs.field(validator=attrs.validators.min_len(3))


@attrs.frozen(kw_only=True)
class StohPrivate(Message):
    keyword: ClassVar[str] = "stoh_private"
    _name: Name


@attrs.frozen(kw_only=True)
class StohNotGiven(Message):
    keyword: ClassVar[str] = "stoh_not_given"
    name: Name = attrs.field(default="a", init=False)


@pytest.mark.parametrize(
    ("message_class", "error"),
    [
        (StohNoKind, r"StohNoKind\.name: annotation names no kind"),
        (StohOtherMark, r"StohOtherMark\.name: annotation names no kind"),
        (StohBehindRest, r"StohBehindRest\.name stands behind the rest"),
        (StohConverted, r"StohConverted\.name: a word has no converter"),
        (StohValidated, r"StohValidated\.name: a word has no converter, no validator"),
        (StohPrivate, r"StohPrivate\._name: .*, no alias"),
        (StohNotGiven, r"StohNotGiven\.name: .*, and is given at init"),
    ],
)
def test_classes_that_are_no_messages(message_class: type[Message], error: str) -> None:
    with pytest.raises(TypeError, match=error):
        field_kinds(message_class)


def test_every_class_of_the_package_has_kinds() -> None:
    for message_class in DHS_MESSAGES:
        names = [field.name for field in attrs.fields(message_class)]
        assert [name for name in names if name != "binary"] == list(field_kinds(message_class))
