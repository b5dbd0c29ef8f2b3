"""Logs of a process: levels, files, masks; and no thread waits for them."""

import json
import logging
import multiprocessing
import os
import queue
import resource
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from dhs_runtime import ConfigError, Dhs
from dhs_runtime.process import LogConfig, TraceConfig, served
from dhs_runtime.process.log_outputs import LogFile
from dhs_runtime.process.logs import EXIT_S, MAX_WAITING, WIRE_LOGGER, Logs, set_up_logging
from tests.loggers import written
from tests.runtime.peers import AT_ONCE_S, DEADLINE_S, eventually


@pytest.fixture(autouse=True)
def outputs_have_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine; the tests of an output that is stuck set the time back."""
    monkeypatch.setattr("dhs_runtime.process.logs.EXIT_S", DEADLINE_S)


def test_a_line_tells_time_level_thread_and_logger(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "dhs.log"
    set_up_logging(LogConfig(file=path))
    logging.getLogger("dhs_runtime.x").info("hello")
    logging.getLogger("dhs_runtime.x").debug("not shown")
    logging.getLogger("other").info("not shown")
    logging.getLogger(WIRE_LOGGER).debug("not shown")
    (line,) = written(path).splitlines()
    assert line[23:] == " INFO    MainThread       dhs_runtime.x: hello"


LEVELS_SAID = """
import logging
from dhs_runtime.process import LogConfig
from dhs_runtime.process.logs import set_up_logging
set_up_logging(LogConfig(level="debug"))
for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
    logging.getLogger("dhs_runtime.x").log(level, "said")
