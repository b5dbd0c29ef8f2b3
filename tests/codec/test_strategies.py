"""The promises of the strategies."""

import math
import subprocess
import sys
from typing import Annotated, ClassVar

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    NEED_DATA,
    Codec,
    DcsError,
    EncodeError,
    Frame,
    FrameDecoder,
    FrameError,
    Framing,
    HtosReportIonChambers,
    IonChamberFailure,
    MalformedMessage,
    Message,
    Registry,
    StohStartMotorMove,
    UnknownMessage,
    default_codec,
    default_registry,
    encode_frame,
    gui_codec,
    strategies,
)
from dcs_codec.fields import Destination, Name, Scaled, Text
from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.strategies import (
    byte_streams,
    chunked,
    damaged_streams,
    frames,
    messages,
    messages_of,
    messages_with_surplus,
    numbers,
    texts,
    unknown_messages,
    valid_streams,
)
from tests.codec.feeding import frames_of
from tests.codec.shapes import FEW as TEN
from tests.codec.shapes import one_of_each_shape

# The strategies are the code under test.
pytestmark = pytest.mark.covered

both_framings = pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
FEW = settings(max_examples=settings().max_examples // 4)


@pytest.fixture(scope="module", autouse=True)
def made_anew() -> None:
    """Strategies are cached per process, so make them again."""
    for made in vars(strategies).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@both_framings
@pytest.mark.parametrize(
    "message_class",
    one_of_each_shape([*DHS_MESSAGES, *GUI_MESSAGES]),
    ids=lambda cls: cls.keyword,
)
@given(data=st.data())
@TEN
def test_messages_of_a_class_are_what_a_framing_carries(
    message_class: type[Message], framing: Framing, data: st.DataObject
) -> None:
    """messages_of(cls, framing) gives instances of just that class, and encode takes each.

    The round trips draw messages of every class; a strategy is made of the kinds of fields only.
    """
    message = data.draw(messages_of(message_class, framing))
    assert type(message) is message_class
    codec = default_codec() if message_class in DHS_MESSAGES else gui_codec()
    assert codec.encode_bytes(message, framing)


@pytest.mark.parametrize("message_class", [*DHS_MESSAGES, UnknownMessage])
@given(data=st.data())
@settings(max_examples=3)
def test_types_alone_give_messages(message_class: type[Message], data: st.DataObject) -> None:
    """st.from_type(cls) works through Hypothesis' entry point; encode accepts the results."""
    message = data.draw(st.from_type(message_class))
    assert type(message) is message_class
    assert default_codec().encode(message).text


@given(st.from_type(Message))
@FEW
def test_the_base_class_stands_for_all(message: Message) -> None:
    assert default_codec().decode(default_codec().encode(message)) == message


DOWNSTREAM = """
from hypothesis import HealthCheck, given, settings, strategies as st
from dcs_codec import HtosMotorMoveCompleted, decode_text, encode_text

@given(st.from_type(HtosMotorMoveCompleted))
@settings(max_examples=5, database=None, deadline=None, suppress_health_check=HealthCheck)
def test(message):
    assert isinstance(message, HtosMotorMoveCompleted)
    assert decode_text(encode_text(message)) == message

test()
import dcs_codec.strategies
print("passed")
"""


@pytest.mark.parametrize("first", ["", "import dcs_codec.strategies", "import hypothesis"])
def test_a_downstream_project_needs_no_import(first: str) -> None:
    """In any order of imports: Hypothesis loads the entry point while it is imported itself."""
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{DOWNSTREAM}"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("passed\n", "")


@given(messages())
def test_messages_are_known_or_unknown(message: Message) -> None:
    if isinstance(message, UnknownMessage):
        assert message.received_keyword not in default_registry()
    else:
        assert type(message) in DHS_MESSAGES


@given(messages(classes=[StohStartMotorMove]))
@FEW
def test_a_choice_of_classes(message: Message) -> None:
    assert type(message) in (StohStartMotorMove, UnknownMessage)


@both_framings
@given(data=st.data())
@FEW
def test_frames_and_valid_streams_are_read(framing: Framing, data: st.DataObject) -> None:
    """Every frame, and every stream of them, is read to its last byte without an error."""
    frame = data.draw(frames(framing))
    assert frames_of(FrameDecoder(framing), [encode_frame(frame, framing)]) == [frame]
    decoder = FrameDecoder(framing)
    read = frames_of(
        decoder, data.draw(st.builds(list, chunked(data.draw(valid_streams(framing)))))
    )
    assert all(isinstance(frame, Frame) for frame in read)
    assert decoder.pending == b""


@both_framings
@given(data=st.data())
@FEW
def test_any_stream_gives_frames_or_a_documented_error(
    framing: Framing, data: st.DataObject
) -> None:
    stream = data.draw(byte_streams(framing))
    decoder = FrameDecoder(framing)
    for frame in frames_of(decoder, data.draw(chunked(stream))):
        assert isinstance(frame, (Frame, FrameError))
        if isinstance(frame, Frame):
            assert isinstance(default_codec().decode(frame), Message)


def test_damaged_streams_are_damaged_often() -> None:
    outcomes: set[object] = set()

    @given(damaged_streams())
    @settings(max_examples=100, derandomize=True, database=None)
    def look(stream: bytes) -> None:
        decoder = FrameDecoder(Framing.V2)
        for frame in frames_of(decoder, [stream]):
            outcomes.add(type(frame))
        decoder.receive_eof()
        try:
            outcomes.add(decoder.next_frame())
        except DcsError as error:
            outcomes.add(type(error))

    look()
    named = {getattr(outcome, "__name__", outcome) for outcome in outcomes}
    assert {"Frame", "BadHeaderError", "TruncatedFrameError", NEED_DATA} <= named


@given(st.data())
@FEW
def test_pieces_are_the_whole(data: st.DataObject) -> None:
    whole = data.draw(st.binary())
    assert b"".join(data.draw(chunked(whole))) == whole


def test_texts_reach_every_outcome() -> None:
    outcomes: set[str] = set()

    @given(texts())
    @settings(max_examples=150, derandomize=True, database=None)
    def look(text: str) -> None:
        outcomes.add(type(default_codec().decode_text(text)).__name__)

    look()
    assert {"UnknownMessage", "MalformedMessage"} < outcomes
    assert len(outcomes) > 10


def test_failures_are_among_the_ion_chambers() -> None:
    seen: set[type] = set()

    @given(messages_of(HtosReportIonChambers))
    @settings(max_examples=100, derandomize=True, database=None)
    def look(message: HtosReportIonChambers) -> None:
        seen.add(type(message.result))

    look()
    assert seen == {tuple, IonChamberFailure}


@given(unknown_messages(Framing.V1), numbers(5), numbers(math.inf))
@FEW
def test_the_rest_keeps_its_limits(
    message: UnknownMessage, number: float, any_number: float
) -> None:
    assert len(default_codec().encode_bytes(message, Framing.V1)) == 200
    assert -5 <= number <= 5
    assert math.isfinite(any_number)


@attrs.frozen(kw_only=True)
class HtosSiteReport(Message):
    """A site's own message of the package's kinds."""

    keyword: ClassVar[str] = "htos_site_report"
    name: Name
    value: Scaled
    remark: Text = ""


@given(messages_of(HtosSiteReport))
@FEW
def test_messages_of_a_site_are_made_too(message: HtosSiteReport) -> None:
    assert isinstance(message.value, (int, float))
    with pytest.raises(EncodeError):
        default_codec().encode(message)


class OwnWord(WordKind):
    def read(self, word: str) -> str:
        return word

    def write(self, value: object) -> str:
        return str(value)


class OwnTail(TailKind):
    def read_tail(self, tail: str, before: object) -> str:
        return tail

    def write_tail(self, value: object, before: object) -> str:
        return str(value)


@attrs.frozen(kw_only=True)
class StohOwnWord(Message):
    keyword: ClassVar[str] = "stoh_own_word"
    word: Annotated[str, OwnWord()]


@attrs.frozen(kw_only=True)
class StohOwnTail(Message):
    keyword: ClassVar[str] = "stoh_own_tail"
    tail: Annotated[str, OwnTail()]


@pytest.mark.parametrize("message_class", [StohOwnWord, StohOwnTail])
def test_kinds_of_a_site_need_a_strategy_of_its_own(message_class: type[Message]) -> None:
    @given(messages_of(message_class))
    @settings(max_examples=1, database=None)
    def draw(message: Message) -> None:
        raise AssertionError(message)

    with pytest.raises(TypeError, match=r"^no strategy for fields of kind Own"):
        draw()


class SampledWord(OwnWord):
    """A kind with samples."""

    samples = ("a", "b")


class SampledTail(OwnTail):
    """A kind with samples."""

    samples = ("a b", "c")


@attrs.frozen(kw_only=True)
class StohSampled(Message):
    keyword: ClassVar[str] = "stoh_sampled"
    word: Annotated[str, SampledWord()]
    tail: Annotated[str, SampledTail()]


def test_kinds_of_a_site_may_have_samples() -> None:
    expected = {(word, f" {tail}") for word in SampledWord.samples for tail in SampledTail.samples}
    seen = set()

    @given(messages_of(StohSampled))
    @settings(max_examples=50, database=None)
    def draw(message: StohSampled) -> None:
        seen.add((message.word, message.tail))

    draw()
    assert seen == expected


def test_a_kind_of_a_site_says_no_more_than_how_it_is_read_and_written() -> None:
    codec = Codec(Registry([StohOwnWord]))
    assert codec.decode_text("stoh_own_word a") == StohOwnWord(word="a")
    assert codec.encode_text(StohOwnWord(word="a")) == "stoh_own_word a"
    assert isinstance(codec.decode_text("stoh_own_word"), MalformedMessage)
    assert not OwnWord().optional
    assert OwnWord().missing is None


def test_malformed_messages_are_none_of_them() -> None:
    assert MalformedMessage not in DHS_MESSAGES


@given(data=st.data())
@FEW
def test_messages_with_surplus_are_as_decode_makes_them(data: st.DataObject) -> None:
    message = data.draw(messages_with_surplus(StohStartMotorMove))
    assert message.surplus
    text = default_codec().encode_text(message)
    assert default_codec().decode_text(text) == message
    assert messages_with_surplus(StohStartMotorMove) is messages_with_surplus(StohStartMotorMove)


def test_what_a_kind_refuses_is_not_drawn() -> None:
    """Random words are rarely numbers as text, which are not destinations by name."""
    assert not strategies._is_written(Destination(), "1.5")
    assert strategies._is_written(Destination(), "home")
