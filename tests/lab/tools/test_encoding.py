"""Texts to bytes: written texts are read back as the same; others are refused with their line."""

import pytest
from hypothesis import given

from dcs_codec import Framing, Message, encode_text
from dcs_codec.interchange import to_json
from dcs_codec.strategies import messages
from dhs_lab.tools.encoding import encode_lines
from dhs_lab.tools.sightings import Sighting
from tests.lab.tools.helpers import found, v2


@given(messages())
def test_what_the_codec_writes_goes_out_either_way(message: Message) -> None:
    text = encode_text(message)
    if "\n" in text or "\r" in text:  # a line is a line
        return
    lines = [text.encode("utf-8", "surrogateescape")] if not message.binary else []
    (*_, encoded) = encode_lines([*lines, to_json(message).encode()], Framing.V2)
    assert encoded.reason == ""
    (sighting,) = found(encoded.data)
    assert isinstance(sighting, Sighting)
    assert sighting.message == message


def test_a_text_goes_out_as_it_stands() -> None:
    (encoded,) = encode_lines([b"htos_update_motor_position phi 1.50000 normal"], Framing.V2)
    assert encoded.data == v2("htos_update_motor_position phi 1.50000 normal")


@pytest.mark.parametrize(
    ("line", "framing", "reason"),
    [
        (b"stoh_set_motor_position phi x", Framing.V2, "position: is not a number"),
        (b"stoh_set_string s " + b"x" * 292, Framing.V1, "text of 310 bytes, v1 carries 199"),
        (b"htos_motor_move_completed phi 1 " + b"x" * 100, Framing.V2, "status"),
        (b"htos_set_string_completed  s normal x", Framing.V2, "more than one blank"),
        (b"htos_set_string_completed s\tnormal x", Framing.V2, "more than one blank"),
        (b"htos_set_string_completed s  normal x", Framing.V2, "more than one blank"),
        (b"htos_report_ion_chambers 0.1  i0 5", Framing.V2, "more than one blank"),
        (
            b"htos_motor_move_completed phi 1 error it stalled",
            Framing.V2,
            "surplus words: 'it stalled'",
        ),
        (b" htos_note x", Framing.V2, "begins with a blank"),
        (b'{"keyword": "nothing"}', Framing.V2, "not in the registry"),
        (b'{"keyword": ', Framing.V2, "Expecting value"),
        (b"htos_note a\0b", Framing.V2, "NUL"),
    ],
)
def test_refusals_name_line_and_reason(line: bytes, framing: Framing, reason: str) -> None:
    good = b"stoh_abort_all"
    results = list(encode_lines([b"# comment", good, b"", line, good], framing))
    assert [each.line for each in results] == [2, 4, 5]
    assert [bool(each.data) for each in results] == [True, False, True]
    assert reason in results[1].reason


def test_events_of_a_recording_are_passed_over() -> None:
    lines = [b'{"event": "opened", "connection": 1}', b'{"message": {"keyword": "stoh_abort_all"}}']
    assert [each.data for each in encode_lines(lines, Framing.V2)] == [v2("stoh_abort_all")]


@pytest.mark.parametrize(
    "line",
    [
        b"htos_set_string_completed s normal  two blanks are contents",
        b"htos_set_string_completed s normal",
        b"htos_report_ion_chambers 0 i0 {no  answer}",
        b"htos_motor_move_completed  phi 1  normal",
        b"stoh_start_motor_move phi 1 by the script",
        b'{"keyword": "htos_limit_hit", "motor_name": "m", "direction": "cw", "surplus": "by x"}',
    ],
)
def test_what_dcss_reads_as_it_is_meant_goes_out(line: bytes) -> None:
    (encoded,) = encode_lines([line], Framing.V2)
    assert (encoded.reason, encoded.hint) == ("", "")
    assert encoded.data


def test_a_mistyped_keyword_goes_out_with_a_hint() -> None:
    lines = [b"htos_update_motor_positon phi 1 normal", b"stoh_site_own 1", b"htos_note x"]
    mistyped, own, known = encode_lines(lines, Framing.V2)
    assert mistyped.data
    assert mistyped.hint == (
        "no message is called 'htos_update_motor_positon'; did you mean htos_update_motor_position?"
    )
    assert own.hint == known.hint == ""
