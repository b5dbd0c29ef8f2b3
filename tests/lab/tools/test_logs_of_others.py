"""Logs as programs in other languages, and tables, write them: nothing around a text is part of it."""
# ruff: noqa: E501 - lines of logs are long

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.sniffing import Format
from tests.lab.tools.helpers import damages, found
from tests.lab.tools.test_logs_collected import told
from tests.lab.tools.test_logs_of_python import TEXTS, frames

MOVE = "stoh_start_motor_move gonio_phi 360.0"
ABORT = "stoh_abort_all soft"
STAMP = "2026-01-05 17:48:05.664 "
HEADER = f"{len(MOVE) + 1:12} {0:12} "
LOG = ReadOptions(format=Format.LOG)

AROUND = (
    ("INFO  [main] e.s.Dcs - received message [{}]", MOVE),
    ("recv <{}>", MOVE),
    ("recv ({})", MOVE),
    ("recv [ {} ]", MOVE),
    ("dcss -> dhs [{}] (37 bytes)", MOVE),
    ("recv {} (37 bytes)", MOVE),
    ("recv {}, len=38", MOVE),
    ("recv {} size: 64", MOVE),
    ("[ recv {}] done", MOVE),
    ("(got {}) done", MOVE),
    ("DEBUG\t{}\tdhs", MOVE),
    (";DEBUG;{};dhs", MOVE),
    (",DEBUG,recv,{},3", MOVE),
    (',DEBUG,"recv {}",3', MOVE),
    (',DEBUG,"{}"', 'htos_log note server say ""hi"" now'),
    (";{};dhs", MOVE),
    ("\t{}\tdhs", MOVE),
    ("{{'text': '{}', 'size': 37}}", MOVE),
    ('{{"text": "{}", "size": 37}}', MOVE),
    ("read {}\\0", MOVE),
    ("read {}\\r\\n", MOVE),
    ("read {}^M", MOVE),
    ("<entry id='3'>{}</entry>", MOVE),
    ("| x | {} | dhs |", MOVE),
    ("| DEBUG | {}", MOVE),
    ("failed in `{}` at last", MOVE),
    ("recv [{}]", MOVE.replace(" ", ", ")),
    ("recv [ {} ]", ", ".join(f"'{word}'" for word in MOVE.split())),
    ('read(5, "{}\\0", 4096) = 38', MOVE),
    ('read(5, "{}\\0", 4096) = 64', HEADER + MOVE),
    ('recv "{}\\u0000"', MOVE),
    ('recv "{}\\x00"', HEADER + MOVE),
    ("recv {}", repr((HEADER.encode(), MOVE.encode() + b"\0"))),
    ("recv {}", repr([frames([MOVE])])),
    ("recv {}", repr(bytearray(frames([MOVE])))),
    ("recv {}", repr((MOVE.encode() + b"\0_open phi 3").ljust(200, b"\0"))),
)


@pytest.mark.parametrize(("line", "written"), AROUND)
def test_what_is_around_a_text_is_no_part_of_it(line: str, written: str) -> None:
    text = 'htos_log note server say "hi" now' if "htos" in written else MOVE
    for stamp in (STAMP.strip(), "17:48:05"):
        between = "" if line[0] in ",;\t" else " "
        findings = found((stamp + between + line.format(written) + "\n").encode(), LOG)
        assert (told(findings), damages(findings)) == ([text], [])


@given(
    st.sampled_from(TEXTS), st.sampled_from(["[{}]", "({})", "{{{}}}", "\t{}\tx", "'{}'", '"{}"'])
)
def test_a_text_comes_back_from_what_is_around_it(text: str, around: str) -> None:
    findings = found(f"{STAMP}recv {around.format(text)} from dcss\n".encode(), LOG)
    assert told(findings) == [text] or damages(findings)


@pytest.mark.parametrize(
    "line",
    [
        "INFO handler registered for stoh_start_motor_move",
        "INFO handler for 'stoh_start_motor_move' registered",
        "INFO waiting for stoh_register_operation.",
        "INFO stoh_start_motor_move: 5 handlers",
        "INFO called stoh_start_motor_move(motor='x')",
        "INFO known: stoh_abort_all, stoh_start_motor_move",
        "INFO dhs.py stoh_abort_all, stoh_start_motor_move",
        "INFO failed\nTraceback (most recent call last):\n    self.send('htos_note it failed')",
    ],
)
def test_a_sentence_about_a_keyword_is_no_message(line: str) -> None:
    findings = found(f"{STAMP}{line}\n{STAMP}recv {ABORT}\n".encode(), LOG)
    assert (told(findings), damages(findings)) == ([ABORT], [])


