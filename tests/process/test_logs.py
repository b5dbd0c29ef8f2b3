import logging
from pathlib import Path

import pytest

from dhs_runtime import ConfigError
from dhs_runtime.process.logs import WIRE_LOGGER, set_up_logging


def test_a_line_tells_time_level_and_thread(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "dhs.log"
    set_up_logging(log_file=path)
    logging.getLogger("dhs_runtime.x").info("hello")
    logging.getLogger("dhs_runtime.x").debug("not shown")
    logging.getLogger("other").info("not shown")
    logging.getLogger(WIRE_LOGGER).debug("not shown")
    (line,) = path.read_text().splitlines()
    assert line[23:] == " INFO    MainThread       hello"


def test_more_is_logged_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "dhs.log"
    set_up_logging(2, path, wire=True)
    for name in ("dhs_runtime.x", "other", WIRE_LOGGER):
        logging.getLogger(name).debug("shown")
    assert len(path.read_text().splitlines()) == 3


def test_a_log_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"log file .*: Not a directory|File exists"):
        set_up_logging(log_file=tmp_path / "file" / "dhs.log")
