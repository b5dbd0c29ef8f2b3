"""The recipe for conda: read, rendered, built and tried by the tool that builds it."""

import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.testing.environments import ROOT, run_python
from tests.packaging.building import copy_of_sources

rattler_build = pytest.importorskip("rattler_build", reason="comes with the extra `dist`")

RECIPE = ROOT / "packaging" / "conda" / "recipe.yaml"


def rendered(path: Path = RECIPE) -> list[Any]:
    return [*rattler_build.Stage0Recipe.from_file(path).render()]


def test_the_recipe_is_one_package_for_every_machine() -> None:
    (variant,) = rendered()
    recipe = variant.recipe.to_dict()
    assert recipe["package"] == {"name": "dcs-codec", "version": recipe["context"]["version"]}
    assert recipe["build"]["noarch"] == "python"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requirements:", "requirement:"),
        ("noarch: python", "noarch: snake"),
        ("${{ version }}", "${{ vesion }}"),
        ("attrs >=25.4", "attrs => 25.4"),
    ],
)
def test_a_mistake_in_the_recipe_is_seen(tmp_path: Path, old: str, new: str) -> None:
    text = RECIPE.read_text()
    assert old in text
    path = tmp_path / "recipe.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(rattler_build.RattlerBuildError):
        rendered(path)


@pytest.mark.install
@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the stand-ins are linux-64"
)
def test_the_package_is_built_and_its_own_tests_pass(tmp_path: Path) -> None:
    recipe = copy_of_sources(tmp_path / "sources") / RECIPE.relative_to(ROOT)
    said = run_python("-m", "tests.packaging.conda_build", str(recipe), str(tmp_path))
    files = rattler_build.Package.from_file(said.splitlines()[-1]).files
    tops = {name.split("/")[1] for name in files if name.startswith("site-packages/")}
    ours = {"dcs_codec", "dhs_runtime", "dhs_lab", "pytest_dhs.py"}
    assert {name for name in tops if not name.endswith(".dist-info")} == ours
