"""The two ways through a plan agree, on any text and on any values."""

import math
import tracemalloc
from typing import Annotated, ClassVar, TypeVar

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    DecodeError,
    EncodeError,
    HtosConfigureDevice,
    HtosLog,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosNote,
    HtosOperationCompleted,
    HtosReportShutterState,
    HtosSetStringCompleted,
    IonChamberFailure,
    IonChamberReading,
    Message,
    MotorStatus,
    ShutterResult,
    StocSendClientType,
    StohAbortAll,
    StohConfigureRealMotor,
    StohConfigureString,
    StohRegisterOperation,
    StohSetMotorChildren,
    StohSetMotorDependency,
    StohStartMotorMove,
    StohStartOperation,
)
from dcs_codec.fields import (
    DeviceNames,
    MoveDestination,
    Name,
    Number,
    OptionalName,
    Rest,
    StringContents,
    Text,
    Word,
)
from dcs_codec.plan import Plan
from dcs_codec.strategies import messages_of, texts, words
from dcs_codec.words import to_bytes, to_text

_M = TypeVar("_M", bound=Message)


@attrs.frozen(kw_only=True)
class StohOptionalWords(Message):
    """Two words that may be missing together, and a rest behind."""

    keyword: ClassVar[str] = "stoh_optional_words"
    first: Annotated[str, Word(max_bytes=3)]
    second: Annotated[str, Word(optional=True)]
    third: Annotated[str, Word(optional=True)]
    text: StringContents


@attrs.frozen(kw_only=True)
class StohOptionalFirst(Message):
    """A word that may be missing in front of one that may not."""

    keyword: ClassVar[str] = "stoh_optional_first"
    first: OptionalName = ""
    second: Name


@attrs.frozen(kw_only=True)
class StohOptionalList(Message):
    """A word that may be missing in front of a list."""

    keyword: ClassVar[str] = "stoh_optional_list"
    first: Name
    second: OptionalName = ""
    names: DeviceNames


@attrs.frozen(kw_only=True)
class StohNumbers(Message):
    """Numbers with a limit below what repr writes with an exponent, and with none."""

    keyword: ClassVar[str] = "stoh_{numbers}"
    small: Annotated[float, Number(limit=5)]
    large: Annotated[float, Number(limit=math.inf)]


@attrs.frozen
class Hexadecimal:
    """A site's own kind of word."""

    optional: bool = False
    missing: int | None = None

    def read(self, word: str) -> int:
        return int(word, 16)

    def write(self, value: object) -> str:
        if not isinstance(value, int):
            raise ValueError("is no integer")
        return f"{value:x}"


@attrs.frozen(kw_only=True)
class StohOwnKind(Message):
    """A word that only its site can read, and a rest."""

    keyword: ClassVar[str] = "stoh_own_kind"
    mask: Annotated[int, Hexadecimal()]
    rest: Text


@attrs.frozen(kw_only=True)
class StohOwnKindsOptional(Message):
    """Words of a site's own kinds, of which one may be missing in front."""

    keyword: ClassVar[str] = "stoh_own_kinds_optional"
    mask: Annotated[int | None, Hexadecimal(optional=True)]
    where: MoveDestination


@attrs.frozen(kw_only=True)
class StohOwnMissing(Message):
    """A word whose absence is a value that its kind would write."""

    keyword: ClassVar[str] = "stoh_own_missing"
    name: Name
    mask: Annotated[int, Hexadecimal(optional=True, missing=0)] = 0


@attrs.frozen(kw_only=True)
class StohOwnKindAlone(Message):
    keyword: ClassVar[str] = "stoh_own_kind_alone"
    mask: Annotated[int, Hexadecimal()]


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


