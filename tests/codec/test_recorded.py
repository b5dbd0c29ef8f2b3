"""Twelve frames and twelve cases from a recording of a real dcss, in every checkout.

`tests/data` has them as on the wire, with other names. `test_real_traffic` reads the whole
recording, if it is there.
"""

import json
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from dcs_codec import (
    DcsProtocol,
    Frame,
    FrameDecoder,
    Framing,
    HtosClientIsHardware,
    HtosMotorMoveCompleted,
    HtosSetStringCompleted,
    Message,
    Role,
    StocSendClientType,
    StohAbortAll,
    StohConfigureEncoder,
    StohConfigureRealMotor,
    StohReadIonChambers,
    StohRegisterEncoder,
    StohSetString,
    StohStartMotorMove,
    decode_text,
    default_codec,
    encode_text,
    gui_codec,
)
from tests.codec.feeding import bytewise, events_of, frames_of

DATA: Final = Path(__file__).resolve().parents[1] / "data"
MEANT: Final[list[Message]] = [
    StocSendClientType(),
    HtosClientIsHardware(hardware_name="pydhs1"),
    StocSendClientType(),
    StohRegisterEncoder(encoder_name="enc2", hardware_name="encoder_hw2"),
    StohConfigureRealMotor(
        motor_name="gonio_z2",
        hardware_host="pydhs",
        hardware_name="stage_z2",
        position=1.5,
        upper_limit=25.0,
        lower_limit=-20.0,
        scale_factor=400.0,
        speed=2000,
        acceleration=100,
        backlash=-40,
        lower_limit_on=True,
        upper_limit_on=True,
        motor_lock_on=False,
        backlash_on=True,
        reverse_on=False,
        status=0,
    ),
    StohConfigureEncoder(
        encoder_name="enc1", hardware_host="pydhs1", position=0.0, repeated_position=0.0
    ),
    HtosMotorMoveCompleted(motor_name="gonio_z2", position=3.0, status="normal"),
    StohAbortAll(abort_arg="soft"),
    HtosSetStringCompleted(
        string_name="str2",
        string_status="normal",
        string_contents='a {b c} [exec ls] $x; "q" end',
    ),
    StohStartMotorMove(motor_name="gonio_z2", destination=5.25),
    StohReadIonChambers(
        ion_chamber_time=0.1, is_repeated=False, ion_chamber_names=("ion2", "ionb2")
    ),
    StohSetString(string_name="str2", string_contents="some new text {with braces}"),
]
"""The messages of the frames, in order, written by hand."""

FRAMINGS: Final = {1: Framing.V1, 2: Framing.V2}


@attrs.frozen
class Recorded:
    """One frame of the recording, and its message."""

    framing: Framing
    from_dcss: bool
    data: bytes
    meant: Message

    def __str__(self) -> str:
        return self.meant.keyword


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def recorded_frames() -> list[Recorded]:
    return [
        Recorded(
            # The question of the handshake is 200 bytes on any link.
            Framing.V1 if isinstance(meant, StocSendClientType) else FRAMINGS[row["protocol"]],
            row["dir"] == "dcss->dhs",
            bytes.fromhex(row["hex"]),
            meant,
        )
        for row, meant in zip(rows("frames.jsonl"), MEANT, strict=True)
    ]


FRAMES: Final = recorded_frames()
CASES: Final = rows("cases.jsonl")
every_frame = pytest.mark.parametrize("recorded", FRAMES, ids=str)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])


@every_frame
def test_a_frame_is_read_as_it_was_meant(recorded: Recorded) -> None:
    for pieces in ([recorded.data], bytewise(recorded.data)):
        [frame] = frames_of(FrameDecoder(recorded.framing), pieces)
        assert isinstance(frame, Frame)
        assert default_codec().decode(frame) == recorded.meant


@every_frame
def test_what_is_written_reads_back_as_the_frame(recorded: Recorded) -> None:
    data = default_codec().encode_bytes(recorded.meant, recorded.framing)
    [frame] = frames_of(FrameDecoder(recorded.framing), [data])
    assert isinstance(frame, Frame)
    assert default_codec().decode(frame) == recorded.meant


@pytest.mark.parametrize("recorded", [frame for frame in FRAMES if not frame.from_dcss], ids=str)
def test_what_a_dhs_sent_is_written_to_the_byte(recorded: Recorded) -> None:
    """The recording's DHS was accepted by dcss with these very bytes."""
    assert default_codec().encode_bytes(recorded.meant, recorded.framing) == recorded.data


def test_a_connection_of_them_is_read_cut_anywhere() -> None:
    ours = [
        frame
        for frame in FRAMES
        if frame.from_dcss
        and (frame.framing is Framing.V2 or isinstance(frame.meant, StocSendClientType))
    ][1:]  # one question
    stream = b"".join(frame.data for frame in ours)
    for cut in range(len(stream)):
        dhs = DcsProtocol(Role.DHS)
        assert events_of(dhs, [stream[:cut], stream[cut:]]) == [frame.meant for frame in ours]


@every_case
def test_what_dcss_accepted_is_typed_and_written_alike(case: dict[str, Any]) -> None:
    message = decode_text(case["sent"])
    assert message.keyword == case["sent"].split()[0]
    assert same_words(encode_text(message).split(), case["sent"].split())


@every_case
def test_what_dcss_said_to_dhs_and_gui_is_typed(case: dict[str, Any]) -> None:
    for text in case["to_dhs"]:
        message = decode_text(text)
        assert message.keyword == text.split()[0]
        assert same_words(encode_text(message).split(), text.split())
    for text in case["to_gui"]:
        shown = gui_codec().decode_text(text)
        assert shown.keyword == text.split()[0]
        assert same_words(gui_codec().encode_text(shown).split(), text.split())
    assert case["to_dhs"] or case["to_gui"]


def same_words(ours: list[str], theirs: list[str]) -> bool:
    """Whether words are the same, numbers by their value."""
    return len(ours) == len(theirs) and all(
        a == b or (a != "nan" and float(a) == float(b)) for a, b in zip(ours, theirs, strict=True)
    )


def test_there_are_twelve_of_each() -> None:
    assert len(FRAMES) == len(CASES) == 12
