"""The stage of the example, with a controller that disconnects."""

import os
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry
from dhs_lab.testing import WatchedDcss
from dhs_runtime.process import Launch
from examples.hardware.fake_controller import Controller
from tests.examples.loading import load
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running

pytest.importorskip("serial", reason="pyserial is not installed (extra `examples`)")

# pyserial does not close a socket that the peer has reset, but leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

SPEED = 2000  # steps a second
SCALE = 400  # steps a mm


@pytest.fixture
def controller() -> Iterator[Controller]:
    controller = Controller()
    controller.open()
    yield controller
    controller.close()


@contextmanager
def stage(port: str, timeout_s: float = 5.0) -> Iterator[WatchedDcss]:
    """A DCSS whose motor `sample_z` is the stage; it has no verdicts at the end."""
    launch = Launch(values={"port": port, "timeout_s": timeout_s})
    dhs = load("line_stage_dhs").make_dhs(launch)
    motor = RealMotorEntry(
        "sample_z", scale_factor=SCALE, speed=SPEED, lower_limit=-1, upper_limit=20
    )
    dcss = WatchedDcss(HardwareHost.of("stageDHS", motors=[motor]))
    with dcss, running(dhs, fast_config(dcss.port)):
        eventually(lambda: dhs.devices()[0].config is not None)
        yield dcss
        dcss.expect_no_verdicts()


def url(controller: Controller) -> str:
    return f"socket://127.0.0.1:{controller.port}"


def at_mm(controller: Controller) -> float:
    return controller.where() / SCALE


def test_it_moves_within_its_limits(controller: Controller) -> None:
    with stage(url(controller)) as dcss:
        run = dcss.move("sample_z", 1.25)
        assert run.wait(DEADLINE_S).status == "normal"
        assert (dcss.position("sample_z"), controller.where()) == (1.25, 500)
        assert list(run.positions) == sorted(run.positions)
        assert dcss.move("sample_z", 25).wait(DEADLINE_S).status == "sw_limit"
        assert [line for line in controller.heard if line.startswith("go")] == ["go 500\n"]
        assert dcss.set_position("sample_z", 0).wait(DEADLINE_S).status == "normal"
        assert controller.where() == 0


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_an_abort_tells_where_it_stands(controller: Controller, mode: str) -> None:
    with stage(url(controller)) as dcss:
        run = dcss.move("sample_z", 20)
        run.wait_positions(2, DEADLINE_S)
        dcss.abort_move("sample_z", mode)
        end = run.wait(DEADLINE_S)
        assert (end.status, end.position) == ("aborted", at_mm(controller))
        assert f"stop {mode}\n" in controller.heard
        assert controller.answer("where").endswith("standing")


def test_it_stands_where_the_controller_says(controller: Controller) -> None:
    controller.answer("is 2000")
    with stage(url(controller)) as dcss:
        eventually(lambda: dcss.position("sample_z") == 5.0)
        controller.answer("is 2400")  # by a hand paddle
        eventually(lambda: dcss.position("sample_z") == 6.0)


def test_a_line_lost_for_a_moment_costs_nothing(controller: Controller) -> None:
    with stage(url(controller)) as dcss:
        eventually(lambda: len(controller.heard) > 1)  # the first question has its answer
        controller.lose_line()
        run = dcss.move("sample_z", 2.5)
        run.wait_positions(2, DEADLINE_S)
        controller.lose_line()
        assert run.wait(DEADLINE_S).status == "normal"
        assert (dcss.position("sample_z"), controller.where()) == (2.5, 1000)
    assert "htos_log" not in "".join(dcss.traffic.texts(arrow="<-"))


def test_a_controller_that_goes_away_fails_the_move_and_is_found_again(
    controller: Controller,
) -> None:
    with stage(url(controller)) as dcss:
        run = dcss.move("sample_z", 5)
        run.wait_positions(2, DEADLINE_S)
        controller.close()
        end = run.wait(DEADLINE_S)
        assert end.status == "error"
        assert end.position < 5
        assert dcss.move("sample_z", 1).wait(DEADLINE_S).status == "error"
        controller.open()
        eventually(lambda: dcss.position("sample_z") == 5.0)  # it went on
        assert dcss.move("sample_z", 1).wait(DEADLINE_S).status == "normal"


def test_a_controller_that_does_not_answer_is_told_of(controller: Controller) -> None:
    with stage(url(controller), timeout_s=1) as dcss:
        controller.is_mute = True
        assert dcss.move("sample_z", 1).wait(DEADLINE_S).status == "error"
        assert "no answer to 'where' in 1 s" in "\n".join(dcss.traffic.texts(arrow="<-"))
        controller.is_mute = False
        assert dcss.move("sample_z", 1).wait(DEADLINE_S).status == "normal"


def test_the_same_over_a_serial_port(controller: Controller) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        with os.fdopen(ours, "rb", buffering=0, closefd=False) as lines:
            for line in iter(lines.readline, b"end\n"):
                os.write(ours, f"{controller.answer(line.decode())}\n".encode())

    thread = threading.Thread(target=serve, name="serial-controller")
    thread.start()
    try:
        with stage(os.ttyname(theirs)) as dcss:
            assert dcss.move("sample_z", 1.25).wait(DEADLINE_S).status == "normal"
            assert controller.where() == 500
    finally:
        os.write(theirs, b"end\n")
        thread.join(DEADLINE_S)
        os.close(ours)
        os.close(theirs)
