"""The generated functions handle normal messages; the reference handles all others."""

import cProfile
import math
import pstats
import traceback
import tracemalloc
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    Codec,
    EncodeError,
    Frame,
    Framing,
    HtosConfigureDevice,
    HtosLog,
    HtosMotorMoveStarted,
    HtosNote,
    HtosSetStringCompleted,
    Message,
    StohAbortAll,
    StohRegisterIonChamber,
    StohRegisterOperation,
    StohStartOperation,
)
from dcs_codec.compiled import compile_decode, compile_encode
from dcs_codec.fields import Rest, Word
from dcs_codec.kinds import WordKind
from dcs_codec.plan import Plan
from dcs_codec.strategies import texts
from dcs_codec.words import to_bytes
from tests.codec.plan_samples import (
    BOTH_WAYS,
    PLANS,
    StohOwnKinds,
    anything,
    decode_compiled,
    encode_compiled,
    outcome_of_decode,
    outcome_of_encode,
)

# Of those, what the compiled functions leave to the reference, by design.
READ_BY_REFERENCE = {
    "htos_operation_completed a 1.1",
    "stoh_optional_words a ",
    "stoh_own_kind ff  a",
}


WRITTEN_BY_REFERENCE = {
    "htos_operation_completed a 1.1",
    "stoh_optional_words a ",
    "stoh_{numbers} 5 1000000000000000.0",
    "stoh_{numbers} -0.0 10000000000000000",
    "stoh_{numbers} 0.00001 -5e-324",
    "stoh_{numbers} 0 0.00009999999999999999",
    "stoh_own_missing a",
    "stoh_own_missing a ff",
    "stoh_own_kinds_optional home",
    f"htos_set_string_completed a normal {'b' * 1844}",
}


@pytest.mark.parametrize(("text", "message"), BOTH_WAYS)
def test_most_texts_are_read_without_the_reference(text: str, message: Message) -> None:
    """What makes reading fast."""
    plan = PLANS[type(message)]
    data = to_bytes(text)
    asked: list[bytes] = []

    def reference(data: bytes, binary: bytes) -> Message:
        asked.append(data)
        return message

    decode = compile_decode(type(message), plan.words, plan.tail, reference)
    assert decode(data, data.partition(b" ")[2], b"") == message
    assert asked == ([data] if text in READ_BY_REFERENCE else [])


@pytest.mark.parametrize(("text", "message"), BOTH_WAYS)
def test_most_messages_of_known_words_are_written_without_the_reference(
    text: str, message: Message
) -> None:
    """Writing is fast for cached words; a new word goes to the reference."""
    plan = PLANS[type(message)]
    asked: list[Message] = []

    def reference(message: Message) -> str:
        asked.append(message)
        return plan.encode_reference(message)

    encode = compile_encode(type(message), plan.words, plan.tail, reference)
    encode(message)
    asked.clear()
    assert encode(message) == to_bytes(text) + b"\0"
    assert asked == ([message] if text in WRITTEN_BY_REFERENCE else [])


CHANNEL = StohRegisterIonChamber(
    ion_chamber_name="i", hardware_name="h", counter_channel=1, timer="t", timer_type="u"
)


START = StohStartOperation(operation_name="a", operation_handle="1.1", operation_args="b")


MOVE = HtosMotorMoveStarted(motor_name="m", destination=1.5)


NOTE = HtosNote(note_message="a")


STRING = HtosSetStringCompleted(string_name="a", string_status="normal", string_contents="b")


