"""Logs as collectors, terminals and a loss of power leave them."""

import json
from collections.abc import Iterable
from datetime import datetime

import pytest

from dhs_lab.tools.sightings import Found, Sighting
from dhs_lab.tools.sniffing import Format, sniff
from dhs_lab.tools.stamps import Days, read_stamp
from tests.lab.tools.helpers import damages, found, texts
from tests.shared import shared_path

TRACE = "2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: "
LINE = f"{TRACE}<- stoh_start_operation getLoopTip 1.10 0\n"
TEXT = "stoh_start_operation getLoopTip 1.10 0"


def told(findings: Iterable[Found]) -> list[str]:
    """Texts of the messages, each once."""
    return texts(each for each in findings if isinstance(each, Sighting) and not each.is_again)


def docker(line: str, **more: str) -> str:
    row = {"log": line, "stream": "stderr", "time": "2026-01-01T12:00:00.123456789Z", **more}
    return json.dumps(row) + "\n"


def journal(message: object) -> str:
    row = {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1767268800123456", "MESSAGE": message}
    return json.dumps(row) + "\n"


@pytest.mark.parametrize(
    "log",
    [
        LINE,
        "\f\n" + LINE,
        "\a" + LINE,
        "\x01\x02\n" + LINE + "\v\n",
        "\0" * 4096 + LINE,
        "".join(map(chr, range(1, 32))) * 8 + "\n" + LINE,
        f"\x1b[32m2026-01-01 12:00:00.123\x1b[0m \x1b[1mDEBUG\x1b[0m <- \x1b[36m{TEXT}\x1b[0m\n",
        f"2026-01-01 12:00:00 #033[32m<- {TEXT}#033[0m\n",
        docker(LINE),
        docker(LINE[:60]) + docker(LINE[60:]),
        journal(LINE.strip()),
        journal(list(f"\x1b[1m{LINE}".encode())),
        f'{{"event": "<- {TEXT}", "timestamp": "2026-01-01T12:00:00Z"}}\n',
        f"2026-01-01T12:00:00.1Z stderr F {LINE}",
        f"2026-01-01T12:00:00.1Z stderr P {LINE[:60]}\n2026-01-01T12:00:00.1Z stderr F {LINE[60:]}",
        f"2026-01-01T12:00:00.123456789Z {LINE}",
        f"dhs-1  | {LINE}",
        f"[pod/dhs-0/dhs] {LINE}",
        f"Jan  1 12:00:00 host python[12]: <- {TEXT}\n",
        f"<30>1 2026-01-01T12:00:00Z host python 12 - - <- {TEXT}\n",
        f'time="2026-01-01T12:00:00Z" level=debug msg="<- {TEXT}" name="x"\n',
        f"2026-01-01 12:00:00.123 | DEBUG    | mod:func:12 - <- {TEXT}\n",
    ],
)  # fmt: skip
def test_what_is_wrapped_around_a_line_is_taken_off(log: str) -> None:
    data = log.encode()
    assert sniff(data) is Format.LOG
    findings = found(data)
    assert (told(findings), damages(findings)) == ([TEXT], [])
    (sighting,) = findings
    assert isinstance(sighting, Sighting)


def test_the_time_is_the_line_s_own_or_the_collector_s() -> None:
    for log, time in (
        (docker(f"2026-01-01 12:00:07 <- {TEXT}\n"), datetime(2026, 1, 1, 12, 0, 7).timestamp()),
        (docker(f"<- {TEXT}\n"), 1767268800.123456789),
        (journal(f"<- {TEXT}"), 1767268800.123456),
    ):
        (sighting,) = found(log.encode())
        assert isinstance(sighting, Sighting)
        assert sighting.time == time


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    assert told(found((LINE * 3).encode(encoding))) == [TEXT] * 3


def test_a_text_of_several_lines_stays_whole_inside_of_what_is_collected() -> None:
    text = "stoh_set_string s two\nlines"
    lines = f"{TRACE}<- {text}\n{LINE}".splitlines(keepends=True)
    for log in (
        "".join(map(docker, lines)),
        "".join(f"2026-01-01T12:00:00.1Z stdout F {line}" for line in lines),
        "".join(f"2026-01-01T12:00:00.123456789Z {line}" for line in lines),
        "".join(f"dhs-1 | {line}" for line in lines),
    ):
        assert told(found(log.encode())) == [text, TEXT]


def test_of_what_is_lost_nothing_is_made_up() -> None:
    cut = LINE[:-6]
    for log in (cut, cut + "\0" * 600 + "\n", docker(LINE)[:-70], docker(LINE)[70:]):
        findings = found(log.encode())
        assert told(findings) == [], log
        assert len(damages(findings)) == 1, log


def test_a_control_character_in_a_text_is_a_damage_and_costs_no_neighbour() -> None:
    findings = found(f"{TRACE}<- stoh_abo\x01t_all\n{LINE}".encode())
    assert told(findings) == [TEXT]
    assert damages(findings) == ["x:1: the text has control characters: 'stoh_abo\\x01t_all'"]


# -- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("01/02/2026 02:33:23 PM x", datetime(2026, 1, 2, 14, 33, 23)),
        ("1/2/2026, 2:33:23 PM x", datetime(2026, 1, 2, 14, 33, 23)),
        ("01/02/2026 12:00:00 AM x", datetime(2026, 1, 2)),
        ("Thu Jan  1 12:00:00 2026 x", datetime(2026, 1, 1, 12)),
        ("Jan 02, 2026 02:33:23.5 pm x", datetime(2026, 1, 2, 14, 33, 23, 500000)),
        ("02-Jan-2026 12:00:00 x", datetime(2026, 1, 2, 12)),
        ("INFO 2026-01-02 12:00:00 x", datetime(2026, 1, 2, 12)),
        ("[DEBUG] [2026-01-02 12:00:00] x", datetime(2026, 1, 2, 12)),
    ],
)
def test_times_as_others_write_them(line: str, moment: datetime) -> None:
    stamp = read_stamp(line)
    assert stamp is not None
    assert (stamp.time, stamp.rest) == (moment.timestamp(), "x")


