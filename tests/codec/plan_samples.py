"""Message classes with every form of a plan, their plans, and their texts."""

import math
from typing import Annotated, ClassVar, TypeVar

import attrs
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    DecodeError,
    EncodeError,
    HtosConfigureDevice,
    HtosLog,
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
    StocReconnectOnPort,
    StohAbortAll,
    StohConfigureString,
    StohRegisterOperation,
    StohSetMotorChildren,
    StohStartMotorMove,
    StohStartOperation,
)
from dcs_codec.fields import (
    DeviceNames,
    MoveDestination,
    Name,
    Number,
    OnOff,
    OptionalName,
    Rest,
    StringContents,
    Text,
    Word,
)
from dcs_codec.kinds import WordKind
from dcs_codec.plan import Plan
from dcs_codec.strategies import words
from dcs_codec.words import to_bytes, to_text

_M = TypeVar("_M", bound=Message)


@attrs.frozen(kw_only=True)
class StohOptionalWords(Message):
    """Two words that may be missing together, and a rest after them."""

    keyword: ClassVar[str] = "stoh_optional_words"
    first: Annotated[str, Word(max_bytes=3)]
    second: Annotated[str, Word(optional=True)]
    third: Annotated[str, Word(optional=True)]
    text: StringContents


@attrs.frozen(kw_only=True)
class StohOptionalFirst(Message):
    """A word that may be missing, before one that may not."""

    keyword: ClassVar[str] = "stoh_optional_first"
    first: OptionalName = ""
    second: Name


@attrs.frozen(kw_only=True)
class StohOptionalList(Message):
    """A word that may be missing, before a list."""

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
class Hexadecimal(WordKind):
    """A site's own kind of word."""

    optional: bool = False
    missing: int | None = None

    def read(self, word: str) -> int:
        return int(word, 16)

    def write(self, value: object) -> str:
        if not isinstance(value, int):
            raise ValueError("is not an integer")
        return f"{value:x}"


@attrs.frozen
class Upper(WordKind):
    """Another."""

    optional: bool = False
    missing: None = None

    def read(self, word: str) -> str:
        return word.upper()

    def write(self, value: object) -> str:
        return str(value).lower()


@attrs.frozen(kw_only=True)
class StohOwnKind(Message):
    """A word that only its site can read, and a rest."""

    keyword: ClassVar[str] = "stoh_own_kind"
    mask: Annotated[int, Hexadecimal()]
    rest: Text


@attrs.frozen(kw_only=True)
class StohOwnKindsOptional(Message):
    """Words of a site's own kinds; the first may be missing."""

    keyword: ClassVar[str] = "stoh_own_kinds_optional"
    mask: Annotated[int | None, Hexadecimal(optional=True)]
    where: MoveDestination


@attrs.frozen(kw_only=True)
class StohOwnMissing(Message):
    """A word whose value for "missing" could also be written."""

    keyword: ClassVar[str] = "stoh_own_missing"
    name: Name
    mask: Annotated[int, Hexadecimal(optional=True, missing=0)] = 0


@attrs.frozen(kw_only=True)
class StohOwnKinds(Message):
    """Words of two kinds of a site's own."""

    keyword: ClassVar[str] = "stoh_own_kinds"
    first: Annotated[int, Hexadecimal()]
    second: Annotated[str, Upper()]


@attrs.frozen(kw_only=True)
class StohSwitched(Message):
    """A flag after a name, and a word of a site's own kind after another."""

    keyword: ClassVar[str] = "stoh_switched"
    first: Name
    is_on: OnOff
    second: Name
    mask: Annotated[int, Hexadecimal()]
    third: Name


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
    StohSwitched,
)


PLANS: dict[type[Message], Plan[Message]] = {cls: Plan(cls) for cls in (*DHS_MESSAGES, *OWN)}


