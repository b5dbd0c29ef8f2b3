"""Logging handlers, filters and formatters of an author that raise or hang."""

import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import DeviceError, Dhs, Move, Operation
from dhs_runtime.loggers import flush_handlers
from tests.faults.scene import Scene, at_work
from tests.runtime.peers import DEADLINE_S, eventually

LONG_S = 60.0  # for processes

Misbehave = Callable[[], None]
Kind = Callable[[Misbehave], logging.Handler]


class Kept(logging.Handler):
    """A good handler beside the other."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    @property
    def failures(self) -> int:
        """How many failures of `fail` it was told."""
        return sum(bool(re.fullmatch(r"fail 7\.\d+: handler failed", line)) for line in self.lines)


def emits(misbehave: Misbehave) -> logging.Handler:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            misbehave()

    return Handler()


def handles(misbehave: Misbehave) -> logging.Handler:
    class Handler(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            misbehave()
            return True

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's
            misbehave()

    return Handler()


def filters(misbehave: Misbehave) -> logging.Handler:
    class Filter(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            misbehave()
            return True

    handler = logging.StreamHandler()
    handler.addFilter(Filter())
    return handler


def formats(misbehave: Misbehave) -> logging.Handler:
    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            misbehave()
            return ""

    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    return handler


def writes(misbehave: Misbehave) -> logging.Handler:
    class Stream:
        def write(self, text: str) -> None:
            misbehave()

        def flush(self) -> None:
            pass

    return logging.StreamHandler(Stream())


HANDLERS = [emits, handles, filters, formats, writes]
ERRORS = [SystemExit(3), KeyboardInterrupt(), RecursionError()]
RAISING = [*((kind, ValueError("no")) for kind in HANDLERS), *((emits, each) for each in ERRORS)]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger; handlers that the test adds are removed."""
    logger = logging.getLogger()
    before = logger.handlers[:]
    yield logger
    logger.handlers[:] = before


@pytest.fixture
def kept(root: logging.Logger) -> Kept:
    handler = Kept()
    root.addHandler(handler)
    return handler


@pytest.fixture
def hang() -> Iterator[Misbehave]:
    """Hangs until the test is over."""
    over = threading.Event()

    def wait() -> None:
        over.wait()

    yield wait
    over.set()
    assert flush_handlers(DEADLINE_S)


def failing_dhs() -> Dhs:
    """A DHS that logs from every kind of thread."""
    dhs = Dhs("testDHS")

    @dhs.operation("fail")
    def fail(op: Operation) -> None:
        op.log.info("to fail")
        raise ValueError("no such file")

    @dhs.operation("late", timeout_s=0.05)
    def late(op: Operation) -> None:
        op.sleep(60)

    @dhs.operation("inline", inline=True)
    def inline(op: Operation) -> None:
        raise ValueError("inline")

    @dhs.operation("good")
    def good(op: Operation) -> None:
        op.complete("done")

    @dhs.on_connected
    def connected() -> None:
        raise ValueError("hook")

    @dhs.every(0.01)
    def again() -> None:
        raise ValueError("again")

    @dhs.motor("m").on_move
    def move(move: Move) -> None:
        raise DeviceError("off", status="a b")  # no status: the log says so

    return dhs


MOVED = "htos_motor_move_completed m 0.0 error"


def check(scene: Scene) -> None:
    """Each command has its one answer, over two connections."""
    for _ in range(2):
        scene.send("stoh_nonsense x", "stoh_start_motor_move m", "stoh_set_string s x")
        assert scene.run("fail") == "error ValueError: no such file"
        assert scene.run("late") == "error deadline passed"
        assert scene.run("inline") == "error ValueError: inline"
        assert scene.run("stranger") == "error no handler for operation stranger"
        scene.send("stoh_start_motor_move m 1", "stoh_abort_all soft")
        eventually(lambda: scene.run("good") == "normal done" and MOVED in scene.others)
        scene.check()
        scene.meet()


