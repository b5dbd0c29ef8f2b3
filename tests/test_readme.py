"""What the README shows is true."""

import re
from pathlib import Path
from typing import Any

from dhs_runtime import Dhs
from dhs_runtime.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from tests.runtime.peers import DEADLINE_S, fast_config, running

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def run(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_the_first_dhs_echoes() -> None:
    dhs = run(BLOCKS[0])["dhs"]
    assert isinstance(dhs, Dhs)
    with (
        SimulatedDcss([HardwareHost.of("echoDHS", operations=["echo"])]) as dcss,
        running(dhs, fast_config(dcss.port)),
    ):
        dcss.wait_online("echoDHS", DEADLINE_S)
        operation = dcss.start_operation("echo", "hello")
        assert operation.wait(DEADLINE_S) == Completion("normal", "hello")
        assert operation.updates == ("working",)


def test_the_motor_and_shutter_are_those_of_the_example() -> None:
    example = (ROOT / "examples/stage_dhs.py").read_text()
    assert example.endswith(BLOCKS[1])
    assert len(BLOCKS[1].splitlines()) <= 25


def test_every_other_block_runs_as_it_stands() -> None:
    assert len(BLOCKS) > 1
    for block in BLOCKS[1:]:
        run(block)


def test_every_link_leads_to_a_file() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/devices.md"):
        page = ROOT / name
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{name}: {link}"


def test_every_make_target_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", text)) - {"sure"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
