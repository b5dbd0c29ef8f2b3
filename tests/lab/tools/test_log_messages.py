"""Messages in logs, each once, from every known kind of line."""
# ruff: noqa: E501 - lines of logs are long

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.tools.log_c import ENGINE
from dhs_lab.tools.sightings import Sighting
from dhs_lab.tools.stamps import read_stamp
from tests.lab.tools.helpers import damages, found, texts
from tests.shared import shared_path

C = "06/26/15 14:32:47 1981794048     INFO    "
FILE = " {src/dcss_hardware_client.c 290  }"
TRACE = "2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: "


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"{C}message from simDhs <- {{htos_note a {{b c}} {{d}}}}{FILE}", ["htos_note a {b c} {d}"]),
        (f"{C}send_to_all_hardware_clients: out -> stoh_abort_all soft{FILE}", ["stoh_abort_all soft"]),
        (f"{C}write_to_hardware: out self hardware -> stoh_abort_all{FILE}", ["stoh_abort_all"]),
        (f"{C}::dcss2: out-> htos_note x {{TCL_LOG  }}", ["htos_note x"]),
        (f"{C}self_HW in<- stoh_abort_all soft {{TCL_LOG  }}", ["stoh_abort_all soft"]),
        (f"{C}stoh_register_string a b  {{TCL_LOG  }}", ["stoh_register_string a b"]),
        (f"{C}Receiving: 'stoh_register_string a b\n' {{src/D.cxx 250  }}", ["stoh_register_string a b"]),
        (f"{C}Sending: 'htos_client_is_hardware robot' {{src/D.cxx 188  }}", ["htos_client_is_hardware robot"]),
        (f"{C}sending out {{htos_note x}} {{src/GwBaseDevice.cc 528  }}", ["htos_note x"]),
        (f"{C}ImpersonService::SendoutDcsMessage( htos_note {{a b  }} ) {{src/I.cxx 379  }}", ["htos_note {a b  }"]),
        (f"{C}message from a <- {{htos_set_string_completed s normal one\ntwo}}{FILE}", ["htos_set_string_completed s normal one\ntwo"]),
        (f"{C}do task:{{stoh_abort_all}}{FILE}", []),
        (f"{C}no one takes this message: stoh_register_operation a a{FILE}", []),
        (f"{C}Got stoh_register_string detectorType{FILE}", []),
        (f"{C}broadcasting -> stog_log note server htos_note x{FILE}", []),
        (f"{C}Unrecognized command from hardware client htos_detector_idle{FILE}", []),
        (f"{TRACE}<- stoh_set_string s two\nlines", ["stoh_set_string s two\nlines"]),
        (f"{TRACE}-> weird thing", ["weird thing"]),
        (f"{TRACE}-> htos_operation_update a 1.1 x <12 bytes>", ["htos_operation_update a 1.1 x"]),
        (f"{TRACE}<- MalformedMessage(text='stoh_set_motor_position phi x', field='position', reason=\"no\")", ["stoh_set_motor_position phi x"]),
        ("2020-10-08 12:00:00,123 host a-[run():12] INFO Processing message: stoh_abort_all", ["stoh_abort_all"]),
        ("2020-10-08 12:00:00,123 host a-[run():12] INFO FROM DCSS: stoh_abort_all", []),
        ("DEBUG:root:['stoh_start_operation', 'x', '1.2', 'a]b']", ["stoh_start_operation x 1.2 a]b"]),
        ("12:00:00 in <- {stoh_set_string s {a b}} from dcss", ["stoh_set_string s {a b}"]),
        ("    1.234 echoDHS -> stoh_start_operation echo 1.1 a", ["stoh_start_operation echo 1.1 a"]),
        ("see docs/htos_note.txt and path/stoh_x", []),
        ("stoh_abort_all soft", ["stoh_abort_all soft"]),
    ],
)  # fmt: skip
def test_a_message_is_found_once(log: str, expected: list[str]) -> None:
    before, behind = f"{C}created table_vert_1 {{TCL_LOG  }}\n", f"\n{C}done {{TCL_LOG  }}\n"
    for text in (log + "\n", before + log + behind):
        findings = found(text.encode())
        assert (texts(findings), damages(findings)) == (expected, [])


