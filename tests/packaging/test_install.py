"""The wheel installed by pip in clean environments, each with one extra.

Deselected by default (`make test-install` runs it): it needs an index, and most of a minute.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Final
from zipfile import Path as ZipPath

import attrs
import pytest
from packaging.requirements import Requirement

from tests.lab.testing.environments import ROOT, run_python
from tests.packaging.building import Built, has_index

pytestmark = [pytest.mark.install, pytest.mark.timeout(300)]

DEADLINE_S: Final = 240
ALWAYS: Final = {"attrs", "cattrs", "dcs-codec", "pip", "setuptools", "typing-extensions"}
"""cattrs itself asks for typing-extensions; venv brings pip, and on older Pythons setuptools."""

WHERE: Final = (
    "import dcs_codec, dhs_runtime, pytest_dhs as p; print(dcs_codec.__file__, p.__file__)"
)
CODEC: Final = """
import sys
from dcs_codec import decode_text, encode_text
text = "stoh_start_operation getLoopTip 1.10 0"
assert encode_text(decode_text(text)) == text
assert not {"socket", "hypothesis", "click", "requests"} & set(sys.modules)
"""
CORE: Final = """
import socket
from dhs_runtime import DcssConfig, Dhs
dhs = Dhs("echoDHS")
dhs.operation("echo")(lambda op: op.complete(*op.args))
with socket.create_server(("127.0.0.1", 0)) as dcss:
    dhs.start(DcssConfig(host="127.0.0.1", port=dcss.getsockname()[1]))
    peer, _ = dcss.accept()
    peer.sendall(b"stoc_send_client_type".ljust(200, b"\\0"))
    assert peer.recv(200).rstrip(b"\\0") == b"htos_client_is_hardware echoDHS"
    assert dhs.stop() == ()
    peer.close()
"""
STRATEGIES: Final = """
from hypothesis import given, settings, strategies as st
from dcs_codec import HtosMotorMoveCompleted, decode_text, encode_text

@settings(max_examples=50, database=None)
@given(st.from_type(HtosMotorMoveCompleted))
def comes_back(message):
    assert decode_text(encode_text(message)) == message

comes_back()
"""


@attrs.frozen
class Installed:
    """A clean environment with the wheel."""

    folder: Path

    def python(self, *args: str, cwd: Path | None = None) -> str:
        """What its Python writes."""
        return run(str(self.folder / "bin" / "python"), *args, cwd=cwd)

    def dhs(self, *args: str, cwd: Path | None = None) -> str:
        """What its `dhs` writes."""
        return run(str(self.folder / "bin" / "dhs"), *args, cwd=cwd)

    def packages(self) -> dict[str, str]:
        """The version of each package that pip lists."""
        listed = json.loads(self.python("-m", "pip", "list", "--format", "json"))
        return {re.sub("[_.]", "-", each["name"].lower()): each["version"] for each in listed}


Install = Callable[..., Installed]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips if there is no index."""
    if not has_index(tmp_path_factory.mktemp("index")):
        pytest.skip("pip reaches no package index here")


@pytest.fixture
def install(built: Built, index: None, tmp_path: Path) -> Iterator[Install]:
    """Makes an environment with the wheel, its extras, and other arguments for pip."""
    folder = tmp_path / "environment"

    def made(*extras: str, besides: tuple[str, ...] = ()) -> Installed:
        run_python("-m", "venv", str(folder))
        installed = Installed(folder)
        wanted = f"{built.wheel}[{','.join(extras)}]" if extras else str(built.wheel)
        pip = ("-m", "pip", "install", "--quiet", "--no-compile")
        installed.python(*pip, wanted, *besides)
        return installed

    yield made
    shutil.rmtree(folder, ignore_errors=True)  # scipy and its like are large


