"""Logs as tools show and people send them: margins, colours, broken lines, times anywhere."""

import html
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.log_layout import laid_out
from dhs_lab.tools.reading import read
from dhs_lab.tools.sightings import Sighting
from dhs_lab.tools.stamps import read_stamp
from tests.lab.tools.helpers import damages, found
from tests.lab.tools.test_logs_collected import told

TEXTS: Final = [
    "stoh_register_operation getLoopTip getLoopTip",
    "htos_operation_completed getLoopTip 1.2 normal 0.512 0.433",
    "stoh_configure_real_motor det bl det 250.0 1000.0 100.0 200.0 5000 350 -50 1 1 0 1 0 0",
    "htos_set_string_completed robot_state normal on {need reset} [idle] 0",
    "stoh_abort_all soft",
]
TIMES: Final = [datetime(2026, 1, 1, 12, 0, second) for second in range(5, 50, 9)]
LINES: Final[dict[str, list[str]]] = {
    "ours": [
        f"{time}.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: <- {text}"
        for time, text in zip(TIMES, TEXTS, strict=True)
    ],
    "python": [
        f"{time},123 - dhs - DEBUG - recv {text}" for time, text in zip(TIMES, TEXTS, strict=True)
    ],
    "bytes": [
        f"{time},123 - DHS - DEBUG - recive {text.encode() + bytes(1)!r} (Dhs.py:327)"
        for time, text in zip(TIMES, TEXTS, strict=True)
    ],
    "dcss": [
        f"{time:%m/%d/%y %H:%M:%S} 1981794048     INFO    message from loopDHS <- {{{text}}} "
        "{src/dcss_hardware_client.c 528  }"
        for time, text in zip(TIMES, TEXTS, strict=True)
    ],
    "json": [
        json.dumps({"ts": f"{time.isoformat()}Z", "msg": f"<- {text}"})
        for time, text in zip(TIMES, TEXTS, strict=True)
    ],
}
SHOWN: Final[dict[str, Callable[[int, str], str]]] = {
    "cat -n": lambda number, line: f"{number:6d}\t{line}",
    "cat -v of CRLF": lambda _, line: f"{line}^M",
    "cat -A": lambda _, line: f"{line}$",
    "cat -An": lambda number, line: f"{number:6d}^I{line}^M$",
    "grep -n": lambda number, line: f"{number * 7}:{line}",
    "grep -H": lambda number, line: f"logs/{number}.log:{line}",
    "grep -C": lambda number, line: f"dhs.log{'-:'[number % 2]}{number}{'-:'[number % 2]}{line}",
    "grep with colours": lambda _, line: line.replace("to", "\x1b[01;31m\x1b[Kto\x1b[m\x1b[K"),
    "a manual page": lambda _, line: line.replace("oh", "o\boh\bh").replace("os", "o\bos\bs"),
    "less -N": lambda number, line: f"{number:7d} {line}",
    "mail": lambda _, line: f"> > {line}",
    "Markdown": lambda number, line: f"{number}. `{line}`",
    "diff": lambda _, line: f"> {line}",
    "diff -u": lambda number, line: f"{' -+'[number % 3]}{line}",
    "HTML": lambda _, line: f"<li>{html.escape(line)}</li>",
    "XML": lambda _, line: f"<m>{html.escape(line)}</m><n/>",
    "hosts": lambda number, line: f"host{number}: {line}",
    "docker compose": lambda _, line: f"dhs     | {line}",
    "docker swarm": lambda number, line: f"stack_dhs.1.ab{number}@node1    | {line}",
    "colours without ESC": lambda _, line: f"[2m{line}[0m",
    "colours written out": lambda _, line: f"\\033[1;32m{line}\\033[0m",
    "colours in cat -v": lambda _, line: f"^[[2m{line}^[[0m",
    "true colours": lambda _, line: f"\x1b[38:2::1:2:3m{line}\x1b(B\x1b[m\x0f",
    "keypad": lambda _, line: f"\x1b[?2004h\x1b=\r{line}\x1b>\x1b[?2004l\r",
    "a bar of progress": lambda _, line: f"10%\r20%\r{line}",
    "a screen": lambda _, line: line.ljust(250),
}


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("kind", LINES)
def test_what_a_tool_adds_is_no_part_of_a_message(kind: str, shown: str) -> None:
    lines = [SHOWN[shown](number, line) for number, line in enumerate(LINES[kind], start=1)]
    findings = found(("\n".join(lines) + "\n").encode())
    assert (told(findings), damages(findings)) == (TEXTS, [])
    times = [each.time for each in findings if isinstance(each, Sighting)]
    zone = UTC if kind == "json" else None
    assert [int(time or 0) for time in times] == [
        int(time.replace(tzinfo=zone).timestamp()) for time in TIMES
    ]