@pytest.mark.parametrize(
    ("right", "field", "value", "reason"),
    [
        (CHANNEL, "counter_channel", 2**31, "has 32 bits, C reads 32 with the sign"),
        (CHANNEL, "counter_channel", -(2**31), "has 32 bits, C reads 32 with the sign"),
        (CHANNEL, "counter_channel", True, "is an integer on the wire, got bool True"),
        (CHANNEL, "counter_channel", 1.0, "is an integer on the wire, got float 1.0"),
        (START, "operation_handle", "", "is empty"),
        (START, "operation_handle", "1 2", "holds ' ', which would end the word: '1 2'"),
        (START, "operation_handle", "1\t2", "holds '\\t', which would end the word: '1\\t2'"),
        (START, "operation_handle", "1" * 80, f"has 80 bytes, the C side takes 79: {'1' * 60!r}"),
        (START, "operation_handle", "😀" * 20, "has 80 bytes, the C side takes 79"),
        (START, "operation_handle", 1, "is text on the wire, got int 1"),
        (START, "operation_args", "b\n", "ends in a line end, which readers take off"),
        (START, "operation_args", "b\r", "ends in a line end, which readers take off"),
        (START, "operation_args", "b\0", "holds a NUL, which would end the text"),
        (START, "operation_args", None, "is text on the wire, got NoneType None"),
        (MOVE, "destination", math.nextafter(1e10, math.inf), "is 10000000000.000002, 1e+10 is"),
        (MOVE, "destination", -(10**10) - 1, "is -10000000001, 1e+10 is"),
        (MOVE, "destination", math.nan, "is nan, 1e+10 is"),
        (MOVE, "destination", True, "is a number on the wire, got bool True"),
        (STRING, "string_contents", "a" * 1880, "has 1880 bytes, the C side takes 1879"),
        (STRING, "string_contents", "é" * 940, "has 1880 bytes, the C side takes 1879"),
        (NOTE, "note_message", "a" * 80, "has 80 bytes, the C side takes 79"),
        (NOTE, "note_message", "a" * 80 + " b", "has 80 bytes, the C side takes 79"),
        (NOTE, "note_message", "é" * 40, "has 80 bytes, the C side takes 79"),
        (NOTE, "note_message", " " + "a" * 80, "has 80 bytes, the C side takes 79"),
    ],
)
def test_known_words_let_nothing_pass_that_stands_beside_them(
    right: Message, field: str, value: object, reason: str
) -> None:
    plan = PLANS[type(right)]
    plan.encode(right)
    wrong: dict[str, Any] = {field: value}
    for encode in (plan.encode, plan.encode_reference):
        with pytest.raises(EncodeError) as caught:
            encode(attrs.evolve(right, **wrong))
        assert str(caught.value).startswith(f"{plan.keyword}: {field}: {reason}")


def test_no_optional_word_is_left_out_where_one_is_given() -> None:
    plan = PLANS[HtosConfigureDevice]
    short = HtosConfigureDevice(
        motor_name="m",
        position=1.0,
        upper_limit=2.0,
        lower_limit=-2.0,
        lower_limit_on=True,
        upper_limit_on=False,
        motor_lock_on=True,
    )
    plan.encode(short)
    message = attrs.evolve(short, speed=20)
    for encode in (plan.encode, plan.encode_reference):
        with pytest.raises(EncodeError, match="scale_factor: is missing where speed is given"):
            encode(message)


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


def test_words_are_forgotten_before_they_take_much_memory() -> None:
    plan = Plan(StohRegisterOperation)
    for _ in range(2):
        for number in range(1100):
            message = StohRegisterOperation(operation_name=f"a{number}", hardware_name="b")
            assert encode_compiled(plan, message) == f"stoh_register_operation a{number} b"
            assert encode_compiled(plan, message) == f"stoh_register_operation a{number} b"


def test_a_thousand_words_are_known_at_once() -> None:
    plan = Plan(StohRegisterOperation)
    asked: list[Message] = []

    def reference(message: StohRegisterOperation) -> str:
        asked.append(message)
        return plan.encode_reference(message)

    encode = compile_encode(StohRegisterOperation, plan.words, plan.tail, reference)
    first, *others = (
        StohRegisterOperation(operation_name=f"a{number}", hardware_name="b")
        for number in range(1024)
    )
    for _ in range(2):
        for message in (first, *others):
            encode(message)
    assert asked == [first, *others]
    encode(StohRegisterOperation(operation_name="one-too-many", hardware_name="b"))
    asked.clear()
    encode(first)
    assert asked == [first]


