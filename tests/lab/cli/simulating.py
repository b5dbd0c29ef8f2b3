"""A simulator in a process, for tests."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEADLINE_S = 60.0  # a process takes seconds to start and end on a busy machine


@contextmanager
def simulating(*args: str) -> Iterator[subprocess.Popen[str]]:
    """A simulator in a process; SIGTERM at the end, exit code 0."""
    command = [sys.executable, "-u", "-m", "dhs_runtime.cli", "simulate", *args]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
        assert process.returncode == 0, errors
        assert "Traceback" not in errors


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """The first line that matches; the test's timeout ends the wait otherwise."""
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(pattern, line):
            return line
    raise AssertionError(f"no line with {pattern!r}")


def hardware_port(process: subprocess.Popen[str]) -> int:
    """The port that a simulated DCSS says it listens on."""
    return int(read_until(process, "hardware port").split(":")[2].split(";")[0])
