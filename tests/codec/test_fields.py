import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, ClassVar, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    HtosOperationCompleted,
    Message,
    MotorStatus,
    StocSendClientType,
)
from dcs_codec.fields import (
    Destination,
    DeviceNames,
    Flag,
    Handle,
    HardwareName,
    Integer,
    MotorNames,
    MotorNamesOrNone,
    Name,
    Note,
    Number,
    OptionalHardwareName,
    OptionalName,
    OptionalStatus,
    Rest,
    RunDefinition,
    Scaled,
    Status,
    StringContents,
    Text,
    Word,
    Words,
    field_kinds,
)
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.message import BESIDE_FIELDS
from dcs_codec.strategies import UNICODE_BLANKS, rests, words
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
        (Number(limit=math.inf), math.inf, "inf is no number for the wire"),
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
        (Words(), ["a"], "is a tuple of words, got list ['a']"),
        (Words(), (), "is empty"),
        (Words(), ("a", ""), "is empty"),
        (Words(), ("a" * 40,), f"has 40 bytes, the C side takes 39: {'a' * 40!r}"),
        (Words(max_bytes=3), ("a", "b", "c"), "has 5 bytes, the C side takes 3: 'a b c'"),
        (Rest(max_first_word=3), "abcd", "has 4 bytes, the C side takes 3: 'abcd'"),
        (Rest(max_first_word=3), " abcd e", "has 4 bytes, the C side takes 3: 'abcd'"),
    ],
)
def test_values_that_have_no_word(kind: WordKind | TailKind, value: object, reason: str) -> None:
    assert refusal(kind, value) == reason


@pytest.mark.parametrize(
    ("kind", "word", "reason"),
    [
        (Number(), "home", "is no number: 'home'"),
        (Integer(), "1.5", "is no integer: '1.5'"),
        (Flag(), "2", "is 0 or 1, not '2'"),
        (Flag(), "01", "is 0 or 1, not '01'"),
        (Flag(), "2" * 99, f"is 0 or 1, not '{'2' * 60}'"),
    ],
)
def test_words_that_have_no_value(kind: WordKind, word: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        kind.read(word)


def test_lists_of_words() -> None:
    assert Words().write_tail(("a", "b"), {}) == " a b"
    assert Words().read_tail("  a \t b ", {}) == ("a", "b")
    with pytest.raises(ValueError, match=r"^is missing$"):
        Words().read_tail(" ", {})
    assert Words(max_bytes=3).write_tail(("a", "b"), {}) == " a b"


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


@given(rests(50))
def test_generated_rests_are_taken(text: str) -> None:
    """What the strategies call a rest, Rest takes."""
    assert refusal(Rest(max_bytes=50), text) is None


@given(st.text(max_size=60))
def test_word_takes_just_what_c_scans_as_one(text: str) -> None:
    """Word takes a text if and only if C reads it as one word of that many bytes."""
    whole = [found for found, _ in find_words(text)] == [text]
    fits = "\0" not in text and _has_bytes(text) and len(to_bytes(text)) <= 39
    assert (refusal(Word(max_bytes=39), text) is None) == (whole and fits)


def _has_bytes(text: str) -> bool:
    return not any("\ud800" <= mark <= "\udfff" for mark in text)


def test_kinds_stand_in_wire_order() -> None:
    assert field_kinds(HtosOperationCompleted) == {
        "operation_name": Word(max_bytes=39),
        "operation_handle": Word(max_bytes=79, is_unique=True),
        "operation_status": Word(max_bytes=79, optional=True),
        "operation_args": Rest(),
    }
    assert field_kinds(StocSendClientType) == {}


@pytest.mark.parametrize(
    ("alias", "kind"),
    [
        (Name, Word(max_bytes=39)),
        (OptionalName, Word(max_bytes=39, optional=True)),
        (OptionalHardwareName, Word(max_bytes=99, optional=True)),
        (OptionalStatus, Word(max_bytes=79, optional=True)),
        (Note, Rest(max_first_word=79)),
        (RunDefinition, Rest(max_bytes=799)),
        (DeviceNames, Words()),
        (MotorNamesOrNone, Words(max_bytes=159, may_be_empty=True)),
        (HardwareName, Word(max_bytes=99)),
        (Handle, Word(max_bytes=79, is_unique=True)),
        (Status, Word(max_bytes=79)),
        (Text, Rest()),
        (Scaled, Number(limit=1e10)),
        (MotorNames, Words(max_bytes=159)),
        (StringContents, Rest(max_bytes=1879, always_separated=True)),
    ],
)
def test_limits_are_those_of_the_c_side(alias: object, kind: WordKind | TailKind) -> None:
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


@attrs.frozen(kw_only=True)
class StohQuoted(Message):
    """As all annotations are under `from __future__ import annotations`."""

    keyword: "ClassVar[str]" = "stoh_quoted"
    name: "Name"
    rest: "Text" = ""


def test_annotations_may_be_text() -> None:
    assert list(field_kinds(StohQuoted).values()) == [kind_of(Name), kind_of(Text)]


def kind_of(alias: object) -> object:
    (kind,) = get_args(alias)[1:]
    return kind


PLAIN = "a word has no converter, no validator, no alias, and is given at init"


@pytest.mark.parametrize(
    ("message_class", "error"),
    [
        (StohNoKind, "StohNoKind.name: annotation names no kind"),
        (StohOtherMark, "StohOtherMark.name: annotation names no kind"),
        (StohBehindRest, "StohBehindRest.name stands behind the rest"),
        (StohConverted, f"StohConverted.name: {PLAIN}"),
        (StohValidated, f"StohValidated.name: {PLAIN}"),
        (StohPrivate, f"StohPrivate._name: {PLAIN}"),
        (StohNotGiven, f"StohNotGiven.name: {PLAIN}"),
    ],
)
def test_classes_that_are_no_messages(message_class: type[Message], error: str) -> None:
    with pytest.raises(TypeError) as caught:
        field_kinds(message_class)
    assert str(caught.value) == error


def test_every_class_of_the_package_has_kinds() -> None:
    for message_class in DHS_MESSAGES:
        names = [field.name for field in attrs.fields(message_class)]
        assert [name for name in names if name not in BESIDE_FIELDS] == list(
            field_kinds(message_class)
        )
