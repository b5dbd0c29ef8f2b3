import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, ClassVar, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    Codec,
    EncodeError,
    Frame,
    Framing,
    HtosNote,
    HtosOperationUpdate,
    HtosReportIonChambers,
    MalformedMessage,
    Message,
    Registry,
    StohAbortAll,
    StohRegisterOperation,
    StohStartOperation,
    UnknownMessage,
    decode_text,
    default_codec,
    default_registry,
    encode_frame,
    encode_text,
)
from dcs_codec.fields import Name, Word
from dcs_codec.plan import Plan
from dcs_codec.strategies import messages, texts, unknown_messages
from dcs_codec.words import clean_text, find_words

DEADLINE_S: Final = 20.0
START = StohStartOperation(operation_name="getLoopTip", operation_handle="1.10", operation_args="0")


@attrs.frozen(kw_only=True)
class HtosSiteMessage(Message):
    """A site's own."""

    keyword: ClassVar[str] = "htos_site_message"
    name: Name
    mode: Annotated[str, Word(max_bytes=4, optional=True)] = ""


# Decoded and encoded, by default_codec.
BOTH_WAYS: list[tuple[Frame, Message]] = [
    (Frame(b"stoh_start_operation getLoopTip 1.10 0"), START),
    (Frame(b"stoh_abort_all"), StohAbortAll()),
    (Frame(b"htos_note \xff\xc3\xa9 "), HtosNote(note_message="\udcffé ")),
    (
        Frame(b"htos_operation_update a 1.1 b", b"\0\1"),
        HtosOperationUpdate(
            operation_name="a", operation_handle="1.1", operation_args="b", binary=b"\0\1"
        ),
    ),
    (Frame(b"gtos_set_motor  a\nb "), UnknownMessage(text="gtos_set_motor  a\nb ")),
    (Frame(b"stoh_", b"x"), UnknownMessage(text="stoh_", binary=b"x")),
    (Frame(b"\xff\xfe"), UnknownMessage(text="\udcff\udcfe")),
]

DECODE_ONLY: list[tuple[Frame, Message]] = [
    (Frame(b" \tstoh_abort_all soft"), StohAbortAll(abort_arg="soft")),
    (Frame(b"stoh_abort_all\nsoft"), StohAbortAll(abort_arg="soft")),
    (Frame(b" x y", b"b"), UnknownMessage(text=" x y", binary=b"b")),
    (Frame(b""), MalformedMessage(text="", field="", reason="holds no word")),
    (
        Frame(b" \t", b"b"),
        MalformedMessage(text=" \t", field="", reason="holds no word", binary=b"b"),
    ),
    (
        Frame(b"stoh_register_operation a", b"b"),
        MalformedMessage(
            text="stoh_register_operation a",
            field="hardware_name",
            reason="is missing",
            binary=b"b",
        ),
    ),
]


@pytest.mark.parametrize(("frame", "message"), BOTH_WAYS)
def test_both_ways(frame: Frame, message: Message) -> None:
    codec = default_codec()
    decoded = codec.decode(frame)
    assert decoded == message
    assert type(decoded) is type(message)
    assert codec.encode(message) == frame


@pytest.mark.parametrize(("frame", "message"), DECODE_ONLY)
def test_decode(frame: Frame, message: Message) -> None:
    decoded = default_codec().decode(frame)
    assert decoded == message
    assert type(decoded) is type(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stoh_abort_all soft\r\n", StohAbortAll(abort_arg="soft")),
        ("stoh_abort_all soft\0garbage", StohAbortAll(abort_arg="soft")),
        ("gtos_note a\n", UnknownMessage(text="gtos_note a")),
    ],
)
def test_lines_of_a_log_are_cleaned(text: str, message: Message) -> None:
    assert decode_text(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gtos_note \ud800", UnknownMessage(text="gtos_note \ud800")),
        ("htos_note \ud800", HtosNote(note_message="\ud800")),
        (
            "stoh_register_operation \ud800",
            MalformedMessage(
                text="stoh_register_operation \ud800", field="hardware_name", reason="is missing"
            ),
        ),
    ],
)
def test_texts_that_no_bytes_are_have_a_message_too(text: str, message: Message) -> None:
    assert decode_text(text) == message
    binary = default_codec().decode_text(text, b"x")
    assert binary == attrs.evolve(message, binary=b"x")


def test_ordinary_frames_take_the_short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """These paths are fast; other tests check that the results are the same."""
    codec = Codec(Registry([StohStartOperation]))
    data = codec.encode_bytes(START, Framing.V2)
    assert codec.decode(Frame(data[26:-1])) == START  # both are compiled now
    for name in ("_decode_first", "_decode_odd", "encode"):
        monkeypatch.delattr(Codec, name)
    for name in ("decode_reference", "encode_reference"):
        monkeypatch.delattr(Plan, name)
    assert codec.encode_text(START) == "stoh_start_operation getLoopTip 1.10 0"
    assert codec.encode_bytes(START, Framing.V2) == data
    assert codec.decode(Frame(data[26:-1])) == START


