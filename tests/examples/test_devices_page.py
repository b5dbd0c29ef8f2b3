"""What docs/reference/devices.md shows and says of endings is true."""

import re
from pathlib import Path
from typing import Any

import pytest

from dhs_runtime import Dhs
from dhs_runtime.simulators.dcss import HardwareHost, SimulatedDcss
from tests.runtime.peers import DEADLINE_S, fast_config, running

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "devices.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_controller_is_watched_and_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[0], "devices.md", "exec"), names)
    dhs, controller = names["dhs"], names["controller"]
    assert isinstance(dhs, Dhs)
    with (
        SimulatedDcss([HardwareHost.of(dhs.name, motors=["sample_z"])]) as dcss,
        running(dhs, fast_config(dcss.port)),
    ):
        dcss.wait_online(dhs.name, DEADLINE_S)
        assert dcss.move("sample_z", 1.5).wait(DEADLINE_S).position == 1.5
        controller.is_moving = lambda: True
        for mode in ("soft", "hard"):
            run = dcss.move("sample_z", 2)
            run.wait_positions(1, DEADLINE_S)
            dcss.abort_move("sample_z", mode)
            assert run.wait(DEADLINE_S).status == "aborted"
    assert capsys.readouterr().out == "stopped with deceleration\nstopped at once\n"
