"""The examples and endings in docs/reference/devices.md are right."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from dcs_codec import AbortMode
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import Dhs
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "devices.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def names_of(block: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """The definitions of a block of the page."""
    names = {} if names is None else names
    exec(compile(block, "devices.md", "exec"), names)
    return names


def of_motor(dhs: Dhs, motor: str) -> SimulatedDcss:
    """A DCSS that has this motor."""
    return SimulatedDcss([HardwareHost.of(dhs.name, motors=[motor])])


def test_the_hardware_says_where_it_is() -> None:
    names = names_of(BLOCKS[0])
    dhs, angle = names["dhs"], names["angle"]
    with of_motor(dhs, "gonio_phi") as dcss, running(dhs, fast_config(dcss.port)):
        eventually(lambda: dcss.position("gonio_phi") == 50)
        angle["phi"] = 53.0  # and the poll reports it
        eventually(lambda: dcss.position("gonio_phi") == 53)


def test_the_controller_is_watched_and_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    names = names_of(BLOCKS[1])
    dhs, controller = names["dhs"], names["controller"]
    assert isinstance(dhs, Dhs)
    moving, followed = threading.Event(), threading.Event()
    say = controller.stop

    def is_moving() -> bool:
        followed.set()  # the handler is at work
        return moving.is_set()

    def stop(mode: AbortMode) -> None:
        say(mode)
        moving.clear()

    with of_motor(dhs, "sample_z") as dcss, running(dhs, fast_config(dcss.port)):
        dcss.wait_online(dhs.name, DEADLINE_S)
        assert dcss.move("sample_z", 1.5).wait(DEADLINE_S).position == 1.5
        controller.is_moving, controller.stop = is_moving, stop
        for mode in ("soft", "hard"):
            moving.set()
            followed.clear()
            run = dcss.move("sample_z", 2)
            assert followed.wait(DEADLINE_S)
            dcss.abort_move("sample_z", mode)
            assert run.wait(DEADLINE_S).status == "aborted"
        assert not moving.is_set()
        controller.position = 3.0
        names_of(BLOCKS[2], names)  # somebody else moves it
        eventually(lambda: dcss.position("sample_z") == 3)
    assert capsys.readouterr().out == "stopped with deceleration\nstopped at once\n"
