"""The two ways through a plan agree, on any text and on any values."""

from typing import Annotated, ClassVar, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    DecodeError,
    EncodeError,
    HtosLog,
    HtosOperationCompleted,
    HtosSetStringCompleted,
    Message,
    StohAbortAll,
    StohConfigureString,
    StohRegisterOperation,
    StohStartOperation,
)
from dcs_codec.fields import Name, Rest, StringContents, Text, Word
from dcs_codec.plan import Plan
from tests.codec.strategies import messages_of, texts, words

_M = TypeVar("_M", bound=Message)


@attrs.frozen(kw_only=True)
class StohOptionalWords(Message):
    """Words that may be missing, as no message of the package has them, and a rest."""

    keyword: ClassVar[str] = "stoh_optional_words"
    first: Annotated[str, Word(max_bytes=3)]
    second: Annotated[str, Word(optional=True)]
    third: Annotated[str, Word(optional=True)]
    text: StringContents


@attrs.frozen(kw_only=True)
class StohNarrow(Message):
    """A word narrower than a name, and a rest narrower than a word."""

    keyword: ClassVar[str] = "stoh_narrow"
    word: Annotated[str, Word(max_bytes=2)]
    rest: Annotated[str, Rest(max_bytes=2)]


@attrs.frozen(kw_only=True)
class StohBase(Message):
    keyword: ClassVar[str] = "stoh_base"
    first: Name


@attrs.frozen(kw_only=True)
class StohDerived(StohBase):
    """Fields of its base first, then its own."""

    keyword: ClassVar[str] = "stoh_derived"
    second: Text


OWN = (StohOptionalWords, StohNarrow, StohBase, StohDerived)
PLANS: dict[type[Message], Plan[Message]] = {cls: Plan(cls) for cls in (*DHS_MESSAGES, *OWN)}

# Read and written: the text of a message to the letter.
BOTH_WAYS: list[tuple[str, Message]] = [
    ("stoh_abort_all", StohAbortAll()),
    ("stoh_abort_all soft", StohAbortAll(abort_arg="soft")),
    ("stoh_abort_all  soft ", StohAbortAll(abort_arg=" soft ")),
    (
        "stoh_register_operation a b",
        StohRegisterOperation(operation_name="a", hardware_name="b"),
    ),
    (
        "stoh_start_operation a 1.10 {b c}\n d",
        StohStartOperation(operation_name="a", operation_handle="1.10", operation_args="{b c}\n d"),
    ),
    (
        "htos_log error é a\tb",
        HtosLog(log_level="error", log_sender="é", log_message="a\tb"),
    ),
    (
        "htos_set_string_completed a normal ",
        HtosSetStringCompleted(string_name="a", string_status="normal", string_contents=""),
    ),
    (
        "htos_operation_completed a 1.1",
        HtosOperationCompleted(operation_name="a", operation_handle="1.1", operation_status=""),
    ),
    ("stoh_optional_words a ", StohOptionalWords(first="a", second="", third="", text="")),
    ("stoh_optional_words a b ", StohOptionalWords(first="a", second="b", third="", text="")),
    ("stoh_optional_words a b c d", StohOptionalWords(first="a", second="b", third="c", text="d")),
    ("stoh_derived a b", StohDerived(first="a", second="b")),
]

# Only read: what stands in logs, or a peer may write.
READ_ONLY: list[tuple[str, Message]] = [
    ("  stoh_abort_all\t soft", StohAbortAll(abort_arg=" soft")),
    ("stoh_abort_all ", StohAbortAll()),
    (
        "\tstoh_register_operation \v a\n\fb \r",
        StohRegisterOperation(operation_name="a", hardware_name="b"),
    ),
    (
        "stoh_start_operation a\xa0b \x1c",
        StohStartOperation(operation_name="a\xa0b", operation_handle="\x1c"),
    ),
    (
        "stoh_configure_string a self",
        StohConfigureString(string_name="a", hardware_host="self", string_contents=""),
    ),
    (
        "htos_operation_completed a 1.1 ",
        HtosOperationCompleted(operation_name="a", operation_handle="1.1", operation_status=""),
    ),
    ("stoh_optional_words a", StohOptionalWords(first="a", second="", third="", text="")),
]


@pytest.mark.parametrize(("text", "message"), BOTH_WAYS)
def test_both_ways(text: str, message: Message) -> None:
    plan = PLANS[type(message)]
    check_decode(plan, text, message)
    assert plan.encode(message) == text
    assert plan.encode_reference(message) == text


@pytest.mark.parametrize(("text", "message"), READ_ONLY)
def test_texts_of_others_are_read(text: str, message: Message) -> None:
    check_decode(PLANS[type(message)], text, message)


def check_decode(plan: Plan[Message], text: str, message: Message) -> None:
    for decoded in (plan.decode(text, b"x"), plan.decode_reference(text, b"x")):
        assert type(decoded) is type(message)
        assert decoded == attrs.evolve(message, binary=b"x")
        assert hash(decoded) == hash(attrs.evolve(message, binary=b"x"))


