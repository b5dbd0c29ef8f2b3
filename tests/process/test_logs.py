import logging
from pathlib import Path

import pytest
import requests

from dhs_runtime import ConfigError, Dhs
from dhs_runtime.process import LogConfig, TraceConfig, served
from dhs_runtime.process.logs import WIRE_LOGGER, set_up_logging


def test_a_line_tells_time_level_thread_and_logger(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "dhs.log"
    set_up_logging(LogConfig(file=path))
    logging.getLogger("dhs_runtime.x").info("hello")
    logging.getLogger("dhs_runtime.x").debug("not shown")
    logging.getLogger("other").info("not shown")
    logging.getLogger(WIRE_LOGGER).debug("not shown")
    (line,) = path.read_text().splitlines()
    assert line[23:] == " INFO    MainThread       dhs_runtime.x: hello"


def test_more_is_logged_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path), TraceConfig(enabled=True))
    for name in ("dhs_runtime.x", "other", WIRE_LOGGER):
        logging.getLogger(name).debug("shown")
    assert len(path.read_text().splitlines()) == 3


def test_everything_is_without_the_trace(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path))
    logging.getLogger(WIRE_LOGGER).debug("not shown")
    assert not path.read_text()


def test_less_is_logged_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="warning", file=path))
    logging.getLogger("dhs_runtime.x").info("not shown")
    logging.getLogger("dhs_runtime.x").warning("shown")
    assert len(path.read_text().splitlines()) == 1


def test_the_trace_has_its_own_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, trace = tmp_path / "dhs.log", tmp_path / "trace.log"
    set_up_logging(LogConfig(file=log), TraceConfig(enabled=True, file=trace))
    logging.getLogger("dhs_runtime.x").info("said")
    logging.getLogger(f"{WIRE_LOGGER}.stageDHS").debug("sent PRIVATEabc")
    assert log.read_text().endswith("said\n")
    assert "sent" not in log.read_text() + capsys.readouterr().err
    (line,) = trace.read_text().splitlines()
    assert line.endswith("dhs_runtime.wire.stageDHS: sent PRIVATE***")


def test_a_trace_into_the_log_s_own_file_is_no_second_file(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(file=path), TraceConfig(enabled=True, file=path))
    logging.getLogger(WIRE_LOGGER).debug("sent")
    assert len(path.read_text().splitlines()) == 1


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
    files = sorted(each.name for each in tmp_path.iterdir())
    assert files == ["dhs.log", "dhs.log.1", "dhs.log.2"]
    assert all(each.stat().st_size <= 1000 for each in tmp_path.iterdir())
    assert "line 99" in path.read_text()


def test_passwords_and_site_patterns_are_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(file=path, mask=("KEY-[0-9]+",)), secrets=["", "correct horse"])
    logging.getLogger("dhs_runtime.x").info("correct horse KEY-12")
    for text in (path.read_text(), capsys.readouterr().err):
        assert text.endswith(": *** ***\n")


def test_http_logs_show_no_token(tmp_path: Path) -> None:
    """Both ends of a call at the noisiest level: our server, and requests with urllib3 below it."""
    path = tmp_path / "dhs.log"
    set_up_logging(LogConfig(level="everything", file=path), secrets=["correct horse"])
    logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
    with served(Dhs("testDHS"), status_port=0) as url:
        requests.get(
            f"{url}/status",
            {"SMBSessionID": "HIDDEN1", "user": "me"},
            auth=("root", "correct horse"),
            headers={"Cookie": "SMB=HIDDEN2"},
            timeout=5,
        )
    text = path.read_text()
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
