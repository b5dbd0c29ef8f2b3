"""The wire commands: output and exit codes; as processes where streams and signals matter."""

import contextlib
import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import CliRunner

from dcs_codec import DHS_MESSAGES
from dcs_codec.catalogue import catalogue
from dhs_runtime.cli import group
from tests.cli.processes import DEADLINE_S
from tests.cli.processes import in_process as run
from tests.lab.tools.helpers import ANSWER, ASK, Conversation, pcap, stamped, v1, v2
from tests.shared import shared_path

COMMAND = [sys.executable, "-m", "dhs_runtime.cli"]


# -- decode, encode --------------------------------------------------------------------------


def test_decode_shows_time_direction_keyword_and_fields(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("2026-01-01 12:00:00.5 -> stoh_start_operation echo 1.1 a b\n")
    done = run("decode", str(path))
    assert done.returncode == 0
    assert done.stdout.decode() == (
        "2026-01-01 12:00:00.500  -> DHS   stoh_start_operation          "
        "operation_name=echo operation_handle=1.1 operation_args='a b'\n"
    )
    assert b"1 message, 0 of them unknown or malformed; 0 places damaged" in done.stderr


LINE = b"2026-01-01 12:00:00.5 -> stoh_abort_all soft\n"


@pytest.mark.parametrize("command", ["decode", "stats"])
def test_of_several_files_one_that_cannot_be_read_does_not_cost_the_others(
    command: str, tmp_path: Path
) -> None:
    whole, torn, packed = tmp_path / "whole.log", tmp_path / "torn.gz", tmp_path / "x.zip"
    whole.write_bytes(LINE)
    torn.write_bytes(gzip.compress(LINE * 100)[:-9])
    packed.write_bytes(b"PK\3\4\x14\0\xff" + LINE)
    missing = tmp_path / "missing.log"
    done = run(command, str(missing), str(packed), str(whole), str(torn), "--json")
    assert done.returncode == 1
    said = done.stderr.decode()
    assert f"{missing}: No such file or directory\n" in said
    assert f"{packed}: the input is compressed" in said
    assert f"{torn}: damaged gzip: " in said
    if command == "decode":
        assert len(done.stdout.splitlines()) == 101
        assert "101 messages, 0 of them unknown or malformed; 3 places damaged" in said
    done = run(command, str(missing), str(packed))
    assert (done.returncode, done.stdout[:9]) == (2, b"")
    assert run(command, str(missing)).stderr.decode() == (
        f"dhs: {missing}: No such file or directory\n"
    )


@pytest.mark.parametrize(
    ("args", "redirection", "reason"),
    [
        (["decode", "-"], "<&-", "standard input is closed"),
        (["stats"], "<&-", "standard input is closed"),
        (["encode"], "<&-", "standard input is closed"),
        (["decode", "-"], ">&-", "standard output is closed"),
        (["messages"], ">&-", "standard output is closed"),
        (["decode", "-"], ">/dev/full", "standard output: No space left on device"),
        (["stats", "-"], ">/dev/full", "standard output: No space left on device"),
        (["encode", "stoh_abort_all soft"], ">/dev/full", "standard output: No space left on dev"),
        (["dissector"], ">/dev/full", "standard output: No space left on device"),
        (["decode", "-"], "2>/dev/full", ""),
        (["decode", "-"], ">&- 2>&-", ""),
    ],
)
def test_streams_that_are_closed_or_full_are_one_line(
    args: list[str], redirection: str, reason: str
) -> None:
    command = f"exec {shlex.join([*COMMAND, *args])} {redirection}"
    done = subprocess.run(
        ["sh", "-c", command], input=LINE * 10, capture_output=True, check=False, timeout=DEADLINE_S
    )
    assert done.returncode == 2
    said = done.stderr.decode().splitlines()
    assert [line[: len(reason) + 5] for line in said] == ([f"dhs: {reason}"] if reason else [])


def test_decode_reads_what_it_can_and_names_the_rest() -> None:
    stream = ASK + v2("stoh_abort_all") + b"\x01junk" + v2("stoh_nothing 1", "htos_motor_x")
    done = run("decode", "-", "--json", data=stream + v2("stoh_set_motor_position phi x")[:-4])
    assert done.returncode == 1
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["message"]["keyword"] for row in rows] == [
        "stoc_send_client_type",
        "stoh_abort_all",
        "unknown",
        "unknown",
    ]
    assert [row["offset"] for row in rows] == [0, 200, 246, 287]
    assert b"-: byte 241: no frame begins here; 5 bytes skipped\n" in done.stderr
    assert b"bytes into a frame of" in done.stderr