@pytest.mark.parametrize(
    ("message_class", "text", "error"),
    [
        (StohRegisterOperation, "stoh_register_operation", "operation_name: is missing"),
        (StohRegisterOperation, "stoh_register_operation a ", "hardware_name: is missing"),
        (StohRegisterOperation, "stoh_register_operation a b  c", "has words too many: 'c'"),
        (StohBase, "stoh_base a " + "b" * 99, f"has words too many: {'b' * 60!r}"),
        (StohStartOperation, "stoh_start_operation a", "operation_handle: is missing"),
        (StohOptionalWords, "stoh_optional_words ", "first: is missing"),
    ],
)
def test_decode_names_the_field_at_fault(
    message_class: type[Message], text: str, error: str
) -> None:
    plan = PLANS[message_class]
    for decode in (plan.decode, plan.decode_reference):
        with pytest.raises(DecodeError) as caught:
            decode(text, b"")
        assert str(caught.value) == f"{message_class.keyword}: {error}"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (StohNarrow(word="abc", rest=""), "word: has 3 bytes, the C side takes 2: 'abc'"),
        (StohNarrow(word="ab", rest="abc"), "rest: has 3 bytes, the C side takes 2: 'abc'"),
        (StohNarrow(word="a ", rest="b"), "word: holds ' ', which would end the word: 'a '"),
        (StohNarrow(word="", rest="b"), "word: is empty"),
        (
            StohDerived(first="a", second="b\n"),
            "second: ends in a line end, which readers take off",
        ),
        (
            StohOptionalWords(first="a", second="", third="b", text=""),
            "third: cannot stand behind second, which is missing",
        ),
        (
            StohOptionalWords(first="a", second="b", third="", text="c"),
            "text: cannot stand behind third, which is missing",
        ),
        (
            HtosOperationCompleted(
                operation_name="a", operation_handle="1", operation_status="", operation_args="b"
            ),
            "operation_args: cannot stand behind operation_status, which is missing",
        ),
    ],
)
def test_encode_names_the_field_at_fault(message: Message, error: str) -> None:
    plan = PLANS[type(message)]
    for encode in (plan.encode, plan.encode_reference):
        with pytest.raises(EncodeError) as caught:
            encode(message)
        assert str(caught.value) == f"{message.keyword}: {error}"


def outcome_of_decode(plan: Plan[_M], text: str, *, reference: bool) -> object:
    decode = plan.decode_reference if reference else plan.decode
    try:
        message = decode(text, b"x")
    except DecodeError as error:
        return str(error)
    return type(message), message


def outcome_of_encode(plan: Plan[_M], message: _M, *, reference: bool) -> object:
    encode = plan.encode_reference if reference else plan.encode
    try:
        return encode(message)
    except EncodeError as error:
        return str(error)


@given(
    before=st.sampled_from(["", "", " ", "\t"]),
    text=texts(),
    message_class=st.sampled_from(list(PLANS)),
)
def test_compiled_decode_is_the_reference(
    before: str, text: str, message_class: type[Message]
) -> None:
    """Plan.decode and decode_reference give the same message or the same error for any text."""
    plan = PLANS[message_class]
    whole = f"{before}{plan.keyword} {text}"
    compiled = outcome_of_decode(plan, whole, reference=False)
    assert compiled == outcome_of_decode(plan, whole, reference=True)


anything = st.one_of(
    words(120),
    st.text(),
    st.text(alphabet=" \t\n\0a{\x1c\x85\xa0\ud800\udcc3\udca9é", max_size=8),
    st.sampled_from(["", "a" * 39, "a" * 40, "a" * 41, "a" * 79, "a" * 80, "a" * 1880]),
    st.none(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.lists(st.text(), max_size=2),
)


@given(data=st.data(), message_class=st.sampled_from(list(PLANS)))
def test_compiled_encode_is_the_reference(
    data: st.DataObject, message_class: type[Message]
) -> None:
    """Plan.encode and encode_reference give the same text or the same error for any values."""
    plan = PLANS[message_class]
    values = {name: data.draw(anything, label=name) for name in plan.fields}
    message = message_class(**values)
    compiled = outcome_of_encode(plan, message, reference=False)
    assert compiled == outcome_of_encode(plan, message, reference=True)


@given(data=st.data(), message_class=st.sampled_from(list(PLANS)))
def test_encode_refuses_or_reads_back(data: st.DataObject, message_class: type[Message]) -> None:
    """Of any values, encode makes a text that decodes to the same message, or an EncodeError."""
    plan = PLANS[message_class]
    values = {name: data.draw(anything, label=name) for name in plan.fields}
    message = message_class(**values)
    try:
        text = plan.encode(message)
    except EncodeError as error:
        named = (error.keyword, error.field)
        assert named in [(plan.keyword, field) for field in plan.fields]
    else:
        assert plan.decode(text, b"") == message


@given(data=st.data(), message_class=st.sampled_from(list(PLANS)))
def test_messages_read_back(data: st.DataObject, message_class: type[Message]) -> None:
    """decode(encode(message)) is the message, of exactly its class."""
    plan = PLANS[message_class]
    message = data.draw(messages_of(message_class))
    decoded = plan.decode(plan.encode(message), message.binary)
    assert decoded == message
    assert type(decoded) is message_class


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.keyword)
def test_decoded_messages_are_as_frozen_as_constructed_ones(plan: Plan[Message]) -> None:
    text = " ".join([plan.keyword, *(name[0] for name in plan.fields)])
    message = plan.decode(text, b"x")
    assert message == plan.message_class(binary=b"x", **{name: name[0] for name in plan.fields})
    assert attrs.evolve(message) == message
    assert not hasattr(message, "__dict__")
    for name in (*plan.fields, "binary", "keyword", "anything_else"):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(message, name, "other")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del message.binary


class PlainSubclass(StohBase):
    """No attrs class of its own."""


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
        (Message, ": keyword is empty"),
    ],
)
def test_only_plain_message_classes_have_a_plan(message_class: type[Message], reason: str) -> None:
    with pytest.raises(TypeError) as caught:
        Plan(message_class)
    assert str(caught.value) == message_class.__name__ + reason