def test_a_class_is_compiled_at_its_first_message() -> None:
    """Which makes the start of a program quick."""
    registry = Registry([StohStartOperation, StohRegisterOperation])
    codec = Codec(registry)
    assert [compiled_of(plan) for plan in registry.plans()] == [set(), set()]
    data = codec.encode_bytes(START, Framing.V2)
    assert [compiled_of(plan) for plan in registry.plans()] == [{"encode"}, set()]
    assert codec.decode(Frame(data[26:-1])) == START
    assert [compiled_of(plan) for plan in registry.plans()] == [{"encode", "decode"}, set()]


def compiled_of(plan: Plan[Message]) -> set[str]:
    return {"encode", "decode"} & vars(plan).keys()


def test_threads_may_be_the_first_together() -> None:
    codec = Codec(Registry(DHS_MESSAGES))
    together = threading.Barrier(8)

    def first(_: int) -> tuple[Message, bytes]:
        together.wait(DEADLINE_S)
        data = codec.encode_bytes(START, Framing.V2)
        return codec.decode(Frame(data[26:-1])), data

    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(first, range(8)))
    assert results == {(START, default_codec().encode_bytes(START, Framing.V2))}


def test_words_are_checked_as_far_as_dcss_scans_them() -> None:
    long = "z" * 80
    assert encode_text(UnknownMessage(text=f"x y z {long}")) == f"x y z {long}"
    with pytest.raises(EncodeError, match=r"^x: text: has 80 bytes, the C side takes 79"):
        encode_text(UnknownMessage(text=f"x y {long}"))


def test_module_functions_use_every_message_of_the_package() -> None:
    assert decode_text(encode_text(START)) == START
    assert default_codec() is default_codec()
    assert default_codec().registry is default_registry()


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (
            StohRegisterOperation(operation_name="a", hardware_name=""),
            "stoh_register_operation: hardware_name: is empty",
        ),
        (
            MalformedMessage(text="htos_log a", field="log_sender", reason="is missing"),
            "htos_log: log_sender: message is malformed",
        ),
        (Message(), "Message is not in the registry"),
        (HtosSiteMessage(name="a"), "htos_site_message: HtosSiteMessage is not in the registry"),
        (UnknownMessage(text=""), "text: holds no word"),
        (UnknownMessage(text=" \t"), "text: holds no word"),
        (UnknownMessage(text=" x"), "x: text: begins with a blank; dcss would garble it"),
        (UnknownMessage(text="htos_note a"), "htos_note: text: has a class of its own; use that"),
        (
            UnknownMessage(text="x" * 80 + " a"),
            f"{'x' * 20}: text: keyword has 80 bytes, the C side takes 79: {'x' * 60!r}",
        ),
        (
            UnknownMessage(text="x " + "y" * 80 + " a"),
            f"x: text: has 80 bytes, the C side takes 79: {'y' * 60!r}",
        ),
        (UnknownMessage(text="x y z \ud800"), "x: text: character '\\ud800' has no bytes"),
        (UnknownMessage(text="x \ud800"), "x: text: character '\\ud800' has no bytes"),
        (
            UnknownMessage(text="\ud800 x"),
            "\ud800: text: keyword character '\\ud800' has no bytes",
        ),
    ],
)
def test_encode_refuses(message: Message, error: str) -> None:
    for encode in (default_codec().encode, encode_text):
        with pytest.raises(EncodeError, match=f"^{re.escape(error)}$"):
            encode(message)


@pytest.mark.parametrize("binary", ["text", None, 5, [1], bytearray(b"a")])
@pytest.mark.parametrize("message", [START, UnknownMessage(text="gtos_note")])
def test_encode_refuses_a_binary_part_that_is_no_bytes(message: Message, binary: object) -> None:
    wrong = attrs.evolve(message, binary=binary)  # type: ignore[arg-type]  # on purpose
    keyword = encode_text(message).split()[0]
    with pytest.raises(EncodeError) as caught:
        default_codec().encode(wrong)
    assert (caught.value.keyword, caught.value.field) == (keyword, "binary")
    assert caught.value.reason == f"is bytes on the wire, got {type(binary).__name__}"


def test_a_site_adds_messages_of_its_own() -> None:
    message = HtosSiteMessage(name="a", mode="b")
    codec = Codec(default_registry().extended(HtosSiteMessage))
    assert codec.decode_text("htos_site_message a b") == message
    assert codec.encode_text(message) == "htos_site_message a b"
    assert codec.decode_text("htos_note a") == HtosNote(note_message="a")
    assert decode_text("htos_site_message a b") == UnknownMessage(text="htos_site_message a b")