@attrs.frozen
class Unwritable(WordKind):
    """A site's own kind that writes text that is not bytes."""

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


def test_each_kind_of_a_site_is_asked_for_its_own_word() -> None:
    plan = Plan(StohOwnKinds)
    message = StohOwnKinds(first=255, second="É")
    assert decode_compiled(plan, "stoh_own_kinds ff é", b"") == message
    assert encode_compiled(plan, message) == "stoh_own_kinds ff é"


def test_a_kind_of_a_site_is_given_text() -> None:
    plan = Plan(StohUnwritable)
    assert decode_compiled(plan, "stoh_unwritable é") == StohUnwritable(word="é", binary=b"x")


def test_a_kind_of_a_site_cannot_write_what_no_bytes_are() -> None:
    plan = Plan(StohUnwritable)
    for encode in (plan.encode, plan.encode_reference):
        with pytest.raises(
            EncodeError, match=r"^stoh_unwritable: character '\\ud800' has no bytes$"
        ):
            encode(StohUnwritable(word="a"))


def test_long_texts_of_short_words_take_little_memory() -> None:
    text = "htos_log note  a" + " b" * 500_000
    data = text.encode()
    tracemalloc.start()
    message = PLANS[HtosLog].decode(data, data.partition(b" ")[2], b"")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message == HtosLog(log_level="note", log_sender="a", log_message="b" + " b" * 499_999)
    assert most < 10 * len(data)


# -- kinds of a site's own -------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Shouted(Word):
    """A word that may only be written in capitals; it is read like any other."""

    def write(self, value: object) -> str:
        word = super().write(value)
        if not word.isupper():
            raise ValueError("is not shouted")
        return word


@attrs.frozen(kw_only=True)
class Whispered(Word):
    """A word that is read in small letters; it is written like any other."""

    def read(self, word: str) -> str:
        return word.lower()


@attrs.frozen(kw_only=True)
class ShortRest(Rest):
    """A rest that is written only where it is short."""

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        if len(str(value)) > 3:
            raise ValueError("is long")
        return super().write_tail(value, before)


@attrs.frozen(kw_only=True)
class LowerRest(Rest):
    def read_tail(self, tail: str, before: Mapping[str, object]) -> str:
        return super().read_tail(tail, before).lower()


@attrs.frozen(kw_only=True)
class Sealed(WordKind):
    """A word that only the reference writes: nothing is remembered of it, and nothing is fast."""

    def read(self, word: str) -> str:
        return word

    def write(self, value: object) -> str:
        return str(value)

    def writing(self, field: str) -> None:
        return None


@attrs.frozen(kw_only=True)
class StohDerivedKinds(Message):
    keyword: ClassVar[str] = "stoh_derived_kinds"
    loud: Annotated[str, Shouted()]
    unique: Annotated[str, Shouted(is_unique=True)]
    quiet: Annotated[str, Whispered()]
    rest: Annotated[str, ShortRest()]


@attrs.frozen(kw_only=True)
class StohLowerRest(Message):
    keyword: ClassVar[str] = "stoh_lower_rest"
    word: Annotated[str, Word()]
    rest: Annotated[str, LowerRest()]


@attrs.frozen(kw_only=True)
class StohSealed(Message):
    keyword: ClassVar[str] = "stoh_sealed"
    word: Annotated[str, Sealed()]


@pytest.mark.parametrize("field", ["loud", "unique"])
def test_a_kind_that_refuses_more_than_the_one_it_derives_from_is_asked(field: str) -> None:
    """The fast way of its base knows nothing of that."""
    plan = Plan(StohDerivedKinds)
    right = StohDerivedKinds(loud="A", unique="B", quiet="c", rest="d")
    for _ in range(2):
        assert encode_compiled(plan, right) == "stoh_derived_kinds A B c d"
    wrong: dict[str, Any] = {field: "a"}
    with pytest.raises(EncodeError, match=f"{field}: is not shouted"):
        plan.encode(attrs.evolve(right, **wrong))
    with pytest.raises(EncodeError, match="rest: is long"):
        plan.encode(attrs.evolve(right, rest="dddd"))