"""
COLOURS_SAID = ["2", "", "33", "31", "31"]


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm"}, COLOURS_SAID),
        ({"TERM": "xterm", "NO_COLOR": ""}, COLOURS_SAID),
        ({"TERM": "xterm", "NO_COLOR": "1"}, [""] * 5),
        ({"TERM": "dumb"}, [""] * 5),
        ({}, [""] * 5),
    ],
)
def test_a_terminal_shows_levels_in_colours(
    environment: dict[str, str], colours: list[str]
) -> None:
    ours, its = os.openpty()
    kept = {name: os.environ[name] for name in os.environ if name not in ("TERM", "NO_COLOR")}
    subprocess.run(
        [sys.executable, "-c", LEVELS_SAID], stderr=its, env=kept | environment, check=True
    )
    text = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(its)
    assert [
        line[2:].partition("m")[0] if line[0] == "\x1b" else "" for line in text.splitlines()
    ] == (colours)
    assert text.count("\x1b[0m\r\n") == len([*filter(None, colours)])


def test_a_pipe_gets_no_colours() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEVELS_SAID],
        env=os.environ | {"TERM": "xterm"},
        capture_output=True,
        check=True,
    )
    assert done.stderr.count(b"said\n") == 5
    assert b"\x1b" not in done.stderr


def test_more_is_logged_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path), TraceConfig(enabled=True))
    for name in ("dhs_runtime.x", "other", WIRE_LOGGER):
        logging.getLogger(name).debug("shown")
    assert len(written(path).splitlines()) == 3


def test_everything_is_without_the_trace(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path))
    logging.getLogger(WIRE_LOGGER).debug("not shown")
    assert not written(path)


def test_less_is_logged_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="warning", file=path))
    logging.getLogger("dhs_runtime.x").info("not shown")
    logging.getLogger("dhs_runtime.x").warning("shown")
    assert len(written(path).splitlines()) == 1


def test_the_trace_has_its_own_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, trace = tmp_path / "dhs.log", tmp_path / "trace.log"
    set_up_logging(LogConfig(file=log), TraceConfig(enabled=True, file=trace))
    logging.getLogger("dhs_runtime.x").info("said")
    logging.getLogger(f"{WIRE_LOGGER}.stageDHS").debug("sent PRIVATEabc")
    assert written(log).endswith("said\n")
    assert "sent" not in written(log) + capsys.readouterr().err
    (line,) = written(trace).splitlines()
    assert line.endswith("dhs_runtime.wire.stageDHS: sent PRIVATE***")


@pytest.mark.parametrize("name", ["dhs.log", "other/../dhs.log", "link.log"])
def test_a_trace_into_the_log_s_own_file_is_no_second_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "dhs.log"
    (tmp_path / "other").mkdir()
    (tmp_path / "link.log").symlink_to(path)
    set_up_logging(LogConfig(file=path), TraceConfig(enabled=True, file=tmp_path / name))
    logging.getLogger(WIRE_LOGGER).debug("sent")
    assert len(written(path).splitlines()) == 1


@pytest.mark.parametrize("which", ["log", "trace"])
def test_files_rotate_by_size_and_count(tmp_path: Path, which: str) -> None:
    path = tmp_path / "dhs.log"
    if which == "log":
        set_up_logging(LogConfig(file=path, max_bytes=1000, backups=2))
    else:
        set_up_logging(None, TraceConfig(enabled=True, file=path, max_bytes=1000, backups=2))
    for number in range(100):
        logging.getLogger(WIRE_LOGGER if which == "trace" else "dhs_runtime.x").error(
            "line %d %s", number, "x" * 50
        )
    assert "line 99" in written(path)
    files = sorted(each.name for each in tmp_path.iterdir())
    assert files == ["dhs.log", "dhs.log.1", "dhs.log.2"]
    assert all(each.stat().st_size <= 1000 for each in tmp_path.iterdir())


def lines_in(path: Path, folder: str = "") -> list[str]:
    found = sorted((path / folder).glob("*.log*"), reverse=True)
    return [line for each in found for line in each.read_text().splitlines()]


def test_a_file_that_was_moved_or_removed_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "dhs.log"
    file = LogFile("log file", path, 1000, 2)
    file.write("one\n")
    path.rename(path.with_name("dhs.log-20261129"))  # as logrotate does
    file.write("two\n")
    path.unlink()
    file.write("three\n")
    shutil.rmtree(path.parent)
    file.write("four\n")
    assert lines_in(path.parent) == ["four"]
    file.close()


def test_two_processes_may_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    files = [LogFile("log file", path, 100, 50) for _ in range(2)]
    said = [f"line {number:03}\n" for number in range(100)]
    for number, line in enumerate(said):
        files[number % 2].write(line)
    assert sorted(lines_in(tmp_path)) == [line.strip() for line in said]
    for file in files:
        file.close()


def test_the_file_is_where_it_was_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = LogFile("log file", Path("logs") / "dhs.log", 10, 2)
    file.write("one\n")
    monkeypatch.chdir("/")
    for word in ("two-two\n", "three-three\n"):
        file.write(word)
    file.close()
    assert lines_in(tmp_path, "logs") == ["one", "two-two", "three-three"]


def test_a_link_stays_and_its_file_rotates(tmp_path: Path) -> None:
    disk, link = tmp_path / "disk", tmp_path / "dhs.log"
    link.symlink_to(disk / "stage.log")
    file = LogFile("log file", link, 10, 2)
    for word in ("one-one\n", "two-two\n"):
        file.write(word)
    file.close()
    assert link.is_symlink()
    assert sorted(each.name for each in disk.iterdir()) == ["stage.log", "stage.log.1"]


def test_a_device_is_no_file_to_rotate() -> None:
    file = LogFile("log file", Path("/dev/null"), 1, 2)
    for _ in range(3):
        file.write("lost\n")
    file.close()
    assert Path("/dev/null").is_char_device()


def test_passwords_and_site_patterns_are_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(file=path, mask=("KEY-[0-9]+",)), secrets=["", "correct horse"])
    logging.getLogger("dhs_runtime.x").info("correct horse KEY-12")
    for text in (written(path), capsys.readouterr().err):
        assert text.endswith(": *** ***\n")


def test_simulators_have_the_level_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(file=path))
    logging.getLogger("dhs_lab.simulators.dcss").info("aDHS is online")
    logging.getLogger("other").info("told to nobody")
    assert written(path).endswith("dhs_lab.simulators.dcss: aDHS is online\n")


def test_http_logs_show_no_token(tmp_path: Path) -> None:
    """Both sides of a call at the most detailed level: our server, and requests with urllib3."""
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path), secrets=["correct horse"])
    logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
    with served(Dhs("testDHS"), status_port=0) as url:
        requests.get(
            f"{url}/status",
            {"SMBSessionID": "HIDDEN1", "user": "me"},
            auth=("root", "correct horse"),
            headers={"Cookie": "SMB=HIDDEN2"},
            timeout=150,
        )
    text = written(path)
    assert text.count("GET /status?SMBSessionID=***&user=me") == 2
    assert "HIDDEN" not in text


@pytest.mark.parametrize("what", ["log", "trace"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, what: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "dhs.log"
    log = LogConfig(file=path if what == "log" else None)
    trace = TraceConfig(enabled=True, file=path if what == "trace" else None)
    with pytest.raises(ConfigError, match=rf"{what} file .*: (Not a directory|File exists)"):
        set_up_logging(log, trace)


# -- what a file is to whom ------------------------------------------------------------------


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("mask", "mode"),
    [(0o022, 0o600), (0o002, 0o600), (0, 0o600), (0o077, 0o600), (0o027, 0o640), (0o007, 0o660)],
)
def test_files_are_for_their_owner_or_whom_the_umask_names(
    tmp_path: Path, mask: int, mode: int
) -> None:
    os.umask(mask)
    log, trace = tmp_path / "dhs.log", tmp_path / "trace.log"
    logs = set_up_logging(
        LogConfig(file=log, max_bytes=200), TraceConfig(enabled=True, file=trace, max_bytes=200)
    )
    assert os.umask(mask) == mask
    for name in ("dhs_runtime.x", WIRE_LOGGER):
        for _ in range(5):
            logging.getLogger(name).error("x" * 100)
    logs.close()
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert len(modes) > 4
    assert set(modes.values()) == {mode}


def test_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(file=path, format="json"))
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        logging.getLogger("dhs_runtime.x").exception("PRIVATEabc \x1b[2J \u202e\nforged")
    (line,) = written(path).splitlines()
    assert capsys.readouterr().err == f"{line}\n"
    assert line.isascii()
    told = json.loads(line)
    assert told["message"] == "PRIVATE*** \x1b[2J \u202e\nforged"
    assert told["time"].endswith("+00:00")
    assert (told["level"], told["thread"], told["logger"]) == (
        "error",
        "MainThread",
        "dhs_runtime.x",
    )
    assert told["trace"].endswith("ValueError: password=***")


def test_priorities_for_journald_are_on_stderr_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="debug", file=path, format="journal"))
    log = logging.getLogger("dhs_runtime.x")
    for level in ("debug", "info", "warning", "critical"):
        getattr(log, level)("said")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("failed")
    assert "<" not in written(path)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:3] for line in lines[:5]] == ["<7>", "<6>", "<4>", "<2>", "<3>"]
    assert lines[0] == "<7>MainThread       dhs_runtime.x: said"
    assert len(lines) > 7
    assert all(line.startswith("<3>  ") for line in lines[5:])


def is_in(path: Path, text: str) -> bool:
    return text in path.read_text()


# -- nobody waits ----------------------------------------------------------------------------


class FullPipe:
    """A pipe in place of stderr that nobody reads until `read`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        try:
            while True:
                os.write(self.writer, b"\n" * 4096)
        except BlockingIOError:
            os.set_blocking(self.writer, True)
        self._stream = open(self.writer, "w", closefd=False)  # noqa: SIM115 - closed in `close`
        monkeypatch.setattr("sys.stderr", self._stream)

    def read(self) -> str:
        """Everything written, until its end."""
        parts = []
        while part := os.read(self._reader, 1 << 16):
            parts.append(part)
        os.close(self._reader)
        return b"".join(parts).decode().lstrip("\n")

    def close(self) -> None:
        self._stream.close()
        os.close(self.writer)