OWN = (
    StohOptionalWords,
    StohOptionalFirst,
    StohOptionalList,
    StohNarrow,
    StohBase,
    StohDerived,
    StohNumbers,
    StohOwnKind,
    StohOwnKindsOptional,
    StohOwnMissing,
    StohOwnKindAlone,
)
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
    ("stoh_optional_words a b c ", StohOptionalWords(first="a", second="b", third="c", text="")),
    ("stoh_optional_words a b c d", StohOptionalWords(first="a", second="b", third="c", text="d")),
    ("stoh_optional_first b", StohOptionalFirst(second="b")),
    ("stoh_optional_first a b", StohOptionalFirst(first="a", second="b")),
    ("stoh_optional_list a b c d", StohOptionalList(first="a", second="b", names=("c", "d"))),
    ("stoh_{numbers} 5 1000000000000000.0", StohNumbers(small=5, large=1e15)),
    ("stoh_{numbers} -0.0 10000000000000000", StohNumbers(small=-0.0, large=1e16)),
    ("stoh_{numbers} 0.00001 -5e-324", StohNumbers(small=1e-5, large=-5e-324)),
    ("stoh_own_kind ff  a", StohOwnKind(mask=255, rest=" a")),
    ("stoh_own_kinds_optional ff home", StohOwnKindsOptional(mask=255, where="home")),
    ("stoh_own_missing a", StohOwnMissing(name="a")),
    ("stoh_own_missing a ff", StohOwnMissing(name="a", mask=255)),
    ("stoh_own_kinds_optional home", StohOwnKindsOptional(mask=None, where="home")),
    ("stoh_own_kind_alone 10", StohOwnKindAlone(mask=16)),
    (
        "htos_report_shutter_state s ajar",
        HtosReportShutterState(shutter_name="s", shutter_state="ajar"),
    ),
    (
        "htos_report_shutter_state s open no_write_access",
        HtosReportShutterState(
            shutter_name="s", shutter_state="open", result=ShutterResult.NO_WRITE_ACCESS
        ),
    ),
    ("stoh_start_motor_move m -1.5", StohStartMotorMove(motor_name="m", destination=-1.5)),
    ("stoh_start_motor_move m #HM1", StohStartMotorMove(motor_name="m", destination="#HM1")),
    (
        "stoh_set_motor_children m a b",
        StohSetMotorChildren(motor_name="m", children=("a", "b")),
    ),
    (
        "htos_configure_device m 1.0 2.0 -2.0 1 0 1",
        HtosConfigureDevice(
            motor_name="m",
            position=1.0,
            upper_limit=2.0,
            lower_limit=-2.0,
            lower_limit_on=True,
            upper_limit_on=False,
            motor_lock_on=True,
        ),
    ),
    (
        "htos_configure_device m 1.0 2.0 -2.0 400.0 20 100 -40 1 0 1 0 1",
        HtosConfigureDevice(
            motor_name="m",
            position=1.0,
            upper_limit=2.0,
            lower_limit=-2.0,
            scale_factor=400.0,
            speed=20,
            acceleration=100,
            backlash=-40,
            lower_limit_on=True,
            upper_limit_on=False,
            motor_lock_on=True,
            backlash_on=False,
            reverse_on=True,
        ),
    ),
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
    ("stoh_set_motor_children m ", StohSetMotorChildren(motor_name="m", children=())),
    ("stoh_start_motor_move m 1e1", StohStartMotorMove(motor_name="m", destination=10.0)),
    ("stoh_start_motor_move m nan", StohStartMotorMove(motor_name="m", destination="nan")),
    (
        "htos_motor_move_started  m \t+.5 ",
        HtosMotorMoveStarted(motor_name="m", destination=0.5),
    ),
    (
        f"htos_motor_move_started m 1{'0' * 300}",
        HtosMotorMoveStarted(motor_name="m", destination=1e300),
    ),
]


@pytest.mark.parametrize(("text", "message"), BOTH_WAYS)
def test_both_ways(text: str, message: Message) -> None:
    plan = PLANS[type(message)]
    check_decode(plan, text, message)
    assert encode_compiled(plan, message) == text
    assert encode_compiled(plan, message) == text, "with known words"
    assert plan.encode_reference(message) == text


@pytest.mark.parametrize(("text", "message"), READ_ONLY)
def test_texts_of_others_are_read(text: str, message: Message) -> None:
    check_decode(PLANS[type(message)], text, message)


def decode_compiled(plan: Plan[_M], text: str, binary: bytes = b"x") -> _M:
    """What the compiled way makes of a text, which it takes as the codec gives it.

    The codec keeps texts from it in which no blank follows right behind the keyword, and those
    that no bytes are.
    """
    try:
        data = to_bytes(text)
    except EncodeError:
        return plan.decode_reference(text, binary)
    keyword, _, tail = data.partition(b" ")
    if keyword != plan.keyword.encode():
        return plan.decode_reference(text, binary)
    return plan.decode(data, tail, binary)


def encode_compiled(plan: Plan[_M], message: _M) -> str:
    """What the compiled way writes, without the NUL behind it.

    It leaves messages with a binary part to others, and so to the reference.
    """
    data = plan.encode(message)
    if data is None:
        assert message.binary != b""
        return plan.encode_reference(message)
    assert data[-1:] == b"\0"
    return to_text(data[:-1])


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
        (
            StohRegisterOperation,
            "stoh_register_operation a b  c",
            "hardware_name: has words too many behind it: 'c'",
        ),
        (StohBase, "stoh_base a " + "b" * 99, f"first: has words too many behind it: {'b' * 60!r}"),
        (
            StocSendClientType,
            "stoc_send_client_type now",
            "has words too many behind it: 'now'",
        ),
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
            "htos_configure_device m 1 2 3 1 1 0 mm",
            "lower_limit_on: is missing (8 words, the forms have 7 or 13)",
        ),
        (
            StohConfigureRealMotor,
            "stoh_configure_real_motor m h w 1 2 3 4 5.0 6 7 0 0 0 0 0 0",
            "speed: is no integer: '5.0'",
        ),
        (
            StohConfigureRealMotor,
            "stoh_configure_real_motor m h w 1 2 3 4 5 6 7 0 0 2 0 0 0",
            "motor_lock_on: is 0 or 1, not '2'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m nan normal",
            "position: is no number: 'nan'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m 1_0 normal",
            "position: is no number: '1_0'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m 1e999 normal",
            "position: is too large for a number: '1e999'",
        ),
        (
            HtosMotorMoveCompleted,
            "htos_motor_move_completed m 2.9 error motor has stalled",
            "status: has words too many behind it: 'motor has stalled'",
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
            "operation_args: cannot stand behind operation_status, which is missing",
        ),
        (
            StohOptionalWords(first="a", second="", third="", text=" "),
            "text: cannot stand behind second, which is missing",
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
            "text: cannot stand behind second, which is missing",
        ),
        (
            StohOptionalList(first="a", names=("b",)),
            "names: cannot stand behind second, which is missing",
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
            "operation_args: cannot stand behind operation_status, which is missing",
        ),
    ],
)
def test_encode_names_the_field_at_fault(message: Message, error: str) -> None:
    plan = PLANS[type(message)]
    for encode in (plan.encode, plan.encode_reference):  # either, at the first time and again
        with pytest.raises(EncodeError) as caught:
            encode(message)
        assert str(caught.value).startswith(f"{message.keyword}: {error}")