@pytest.mark.parametrize(
    "line", ["13:00:00 PM x", "25:00:00 x", "0:00:61 x", "99/99/2026 01:01:01"]
)
def test_what_is_no_time_is_none(line: str) -> None:
    assert read_stamp(line) is None


def test_a_time_without_a_year_is_never_to_come() -> None:
    for day in ("Jan  1", "Jun 30", "Dec 31", "Feb 29"):
        stamp = read_stamp(f"{day} 11:54:45 host x")
        assert stamp is not None
        assert stamp.time < datetime.now().timestamp() + 86_400


def test_clock_times_go_on_over_midnight_and_back_with_the_clock() -> None:
    days = Days()
    lines = ["23:59:58 x", "00:00:08.5 x", "23:59:59 x", "00:00:09.5 x", "12:00:00 x", "11:59:00 x"]
    stamps = [read_stamp(line) for line in lines]
    times = [days.of(stamp) for stamp in stamps if stamp is not None]
    assert times == [86398, 86408.5, 86399, 86409.5, 129600, 129540]


# -- the files of the field ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "messages"),  # counted by hand
    [
        ("ampm", 1),
        ("ansi", 1),
        ("ctl_ff", 102),
        ("docker_json", 1),
        ("midnight", 8),
        ("nul_head", 2),
        ("tps_07a_dhs", 9),
        ("tps_bytes", 2),
        ("tps_one", 1),
    ],
)
def test_logs_of_the_field(name: str, messages: int) -> None:
    findings = found(shared_path(f"field/logs/{name}.log").read_bytes())
    assert (len(told(findings)), damages(findings)) == (messages, [])
    assert not any("\\x00" in text or ".py:" in text or "\x1b" in text for text in told(findings))