def test_a_stalled_stderr_holds_up_neither_threads_nor_the_file_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_runtime.process.logs.EXIT_S", EXIT_S)
    pipe = FullPipe(monkeypatch)
    path = tmp_path / "dhs.log"
    logs = set_up_logging(LogConfig(file=path))
    log = logging.getLogger("dhs_runtime.x")
    for number in range(MAX_WAITING + 100):
        log.info("line %d", number)
        if number % 1000 == 0:
            eventually(partial(is_in, path, f"line {number}\n"))
    eventually(lambda: f"line {MAX_WAITING + 99}\n" in path.read_text())
    assert 90 <= logs.dropped <= 100
    began = time.monotonic()
    logs.flush()
    logs.close()
    assert time.monotonic() - began < EXIT_S + AT_ONCE_S
    shown: list[str] = []
    reader = threading.Thread(target=lambda: shown.append(pipe.read()), name="reader")
    reader.start()
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "log-stderr"])
    pipe.close()
    reader.join(DEADLINE_S)
    assert "line 0\n" in shown[0]


def test_what_was_dropped_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = FullPipe(monkeypatch)
    path = tmp_path / "dhs.log"
    logs = set_up_logging(LogConfig(file=path))
    for number in range(MAX_WAITING + 100):
        logging.getLogger("dhs_runtime.x").info("line %d", number)
        if number % 1000 == 0:
            eventually(partial(is_in, path, f"line {number}\n"))
    dropped = logs.dropped
    assert dropped
    shown: list[str] = []
    reader = threading.Thread(target=lambda: shown.append(pipe.read()), name="reader")
    reader.start()
    eventually(lambda: "was too slow" in path.read_text())
    assert all(handler.mark().wait(DEADLINE_S) for handler in logs.handlers)
    logs.close()
    pipe.close()
    reader.join(DEADLINE_S)
    for text in (shown[0], path.read_text()):
        assert f"stderr: was too slow: {dropped} lines were dropped" in text
    assert f"line {MAX_WAITING + 99}\n" not in shown[0]


