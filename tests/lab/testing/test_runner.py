"""The fixtures and the runner, used here as in any other project."""

import logging
import os
import signal
import threading
from pathlib import Path

import pytest

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import HardwareHost
from dhs_lab.testing import DcssMaker, DhsRunner, WatchedDcss, runner
from dhs_runtime import DcssConfig, Dhs, Move
from dhs_runtime.run import JOIN_S

STAGE_FILE = Path(__file__).parents[3] / "examples" / "stage_dhs.py"
STAGE = HardwareHost.of("stageDHS", motors=["sample_z"], shutters=["shutter"])


def stage() -> Dhs:
    dhs = Dhs("stageDHS")
    dhs.motor("sample_z").on_move(lambda move: move.complete())
    return dhs


@pytest.mark.dcss_hosts(STAGE)
def test_a_dhs_is_online_and_registered_when_start_returns(
    simulated_dcss: WatchedDcss, dhs_runner: DhsRunner
) -> None:
    running = dhs_runner.start(stage())
    texts = simulated_dcss.traffic.texts("stageDHS", "->")
    assert "stoh_register_shutter shutter closed shutter" in texts
    assert simulated_dcss.online() == ("stageDHS",)
    running.stop()
    running.stop()
    simulated_dcss.wait_offline("stageDHS", 20)
    again = dhs_runner.start(running.dhs)
    assert simulated_dcss.logins() == {"stageDHS": 2}
    assert again.dhs is running.dhs


@pytest.mark.dcss_hosts(STAGE)
def test_the_log_level_is_put_back(simulated_dcss: WatchedDcss) -> None:
    logger = logging.getLogger("dhs_runtime")
    before = logger.level
    with DhsRunner(lambda: simulated_dcss) as runner:
        runner.start(stage())
        assert logger.isEnabledFor(logging.INFO)
    assert logger.level == before


def test_a_dcss_that_nobody_reaches_is_an_error(
    simulated_dcss_factory: DcssMaker, dhs_runner: DhsRunner
) -> None:
    dcss = simulated_dcss_factory(STAGE)
    elsewhere = DcssConfig(host="127.0.0.1", port=1)
    with pytest.raises(AssertionError, match=r"stageDHS was not online within 0\.1 s"):
        dhs_runner.start(stage(), dcss, config=elsewhere, timeout_s=0.1)


@pytest.mark.dcss_hosts(STAGE)
def test_a_process_runs_and_ends(simulated_dcss: WatchedDcss, dhs_runner: DhsRunner) -> None:
    variables = {"DHS_TESTED": "1"}
    process = dhs_runner.spawn(f"{STAGE_FILE}:dhs", "--trace", name="stageDHS", env=variables)
    assert process.pid != os.getpid()
    assert simulated_dcss.move("sample_z", 0.5).wait(20).status == "normal"
    assert process.wait_log("htos_motor_move_completed sample_z (.*) normal")[1] == "0.5"
    process.stop()
    process.stop()
    assert process.has_ended


def test_camera_and_inference_server_are_there(
    simulated_axis: SimulatedAxis, simulated_automl: SimulatedAutoML
) -> None:
    assert simulated_axis.url.startswith("http://127.0.0.1:")
    assert simulated_automl.url.startswith("http://127.0.0.1:")
    assert simulated_axis.port != simulated_automl.port


@pytest.mark.parametrize(("stop_s", "is_left"), [(20.0, False), (0.05, True)])
@pytest.mark.dcss_hosts(STAGE)
def test_a_thread_may_take_its_time_to_end(
    simulated_dcss: WatchedDcss, dhs_runner: DhsRunner, stop_s: float, *, is_left: bool
) -> None:
    """Longer than the runtime itself waits: a busy machine is no fault of the DHS."""
    dhs, moving, end = Dhs("stageDHS"), threading.Event(), threading.Event()

    @dhs.motor("sample_z").on_move
    def on_move(move: Move) -> None:
        moving.set()
        end.wait(20)
        move.complete()

    running = dhs_runner.start(dhs, stop_s=stop_s)
    simulated_dcss.move("sample_z", 0.5)
    assert moving.wait(20)
    if is_left:
        with pytest.raises(AssertionError, match="stageDHS left threads running: "):
            running.stop()
        end.set()
        return
    ending = threading.Timer(4 * JOIN_S, end.set)
    ending.start()
    running.stop()
    ending.join()


KEEPER = """
import subprocess
from dhs_runtime import Dhs

dhs = Dhs("stageDHS")
kept = subprocess.Popen(["sleep", "60"])
print("kept", kept.pid, flush=True)
"""


@pytest.mark.dcss_hosts(HardwareHost.of("stageDHS"))
def test_a_process_that_leaves_another_behind_is_stopped_in_time(
    simulated_dcss: WatchedDcss,
    dhs_runner: DhsRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other has the pipe of its output open."""
    monkeypatch.setattr(runner, "STOP_S", 5.0)
    target = tmp_path / "keeper_dhs.py"
    target.write_text(KEEPER)
    process = dhs_runner.spawn(f"{target}:dhs")
    kept = int(process.wait_log(r"kept (\d+)")[1])
    try:
        process.stop()
        os.kill(kept, 0)  # it is still there
    finally:
        os.kill(kept, signal.SIGKILL)
