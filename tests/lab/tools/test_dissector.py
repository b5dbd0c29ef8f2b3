"""The Wireshark dissector shows every message as the codec reads it."""

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    BadHeaderError,
    EncodeError,
    Frame,
    Framing,
    HtosClientIsHardware,
    IonChamberFailure,
    IonChamberReading,
    MalformedMessage,
    Message,
    NotFinite,
    StocSendClientType,
    UnknownMessage,
    default_codec,
    default_registry,
    encode_frame,
    gui_registry,
)
from dcs_codec.frames import parse_header
from dcs_codec.numbers import parse_integer
from dcs_codec.strategies import messages_of, messages_with_surplus, texts, unknown_messages
from dcs_codec.words import to_bytes
from tests.lab.tools.dissecting import (
    DCSS_PORT,
    Capture,
    Dissected,
    Item,
    dissect,
    needs_tshark,
    printed_script,
)

pytestmark = needs_tshark
T = TypeVar("T")

PLANS: Final = {plan.keyword: plan for plan in default_registry().plans()}
DHS_PORTS: Final = (40000, 40001)
EACH: Final = 5  # examples of each class
OTHERS: Final = 150


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return printed_script(tmp_path_factory.mktemp("dissector"))


def examples(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """This many values of a strategy, the same every time."""
    found: list[T] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found[:count]


# -- frames as the code bases write them -----------------------------------------------------------


def written_v1(frame: Frame, chance: random.Random) -> bytes:
    """200 bytes, with or without garbage after the NUL."""
    garbage = chance.choice([b"", b"left over from before"])
    return (frame.text + b"\0" + garbage).ljust(200, b"\0")[:200]


def written_v2(frame: Frame, chance: random.Random) -> bytes:
    """The header in any variant, the text with or without its NUL."""
    text = frame.text + chance.choice([b"\0", b"", b"\n\0"])
    aligned = chance.choice(["%12d %12d", "%-12d %-12d", "%d %d"])
    header = (aligned % (len(text), len(frame.binary))).encode()
    ends = chance.choice([b" ", b"\0"])
    return header.ljust(26, ends) + text + frame.binary


WRITERS: Final[dict[Framing, Callable[[Frame, random.Random], bytes]]] = {
    Framing.V1: written_v1,
    Framing.V2: written_v2,
}


def frames_of(strategy: st.SearchStrategy[Any], count: int, framing: Framing) -> Iterator[Frame]:
    """Frames of messages or texts that the framing carries."""
    for value in examples(strategy, count):
        try:
            frame = (
                Frame(to_bytes(value).rstrip(b"\r\n"))
                if isinstance(value, str)
                else default_codec().encode(value)
            )
            encode_frame(frame, framing)
        except EncodeError:
            continue
        yield frame


def captured(frames: list[Frame], framing: Framing, dhs_port: int) -> Capture:
    """A connection with a handshake and then these frames, each from its side."""
    chance = random.Random(dhs_port)
    capture = Capture(dhs_port=dhs_port)
    for message in (StocSendClientType(), HtosClientIsHardware(hardware_name="aDHS")):
        data = default_codec().encode_bytes(message, Framing.V1)
        capture.send_cut(isinstance(message, StocSendClientType), data, chance)
    waiting = {True: b"", False: b""}
    for frame in frames:
        side = not frame.text.lstrip().startswith(b"htos")
        waiting[side] += WRITERS[framing](frame, chance)
        if chance.random() < 0.3:  # several in one segment, the others in many
            capture.send_cut(side, waiting[side], chance)
            waiting[side] = b""
    for side, data in waiting.items():
        capture.send_cut(side, data, chance)
    return capture


# -- what the codec says ---------------------------------------------------------------------------


def check(message: Message, one: Dissected) -> None:
    """Check that tshark shows a message as the codec read it."""
    keyword = message.keyword or getattr(message, "received_keyword", "")
    if isinstance(message, MalformedMessage):
        assert one.shown("dcs.malformed.field") == message.field, (message, one)
        assert one.shown("dcs.malformed.reason") or not keyword
        assert one.get("dcs.expert.malformed")
        return
    assert not one.get("dcs.expert.malformed"), (message, one)
    assert [item.raw for item in one.get("dcs.keyword")] == [to_bytes(keyword)]
    assert [item.raw for item in one.get("dcs.binary")] == [message.binary] * bool(message.binary)
    surplus = [item.raw for item in one.get("dcs.surplus")]
    assert surplus == [to_bytes(message.surplus)] * bool(message.surplus), (message, one)
    if isinstance(message, UnknownMessage):
        assert one.get("dcs.expert.unknown")
        return
    assert not one.get("dcs.expert.unknown")
    direction = "to DCSS" if keyword.startswith("htos") else "to DHS"
    assert one.shown("dcs.direction") == direction
    prefix = f"dcs.{keyword}."
    shown = [item for item in one.items if item.name.startswith(prefix)]
    wanted = [
        (prefix + name, value)
        for field in PLANS[keyword].fields
        for name, value in expected_items(field, getattr(message, field), message)
    ]
    assert [item.name for item in shown] == [name for name, _ in wanted], (message, one)
    for item, (_, value) in zip(shown, wanted, strict=True):
        assert is_shown(value, item), (message, item, value)


def expected_items(name: str, value: object, message: Message) -> Iterator[tuple[str, object]]:
    """Names and values of the items of one field."""
    kind = PLANS[message.keyword].words.get(name)
    if isinstance(value, IonChamberFailure):
        yield from ((f"{name}.name", each) for each in value.names)
        yield f"{name}.reason", value.reason
    elif isinstance(value, tuple):
        for each in value:
            if isinstance(each, IonChamberReading):
                yield f"{name}.name", each.name
                yield f"{name}.counts", each.counts
            else:
                yield name, each
    elif type(kind).__name__ == "Destination" and isinstance(value, str):
        yield f"{name}_word", value
    elif kind is None or not kind.optional or value != kind.missing:
        yield name, value


def is_shown(value: object, item: Item) -> bool:
    """Whether an item has this value and exactly its bytes."""
    match value:
        case bool():
            return item.raw == (b"1" if value else b"0") and item.shown in {"01"[value], str(value)}
        case int():
            shown = int(item.shown) if abs(value) < 2**63 else value
            return shown == value == parse_integer(item.raw.decode())
        case NotFinite():
            return item.raw.decode() == value.word and not math.isfinite(float(item.shown))
        case float():
            return float(item.raw) == value and math.isclose(float(item.shown), value, rel_tol=1e-6)
        case str():
            return item.raw == to_bytes(value)
        case _:
            return False


# -- the tests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_every_class_is_shown_as_the_codec_reads_it(
    script: Path, tmp_path: Path, framing: Framing
) -> None:
    frames = []
    for message_class in DHS_MESSAGES:
        strategy = messages_of(message_class, framing, with_binary=True)
        of_class = list(frames_of(strategy, EACH, framing))
        assert of_class, message_class
        frames += of_class
        if PLANS[message_class.keyword].tail is None:
            frames += frames_of(messages_with_surplus(message_class), EACH, framing)
    random.Random(1).shuffle(frames)
    compare(script, tmp_path, frames, framing)


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_odd_texts_and_unknown_words_are_shown_as_the_codec_reads_them(
    script: Path, tmp_path: Path, framing: Framing
) -> None:
    frames = [
        *frames_of(texts(), OTHERS, framing),
        *frames_of(unknown_messages(framing), OTHERS // 3, framing),
        *(Frame(text) for text in ODD_TEXTS),
    ]
    frames = [
        frame
        for frame in frames
        if not looks_like_header(frame.text) and not is_of_the_gui_port(frame.text)
    ]
    read = [default_codec().decode(frame) for frame in frames]
    assert {type(message) for message in read} > {MalformedMessage, UnknownMessage}
    compare(script, tmp_path, frames, framing)


def is_of_the_gui_port(text: bytes) -> bool:
    """Whether the dissector knows it and the codec of the hardware port does not."""
    return text.split(b" ", 1)[0].decode(errors="replace") in gui_registry()


def compare(script: Path, folder: Path, frames: list[Frame], framing: Framing) -> None:
    """Check these frames in two connections, which cut them differently."""
    connections = [captured(frames, framing, dhs_port) for dhs_port in DHS_PORTS]
    found = dissect(script, connections[0].write(folder / "frames.pcap", *connections[1:]))
    for dhs_port in DHS_PORTS:
        for ports in ((DCSS_PORT, dhs_port), (dhs_port, DCSS_PORT)):
            by_dhs = ports[1] == DCSS_PORT
            ours = [f for f in frames if f.text.lstrip().startswith(b"htos") is by_dhs]
            mine = [one for one in found if (one.source_port, one.target_port) == ports]
            assert mine[0].shown("dcs.framing") == "v1"  # the handshake
            assert {one.shown("dcs.framing") for one in mine[1:]} == {framing.value}
            assert len(mine) == len(ours) + 1
            for frame, one in zip(ours, mine[1:], strict=True):
                check(default_codec().decode(frame), one)


def looks_like_header(text: bytes) -> bool:
    """Whether a v1 text could be taken for a v2 header, as the codec's AUTO would."""
    try:
        parse_header(text.ljust(26, b"\0")[:26])
    except BadHeaderError:
        return False
    return True


ODD_TEXTS: Final = (
    b"stoh_start_motor_move",
    b"stoh_start_motor_move m",
    b"stoh_start_motor_move m 1 2",
    b"stoh_start_motor_move m 1e400",
    b"  stoh_start_motor_move\tm\v.5",
    b"stoh_start_motor_move m 0x10",
    b"htos_motor_move_completed m nan normal",
    b"htos_motor_move_completed m 1. normal",
    b"htos_motor_move_completed m +1.5e+3 normal",
    b"htos_motor_move_completed m -.5E-3 normal",
    b"htos_motor_move_completed m . normal",
    b"htos_motor_move_completed m 1e normal",
    b"stoh_correct_motor_position m 1.0",
    b"stoh_correct_motor_position m +360",
    b"stoh_correct_motor_position m 99999999999999999999",
    b"stoh_read_ion_chambers 1 2 a",
    b"stoh_read_ion_chambers 1 1",
    b"stoh_read_ion_chambers 1 1  a   b\t",
    b"htos_report_ion_chambers 1.0  a 1 b",
    b"htos_report_ion_chambers 1.0  a 1 b 2 ",
    b"htos_report_ion_chambers 1.0 a x",
    b"htos_report_ion_chambers 0 a",
    b"htos_report_ion_chambers 0 a b {no beam}",
    b'htos_report_ion_chambers 0 a "no \\"beam\\" \\x41\\u00e9\\U1f600\\101\\t"',
    b"htos_report_ion_chambers 0 a {no beam",
    b'htos_report_ion_chambers 0 a "no beam',
    b"htos_report_ion_chambers 0 a {no}beam",
    b"htos_report_ion_chambers 0 {a b} c",
    b"htos_report_ion_chambers 0 {} c",
    b"htos_report_ion_chambers -1 a {x {y} \\} z} ",
    b"htos_report_shutter_state s open",
    b"htos_report_shutter_state s open failed",
    b"htos_operation_completed o 1.1",
    b"htos_operation_completed o 1.1  ",
    b"htos_operation_completed o 1.1 normal  two  blanks ",
    b"stoh_configure_real_motor m 1 2 3",
    b"stoh_set_string s ",
    b"stoh_set_string s  two",
    b"stoh_set_motor_children m",
    b"stoh_abort_all",
    b"htos_note \xff\xfe",
    b"htos_new",
    b"gtos_set_string s x",
    b"   ",
    b"",
)
