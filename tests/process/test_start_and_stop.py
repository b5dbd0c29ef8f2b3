"""Signals at every moment of `dhs run`, from its first import to its end: real processes."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime import Dhs
from dhs_runtime.signals import GRACE_S
from tests.cli.processes import DEADLINE_S, Process, dhs

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
READY = "the author's code is there"

SLEEPS = f"print({READY!r}, flush=True); time.sleep(60)"
SWALLOWS = f"""\
try:
    {SLEEPS}
except BaseException:
    time.sleep(60)
"""
IN_C = f"""\
import ctypes, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [15, 2, 1])  # another thread gets it, and C sleeps on
print({READY!r}, flush=True)
ctypes.CDLL(None).sleep(60)
"""
IN_MAKE_DHS = "def make_dhs(launch):\n" + textwrap.indent(SLEEPS, "    ")

WORKS = """
from dhs_runtime import Dhs
dhs = Dhs("testDHS")
@dhs.operation("nap")
def nap(op):
    op.update("asleep")
    op.sleep(60)
@dhs.on_stop
def let_go():
    print("the hardware is let go", flush=True)
"""


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("testDHS", operations=["nap"])]) as server:
        yield server


def written(folder: Path, source: str) -> str:
    path = folder / "mine.py"
    path.write_text(f"import time\n{source}")
    return str(path)


def send(process: Process, number: signal.Signals) -> int:
    os.kill(process.pid, number)
    return process.wait()


@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("source", "name"),
    [
        pytest.param(SLEEPS, "dhs", id="imports of the author"),
        pytest.param(IN_MAKE_DHS, "make_dhs", id="make_dhs"),
        pytest.param(SWALLOWS, "dhs", id="code that swallows it"),
        pytest.param(IN_C, "dhs", id="a library's C code"),
    ],
)
def test_a_signal_ends_a_start_quietly(
    tmp_path: Path, source: str, name: str, number: signal.Signals
) -> None:
    with dhs("run", f"{written(tmp_path, source)}:{name}") as process:
        process.wait_log(READY)
        assert send(process, number) == 0
        assert process.log.replace(READY, "").strip() == ""
    assert GRACE_S < DEADLINE_S


@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
@pytest.mark.parametrize("module", ["click.core", "dcs_codec.frames", "dhs_runtime.app"])
def test_a_signal_ends_our_own_imports_quietly(number: signal.Signals, module: str) -> None:
    """Python reports its imports on standard error."""
    command = [sys.executable, "-X", "importtime", "-m", "dhs_runtime.cli", "run", "absent.py:dhs"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith(f" {module}"):
                os.kill(process.pid, number)
                break
        rest = [line for line in process.stderr if not line.startswith("import time:")]
    # It may be over, with its one line and 2, before the signal arrives there.
    assert (process.returncode, rest) in [
        (0, []),
        (2, ["dhs: there is no Python file absent.py\n"]),
    ]


def test_ctrl_c_of_a_command_that_ends_by_itself_is_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.yaml")  # opening it blocks
    command = [sys.executable, "-X", "importtime", "-m", "dhs_runtime.cli", "check"]
    with subprocess.Popen(
        [*command, str(tmp_path / "never.yaml")], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith(" click.core"):
                os.kill(process.pid, signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest


@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
def test_a_signal_stops_it_with_its_hardware(
    tmp_path: Path, dcss: SimulatedDcss, number: signal.Signals
) -> None:
    with dhs("run", f"{written(tmp_path, WORKS)}:dhs", "--dcss", dcss.address) as process:
        dcss.wait_online("testDHS", DEADLINE_S)
        run = dcss.start_operation("nap")
        run.wait_update("asleep", DEADLINE_S)
        assert send(process, number) == 0
        assert "the hardware is let go" in process.log
        assert "Traceback" not in process.log
    dcss.wait_offline("testDHS", DEADLINE_S)
    assert run.completions == (Completion("aborted", "DHS is stopping"),)


def test_a_closed_terminal_stops_it_with_its_hardware(tmp_path: Path, dcss: SimulatedDcss) -> None:
    source = WORKS.replace("print(", f"open({str(tmp_path / 'let_go')!r}, 'w').write(").replace(
        ", flush=True", ""
    )
    ours, theirs = os.openpty()
    command = f"{written(tmp_path, source)}:dhs"
    process = subprocess.Popen(
        # A session of its own, whose terminal is the first that it opens.
        [sys.executable, "-c", TERMINAL, os.ttyname(theirs), command, "--dcss", dcss.address],
        start_new_session=True,
    )
    os.close(theirs)
    try:
        dcss.wait_online("testDHS", DEADLINE_S)
        os.close(ours)
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait(DEADLINE_S)
    assert (tmp_path / "let_go").read_text() == "the hardware is let go"


TERMINAL = """
import os, sys
terminal = os.open(sys.argv[1], os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(terminal, number)
os.close(terminal)
os.execv(sys.executable, [sys.executable, "-m", "dhs_runtime.cli", "run", *sys.argv[2:]])
"""


@pytest.mark.parametrize(
    ("ignored", "why"), [(signal.SIGHUP, "nohup"), (signal.SIGINT, "the & of a script")]
)
@pytest.mark.parametrize("source", [WORKS, f"{WORKS}\n{SLEEPS}"], ids=["running", "starting"])
def test_what_is_ignored_stays_ignored(
    tmp_path: Path, dcss: SimulatedDcss, ignored: signal.Signals, why: str, source: str
) -> None:
    source = source.replace("60)", "0.5)") + f"\nprint({READY!r}, flush=True)"
    before = signal.signal(ignored, signal.SIG_IGN)
    try:
        process = Process(
            "run", f"{written(tmp_path, source)}:dhs", "--dcss", dcss.address
        )  # which inherits it
    finally:
        signal.signal(ignored, before)
    try:
        process.wait_log(READY)
        os.kill(process.pid, ignored)
        dcss.wait_online("testDHS", DEADLINE_S)
        os.kill(process.pid, ignored)
        run = dcss.start_operation("nap")
        run.wait_update("asleep", DEADLINE_S)
        assert send(process, signal.SIGTERM) == 0
        assert "SIGTERM: stopping" in process.log, why
    finally:
        process.close()


def test_a_signal_before_there_is_an_engine_stops_the_run() -> None:
    class Early(Dhs):
        def start(self, dcss: object = "") -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().start("127.0.0.1:9")

    Early("testDHS").run()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
