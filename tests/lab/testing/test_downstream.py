"""The sample project passes its tests with only the wheel of this project."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.lab.testing.environments import (
    INSTALLED_PLUGIN,
    ROOT,
    add_packages,
    build_wheel,
    make_environment,
    run,
)
from tests.lab.testing.projects import run_pytest, write

SAMPLE = ROOT / "examples" / "downstream"
WHERE = "import dcs_codec, dhs_runtime, pytest_dhs as p; print(dcs_codec.__file__, p.__file__)"
CAMERA = "def test_camera(simulated_axis): pass\ndef test_net(simulated_automl): pass\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> str:
    """The Python of an environment with the extra `runtime` and pytest."""
    folder = tmp_path_factory.mktemp("downstream") / "venv"
    return make_environment(folder, wheel, "runtime", besides=["pytest"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sample, away from this tree."""
    skipped = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(SAMPLE, tmp_path / "downstream", ignore=skipped))


def test_the_wheel_has_the_packages_and_the_plugin(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if "dist-info" not in top} == {
        "dcs_codec",
        "dhs_lab",
        "dhs_runtime",
        "pytest_dhs.py",
    }
    assert "dhs_lab/tools/lua/frames.lua" in names  # what is read at run time
    with zipfile.ZipFile(wheel) as file:
        assert file.read("pytest_dhs.py") == INSTALLED_PLUGIN.read_bytes()


def test_the_environment_has_the_wheel_alone(python: str, tmp_path: Path) -> None:
    folder = Path(python).parents[1]
    for place in run(python, "-c", WHERE, cwd=tmp_path).split():
        assert Path(place).is_relative_to(folder), place
    have = run(python, "-c", "import sys; print(*sys.path)", cwd=tmp_path)
    assert str(ROOT) not in have.replace(str(folder), "")


def test_the_sample_passes_with_the_wheel(python: str, project: Path) -> None:
    outcome = run_pytest(project, "-q", python=python, measured=False)
    assert outcome.code == 0, outcome
    assert "6 passed" in str(outcome)


def test_without_the_extra_sim_its_fixtures_skip(python: str, project: Path) -> None:
    write(project, {"tests/test_camera.py": CAMERA})
    outcome = run_pytest(project, "-q", "tests/test_camera.py", python=python, measured=False)
    assert outcome.code == 0, outcome
    assert "pip install 'dcs-codec[sim]'" in str(outcome)
    assert "2 skipped" in str(outcome)


def test_with_the_extra_sim_they_run(python: str, wheel: Path, project: Path) -> None:
    folder = shutil.copytree(Path(python).parents[1], project / "venv", symlinks=True)
    add_packages(folder, wheel, "sim")
    write(project, {"tests/test_camera.py": CAMERA})
    python = str(folder / "bin" / "python")
    outcome = run_pytest(project, "-q", "tests/test_camera.py", python=python, measured=False)
    assert outcome.code == 0, outcome
    assert "2 passed" in str(outcome)
