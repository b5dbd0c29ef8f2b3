"""The tutorial works in an empty folder with only the wheel."""

import os
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from tests.docs.pages import Page
from tests.docs.running import run_page
from tests.lab.testing.environments import add_packages, build_wheel, run_python

TUTORIAL = Page("docs/tutorial/first_dhs.md")
LONGEST_S = 400
BROUGHT = [name for name in ("pip", "setuptools") if find_spec(name)]


def environment() -> dict[str, str]:
    """The environment of a user without this project: no venv, no index, no coverage.

    The packages for pip must be in the folder, or already in its environment.
    """
    programs = Path(sys.executable).parent
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path) != programs]
    python = Path(sys.base_prefix) / "bin"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "COV_", "PYTEST_", "PYTHON", "PIP_", "VIRTUAL_ENV"))
    }
    return kept | {
        "PATH": os.pathsep.join([str(python), *paths]),
        "PIP_NO_INDEX": "1",
        "PIP_NO_COMPILE": "1",
    }


@pytest.mark.timeout(LONGEST_S)
def test_the_tutorial_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_wheel(tmp_path)
    with_needs_of_wheel(tmp_path)
    run_page(TUTORIAL, TUTORIAL.blocks(), tmp_path, monkeypatch, environment())
    assert (tmp_path / ".venv" / "bin" / "dhs").exists()


def with_needs_of_wheel(folder: Path) -> None:
    """An environment with everything except the wheel, which pip installs.

    What venv puts into it is there, too: it would compile all of it anew.
    """
    (wheel,) = folder.glob("dcs_codec-*.whl")
    run_python("-m", "venv", "--without-pip", str(folder / ".venv"))
    add_packages(folder / ".venv", wheel, "sim", besides=["pytest", *BROUGHT])
    pip = folder / ".venv" / "bin" / "pip"
    python = pip.with_name("python")
    pip.write_text(f"#!{python}\nimport runpy\nrunpy.run_module('pip', run_name='__main__')\n")
    pip.chmod(0o755)


@pytest.fixture
def served() -> Iterator[str]:
    host = HardwareHost.of("stageDHS", motors=["sample_z"], operations=["countDown"])
    with SimulatedDcss([host]) as dcss, BeamlinePage(dcss) as page:
        yield page.url


def test_the_browser_has_what_the_tutorial_clicks(served: str) -> None:
    text = TUTORIAL.text.partition("## In the browser")[2].partition("\n## ")[0]
    html = requests.get(served, timeout=20).text
    headings, buttons = re.findall(r"\*\*(\w+)\*\*", text), re.findall(r" \*([\w ]+)\*", text)
    assert (len(headings), buttons) == (3, ["Move", "Start", "Now"])
    kinds = requests.get(f"{served}/devices.js", timeout=20).text
    assert 'aria-label="Now"' in html
    for heading in headings:  # a part of the page, or a kind of device
        assert f'aria-label="{heading}"' in html or f', "{heading}", ' in kinds, heading
    assert "*Abort all*" in TUTORIAL.text
    for button in ("Move", "Start", "Abort all"):
        assert f">{button}</button>" in html


def test_the_urls_of_the_tutorial_are_those_of_its_commands() -> None:
    assert "<http://127.0.0.1:8000>" in TUTORIAL.text
    assert "--web 8000" in TUTORIAL.text