def outcome_of_decode(plan: Plan[_M], text: str, *, reference: bool) -> object:
    try:
        message = plan.decode_reference(text, b"x") if reference else decode_compiled(plan, text)
    except DecodeError as error:
        return str(error)
    return type(message), message


def outcome_of_encode(plan: Plan[_M], message: _M, *, reference: bool) -> object:
    try:
        return plan.encode_reference(message) if reference else encode_compiled(plan, message)
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
    st.lists(words(10), max_size=3).map(tuple),
    st.booleans(),
    st.sampled_from([1e10, -1e10, 1e10 + 1, 1e15, 2**31, 2**31 - 1, 1e-5, MotorStatus.NORMAL]),
    st.sampled_from([math.nextafter(1e10, 2e10), math.nextafter(1e-4, 0), 1e-4, -1e-4, 5, 5.1]),
    st.lists(st.builds(IonChamberReading, words(40), st.floats()), max_size=2).map(tuple),
    st.builds(IonChamberFailure, st.lists(words(40), max_size=2).map(tuple), st.text(max_size=9)),
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
    assert compiled == outcome_of_encode(plan, message, reference=False), "with known words"


@given(data=st.data(), message_class=st.sampled_from(list(PLANS)))
def test_encode_refuses_or_reads_back(data: st.DataObject, message_class: type[Message]) -> None:
    """Of any values, encode makes a text that decodes to the same message, or an EncodeError."""
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


@given(data=st.data(), message_class=st.sampled_from([*DHS_MESSAGES, *OWN[:-4]]))
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
    for name in (*plan.fields, "binary", "keyword", "anything_else"):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(message, name, "other")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del message.binary


def test_words_are_forgotten_before_they_take_much_memory() -> None:
    plan = Plan(StohRegisterOperation)
    for _ in range(2):
        for number in range(1100):
            message = StohRegisterOperation(operation_name=f"a{number}", hardware_name="b")
            assert encode_compiled(plan, message) == f"stoh_register_operation a{number} b"
            assert encode_compiled(plan, message) == f"stoh_register_operation a{number} b"


@attrs.frozen
class Unwritable:
    """A site's own kind that writes what no bytes are."""

    optional: bool = False
    missing: None = None

    def read(self, word: str) -> str:
        return word

    def write(self, value: object) -> str:
        return "\ud800"


@attrs.frozen(kw_only=True)
class StohUnwritable(Message):
    keyword: ClassVar[str] = "stoh_unwritable"
    word: Annotated[str, Unwritable()]


def test_a_kind_of_a_site_cannot_write_what_no_bytes_are() -> None:
    plan = Plan(StohUnwritable)
    for encode in (plan.encode, plan.encode_reference):
        with pytest.raises(
            EncodeError, match=r"^stoh_unwritable: character '\\ud800' has no bytes$"
        ):
            encode(StohUnwritable(word="a"))


class PlainSubclass(StohBase):
    """No attrs class of its own."""


@attrs.frozen(kw_only=True, cache_hash=True)
class WithCachedHash(Message):
    """Its instances hold more than their words."""

    keyword: ClassVar[str] = "stoh_with_cached_hash"


@attrs.frozen(kw_only=True)
class WithForethought(Message):
    """Its instances do more at their birth than take their words."""

    keyword: ClassVar[str] = "stoh_with_forethought"

    def __attrs_pre_init__(self) -> None:
        """Never runs for what the compiled functions decode."""


def test_long_texts_of_short_words_take_little_memory() -> None:
    text = "htos_log note  a" + " b" * 500_000
    data = text.encode()
    tracemalloc.start()
    message = PLANS[HtosLog].decode(data, data.partition(b" ")[2], b"")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message == HtosLog(log_level="note", log_sender="a", log_message="b" + " b" * 499_999)
    assert most < 10 * len(data)


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
