"""The two ways through a plan agree, on any text and on any values."""

import math
from typing import ClassVar

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    EncodeError,
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosNote,
    HtosOperationCompleted,
    Message,
    StohConfigureRealMotor,
    StohRegisterOperation,
    StohSetMotorChildren,
    StohSetMotorDependency,
    StohStartMotorMove,
    StohStartOperation,
)
from dcs_codec.plan import Plan
from dcs_codec.strategies import messages_of
from tests.codec.plan_samples import (
    BOTH_WAYS,
    OWN,
    PLANS,
    READ_ONLY,
    StohBase,
    StohDerived,
    StohNarrow,
    StohOptionalFirst,
    StohOptionalList,
    StohOptionalWords,
    StohOwnKindAlone,
    anything,
    decode_compiled,
    encode_compiled,
    outcome_of_decode,
)


@pytest.mark.parametrize(("text", "message"), BOTH_WAYS)
def test_both_ways(text: str, message: Message) -> None:
    plan = PLANS[type(message)]
    check_decode(plan, text, message)
    assert encode_compiled(plan, message) == text
    assert encode_compiled(plan, message) == text, "with known words"
    assert plan.encode_reference(message) == text


class Spoken(str):
    """Text of another class, as a member of an enum is."""

    __slots__ = ()


def test_a_word_is_missing_whatever_class_its_empty_text_is_of() -> None:
    message = StohOptionalFirst(first=Spoken(), second="b")
    plan = PLANS[StohOptionalFirst]
    assert encode_compiled(plan, message) == "stoh_optional_first b"
    assert plan.encode_reference(message) == "stoh_optional_first b"


@pytest.mark.parametrize(("text", "message"), READ_ONLY)
def test_texts_of_others_are_read(text: str, message: Message) -> None:
    check_decode(PLANS[type(message)], text, message)


def check_decode(plan: Plan[Message], text: str, message: Message) -> None:
    for decoded in (decode_compiled(plan, text), plan.decode_reference(text, b"x")):
        assert type(decoded) is type(message)
        assert decoded == attrs.evolve(message, binary=b"x")
        assert hash(decoded) == hash(attrs.evolve(message, binary=b"x"))


@pytest.mark.parametrize(
    ("message_class", "text", "error"),
    [
        (StohRegisterOperation, "stoh_register_operation", "operation_name: is missing"),
        (StohRegisterOperation, "stoh_register_operation a ", "hardware_name: is missing"),
        (StohStartOperation, "stoh_start_operation a", "operation_handle: is missing"),
        (StohOptionalWords, "stoh_optional_words ", "first: is missing"),
        (
            StohOptionalWords,
            "stoh_optional_words a b",
            "third: is missing (2 words, the forms have 1 or 3)",
        ),
        (
            HtosConfigureDevice,
            "htos_configure_device enc2 1 2",
            "lower_limit: is missing",
        ),
        (
            HtosConfigureDevice,
            "htos_configure_device m 1 2 3 1 1 mm 0",
            "lower_limit_on: is missing (8 words, the forms have 7 or 13)",
        ),
        (
            StohConfigureRealMotor,
            "stoh_configure_real_motor m h w 1 2 3 4 5.5 6 7 0 0 0 0 0 0",
            "speed: is not an integer: '5.5'",
        ),
        (
            StohConfigureRealMotor,
            "stoh_configure_real_motor m h w 1 2 3 4 5 6 7 0 0 2 0 0 0",
            "motor_lock_on: is 0 or 1, not '2'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m nan normal",
            "position: is not a number: 'nan'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m 1_0 normal",
            "position: is not a number: '1_0'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m 1e999 normal",
            "position: is too large for a number: '1e999'",
        ),
        (HtosMotorMoveCompleted, "htos_motor_move_completed m 2.9", "status: is missing"),
        (
            StohSetMotorDependency,
            "stoh_set_motor_dependency m ",
            "dependencies: is missing",
        ),
        (
            StohOwnKindAlone,
            "stoh_own_kind_alone x",
            "mask: invalid literal for int() with base 16: 'x'",
        ),
    ],
)
def test_decode_names_the_field_at_fault(
    message_class: type[Message], text: str, error: str
) -> None:
    plan = PLANS[message_class]
    for reference in (False, True):
        assert outcome_of_decode(plan, text, reference=reference) == f"{plan.keyword}: {error}"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (StohNarrow(word="abc", rest=""), "word: has 3 bytes, the C side takes 2: 'abc'"),
        (StohNarrow(word="ab", rest="abc"), "rest: has 3 bytes, the C side takes 2: 'abc'"),
        (StohNarrow(word="a ", rest="b"), "word: holds ' ', which would end the word: 'a '"),
        (StohNarrow(word="", rest="b"), "word: is empty"),
        (
            HtosOperationCompleted(
                operation_name="a", operation_handle="1", operation_status="", operation_args="\xa0"
            ),
            "operation_args: cannot follow operation_status, which is missing",
        ),
        (
            StohOptionalWords(first="a", second="", third="", text=" "),
            "text: cannot follow second, which is missing",
        ),
        (
            StohDerived(first="a", second="b\n"),
            "second: ends in a line end, which readers take off",
        ),
        (
            StohOptionalWords(first="a", second="", third="b", text=""),
            "second: is missing where third is given",
        ),
        (
            StohOptionalWords(first="a", second="", third="", text="c"),
            "text: cannot follow second, which is missing",
        ),
        (
            StohOptionalList(first="a", names=("b",)),
            "names: cannot follow second, which is missing",
        ),
        (
            HtosConfigureDevice(
                motor_name="m",
                position=1.0,
                upper_limit=2.0,
                lower_limit=-2.0,
                speed=20,
                lower_limit_on=True,
                upper_limit_on=False,
                motor_lock_on=True,
            ),
            "scale_factor: is missing where speed is given",
        ),
        (StohOptionalList(first="a", second="b", names=()), "names: is empty"),
        (StohSetMotorChildren(motor_name="m", children=("a b",)), "children: holds ' '"),
        (
            StohSetMotorChildren(motor_name="m", children=("a" * 39,) * 5),
            "children: has 199 bytes, the C side takes 159",
        ),
        (HtosMotorMoveStarted(motor_name="m", destination=1e20), "destination: is 1e+20, 1e+10"),
        (HtosMotorMoveStarted(motor_name="m", destination=math.inf), "destination: is inf, 1e+10"),
        (HtosMotorMoveStarted(motor_name="m", destination=math.nan), "destination: is nan, 1e+10"),
        (HtosMotorMoveStarted(motor_name="m" * 40, destination=0), "motor_name: has 40 bytes"),
        (StohStartMotorMove(motor_name="m", destination="1"), "destination: is a number given as"),
        (HtosNote(note_message="x" * 80), "note_message: has 80 bytes, the C side takes 79"),
        (
            HtosOperationCompleted(
                operation_name="a", operation_handle="1", operation_status="", operation_args="b"
            ),
            "operation_args: cannot follow operation_status, which is missing",
        ),
    ],
)
def test_encode_names_the_field_at_fault(message: Message, error: str) -> None:
    plan = PLANS[type(message)]
    for encode in (plan.encode, plan.encode_reference):  # either, at the first time and again
        with pytest.raises(EncodeError) as caught:
            encode(message)
        assert str(caught.value).startswith(f"{message.keyword}: {error}")


