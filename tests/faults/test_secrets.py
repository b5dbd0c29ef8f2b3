"""Session ids and passwords in the texts of exceptions do not go to DCSS, and so to every GUI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dcs_codec import Framing
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import DeviceError, Dhs, Operation
from tests.cli.processes import DEADLINE_S
from tests.faults.scene import at_work

SESSION = "Abc123xyzSession"
DETECTOR = ("0", "file", "/dir", "user", "axis", *("1.0",) * 5, *"0000")
TEXTS = (
    f"401 for url: http://auth/x?SMBSessionID={SESSION}&y=1",
    f"no session PRIVATE{SESSION}",
    f"no session {SESSION}",
    f"{{'session': '{SESSION}'}}",
)


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
@pytest.mark.parametrize("how", ["raise", "DeviceError", "fail"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["detector_collect_image", "getLoopTip"])
def test_the_reason_of_a_failed_operation_shows_no_session_id(
    name: str, text: str, how: str, framing: Framing
) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation(name)
    def fails(op) -> None:  # type: ignore[no-untyped-def]
        assert SESSION in op.args_text
        if how == "fail":
            op.fail(text)
        elif how == "DeviceError":
            raise DeviceError(text)
        else:
            raise ValueError(text)

    words = [*DETECTOR, SESSION] if name.startswith("detector") else [f"PRIVATE{SESSION}"]
    with at_work(dhs, framing) as scene:
        reason = scene.run(name, *words)
        assert reason.startswith("error ")
        assert SESSION not in reason
        assert "***" in reason


LONG = [
    f"password={SESSION}",
    f"http://root:{SESSION * 40}@axis/x",
    f"eyJ{SESSION * 40}.eyJ{SESSION * 40}.{SESSION * 40}",
    f"PRIVATE{SESSION}",
]


@pytest.mark.parametrize("secret", LONG, ids=["named", "url", "token", "private"])
def test_a_secret_that_is_cut_in_two_shows_no_half(secret: str) -> None:
    """Only the first characters of a reason are looked at; blanks count there, and go later."""
    dhs = Dhs("testDHS")

    @dhs.operation("fail")
    def fail(op: Operation) -> None:
        before, after = map(int, op.args)
        op.fail("off" + "\n" * before + secret + " " * after + "the end")

    with at_work(dhs) as scene:
        for most in (90, 200, 1_000, 4_000, 8_000):
            for inside in (1, 4, 9, 15, 20, 30, 100, 500, 1_000):
                reason = scene.run("fail", str(max(1, most - 3 - inside)), "10000")
                assert reason.startswith("error off")
                assert SESSION[:4] not in reason


def test_neither_dcss_nor_the_log_is_told_a_secret(tmp_path: Path) -> None:
    """A real process, with its wire trace and the traceback of the exception."""
    (tmp_path / "author.py").write_text(
        "from dhs_runtime import Dhs\n"
        'dhs = Dhs("testDHS")\n'
        '@dhs.operation("login")\n'
        "def login(op):\n"
        "    session = op.args[0]\n"
        "    text = f'{session}\\n{session}\\x1b[2J'\n"
        "    raise ValueError(f'http://root:{op.args[1]}@auth refused {text}')\n"
    )
    log, trace = tmp_path / "dhs.log", tmp_path / "wire.log"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with SimulatedDcss([HardwareHost.of("testDHS", operations=["login"])]) as dcss:
        command = [sys.executable, "-m", "dhs_runtime.cli", "run", f"{tmp_path}/author.py:dhs"]
        command += ["--dcss", dcss.address, "--log-file", str(log), "--trace-file", str(trace)]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            dcss.wait_online("testDHS", DEADLINE_S)
            completion = dcss.start_operation("login", f"PRIVATE{SESSION}", "p@ss/word").wait(
                DEADLINE_S
            )
            process.terminate()
            _, error = process.communicate(timeout=DEADLINE_S)
    assert completion.status == "error"
    for text in (completion.text, error, log.read_text(), trace.read_text()):
        assert SESSION not in text
        assert "p@ss" not in completion.text
        assert "***" in text
        assert "\x1b" not in text
    assert "Traceback" in log.read_text()
    assert "root:***@auth" in log.read_text()