@pytest.mark.parametrize("shown", SHOWN)
@settings(max_examples=40)
@given(st.sampled_from(sorted(LINES)), st.integers(0, 2**32))
def test_a_log_cut_at_its_end_yields_no_message_that_was_not_there(
    shown: str, kind: str, at: int
) -> None:
    lines = [SHOWN[shown](number, line) for number, line in enumerate(LINES[kind], start=1)]
    shape = len("\n".join(lines[:3]).encode()) + 1  # lines that show what was added to them
    data = ("\n".join(lines) + "\n").encode()
    cut = data[: shape + at % (len(data) - shape)]
    assert set(told(found(cut))) <= set(TEXTS)


class Live:
    """A pipe that gives a piece at a time."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def read1(self, _: int = -1) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


@pytest.mark.parametrize("tail", ["\x1b[0m", " [Thread-1]", f" [{TIMES[0]}]"])
def test_a_line_is_read_as_soon_as_it_comes(tail: str) -> None:
    start = "" if "2026" in tail else f"{TIMES[0]} "
    pieces = [f"{start}recv {text}{tail}\n".encode() for text in TEXTS]
    live = Live([b"".join(pieces), *pieces])
    findings = read(ByteSource("x", live))
    for left in (*[len(TEXTS)] * len(TEXTS), *range(len(TEXTS) - 1, -1, -1)):
        assert isinstance(next(findings), Sighting)
        assert len(live.pieces) == left


def test_a_letter_is_struck_over_only_by_itself() -> None:
    (damage,) = damages(found(b"\x1b[1m2026-01-01 12:00:00 <- stoh_abort\b_all soft\n"))
    assert "control characters" in damage


@pytest.mark.parametrize("name", ["", "logs/dhs-1.log"])
def test_lines_of_context_are_read_as_those_that_grep_found(name: str) -> None:
    lines = []
    for number, text in enumerate(TEXTS, start=1):
        sign = "-:"[number % 2]
        lines.append(f"{name}{sign if name else ''}{number}{sign}{text}")
    assert told(found(("\n".join(lines) + "\n").encode())) == TEXTS


@pytest.mark.parametrize("kind", LINES)
def test_lines_between_those_of_a_log_end_a_record(kind: str) -> None:
    lines = [
        "{code}",
        *LINES[kind][:1],
        "{code}",
        "```text",
        *LINES[kind][1:2],
        "",
        "==> b.log <==",
        *LINES[kind][2:4],
        "--",
    ]
    lines += [*LINES[kind][4:], "```", 'Script done on 2026-01-01 [COMMAND_EXIT_CODE="0"]']
    findings = found(("\n".join(lines) + "\n").encode())
    if kind == "json":  # what is no object may be the rest of one
        findings = [each for each in findings if isinstance(each, Sighting)]
    assert (told(findings), damages(findings)) == (TEXTS, [])


@pytest.mark.parametrize("kind", LINES)
@given(st.sampled_from((72, 80, 100, 132)))
def test_lines_that_a_terminal_broke_are_joined_or_are_damage(kind: str, width: int) -> None:
    lines = LINES[kind] * 4
    broken = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
    findings = found(("\n".join(broken) + "\n").encode())
    assert set(told(findings)) == set(TEXTS)
    assert damages(findings) == []
    places = [each.place.line or 0 for each in findings if isinstance(each, Sighting)]
    assert {broken[place - 1] for place in places} == {line[:width] for line in lines}


def test_lines_of_one_width_without_end_take_no_memory_without_end() -> None:
    width = 80
    broken = [line[at : at + width] for line in LINES["ours"] for at in range(0, len(line), width)]
    text = "\n".join((*broken, *["x" * width] * 5000)) + "\n"
    source = laid_out(ByteSource("log", io.BytesIO(text.encode())))
    lines = b"".join(source.pieces()).split(b"\n")
    assert width < max(map(len, lines)) <= 1000 * width
    assert b"".join(lines).count(b"x" * width) == 5000


def test_a_line_as_long_as_another_is_not_joined_to_the_next() -> None:
    lines = [f"{LINES['python'][0]} {'x' * size}" for size in (20, 20, 3, 20)]
    assert len(told(found(("\n".join(lines) + "\n").encode()))) == len(lines)


@pytest.mark.parametrize(
    "form", ["{} [{}]", "{} @ {}", "{}\t{}", "<- {} at {}", "{}; {}", "got '{}' on the link ({})"]
)
def test_the_time_may_be_at_the_end(form: str) -> None:
    lines = [form.format(text, time) for text, time in zip(TEXTS, TIMES, strict=True)]
    findings = found(("\n".join(lines) + "\n").encode())
    assert told(findings) == TEXTS
    assert [each.time for each in findings if isinstance(each, Sighting)] == [
        time.timestamp() for time in TIMES
    ]


def test_a_time_at_the_end_of_one_text_is_part_of_it() -> None:
    texts = ["htos_note the run ended at 2026-01-01 12:00:00", "htos_note b"]
    assert told(found(("\n".join(texts) + "\n").encode())) == texts


def test_the_time_may_be_in_the_line_before() -> None:
    lines = [
        f"{time:%b} {time.day}, {time.year} {time:%I:%M:%S %p} edu.site.Dhs recv\nFINE: <- {text}"
        for text, time in zip(TEXTS, TIMES, strict=True)
    ]
    findings = found(("\n".join(lines) + "\n").encode())
    assert told(findings) == TEXTS
    assert [each.time for each in findings if isinstance(each, Sighting)] == [
        time.timestamp() for time in TIMES
    ]


@pytest.mark.parametrize(
    "tail",
    [
        *(" (took {} ms)", " [0.{}s]", " from 10.0.0.1:142{}", " [Thread-{}]", " |", "  // {}"),
        *("<NUL>", "<00>", "[NUL]", "\u2400", "\\x00\\x00", "\\u0000", "\u201d", "\u00bb", "..."),
    ],
)
def test_what_is_after_all_texts_is_part_of_none(tail: str) -> None:
    lines = [
        f"{time} recv {text}{tail.format(number)}"
        for number, (time, text) in enumerate(zip(TIMES, TEXTS, strict=True))
    ]
    findings = found(("\n".join(lines) + "\n").encode())
    assert (told(findings), damages(findings)) == (TEXTS, [])


@pytest.mark.parametrize("tail", [" [1 of 3]", " (x)", " from 1", "..."])
def test_what_is_after_the_texts_of_two_keywords_may_be_part_of_them(tail: str) -> None:
    texts = [f"htos_note a{tail}", f"htos_log info dhs b{tail}", f"htos_note c{tail}"]
    assert told(found(("\n".join(texts) + "\n").encode())) == texts


def test_several_messages_in_one_list_are_damage() -> None:
    for line in (json.dumps(TEXTS), repr(TEXTS), json.dumps([{"text": text} for text in TEXTS])):
        findings = found(f"{line}\n".encode())
        assert told(findings) == []
        assert len(damages(findings)) == 1


def test_a_section_of_xml_is_read() -> None:
    lines = "".join(f"<msg><![CDATA[{text}]]></msg>\n" for text in TEXTS)
    assert told(found(lines.encode())) == TEXTS


@pytest.mark.parametrize("line", ["#0 <- {}", 'text = "{}"', "{}"])
def test_zeros_in_a_text_do_not_make_a_dump(line: str) -> None:
    text = "htos_note phi 90.000000 10.000000 0000.0"
    assert told(found(f"{line.format(text)}\n".encode() * 3)) == [text] * 3


NOON: Final = datetime(2026, 11, 29, 15, 5, 7)


@pytest.mark.parametrize(
    "form",
    [
        *("%b %d, %Y 3:%M:%S %p", "%b %d, %Y, 3:%M:%S\u202f%p", "%B %d, %Y %I:%M:%S %p"),
        *("%A, %B %d, %Y %I:%M:%S %p", "%a %Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S"),
        *("%G-W%V-%uT%H:%M:%S", "%Y-%jT%H:%M:%S", "%d.%m.%y %H:%M:%S", "%d-%m-%Y %H:%M:%S,000"),
        *("%d-%b-%y %H:%M:%S", "%d-%b-%y %I.%M.%S.000000 %p", "%d%b%Y:%H:%M:%S", "%Y%m%d%H%M%S"),
        *("%Y %b %d %H:%M:%S", "%Y-%m-%d_%H-%M-%S", "%Y-%m-%d %H.%M.%S", "%Y-%m-%d %Hh%Mm%Ss"),
        *("%m/%d/%y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S", "%Y-%m-%d at %H:%M:%S"),
    ],
)
def test_times_of_other_programs(form: str) -> None:
    stamp = read_stamp(f"{NOON.strftime(form)} INFO x")
    assert stamp is not None
    assert (stamp.time, stamp.has_date, stamp.rest) == (NOON.timestamp(), True, "INFO x")


def test_zones_may_have_no_minutes_and_numbers_may_be_billionths() -> None:
    noon = NOON.replace(tzinfo=UTC)
    east = f"{noon + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+01"
    for text in (east, f"{east}:00[Europe/Berlin]", f"{int(noon.timestamp())}000000000"):
        stamp = read_stamp(f"{text} x")
        assert stamp is not None
        assert (stamp.time, stamp.rest) == (noon.timestamp(), "x")


@given(st.integers(1, 59), st.text("0123456789: .-", max_size=8))
def test_a_number_before_a_clock_time_is_no_part_of_it(number: int, more: str) -> None:
    stamp = read_stamp(f"{number}:15:05:07 {more}")
    assert stamp is None or stamp.time == 15 * 3600 + 5 * 60 + 7