@pytest.fixture
def file_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("file_limit")
def test_a_full_disk_is_one_line_and_its_end_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit on the size of files acts like a full disk."""
    path = tmp_path / "dhs.log"
    logs = set_up_logging(LogConfig(file=path))
    log = logging.getLogger("dhs_runtime.x")
    log.info("first")
    assert logs.flush()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        for _ in range(1000):
            log.info("lost")
        assert logs.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.info("last")
    assert logs.flush()
    assert logs.flush(), "what it says itself is written, too"
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.count("lines are lost until it can be written") == 1
    assert f"log file {path}: File too large" in error
    lost = logs.dropped
    assert 1000 <= lost <= 1001, "what it said of it is lost in the file, too"
    text = path.read_text()
    assert f"log file {path}: can be written again; {lost} lines are lost" in text
    lines = text.splitlines()
    assert lines[0].endswith("first")
    assert any(line.endswith("last") and line.startswith("20") for line in lines)


def test_a_stderr_that_is_gone_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    path = tmp_path / "dhs.log"
    with open(writer, "w", closefd=False) as stream:
        monkeypatch.setattr("sys.stderr", stream)
        logs = set_up_logging(LogConfig(file=path))
        for _ in range(100):
            logging.getLogger("dhs_runtime.x").info("said")
        logs.flush()
        logs.close()
    os.close(writer)
    text = path.read_text()
    assert text.count("said") == 100
    assert text.count("stderr: Broken pipe") == 1


@pytest.mark.parametrize("what", ["rename", "folder gone"])
def test_a_file_that_cannot_be_put_aside_goes_on(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    path = folder / "dhs.log"
    logs = set_up_logging(LogConfig(file=path, max_bytes=500, backups=1))
    if what == "rename":
        (folder / "dhs.log.1").mkdir()
        (folder / "dhs.log.1" / "x").touch()
    else:
        path.unlink()
        folder.rmdir()
    for number in range(20):
        logging.getLogger("dhs_runtime.x").info("line %d", number)
    logs.close()
    assert "Traceback" not in capsys.readouterr().err
    assert not logs.dropped
    if what == "rename":
        assert "line 0\n" in path.read_text()
        assert "line 19\n" in path.read_text()


def test_setting_up_again_ends_what_was_before(tmp_path: Path) -> None:
    first = set_up_logging(LogConfig(file=tmp_path / "a"))
    logging.getLogger("dhs_runtime.x").info("said")
    second = set_up_logging(LogConfig(file=tmp_path / "b"))
    logging.getLogger("dhs_runtime.x").info("said again")
    second.close()
    second.close()
    first.close()
    assert (tmp_path / "a").read_text().endswith("said\n")
    assert (tmp_path / "b").read_text().endswith("said again\n")
    assert not [one for one in threading.enumerate() if one.name.startswith("log-")]
    assert second.flush()


def test_a_destructor_may_log_while_its_thread_does(tmp_path: Path) -> None:
    logs = set_up_logging(LogConfig(file=tmp_path / "dhs.log"))
    log = logging.getLogger("dhs_runtime.x")

    class Noisy:
        def __str__(self) -> str:
            log.info("from within")
            return "noise"

        def __del__(self) -> None:
            log.info("from its end")

    for _ in range(100):
        log.info("%s", Noisy())
    assert logs.flush()
    assert (tmp_path / "dhs.log").read_text().count("noise") == 100


def _log_in_fork(number: int) -> None:
    logging.getLogger("dhs_runtime.x").info("from fork %d PRIVATEabc", number)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_logs_as_its_parent_does(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    logs = set_up_logging(LogConfig(file=path))
    context = multiprocessing.get_context("fork")
    for number in range(3):
        child = context.Process(target=_log_in_fork, args=(number,))
        child.start()
        child.join(DEADLINE_S)
        assert child.exitcode == 0
    logging.getLogger("dhs_runtime.x").info("from the parent")
    logs.close()
    lines = path.read_text().splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == [
        *(f"from fork {number} PRIVATE***" for number in range(3)),
        "from the parent",
    ]


def test_the_length_of_the_queue_bounds_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting records contain only text, no longer than the log shows it."""
    monkeypatch.setattr("dhs_runtime.process.logs.EXIT_S", EXIT_S)
    pipe = FullPipe(monkeypatch)
    logs: Logs = set_up_logging()
    for _ in range(100):
        try:
            raise ValueError("x" * 1_000_000)
        except ValueError:
            logging.getLogger("dhs_runtime.x").exception("%s", "y" * 1_000_000)
    (handler,) = logs.handlers
    held = []
    assert isinstance(handler.queue, queue.SimpleQueue)
    while not handler.queue.empty():
        held.append(handler.queue.get())
    assert len(held) > 90
    for record in held:
        assert len(record.msg) + len(record.exc_text) < 20_000
        assert record.args is None
        assert record.exc_info is None
    logs.flush()
    logs.close()
    reader = threading.Thread(target=pipe.read, name="reader")
    reader.start()
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "log-stderr"])
    pipe.close()
    reader.join(DEADLINE_S)