@given(data=st.data(), message_class=st.sampled_from(list(PLANS)))
def test_encode_refuses_or_reads_back(data: st.DataObject, message_class: type[Message]) -> None:
    """For any values, encode gives a text that decodes to the same message, or an EncodeError."""
    plan = PLANS[message_class]
    values = {name: data.draw(anything, label=name) for name in plan.fields}
    message = message_class(**values)
    try:
        text = encode_compiled(plan, message)
    except EncodeError as error:
        named = (error.keyword, error.field)
        assert named in [(plan.keyword, field) for field in plan.fields]
    else:
        assert decode_compiled(plan, text, b"") == message


@given(data=st.data(), message_class=st.sampled_from([*DHS_MESSAGES, *OWN[:-5]]))
def test_messages_read_back(data: st.DataObject, message_class: type[Message]) -> None:
    """decode(encode(message)) is the message, of exactly its class."""
    plan = PLANS[message_class]
    message = data.draw(messages_of(message_class, with_binary=True))
    decoded = decode_compiled(plan, encode_compiled(plan, message), message.binary)
    assert decoded == message
    assert type(decoded) is message_class


@pytest.mark.parametrize("message_class", DHS_MESSAGES, ids=lambda cls: cls.keyword)
@given(data=st.data())
@settings(max_examples=5)
def test_decoded_messages_are_as_frozen_as_constructed_ones(
    message_class: type[Message], data: st.DataObject
) -> None:
    plan = PLANS[message_class]
    made = data.draw(messages_of(message_class, with_binary=True))
    message = decode_compiled(plan, encode_compiled(plan, made), made.binary)
    assert attrs.evolve(message) == message == made
    assert not hasattr(message, "__dict__")
    for name in (*plan.fields, "binary", "surplus", "keyword", "anything_else"):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(message, name, "other")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del message.binary


class PlainSubclass(StohBase):
    """Not itself an attrs class."""


@attrs.frozen(kw_only=True, cache_hash=True)
class WithCachedHash(Message):
    """Its instances hold more than their words."""

    keyword: ClassVar[str] = "stoh_with_cached_hash"


@attrs.frozen(kw_only=True)
class WithForethought(Message):
    """Its instances run code when they are made."""

    keyword: ClassVar[str] = "stoh_with_forethought"

    def __attrs_pre_init__(self) -> None:
        """Never runs for what the compiled functions decode."""


@attrs.frozen(slots=False)
class WithoutSlots(Message):
    """Its instances could grow attributes."""

    keyword: ClassVar[str] = "stoh_without_slots"


@attrs.frozen(kw_only=True)
class WithAfterthought(Message):
    """Its instances are more than their words."""

    keyword: ClassVar[str] = "stoh_with_afterthought"

    def __attrs_post_init__(self) -> None:
        """Never runs for what the compiled functions decode."""


@pytest.mark.parametrize(
    ("message_class", "reason"),
    [
        (PlainSubclass, " is not an attrs.frozen message class"),
        (WithoutSlots, " is not an attrs.frozen message class"),
        (WithAfterthought, ": decoding calls no __attrs_post_init__"),
        (WithForethought, ": decoding calls no __attrs_pre_init__"),
        (WithCachedHash, ": decoding prepares no cached hash"),
        (Message, ": keyword is empty"),
    ],
)
def test_only_plain_message_classes_have_a_plan(message_class: type[Message], reason: str) -> None:
    with pytest.raises(TypeError) as caught:
        Plan(message_class)
    assert str(caught.value) == message_class.__name__ + reason