def test_a_kind_that_reads_otherwise_than_the_one_it_derives_from_is_asked() -> None:
    plan = Plan(StohDerivedKinds)
    read = decode_compiled(plan, "stoh_derived_kinds a b C D", b"")
    assert read == StohDerivedKinds(loud="a", unique="b", quiet="c", rest="D")
    lower = decode_compiled(Plan(StohLowerRest), "stoh_lower_rest A B", b"")
    assert lower == StohLowerRest(word="A", rest="b")


def test_a_kind_without_a_fast_way_is_written_by_the_reference() -> None:
    plan = Plan(StohSealed)
    for _ in range(2):
        assert encode_compiled(plan, StohSealed(word="a")) == "stoh_sealed a"


# -- debuggers and profilers -----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Brittle(WordKind):
    """A kind that fails as no kind may."""

    def read(self, word: str) -> str:
        raise RuntimeError(word)

    def write(self, value: object) -> str:
        raise RuntimeError(value)


def brittle_class() -> type[Message]:
    """Each time another class of one name."""

    @attrs.frozen(kw_only=True)
    class StohBrittle(Message):
        keyword: ClassVar[str] = "stoh_brittle"
        word: Annotated[str, Brittle()]

    return StohBrittle


def test_a_traceback_shows_the_line_of_the_generated_source() -> None:
    plan = Plan(brittle_class())
    with pytest.raises(RuntimeError) as caught:
        plan.decode(b"stoh_brittle a", b"a", b"")
    frame = traceback.extract_tb(caught.value.__traceback__)[-2]
    assert frame.name == "decode"
    assert frame.line == "draft.word = read_word(w_word.decode())"
    assert "StohBrittle" in frame.filename
    message: Any = plan.message_class(word="a")  # type: ignore[call-arg] # of a class made here
    with pytest.raises(RuntimeError) as caught:
        plan.encode(message)
    frame = traceback.extract_tb(caught.value.__traceback__)[-2]
    assert frame.name == "encode"
    assert str(frame.line).startswith("return f")


def twin(field: str) -> type[Message]:
    """A class with this field; all have one name."""
    body = {
        "keyword": "stoh_twin",
        "__annotations__": {field: Annotated[str, Brittle()]},
        "__module__": __name__,
    }
    return attrs.frozen(kw_only=True)(type("StohTwin", (Message,), body))


def test_classes_of_one_name_keep_their_sources_apart() -> None:
    classes = {field: twin(field) for field in ("first", "second")}
    for field in ("first", "second", "first"):
        with pytest.raises(RuntimeError) as caught:
            Plan(classes[field]).decode(b"stoh_twin a", b"a", b"")
        line = traceback.extract_tb(caught.value.__traceback__)[-2].line
        assert line == f"draft.{field} = read_{field}(w_{field}.decode())"


def test_a_profiler_names_the_functions_of_each_class_apart() -> None:
    codec = Codec()
    frames = [Frame(b"stoh_abort_all soft"), Frame(b"stoh_register_operation a b")]
    messages = [codec.decode(frame) for frame in frames]
    for message in messages:
        codec.encode_bytes(message, Framing.V2)
    profile = cProfile.Profile()
    with profile:
        for frame, message in zip(frames, messages, strict=True):
            for _ in range(3):
                codec.decode(frame)
                codec.encode_bytes(message, Framing.V2)
    stats: Any = pstats.Stats(profile)
    calls = {
        (file, function): counts[0]
        for (file, _, function), counts in stats.stats.items()
        if function in ("decode", "encode") and file.startswith("<dcs_codec")
    }
    assert calls == {
        (f"<dcs_codec: {function} of {message_class.__name__}>", function): 3
        for message_class in (StohAbortAll, StohRegisterOperation)
        for function in ("decode", "encode")
    }
