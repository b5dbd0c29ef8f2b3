"""A new environment with the wheel of this project, made without an index and without pip.

It sees only those installed packages that the wheel's metadata asks for.
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from zipfile import Path as ZipPath
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.measuring import unmeasured

ROOT = Path(__file__).parents[3]
DEADLINE_S = 150

_SPEC = importlib.util.find_spec("pytest_dhs")
assert _SPEC is not None, "the plugin is not installed: pip install --no-deps -e ."
INSTALLED_PLUGIN = Path(str(_SPEC.origin))


def run(*command: str, cwd: Path = ROOT) -> str:
    """The output of a command; if the command fails, the test fails with it."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=unmeasured(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
    return done.stdout


def run_python(*args: str, cwd: Path = ROOT) -> str:
    """The same of this Python."""
    return run(sys.executable, *args, cwd=cwd)


def build_wheel(folder: Path, source: Path = ROOT) -> Path:
    """The wheel of this project."""
    run_python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=source)
    (wheel,) = folder.glob("dcs_codec-*.whl")
    return wheel


def make_environment(folder: Path, wheel: Path, *extras: str, besides: Iterable[str] = ()) -> str:
    """The Python of a new environment with the wheel, these extras, and other packages."""
    run_python("-m", "venv", "--without-pip", str(folder))
    with ZipFile(wheel) as archive:
        archive.extractall(packages_of(folder))
    add_packages(folder, wheel, *extras, besides=besides)
    return str(folder / "bin" / "python")


def packages_of(folder: Path) -> Path:
    """Where the packages of an environment are."""
    (packages,) = folder.glob("lib/python*/site-packages")
    return packages


def add_packages(folder: Path, wheel: Path, *extras: str, besides: Iterable[str] = ()) -> None:
    """Let an environment see what a wheel asks for, with these extras, and other packages."""
    info = next(each for each in ZipPath(wheel).iterdir() if each.name.endswith(".dist-info"))
    wanted = [*wanted_by(PathDistribution(info), extras), *besides]
    for name in closure(wanted):
        link(importlib.metadata.distribution(name), packages_of(folder))


def wanted_by(distribution: Distribution, extras: Iterable[str]) -> Iterator[str]:
    """The dependencies of a distribution with these extras."""
    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        ):
            if canonicalize_name(requirement.name) == "dcs-codec":
                yield from wanted_by(distribution, requirement.extras)
            else:
                yield requirement.name


def closure(names: Iterable[str]) -> set[str]:
    """These distributions and all their dependencies, by name."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed = wanted_by(importlib.metadata.distribution(name), ())
            waiting += map(canonicalize_name, needed)
    return found


def link(distribution: Distribution, packages: Path) -> None:
    """Make a distribution that is installed here visible in an environment."""
    for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
        target = packages / top
        if top != "__pycache__" and not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))))