@pytest.mark.parametrize(
    ("args", "data", "code"),
    [
        (["decode"], v2("weird"), 0),
        (["decode", "--strict"], v2("weird"), 1),
        (["decode", "--strict"], v2("stoh_abort_all"), 0),
        (["decode", "absent.log"], b"", 2),
        (["decode", "."], b"", 2),
        (["decode", "--format", "tape"], b"", 2),
        (["decode"], b"\x1f\x8b\x08\0", 2),
        (["encode", "stoh_abort_all soft"], b"", 0),
        (["encode", "stoh_set_motor_position phi x"], b"", 1),
        (["encode", "--framing", "v3"], b"", 2),
        (["messages", "no such thing"], b"", 1),
        (["stats"], v2("stoh_abort_all")[:-1], 1),
        (["replay", "absent"], b"", 2),
        (["replay", "absent", "--dcss", "127.0.0.1:1"], b"", 2),
        (["record", "--dcss", "no:where", "--output", "x"], b"", 2),
    ],
)
def test_exit_codes(
    args: list[str], data: bytes, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*args, data=data)
    assert done.returncode == code, done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_encode_names_the_line_it_refuses_and_lets_the_others_out() -> None:
    lines = b"stoh_abort_all soft\nstoh_set_motor_position phi x\n# no\n" + b"htos_note \xb0\n"
    done = run("encode", data=lines)
    assert done.returncode == 1
    assert done.stdout == v2("stoh_abort_all soft") + v2("htos_note ?").replace(b"?", b"\xb0")
    assert done.stderr.startswith(b"dhs encode: line 2: stoh_set_motor_position: position: is no")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encode_reads_texts_as_editors_save_them(encoding: str) -> None:
    done = run("encode", "--framing", "v1", data="stoh_abort_all soft\r\n".encode(encoding))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"stoh_abort_all soft".ljust(200, b"\0")


def test_encode_and_decode_are_each_other_s_reverse() -> None:
    stream = v1("stoh_abort_all soft", "htos_motor_move_completed phi 1.5 normal")
    decoded = run("decode", "--json", data=stream)
    assert run("encode", "--framing", "v1", data=decoded.stdout).stdout == stream
    as_hex = run("encode", "--framing", "v1", "--hex", data=decoded.stdout)
    assert run("decode", "--json", data=as_hex.stdout).stdout.count(b"\n") == 2