@pytest.mark.parametrize(
    "line",
    [
        f"<- {ABORT} -> htos_note x",
        f"recv {ABORT}{STAMP}recv {MOVE}",
        f"recv {ABORT}17:48:06 recv {MOVE}",
        f"recv {MOVE}{STAMP}recv {ABORT}",
        f"recv '{MOVE}'{STAMP}recv '{ABORT}'",
        f"dhs_runtime.wire.loopDHS: <- {MOVE}\nDHS: -> {ABORT}",
    ],
)
def test_two_messages_in_one_line_are_a_damage(line: str) -> None:
    findings = found(f"{STAMP}{line}\n{STAMP}recv {ABORT}\n".encode(), LOG)
    assert told(findings) == [ABORT]
    assert len(damages(findings)) == 1


@pytest.mark.parametrize(
    "contents", ["a,b;c", "a]b", "[a b]", "(3 bytes)", "17:48:05 x", "a | b", "50 %"]
)
def test_signs_inside_a_text_are_part_of_it(contents: str) -> None:
    text = f"stoh_set_string s {contents}"
    findings = found(f"{STAMP}| DEBUG | recv {text}\n".encode(), LOG)
    assert (told(findings), damages(findings)) == ([text], [])


def test_a_list_whose_beginning_is_lost_is_a_damage() -> None:
    findings = found(f"'stoh_abort_all', 'soft']\n{STAMP}recv {ABORT}\n".encode(), LOG)
    assert told(findings) == [ABORT]
    assert len(damages(findings)) == 1


def test_a_text_that_its_program_cut_off_is_a_damage() -> None:
    for line in (f'read(5, "{MOVE[:30]}"..., 4096) = 64', f'read(5, "{HEADER}stoh_s"..., 9) = 64'):
        findings = found(f"{STAMP}{line}\n{STAMP}recv {ABORT}\n".encode(), LOG)
        assert told(findings) == [ABORT]
        assert len(damages(findings)) == 1


@pytest.mark.parametrize("lead", ["", "\x1e", "data: "])
def test_a_message_is_found_in_any_object(lead: str) -> None:
    inner = json.dumps({"event": "received", "raw": f"recv {MOVE}", "level": "debug"})
    rows: tuple[object, ...] = (
        {"log": inner + "\n", "stream": "stdout", "time": "2026-01-05T17:48:05Z"},
        {"level": 30, "time": 1767635285664, "payload": {"text": f"recv {MOVE}"}},
        {"event": "received", "raw": MOVE, "timestamp": "2026-01-05T17:48:05.664Z"},
        {"message": "received", "data": repr(frames([MOVE])), "@timestamp": "2026-01-05T17:48:05Z"},
    )
    for row in rows:
        findings = found((lead + json.dumps(row) + "\n").encode())
        assert (told(findings), damages(findings)) == ([MOVE], [])
        (sighting,) = findings
        assert getattr(sighting, "time", 0) // 1 == 1767635285


def test_a_line_that_syslog_repeats_counts_as_often() -> None:
    log = f"Jan  5 17:48:05 bl dhs[1]: message repeated 2 times: [ recv {ABORT}]\n"
    assert told(found(log.encode())) == [ABORT] * 2


def test_an_exported_journal_is_a_log() -> None:
    size = (len(MOVE) + 1).to_bytes(8, "little")
    journal = b"__REALTIME_TIMESTAMP=1767635285664123\nMESSAGE\n%s\a%s\n_PID=3\n\n"
    findings = found(journal % (size, MOVE.encode()))
    assert (told(findings), damages(findings)) == ([MOVE], [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("log", [f"{MOVE}\n", f"Gerät läuft\r\n{STAMP}recv {MOVE}\r\n"])
def test_a_short_log_in_another_encoding_is_read(log: str, encoding: str) -> None:
    assert told(found(log.encode(encoding))) == [MOVE]
