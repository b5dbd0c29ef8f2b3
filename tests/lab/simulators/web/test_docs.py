"""The page of the documentation is right."""

import builtins
import re
from pathlib import Path

import pytest
import requests

from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from tests.lab.simulators.dhs_peer import DEADLINE_S

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "howto" / "beamline.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_block_serves_a_beamline(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(prompt: str) -> str:
        url = capsys.readouterr().out.split()[-1]
        assert "Simulated beamline" in requests.get(url, timeout=DEADLINE_S).text
        return prompt

    monkeypatch.setattr(builtins, "input", look)
    exec(re.sub(r"port=\d+", "port=0", BLOCKS[0]), {})


def test_the_second_block_adds_a_camera(dcss: SimulatedDcss) -> None:
    names = {"dcss": dcss, "BeamlinePage": BeamlinePage}
    exec(BLOCKS[1], names)
    assert isinstance(names["page"], BeamlinePage)
    assert names["SimulatedAxis"] is SimulatedAxis


def test_the_pictures_are_there() -> None:
    for picture in re.findall(r"\]\(\.\./(images/[^)]+)\)", PAGE):
        assert (ROOT / "docs" / picture).stat().st_size > 10_000


def test_the_make_target_is_there() -> None:
    (target,) = re.findall(r"`make ([a-z-]+)`", PAGE)
    assert f"\n{target}:" in (ROOT / "Makefile").read_text()