def test_a_stray_nul_and_bytes_that_are_no_utf_8_are_no_harm() -> None:
    log = b"12:00:00 -> htos_note a\xb0b\0\n12:00:01 <- stoh_abort_all\n"
    assert texts(found(log)) == ["htos_note a\udcb0b", "stoh_abort_all"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{C}message from a <- {{htos_note x", "the record is cut off: 'htos_note x"),
        (f"{C}message from a <- {{htos_note x{FILE}", "{ is not closed: 'htos_note x'"),
        ("12:00:00 in <- {stoh_set_string s {a b", "{ is not closed"),
        ("x ['stoh_abort_all', 'soft", "the list is not closed"),
    ],
)
def test_what_cannot_be_cut_out_is_named_with_its_line(line: str, reason: str) -> None:
    findings = found(f"12:00:00 nothing\n{line}\n12:00:01 -> stoh_abort_all\n".encode())
    (damage,) = damages(findings)
    assert damage.startswith("x:2: ")
    assert reason in damage


def test_who_spoke_is_told_where_the_log_does() -> None:
    log = (
        f"{C}message from simDhs <- {{htos_note x}}{FILE}\n"
        f"{C}::dcss2: out-> htos_note x {{TCL_LOG  }}\n"
        "    1.234 echoDHS -> stoh_abort_all\n"
    )
    said = [each for each in found(log.encode()) if isinstance(each, Sighting)]
    assert [each.connection for each in said] == ["simDhs", "", "echoDHS"]
    assert [each.conversation for each in said] == ["", ENGINE, ""]
    assert said[2].time == 1.234


@given(st.lists(st.text(max_size=60).filter(lambda text: "\0" not in text), max_size=20))
def test_no_line_breaks_it(lines: list[str]) -> None:
    found("\n".join(f"{C}-> stoh_set_string s {line}" for line in lines).encode(errors="replace"))


def parse_stamp(line: str) -> tuple[float | None, str]:
    stamp = read_stamp(line)
    return (None, line) if stamp is None else (stamp.time, stamp.rest)


@pytest.mark.parametrize(
    ("line", "time", "rest"),
    [
        ("2026-01-01T00:00:10.5Z x", 1767225610.5, "x"),
        ("[2026-01-01 01:00:10,500+01:00] x", 1767225610.5, "x"),
        ("2026/01/01 00:00:10Z: x", 1767225610.0, "x"),
        ("1504722561.123 x", 1504722561.123, "x"),
        ("1504722561 x", 1504722561.0, "x"),
        ("[1504722561123] x", 1504722561.123, "x"),
        ("1504722561123456 x", 1504722561.123456, "x"),
        ("9999999999 x", None, "9999999999 x"),
        ("Thu Jan  1 00:00:10 UTC 2026 x", 1767225610.0, "x"),
        ("11:54:45.250 x", 42885.25, "x"),
        ("11:54:45:250 x", 42885.25, "x"),
        ("12:00:05 AM x", 5.0, "x"),
        ("12:00:05 p.m. x", 43205.0, "x"),
        ("2026-01-01 01:00:10 +01:00 x", 1767225610.0, "x"),
        ("2026-01-01t00:00:10z x", 1767225610.0, "x"),
        ("20260101T000010Z x", 1767225610.0, "x"),
        ("20260101-00:00:10.5Z x", 1767225610.5, "x"),
        ("20261301T000010Z x", None, "20261301T000010Z x"),
        ("\x1b[32m11:54:45\x1b[0m x", None, "\x1b[32m11:54:45\x1b[0m x"),
        ("02/31/15 00:00:00 x", None, "02/31/15 00:00:00 x"),
        ("x 11:54:45", None, "x 11:54:45"),
    ],
)
def test_times(line: str, time: float | None, rest: str) -> None:
    assert parse_stamp(line) == (time, rest)


def test_times_without_a_zone_are_of_this_machine() -> None:
    american, rest = parse_stamp("06/26/15 11:54:45 1 INFO")
    assert rest == "1 INFO"
    assert american == parse_stamp("2015-06-26 11:54:45 x")[0]
    assert parse_stamp("Jun 26 11:54:45 host x")[1] == "host x"
    for same in (
        "2015-06-26 11:54:45 AM",
        "2015-06-26_11:54:45",
        "2015-Jun-26 11:54:45.000",
        "26.06.2015 11:54:45",
        "26.06.2015, 11:54:45,000",
        "20150626 115445",
        "Fri Jun 26 11:54:45 2015",
        "[Fri Jun 26 11:54:45.000 2015]",
        "Fri Jun 26 11:54:45 PDT 2015",
    ):
        assert parse_stamp(f"{same} x") == (american, "x")
    assert parse_stamp("2015-06-26 11:54 x")[0] == parse_stamp("6/26/2015 11:54 AM x")[0]


def test_the_time_may_come_after_other_words() -> None:
    for line in (
        "loopDHS 2026-01-01 00:00:10Z recv stoh_abort_all",
        "time=2026-01-01T00:00:10Z level=debug stoh_abort_all",
        '"2026-01-01 00:00:10Z","stoh_abort_all"',
    ):
        (sighting,) = found(f"{line}\n".encode())
        assert isinstance(sighting, Sighting)
        assert sighting.time == 1767225610
    (sighting,) = found(b"recv htos_note since 2026-01-01 00:00:10Z\n")
    assert isinstance(sighting, Sighting)
    assert sighting.time is None


def test_every_message_of_a_beamline_is_found_in_a_log_of_dcss() -> None:
    rows = shared_path("traffic/messages.jsonl").read_text().splitlines()
    expected = [json.loads(row)["text"] for row in rows]
    lines = []
    for number, text in enumerate(expected):
        stamp = f"06/26/15 14:{number // 60 % 60:02}:{number % 60:02} 1981794048     INFO    "
        if text.startswith("htos"):
            lines.append(
                f"{stamp}message from aDhs <- {{{text}}} {{src/dcss_hardware_client.c 290  }}"
            )
        else:
            lines.append(
                f"{stamp}write_to_hardware: out -> {text} {{src/dcss_hardware_client.c 1093  }}"
            )
        lines.append(f"{stamp}broadcasting -> stog_log note {{src/dcss_broadcast.c 212  }}")
    findings = found("\n".join(lines).encode("utf-8", "surrogateescape"))
    assert damages(findings) == []
    assert len(texts(findings)) == len(expected) == 1694
    keywords = [each.keyword for each in findings if isinstance(each, Sighting)]
    assert keywords == [text.split()[0] for text in expected]
