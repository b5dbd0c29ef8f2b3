"""The page about processes: its DHS integrates, and an abort ends the worker."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from tests.cli.processes import DEADLINE_S, dhs
from tests.docs.pages import Page
from tests.runtime.peers import eventually


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("integrateDHS", operations=["integrate"])]) as server:
        yield server


def test_the_worker_s_result_comes_back(tmp_path: Path, dcss: SimulatedDcss) -> None:
    (block,) = (each for each in Page("docs/howto/processes.md").blocks() if each.file)
    path = tmp_path / str(block.file)
    path.write_text(block.text)
    with dhs("run", f"{path}:dhs", "--dcss", dcss.address) as process:
        dcss.wait_online("integrateDHS", DEADLINE_S)
        run = dcss.start_operation("integrate", "5")
        assert run.wait(DEADLINE_S) == Completion("normal", "10")
        long = dcss.start_operation("integrate", "100000000000")
        eventually(lambda: children(process.pid) > 0)
        dcss.abort_all("soft")
        assert long.wait(DEADLINE_S).status == "aborted"
        eventually(lambda: children(process.pid) == 0)
        assert process.terminate() == 0
        assert "Traceback" not in process.log


def children(pid: int) -> int:
    """The number of multiprocessing children of a process, without its resource tracker."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():
        pytest.skip("no /proc here")
    found = {
        child
        for task in tasks.iterdir()
        for child in (task / "children").read_text().split()
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    }
    return len(found - {str(os.getpid())})
