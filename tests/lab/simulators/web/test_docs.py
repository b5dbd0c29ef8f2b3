"""The page of the documentation is right."""

import builtins
import re
from pathlib import Path

import pytest
import requests

from tests.lab.simulators.dhs_peer import DEADLINE_S

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "howto" / "beamline.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=["devices", "camera"])
def test_each_block_serves_a_beamline(
    block: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(prompt: str) -> str:
        url = capsys.readouterr().out.split()[-1]
        assert "Simulated beamline" in requests.get(url, timeout=DEADLINE_S).text
        picture = requests.get(f"{url}/camera.jpg", timeout=DEADLINE_S)
        assert picture.ok == ("SimulatedAxis" in block)
        return prompt

    monkeypatch.setattr(builtins, "input", look)
    exec(re.sub(r"port=\d+", "port=0", block), {})


def test_the_pictures_are_there() -> None:
    for picture in re.findall(r"\]\(\.\./(images/[^)]+)\)", PAGE):
        assert (ROOT / "docs" / picture).stat().st_size > 10_000
