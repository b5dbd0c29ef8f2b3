"""A rehearsal of the loop DHS: real sockets, but no real camera or inference server."""

import logging
import threading
from collections.abc import Iterator

import attrs
import pytest

from dhs_lab.pretend import pretend_loop
from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime import DcssConfig
from dhs_runtime.loop import LoopConfig, LoopDhs
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig
from tests.runtime.peers import eventually, stopped

DEADLINE_S = 20.0
OPERATIONS = ("collectLoopImages", "stopCollectLoopImages", "getLoopTip", "reboxLoopImage")
CONFIG = LoopConfig(
    # Names that do not exist: connecting to them fails.
    automl=AutoMLConfig(host="automl.invalid", port=5000, model="loops"),
    axis=AxisConfig(host="axis.invalid", port=80, user="root", password="secret"),
    jpeg_receiver=JpegReceiverConfig(host="0.0.0.0", port=9000),
    osci_time=0.2,
    video_fps=20.0,
    collect_timeout_s=DEADLINE_S,
)


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("loopDHS", operations=OPERATIONS)]) as server:
        yield server


def start(loop: LoopDhs, dcss: SimulatedDcss) -> None:
    loop.dhs.start(DcssConfig.at(dcss.address))
    dcss.wait_online("loopDHS", DEADLINE_S)


def test_a_rehearsal_does_all_operations(
    dcss: SimulatedDcss, caplog: pytest.LogCaptureFixture
) -> None:
    with pretend_loop(CONFIG) as loop:
        start(loop, dcss)
        run = dcss.start_operation("collectLoopImages")
        assert run.wait(DEADLINE_S) == Completion("normal", "done")
        assert run.updates[0] == "start_oscillation"
        assert sorted(update.split()[1] for update in run.updates[1:]) == ["0", "1", "2", "3"]
        assert dcss.start_operation("getLoopTip").wait(DEADLINE_S).status == "normal"
        assert dcss.start_operation("reboxLoopImage", "0").wait(DEADLINE_S).status == "normal"
        assert stopped(loop.dhs) == ()
    (line,) = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert line.startswith("REHEARSAL: camera axis.invalid:80 is simulated at http://127.0.0.1:")
    assert "inference server automl.invalid:5000 at http://127.0.0.1:" in line


def test_nobody_else_s_pictures_reach_it() -> None:
    with pretend_loop(CONFIG) as loop:
        config = loop.config.jpeg_receiver
        assert (config.host, config.port) == ("127.0.0.1", 0)
        assert not loop.config.axis.password, "the camera's password stays at home"
        loop.close()


def test_the_camera_stops_with_the_collection(
    dcss: SimulatedDcss, caplog: pytest.LogCaptureFixture
) -> None:
    with pretend_loop(attrs.evolve(CONFIG, osci_time=100.0)) as loop:
        start(loop, dcss)
        run = dcss.start_operation("collectLoopImages")
        eventually(lambda: len(run.updates) > 2)
        dcss.start_operation("stopCollectLoopImages").wait(DEADLINE_S)
        assert run.wait(DEADLINE_S) == Completion("normal", "done")
        eventually(lambda: not any("axis-push" in one.name for one in threading.enumerate()))
        again = dcss.start_operation("collectLoopImages")
        eventually(lambda: len(again.updates) > 2)
        assert stopped(loop.dhs) == ()
        assert again.wait(DEADLINE_S) == Completion("aborted", "DHS is stopping")
    warnings = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert [line for line in warnings if "push" in line] == []