# Read and written: the text of a message to the letter.
BOTH_WAYS: list[tuple[str, Message]] = [
    ("stoh_abort_all", StohAbortAll()),
    ("stoh_abort_all soft", StohAbortAll(abort_arg="soft")),
    (
        "stoh_register_operation a b",
        StohRegisterOperation(operation_name="a", hardware_name="b"),
    ),
    (
        "stoh_register_operation a_name_of_many_letters another_name_of_many_letters",
        StohRegisterOperation(
            operation_name="a_name_of_many_letters", hardware_name="another_name_of_many_letters"
        ),
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
    ("stoh_{numbers} 0.00012 -0.00013", StohNumbers(small=0.00012, large=-0.00013)),
    ("stoh_{numbers} 4.9 900000000000000.0", StohNumbers(small=4.9, large=9e14)),
    (
        "stoh_{numbers} 0 0.00009999999999999999",
        StohNumbers(small=0, large=math.nextafter(1e-4, 0)),
    ),
    ("stoh_own_kind ff  a", StohOwnKind(mask=255, rest=" a")),
    ("stoh_own_kinds_optional ff home", StohOwnKindsOptional(mask=255, where="home")),
    ("stoh_own_missing a", StohOwnMissing(name="a")),
    ("stoh_own_missing a ff", StohOwnMissing(name="a", mask=255)),
    ("stoh_own_kinds_optional home", StohOwnKindsOptional(mask=None, where="home")),
    ("stoh_own_kind_alone 10", StohOwnKindAlone(mask=16)),
    (
        "stoh_switched a 1 b ff c",
        StohSwitched(first="a", is_on=True, second="b", mask=255, third="c"),
    ),
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
    (
        "stoh_start_motor_move m -9999999990.0",
        StohStartMotorMove(motor_name="m", destination=-9999999990.0),
    ),
    ("stoh_start_motor_move m #HM1", StohStartMotorMove(motor_name="m", destination="#HM1")),
    ("stoh_set_motor_children m", StohSetMotorChildren(motor_name="m", children=())),
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
    *(
        (
            f"htos_set_string_completed a normal {'b' * (size - 36)}",
            HtosSetStringCompleted(
                string_name="a", string_status="normal", string_contents="b" * (size - 36)
            ),
        )
        for size in (1879, 1880)  # bytes of the text with its NUL; the contents may have 1879
    ),
    ("stoh_derived a b", StohDerived(first="a", second="b")),
    (f"htos_note {'a' * 79}", HtosNote(note_message="a" * 79)),
    (f"htos_note {'a' * 79} b", HtosNote(note_message=f"{'a' * 79} b")),
    (f"htos_note a {'b' * 80} c", HtosNote(note_message=f"a {'b' * 80} c")),
    (
        "stoh_start_operation a 1.12345678901234567 b",
        StohStartOperation(
            operation_name="a", operation_handle="1.12345678901234567", operation_args="b"
        ),
    ),
    ("stoc_reconnect_on_port 2147483647", StocReconnectOnPort(port=2147483647)),
    ("stoc_reconnect_on_port -2147483647", StocReconnectOnPort(port=-2147483647)),
    ("stoh_derived a", StohDerived(first="a", second="")),
]


# Only read: texts from logs, or from other peers.
READ_ONLY: list[tuple[str, Message]] = [
    ("  stoh_abort_all\t soft", StohAbortAll(abort_arg="soft")),
    ("stoh_abort_all  soft ", StohAbortAll(abort_arg="soft")),
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
    ("stoh_derived a\tb c", StohDerived(first="a", second="b c")),
    ("stoh_derived  a b", StohDerived(first="a", second="b")),
    ("stoh_derived a ", StohDerived(first="a", second="")),
    (
        "stoh_set_motor_children m a\xa0b\x1c  c\t",
        StohSetMotorChildren(motor_name="m", children=("a\xa0b\x1c", "c")),
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


def decode_compiled(plan: Plan[_M], text: str, binary: bytes = b"x") -> _M:
    """The result of the compiled reader for a text, as the codec passes it.

    The codec does not pass texts without a blank right after the keyword, or texts that are not
    bytes.
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
    """The result of the compiled writer, without the final NUL.

    Messages with a binary part go to the reference.
    """
    data = plan.encode(message)
    if data is None:
        assert message.binary != b""
        return plan.encode_reference(message)
    assert data[-1:] == b"\0"
    return to_text(data[:-1])


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
