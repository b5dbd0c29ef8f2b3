"""Loggers whose handlers may raise or hang; a whole DHS is in tests/faults."""

import logging
import subprocess
import sys
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from dhs_runtime.loggers import MAX_WAITING, flush_handlers, get_logger
from tests.no_threads import no_threads
from tests.runtime.peers import DEADLINE_S


class Gate(logging.Handler):
    """Keeps lines and the threads that brought them; closed, it hangs."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.entered = threading.Event()
        self.records: list[logging.LogRecord] = []
        self.threads: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entered.set()
        assert self.open.wait(DEADLINE_S)
        self.records.append(record)
        self.threads.append(threading.current_thread().name)

    @property
    def lines(self) -> list[str]:
        """What it was told, when all is written."""
        self.open.set()
        assert flush_handlers(DEADLINE_S)
        return [record.getMessage() for record in self.records]


class Direct(Gate):
    returns_at_once = True


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = get_logger("dhs_runtime.test_loggers")
    made.propagate = False
    yield made
    for handler in made.handlers[:]:
        if isinstance(handler, Gate):
            handler.open.set()
        made.removeHandler(handler)
    made.filters[:] = []
    assert flush_handlers(DEADLINE_S)


def added(logger: logging.Logger, handler: Gate) -> Gate:
    logger.addHandler(handler)
    return handler


def test_it_is_the_logger_of_that_name(logger: logging.Logger) -> None:
    assert logging.getLogger("dhs_runtime.test_loggers") is logger
    assert get_logger(logger.name) is logger


def test_a_handler_has_a_thread_while_records_wait(logger: logging.Logger) -> None:
    gate = added(logger, Gate())
    for number in range(20):
        logger.warning("line %d", number)
    assert gate.lines == [f"line {number}" for number in range(20)]
    assert set(gate.threads) == {"log-handler"}
    assert {record.threadName for record in gate.records} == {threading.current_thread().name}
    assert {record.funcName for record in gate.records} == {
        "test_a_handler_has_a_thread_while_records_wait"
    }


def test_a_handler_that_returns_at_once_is_called_directly(logger: logging.Logger) -> None:
    gate = added(logger, Direct())
    gate.open.set()
    logger.warning("now")
    assert gate.threads == [threading.current_thread().name]


@pytest.mark.parametrize("of_logger", [False, True])
def test_a_filter_is_called_in_another_thread(logger: logging.Logger, of_logger: bool) -> None:
    gate = added(logger, Direct())
    gate.open.set()
    threads = []

    def passes(record: logging.LogRecord) -> bool:
        threads.append(threading.current_thread().name)
        return "odd" in record.getMessage()

    (logger if of_logger else gate).addFilter(passes)
    logger.warning("odd")
    logger.warning("even")
    assert gate.lines == ["odd"]
    assert threads == ["log-handler"] * 2


def test_levels_and_disabled_loggers_are_as_before(logger: logging.Logger) -> None:
    gate = added(logger, Gate())
    gate.setLevel(logging.ERROR)
    logger.warning("not wanted")
    with patch.object(logger, "disabled", True):
        logger.error("disabled")
    logger.error("wanted")
    assert gate.lines == ["wanted"]


def test_a_handler_that_hangs_holds_up_neither_its_neighbour_nor_the_caller(
    logger: logging.Logger,
) -> None:
    stuck, other = added(logger, Gate()), added(logger, Gate())
    other.open.set()
    logger.warning("one")
    assert stuck.entered.wait(DEADLINE_S)
    assert not flush_handlers(0)
    for number in range(MAX_WAITING + 5):
        logger.warning("%d", number)
    assert stuck.lines[-1] == "this handler was too slow: 5 lines were dropped"
    assert len(stuck.lines) == 1 + MAX_WAITING + 1
    assert other.lines[0] == "one"


def test_what_a_handler_logs_is_not_given_to_it_again(logger: logging.Logger) -> None:
    gate, lines = added(logger, Gate()), []

    class Talks(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())
            logger.warning("again: %s", record.getMessage())

    logger.addHandler(talks := Talks())
    logger.warning("once")
    assert "once" in gate.lines
    assert flush_handlers(DEADLINE_S)
    logger.removeHandler(talks)
    assert lines == ["once"]
    assert gate.lines == ["once", "again: once"]


def test_what_a_handler_raises_is_shown_as_logging_does(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    class Raises(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ValueError("no server")

    logger.addHandler(Raises())
    logger.warning("lost")
    assert flush_handlers(DEADLINE_S)
    said = capsys.readouterr().err
    assert "--- Logging error ---" in said
    assert "ValueError: no server" in said


def test_without_a_thread_records_wait_for_the_next(logger: logging.Logger) -> None:
    gate = added(logger, Gate())
    with no_threads():
        logger.warning("one")
    logger.warning("two")
    assert gate.lines == ["one", "two"]


FORKS = """
import logging, os, sys, threading
from dhs_runtime.loggers import get_logger

class Hangs(logging.Handler):
    def emit(self, record):
        entered.set()
        if os.getpid() == parent:
            threading.Event().wait()
        print(record.getMessage(), flush=True)

entered, parent = threading.Event(), os.getpid()
logger = get_logger("x")
logger.addHandler(Hangs())
logger.warning("of the parent")
entered.wait()
if child := os.fork():
    os._exit(os.waitpid(child, 0)[1])
logger.warning("of the child")
"""


def test_a_forked_child_logs_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKS]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=True, timeout=60
    )
    assert done.stdout == "of the child\n"


RETURNS = """
import logging, os
from dhs_runtime.threads import ThreadGroup

logging.basicConfig()
group = ThreadGroup()
if child := os.fork():
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
else:
    group.end_child()
"""


def test_a_forked_child_that_is_ended_says_so() -> None:
    command = [sys.executable, "-c", RETURNS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "1\n"
    assert "the child is ended" in done.stderr


def test_a_handler_of_unittest_has_a_record_at_once(logger: logging.Logger) -> None:
    with unittest.TestCase().assertLogs(logger.name) as seen:
        logger.warning("seen")
        assert seen.output == [f"WARNING:{logger.name}:seen"]
