"""Logs that block, flood or cannot be written do not affect a DHS; with real processes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from tests.cli.processes import dhs
from tests.runtime.peers import eventually

DEADLINE_S = 60.0

FLOOD = 15_000  # lines, more than may wait
SOURCE = """
import logging
import threading

from dhs_runtime import Dhs

dhs = Dhs("testDHS")
log = logging.getLogger("dhs_runtime.author")


@dhs.operation("nap")
def nap(op):
    op.update("asleep")
    op.sleep(60)


@dhs.operation("flood")
def flood(op):
    for number in range(FLOOD):
        log.warning("line %d %s", number, "x" * 100)
    op.complete("done")


@dhs.operation("word")
def word(op):
    log.warning("one long word: %s", "a" * 60_000)
    log.warning("one longer: %s", "password=" * 250_000)
    log.warning("the end")
    op.complete("done")
"""


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    host = HardwareHost.of("testDHS", operations=["nap", "flood", "word"])
    with SimulatedDcss([host]) as server:
        yield server


@pytest.fixture
def command(tmp_path: Path, dcss: SimulatedDcss) -> list[str]:
    path = tmp_path / "author.py"
    path.write_text(SOURCE.replace("FLOOD", str(FLOOD)))
    program = [sys.executable, "-m", "dhs_runtime.cli", "run", f"{path}:dhs"]
    return [*program, "--dcss", dcss.address, "--trace"]


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe that is full with 64 KiB."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    filled = 0
    try:
        while True:
            filled += os.write(writer, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    assert filled >= 65536
    yield reader, writer
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stderr_that_nobody_reads_holds_up_neither_abort_nor_stop(
    dcss: SimulatedDcss,
    command: list[str],
    full_pipe: tuple[int, int],
    number: signal.Signals,
    tmp_path: Path,
) -> None:
    log = tmp_path / "dhs.log"
    with subprocess.Popen([*command, "--log-file", str(log)], stderr=full_pipe[1]) as process:
        try:
            dcss.wait_online("testDHS", DEADLINE_S)
            runs = [dcss.start_operation("nap") for _ in range(3)]
            for run in runs:
                run.wait_update("asleep", DEADLINE_S)
            began = time.monotonic()
            dcss.abort_all("soft")
            for run in runs:
                assert run.wait(DEADLINE_S).status == "aborted"
            print(f"aborted after {time.monotonic() - began:.3f} s")
            eventually(lambda: "stoh_abort_all" in log.read_text())  # the file continues
            run = dcss.start_operation("flood")
            assert run.wait(DEADLINE_S) == Completion("normal", "done")
            nap = dcss.start_operation("nap")
            nap.wait_update("asleep", DEADLINE_S)
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(DEADLINE_S) == 0
            took = time.monotonic() - began
            print(f"gone after {took:.3f} s")
            assert (
                took < 20
            )  # 0.5 s for the log, 0.3 s for the DHS; a loaded machine takes its time
            assert nap.wait(DEADLINE_S) == Completion("aborted", "DHS is stopping")
        finally:
            process.kill()


def test_a_mistake_ends_the_command_though_nobody_reads_it(full_pipe: tuple[int, int]) -> None:
    command = [sys.executable, "-m", "dhs_runtime.cli", "run", "nosuch.py:dhs"]
    done = subprocess.run(command, stderr=full_pipe[1], timeout=DEADLINE_S, check=False)
    assert done.returncode == 2


def test_a_stopped_terminal_holds_up_nothing(dcss: SimulatedDcss, command: list[str]) -> None:
    """Ctrl-S at a terminal."""
    ours, its = os.openpty()
    with subprocess.Popen(command, stderr=its, stdin=its, start_new_session=True) as process:
        try:
            dcss.wait_online("testDHS", DEADLINE_S)
            os.write(ours, b"\x13")
            assert dcss.start_operation("flood").wait(DEADLINE_S).status == "normal"
            nap = dcss.start_operation("nap")
            nap.wait_update("asleep", DEADLINE_S)
            dcss.abort_all("soft")
            assert nap.wait(DEADLINE_S).status == "aborted"
            process.terminate()
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
            os.close(ours)
            os.close(its)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(dcss: SimulatedDcss, command: list[str]) -> None:
    with subprocess.Popen(
        [*command, "--log-file", "/dev/full"], stderr=subprocess.PIPE, text=True
    ) as process:
        dcss.wait_online("testDHS", DEADLINE_S)
        nap = dcss.start_operation("nap")
        nap.wait_update("asleep", DEADLINE_S)
        dcss.abort_all("soft")
        assert nap.wait(DEADLINE_S).status == "aborted"
        process.terminate()
        _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "Traceback" not in log
    assert len(re.findall("log file /dev/full: No space left on device", log)) == 1
    assert "stoh_abort_all soft" in log


def test_one_long_word_holds_up_nothing(dcss: SimulatedDcss, command: list[str]) -> None:
    """It took 12.8 s for 60 kB, while the whole process stopped."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            dcss.wait_online("testDHS", DEADLINE_S)
            assert dcss.start_operation("word").wait(DEADLINE_S).status == "normal"
            process.terminate()
            _, log = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    lines = [line for line in log.splitlines() if "dhs_runtime.author" in line]
    assert [line.partition("author: ")[2][:13] for line in lines] == [
        "one long word",
        "one longer: p",
        "the end",
    ]
    assert all(len(line) < 10_000 for line in lines)


def test_a_flood_is_counted(dcss: SimulatedDcss, command: list[str]) -> None:
    with dhs(*command[3:]) as process:
        dcss.wait_online("testDHS", DEADLINE_S)
        assert dcss.start_operation("flood").wait(DEADLINE_S).status == "normal"
        eventually(lambda: 0 <= accounted_for(process.log) - FLOOD < 1000, DEADLINE_S)
        assert process.terminate() == 0


def accounted_for(log: str) -> int:
    """The number of written lines of the flood, and of dropped lines according to the log."""
    told = re.findall(r"stderr: was too slow: (\d+) lines were dropped", log)
    return sum(map(int, told)) + len(re.findall(r"author: line \d+ x{100}$", log, re.MULTILINE))
