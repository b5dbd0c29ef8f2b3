"""Builds the package for conda, and runs the tests of its recipe.

    python -m tests.packaging.conda_build RECIPE FOLDER

The packages that the recipe asks for are stand-ins: this Python with what is installed in it, and
empty packages with their names and least versions. So this shows that the recipe is right, but not
that conda-forge has each of them. It needs no network, and Linux on x86-64.
"""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from rattler_build import Stage0Recipe, ToolConfiguration, assemble_package

_BUILD = "standin_0"


def main(recipe: Path, folder: Path) -> None:
    """Build into a folder, and print the path of the package."""
    os.environ["RATTLER_CACHE_DIR"] = str(folder / "cache")  # stand-ins belong in no other cache
    (variant,) = Stage0Recipe.from_file(recipe).render()
    needs = variant.recipe.to_dict()["requirements"]
    result = variant.run_build(
        channels=[_channel(folder / "channel", [*needs["host"], *needs["run"]])],
        output_dir=folder / "out",
        tool_config=ToolConfiguration(test_strategy="native", use_sharded=False),
    )
    print(*result.packages)


def _channel(folder: Path, requirements: Iterable[str]) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    python = _python(folder / "python")
    assemble_package("python", version, "linux-64", _BUILD, folder / "linux-64", files_dir=python)
    for requirement in requirements:
        name, _, least = requirement.partition(" >=")
        if name != "python":
            least = least or "1"
            assemble_package(name, least, "noarch", _BUILD, folder / "noarch", noarch="generic")
    for subdir in ("linux-64", "noarch"):
        _index(folder / subdir)
    return folder.as_uri()


def _python(folder: Path) -> Path:
    """A virtual environment, to which the packages of this one are added."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (folder / "lib64").unlink(missing_ok=True)  # a link to `lib`, which conda does not pack
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "stand_in.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def _index(folder: Path) -> None:
    packages = {path.name: _record(path) for path in folder.glob("*.conda")}
    index = {"info": {"subdir": folder.name}, "packages": {}, "packages.conda": packages}
    (folder / "repodata.json").write_text(json.dumps(index))


def _record(path: Path) -> dict[str, object]:
    name, version, build = path.stem.rsplit("-", 2)
    data = path.read_bytes()
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": [],
        "subdir": path.parent.name,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