def test_decode_filters_and_takes_several_files(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    paths[0].write_bytes(v2("htos_note a", "stoh_abort_all"))
    talk = Conversation()
    packets = [*talk.opening(), talk.segment(talk.server, ASK), talk.segment(talk.client, ANSWER)]
    paths[1].write_bytes(pcap(stamped(packets)))
    done = run("decode", *map(str, paths), "-k", "htos_*")
    assert [line.split()[3] for line in done.stdout.decode().splitlines()[:1]] == ["htos_note"]
    assert b"htos_client_is_hardware" in done.stdout
    assert done.stdout.count(b"\n") == 2
    assert b"[10.0.0.1:40000-10.0.0.2:14242]" in done.stdout


def test_decode_finds_every_message_of_a_beamline_s_log(tmp_path: Path) -> None:
    rows = shared_path("traffic/messages.jsonl").read_text().splitlines()
    path = tmp_path / "dcss.log"
    with path.open("w", encoding="utf-8", errors="surrogateescape") as log:
        for row in rows:
            text = json.loads(row)["text"]
            log.write(f"06/26/15 14:32:47 1981794048     INFO    in <- {{{text}}} {{a.c 290  }}\n")
    done = run("decode", str(path), "--json")
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == len(rows) == 1694


def test_what_is_no_utf_8_is_shown() -> None:
    done = run("decode", data=b"12:00:00 -> htos_note \xb0\n12:00:01 -> htos_\xb0 x\n")
    assert done.returncode == 0
    assert b"note_message='\\udcb0'" in done.stdout


# -- a large input, Ctrl-C, a reader that goes -----------------------------------------------

# Of the process alone; getrusage would count what its parent had when it forked.
PEAK = """
import atexit, re, sys
from dhs_runtime.cli import main
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024
atexit.register(lambda: print(f"peak {peak()} MB", file=sys.stderr))
main()
"""


def test_a_large_input_is_not_held_in_memory() -> None:
    text = b"htos_operation_update a 1.1 x"
    frame = b"%12d %12d %b\0" % (len(text) + 1, 1 << 20, text) + b"\0" * (1 << 20)
    with subprocess.Popen(
        [sys.executable, "-c", PEAK, "decode"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        for _ in range(300):
            process.stdin.write(frame)
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert b"300 messages" in errors
    peak = re.search(rb"peak (\d+) MB", errors)
    assert peak is not None
    assert int(peak[1]) < 150


@pytest.mark.parametrize("command", ["decode", "encode"])
def test_what_is_there_is_told_before_more_is_waited_for(command: str) -> None:
    """Of a pipe into a pipe too: `tail -F dcss.log | dhs decode | grep`."""
    line = b"stoh_set_string s " + b"x" * 300 + b"\n"
    with subprocess.Popen(
        [*COMMAND, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        assert b"stoh_set_string" in process.stdout.read(80)
        _, errors = process.communicate(timeout=DEADLINE_S)
        assert b"Traceback" not in errors
    assert process.returncode == 0


def heed_ctrl_c() -> None:
    """What a shell starts in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("command", ["decode", "stats", "encode"])
def test_ctrl_c_ends_it_with_130_and_no_word(command: str) -> None:
    with subprocess.Popen(
        [*COMMAND, command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - this test has no other thread
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        # It reports damage at once, so this shows that it runs and waits for more.
        process.stdin.write(b"stoh_set_motor_position {\n" if command == "encode" else b"\1" * 400)
        process.stdin.flush()
        if command != "encode":
            process.stdin.write(b"\1" * 400 + v2("stoh_abort_all"))
            process.stdin.flush()
        assert process.stderr.readline().startswith(b"dhs " + command.encode())
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 130
        assert process.stderr.read() == b""


def test_a_reader_that_goes_is_no_error() -> None:
    with subprocess.Popen(
        [*COMMAND, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(v2("stoh_abort_all") * 1000)
            process.stdin.close()
        assert process.wait(DEADLINE_S) == 141
        assert process.stderr.read() == b""


# -- messages, stats -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["rum"], "Did you mean 'run'?"),
        (["Decode"], "Did you mean 'decode'?"),
        (["messages", "stoh_start_moter_move"], "did you mean stoh_start_motor_move?"),
    ],
)
def test_a_mistyped_name_gets_a_hint(arguments: list[str], hint: str) -> None:
    assert CliRunner().invoke(group, arguments).stderr.rstrip().endswith(hint)


@pytest.mark.parametrize("arguments", [["xyz"], ["messages", "xyz"]])
def test_a_name_near_to_none_gets_no_hint(arguments: list[str]) -> None:
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code
    assert "mean" not in result.stderr


def at_terminal(columns: int, *arguments: str, kind: str = "xterm") -> str:
    """What a command shows at a terminal of this width and kind (`TERM`)."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (50, columns))
    kept = {name: os.environ[name] for name in os.environ if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen([*COMMAND, *arguments], stdout=its, env=kept | {"TERM": kind}) as process:
        os.close(its)
        text = b""
        with contextlib.suppress(OSError):  # Linux's word for the end
            while piece := os.read(ours, 65536):
                text += piece
        assert process.wait(DEADLINE_S) == 0
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", text.decode())


@pytest.mark.parametrize("columns", [80, 132])
def test_a_terminal_shows_keywords_whole(columns: int) -> None:
    shown = at_terminal(columns, "messages")
    assert max(map(len, shown.splitlines())) <= columns
    words = shown.split()
    for message_class in DHS_MESSAGES:
        assert message_class.keyword in words
        assert (message_class.__name__ in words) == (columns == 132)


def test_messages_lists_searches_and_explains() -> None:
    runner = CliRunner()
    everything = runner.invoke(group, ["messages", "--json"])
    rows = [json.loads(line) for line in everything.stdout.splitlines()]
    assert [row["keyword"] for row in rows] == [each.keyword for each in catalogue()]
    listed = runner.invoke(group, ["messages"]).stdout
    assert all(f"\n{each.keyword} " in listed for each in catalogue())
    for one in ("stoh_start_motor_move", "StohStartMotorMove"):
        shown = runner.invoke(group, ["messages", one]).stdout
        assert "Wire:   stoh_start_motor_move motor_name destination" in shown
        assert "Source: dcss_gui_client.c:1463-1470" in shown
        assert "±1e10 or 79 bytes" in shown
    by_field = runner.invoke(group, ["messages", "contents", "--json"]).stdout
    assert {json.loads(line)["keyword"] for line in by_field.splitlines()} >= {"stoh_set_string"}


def test_stats_of_a_log() -> None:
    log = (
        b"12:00:00 -> stoh_start_operation echo 1.1\n"
        b"12:00:02 <- htos_operation_completed echo 1.1 normal\n"
        b"12:00:03 <- htos_operation_completed echo 1.1 normal\n"
        b"12:00:04 -> stoh_start_motor_move phi 1\n"
    )
    text = run("stats", data=log)
    assert text.returncode == 0
    assert b"4 messages" in text.stdout
    assert re.search(rb"operation  echo +1 +1 +2\.000 +2\.000 +2\.000 +1 +normal:1", text.stdout)
    assert re.search(rb"move       phi +1 +0 +- +- +- +1 *\n", text.stdout)
    rows = [json.loads(line) for line in run("stats", "--json", data=log).stdout.splitlines()]
    kinds = [row["kind"] for row in rows]
    assert kinds == ["summary", "keyword", "keyword", "keyword", "operation", "move"]
    assert rows[0]["per_second"] == 1.0
    assert (rows[4]["p99_s"], rows[4]["doubles"], rows[5]["unfinished"]) == (2.0, 1, 1)


# -- narrow terminals ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_stats_lose_nothing_in_a_narrow_terminal(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.log"
    path.write_text(
        "2026-01-01 12:00:00.5 -> stoh_start_operation echo 1.1 a\n"
        "2026-01-01 12:00:00.6 <- htos_operation_completed echo 1.1 normal a\n"
    )
    shown = at_terminal(40, "stats", str(path), kind=kind)
    assert "…" not in shown
    assert "normal" in shown
