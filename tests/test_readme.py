"""The README is right; `tests/docs` runs its blocks and checks its links."""

import re
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_lab.simulators.whole_beamline import BeamlineSettings, SimulatedBeamline
from dhs_runtime import Dhs
from tests.runtime.peers import DEADLINE_S, fast_config, running

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_dhs_echoes() -> None:
    names: dict[str, object] = {}
    exec(compile(BLOCKS[0], "README.md", "exec"), names)
    dhs = names["dhs"]
    assert isinstance(dhs, Dhs)
    with (
        SimulatedDcss([HardwareHost.of("echoDHS", operations=["echo"])]) as dcss,
        running(dhs, fast_config(dcss.port)),
    ):
        dcss.wait_online("echoDHS", DEADLINE_S)
        operation = dcss.start_operation("echo", "hello")
        assert operation.wait(DEADLINE_S) == Completion("normal", "hello")
        assert operation.updates == ("working",)


def test_the_client_scans_and_collects_on_the_simulated_beamline(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = (text for text in BLOCKS if "DcssClient" in text)
    with SimulatedBeamline(BeamlineSettings(seconds=0.5)) as beamline:
        address = beamline.dcss.gui_address
        assert block.count("localhost:14243") == 1
        names: dict[str, object] = {}
        exec(compile(block.replace("localhost:14243", str(address)), "README.md", "exec"), names)
    told = capsys.readouterr().out.splitlines()
    scan = {float(z): float(counts) for z, counts in (line.split() for line in told[:3])}
    assert max(scan, key=scan.__getitem__) == 0.0
    assert sum(line.startswith("LOOP_INFO") for line in told) >= 3


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 125


def test_every_make_target_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    text = README + (ROOT / "CONTRIBUTING.md").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