def check_dhs(dhs: Dhs) -> None:
    """The DHS answers each command, and no thread of it is left after its stop."""
    with at_work(dhs) as scene:
        check(scene)


@pytest.mark.parametrize(("kind", "error"), RAISING)
def test_a_handler_that_raises(
    kind: Kind, error: BaseException, root: logging.Logger, kept: Kept
) -> None:
    def raises() -> None:
        raise error

    root.addHandler(kind(raises))
    check_dhs(failing_dhs())
    assert flush_handlers(DEADLINE_S)
    assert kept.failures == 2


@pytest.mark.parametrize("kind", HANDLERS)
def test_a_handler_that_hangs(
    kind: Kind, hang: Misbehave, root: logging.Logger, kept: Kept
) -> None:
    root.addHandler(kind(hang))
    check_dhs(failing_dhs())
    eventually(lambda: kept.failures == 2)
    assert not flush_handlers(0)


@pytest.mark.parametrize("hangs", [False, True])
def test_a_filter_of_a_logger(hangs: bool, hang: Misbehave) -> None:
    def filters(record: logging.LogRecord) -> bool:
        if hangs:
            hang()
        raise ValueError(record.name)

    loggers = [logging.getLogger(f"dhs_runtime.{name}") for name in ("task", "link", "dispatcher")]
    for each in loggers:
        each.addFilter(filters)
    try:
        check_dhs(failing_dhs())
    finally:
        for each in loggers:
            each.removeFilter(filters)


def test_a_factory_of_records_that_raises(kept: Kept, root: logging.Logger) -> None:
    def factory(*args: object, **kwargs: object) -> logging.LogRecord:
        raise ValueError("no record")

    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(factory)
    try:
        check_dhs(failing_dhs())
    finally:
        logging.setLogRecordFactory(before)
    assert flush_handlers(DEADLINE_S)
    assert kept.failures == 2


def test_a_handler_that_sends_each_line_to_dcss(root: logging.Logger) -> None:
    """It logs itself that it cannot send, without a link."""
    dhs = failing_dhs()

    class ToDcss(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            dhs.log("note", record.getMessage())

    root.addHandler(ToDcss())
    check_dhs(dhs)
    assert flush_handlers(DEADLINE_S)


SCRIPT = """
import logging
import threading

from dhs_runtime import Dhs

dhs = Dhs("testDHS")


class Hangs(logging.Handler):
    def emit(self, record):
        print("hangs", flush=True)
        threading.Event().wait()


logging.getLogger().addHandler(Hangs())


@dhs.operation("nap")
def nap(op):
    op.update("asleep")
    op.sleep(60)


if __name__ == "__main__":
    dhs.run("ADDRESS")
"""


@pytest.mark.parametrize("by_command", [False, True])
def test_a_handler_that_hangs_holds_up_no_stop_of_the_process(
    by_command: bool, tmp_path: Path
) -> None:
    with SimulatedDcss([HardwareHost.of("testDHS", operations=["nap"])]) as dcss:
        path = tmp_path / "author.py"
        path.write_text(SCRIPT.replace("ADDRESS", dcss.address))
        command = [sys.executable, str(path)]
        if by_command:
            command[1:] = ["-m", "dhs_runtime.cli", "run", f"{path}:dhs", "--dcss", dcss.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                dcss.wait_online("testDHS", LONG_S)
                runs = [dcss.start_operation("nap") for _ in range(2)]
                for run in runs:
                    run.wait_update("asleep", LONG_S)
                dcss.abort_all("soft")
                assert [run.wait(LONG_S).status for run in runs] == ["aborted", "aborted"]
                assert process.stdout is not None
                assert process.stdout.readline() == "hangs\n"
                process.terminate()
                assert process.wait(LONG_S) == 0
            finally:
                process.kill()


def test_what_a_script_logs_last_is_written_before_it_ends() -> None:
    script = "from dhs_runtime.loggers import get_logger; get_logger('x').warning('the end')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "the end\n"