def test_a_codec_knows_its_own_registry_only() -> None:
    codec = Codec(Registry([HtosSiteMessage]))
    assert codec.decode_text("htos_note a") == UnknownMessage(text="htos_note a")
    assert codec.encode_text(UnknownMessage(text="htos_note a")) == "htos_note a"
    with pytest.raises(EncodeError, match="HtosNote is not in the registry"):
        codec.encode(HtosNote(note_message="a"))


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
@given(data=st.data())
def test_the_short_way_to_bytes_is_the_long_one(framing: Framing, data: st.DataObject) -> None:
    """encode_bytes(message) == encode_frame(encode(message)), in either framing."""
    message = data.draw(messages(framing, with_binary=True))
    codec = default_codec()
    assert codec.encode_bytes(message, framing) == encode_frame(codec.encode(message), framing)


class Spoken(str):
    """Text that formats itself as something else, as `class X(str, Enum)` does from 3.12 on."""

    __slots__ = ()

    def __format__(self, how: str) -> str:
        return "spoken"


def test_text_of_other_classes_is_written_as_it_stands() -> None:
    message = HtosOperationUpdate(
        operation_name=Spoken("a"), operation_handle=Spoken("1.1"), operation_args=Spoken("b")
    )
    for _ in range(2):  # the second time the name is known
        assert encode_text(message) == "htos_operation_update a 1.1 b"
        assert default_codec().encode_bytes(message, Framing.V2).endswith(b" a 1.1 b\0")


def test_long_texts_go_to_bytes_too() -> None:
    message = HtosNote(note_message="a b" * 1000)
    data = default_codec().encode_bytes(message, Framing.V2)
    assert data == b"%12d %12d htos_note %b\0" % (3011, 0, b"a b" * 1000)
    with pytest.raises(EncodeError, match="v1 carries 199"):
        default_codec().encode_bytes(message, Framing.V1)
    with pytest.raises(EncodeError, match="is not in the registry"):
        default_codec().encode_bytes(Message(), Framing.V2)


@given(messages(with_binary=True))
def test_messages_read_back(message: Message) -> None:
    """decode(encode(message)) == message, of the same class, with text and binary part."""
    codec = default_codec()
    frame = codec.encode(message)
    decoded = codec.decode(frame)
    assert decoded == message
    assert type(decoded) is type(message)
    assert hash(decoded) == hash(message)
    assert codec.decode(codec.encode(decoded)) == message


@given(unknown_messages())
def test_unknown_messages_read_back(message: UnknownMessage) -> None:
    """A text without a class is written and read back unchanged."""
    codec = Codec(Registry([]))
    assert codec.encode_text(message) == message.text
    assert codec.decode(codec.encode(message)) == message


@given(
    data=st.one_of(st.binary(max_size=200), texts().map(lambda text: text.encode(errors="replace")))
)
def test_any_bytes_are_a_message(data: bytes) -> None:
    """Any frame gives a message of its class, an unknown or a malformed message; never an error."""
    codec = default_codec()
    message = codec.decode(Frame(data, b"x"))
    assert message.binary == b"x"
    keywords = [word for word, _ in find_words(codec_text(data))][:1]
    if isinstance(message, (UnknownMessage, MalformedMessage)):
        assert message.text == codec_text(data)
        assert [message.received_keyword] == (keywords or [""])
    else:
        assert [message.keyword] == keywords


@given(
    data=st.one_of(st.binary(max_size=200), texts().map(lambda text: text.encode(errors="replace")))
)
def test_what_was_decoded_encodes_to_what_it_meant(data: bytes) -> None:
    """A decoded message that encodes at all encodes to the same words, and reads back equal.

    Only the digits of numbers, and unneeded braces around a reason, may differ.
    """
    codec = default_codec()
    message = codec.decode(Frame(data))
    try:
        frame = codec.encode(message)
    except EncodeError:
        return
    assert codec.decode(frame) == message
    if not isinstance(message, HtosReportIonChambers):
        again, words = find_words(codec_text(frame.text)), find_words(codec_text(data))
        for (after, _), (before, _) in zip(again, words, strict=True):
            assert after == before or float(after) == float(before)


def codec_text(data: bytes) -> str:
    return clean_text(data.decode("utf-8", "surrogateescape"))


@given(text=st.text(st.characters(codec=None), max_size=100))
def test_unknown_messages_are_refused_or_read_back(text: str) -> None:
    """For any text, encode gives a frame that reads back equal, or raises EncodeError."""
    message = UnknownMessage(text=text)
    try:
        frame = default_codec().encode(message)
    except EncodeError as error:
        field = error.field
        assert field == "text"
    else:
        assert default_codec().decode(frame) == message