def run(*command: str, cwd: Path | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
    return done.stdout


def lowest(built: Built, *extras: str) -> dict[str, str]:
    """The lowest version that the wheel allows of each package that it asks for itself."""
    info = next(each for each in ZipPath(built.wheel).iterdir() if "dist-info" in each.name)
    found = {}
    for text in PathDistribution(info).requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            (floor,) = requirement.specifier
            assert floor.operator == ">="
            found[requirement.name] = floor.version
    return found


def pass_sample_tests(installed: Installed, folder: Path) -> None:
    """The tests of a copy of the sample project pass with the wheel alone."""
    skipped = shutil.ignore_patterns("__pycache__")
    project = Path(shutil.copytree(ROOT / "examples" / "downstream", folder, ignore=skipped))
    for place in installed.python("-c", WHERE, cwd=project).split():
        assert Path(place).is_relative_to(installed.folder), place
    assert "6 passed" in installed.python("-m", "pytest", "-q", cwd=project)


def test_the_wheel_alone_brings_attrs_and_cattrs_only(install: Install, tmp_path: Path) -> None:
    installed = install()
    assert {"attrs", "cattrs", "dcs-codec"} <= set(installed.packages()) <= ALWAYS
    installed.python("-c", CODEC, cwd=tmp_path)
    installed.python("-c", CORE, cwd=tmp_path)
    assert "systemd-unit" in installed.dhs("--help", cwd=tmp_path)
    with pytest.raises(AssertionError, match=r"dhs: this needs .*'dcs-codec\[runtime\]'\n"):
        installed.dhs("run", "absent.py:dhs", cwd=tmp_path)


def test_the_extra_runtime_brings_the_command(
    install: Install, built: Built, tmp_path: Path
) -> None:
    installed = install("runtime")
    assert "numpy" not in installed.packages()
    assert "decode" in installed.dhs("--help", cwd=tmp_path)
    assert "wrote" in installed.dhs("init", "new", cwd=tmp_path)
    unit = installed.dhs("systemd-unit", "new/stage_dhs.py", cwd=tmp_path)
    assert f"ExecStart={installed.folder}/bin/dhs run {tmp_path}/new/stage_dhs.py:make_dhs" in unit
    with pytest.raises(AssertionError, match=r"dhs: this needs .*'dcs-codec\[sim\]'\n"):
        installed.dhs("simulate", "axis", "--port", "0", cwd=tmp_path)
    assert installed.dhs("--version").split()[-1] == installed.packages()["dcs-codec"]
    log = tmp_path / "dcss.log"
    log.write_text("2026-01-01 12:00:00.5 -> stoh_start_operation echo 1.1 a b\n")
    assert "operation_name=echo" in installed.dhs("decode", str(log))


def test_the_extra_sim_brings_the_demo(install: Install, tmp_path: Path) -> None:
    installed = install("sim")
    installed.dhs("demo", "--seconds", "0.5", "--output", "pictures", cwd=tmp_path)
    assert (tmp_path / "pictures" / "contact_sheet.png").stat().st_size > 10_000


def test_the_extra_hypothesis_brings_strategies(install: Install, tmp_path: Path) -> None:
    installed = install("hypothesis")
    assert set(installed.packages()) <= ALWAYS | {"hypothesis", "sortedcontainers"}
    installed.python("-c", STRATEGIES, cwd=tmp_path)


def test_the_sample_project_passes(install: Install, tmp_path: Path) -> None:
    pass_sample_tests(install("runtime", besides=("pytest",)), tmp_path / "downstream")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the lowest versions are of Python 3.11")
def test_the_lowest_versions_do(install: Install, built: Built, tmp_path: Path) -> None:
    floors = {**lowest(built, "runtime"), "pytest": "8.2"}  # the sample's own
    pins = tuple(f"{name}=={version}" for name, version in floors.items())
    installed = install("runtime", besides=pins)
    have = installed.packages()
    assert {"attrs", "cattrs", "click", "pyyaml", "requests", "rich"} < set(floors)
    for name, version in floors.items():
        assert have[name].startswith(version)
    pass_sample_tests(installed, tmp_path / "downstream")
    assert "usage" in installed.dhs("--help", cwd=tmp_path).lower()
