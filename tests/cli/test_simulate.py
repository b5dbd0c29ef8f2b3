"""`dhs simulate` as a process."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from dhs_runtime import Dhs
from tests.runtime.peers import fast_config, running

DEADLINE_S = 20.0


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
    """The first line that matches; the test's timeout ends a vain wait."""
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(pattern, line):
            return line
    raise AssertionError(f"no line with {pattern!r}")


def wait_connected(process: subprocess.Popen[str], name: str) -> None:
    """Ask until the simulator knows the DHS."""
    answer = ""
    while name not in answer:
        say(process, "who")
        answer = read_until(process, f"connected|{name}")


def test_dcss_has_a_prompt() -> None:
    dhs = Dhs("echoDHS")
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    args = ["dcss", "--dhs", "echoDHS", "--operation", "echo", "--string", "s=x", "--port", "0"]
    with simulating(*args) as process:
        port = int(read_until(process, "hardware port").split(":")[2].split(";")[0])
        say(process, "who")
        assert read_until(process, "connected") == "nobody is connected\n"
        with running(dhs, fast_config(port)):
            assert dhs.wait_online(DEADLINE_S)
            wait_connected(process, "echoDHS")  # a DHS is online when it has sent its name
            say(process, "")
            say(process, "start echo hello 'two words'")
            read_until(process, r"echo 1\.1 started")
            line = read_until(process, "completed")
            assert line == "echo 1.1 completed normal hello {two words}\n"
            say(process, "set s new contents")
            say(process, "abort hard")
            say(process, "traffic")
            assert "stoh_set_string s new contents" in read_until(process, "stoh_set")
            say(process, "start nosuch")
            assert "error: no hardware host of the database" in read_until(process, "nosuch")
            say(process, "start 'open")
            assert "error: No closing quotation" in read_until(process, "quotation")
            say(process, "what now")
            read_until(process, "start OPERATION")
            say(process, "drop echoDHS reset")
        say(process, "quit")
        assert process.wait(DEADLINE_S) == 0


def test_dcss_serves_on_without_a_person() -> None:
    with simulating("dcss", "--dhs", "echoDHS", "--port", "0") as process:
        port = int(read_until(process, "hardware port").split(":")[2].split(";")[0])
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None  # or communicate() would flush it
        with running(Dhs("echoDHS"), fast_config(port)) as dhs:
            assert dhs.wait_online(DEADLINE_S)


def test_axis_serves_pictures() -> None:
    with simulating("axis", "--port", "0", "--turn", "30") as process:
        url = first_line(process).split()[3].rstrip(";")
        reply = requests.get(url, params={"camera": "1"}, timeout=DEADLINE_S)
        assert reply.headers["Content-Type"] == "image/jpeg"
        assert reply.content.startswith(b"\xff\xd8")


def test_automl_answers() -> None:
    with simulating("automl", "--port", "0") as process:
        url = first_line(process).split()[2].removesuffix(":predict;")
        reply = requests.get(url, timeout=DEADLINE_S).json()
        assert reply["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.parametrize("what", [["dcss", "--dhs", "x"], ["automl"], ["axis"]])
def test_a_port_in_use_is_one_line(what: list[str]) -> None:
    with simulating("automl", "--port", "0") as process:
        port = first_line(process).split("/v1")[0].rpartition(":")[2]
        command = [sys.executable, "-m", "dhs_runtime.cli", "simulate", *what, "--port", port]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert f"dhs: cannot listen at 127.0.0.1:{port}: Address already in use" in result.stderr
