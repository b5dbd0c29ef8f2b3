"""Builds wheel and sdist of this project as for a release."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import attrs

from tests.lab.testing.environments import ROOT, run_python

SOURCES = (
    *("dcs_codec", "dhs_runtime", "dhs_lab", "tests", "benchmarks", "fuzz", "mutation", "examples"),
    *("docs", "packaging"),
    *("pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("CITATION.cff", "CODE_OF_CONDUCT.md", "SECURITY.md", ".gitignore"),
)
_NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "_build", "results", "findings")
_INDEX_DEADLINE_S = 60


@attrs.frozen
class Built:
    """The two files of a release."""

    wheel: Path
    sdist: Path

    def wheel_names(self) -> set[str]:
        """Paths of the files in the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def sdist_names(self) -> set[str]:
        """Paths of the files in the sdist, below its one folder."""
        with tarfile.open(self.sdist) as archive:
            return {name.partition("/")[2] for name in archive.getnames()}

    def read(self, name: str) -> str:
        """A file of the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.read(name).decode()

    def sums(self) -> tuple[str, str]:
        """SHA-256 of wheel and sdist."""
        wheel, sdist = (hashlib.sha256(path.read_bytes()) for path in (self.wheel, self.sdist))
        return wheel.hexdigest(), sdist.hexdigest()


def build(folder: Path, source: Path = ROOT) -> Built:
    """Build both in a folder."""
    run_python("-m", "hatchling", "build", "-d", str(folder), cwd=source)
    (wheel,) = folder.glob("dcs_codec-*.whl")
    (sdist,) = folder.glob("dcs_codec-*.tar.gz")
    return Built(wheel, sdist)


def copy_of_sources(folder: Path) -> Path:
    """The sources in another place, as on another machine."""
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=_NOT_COPIED)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def has_index(folder: Path) -> bool:
    """Whether pip can install from a package index here."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--retries", "0", "--timeout", "15")
    try:
        subprocess.run(
            [*pip, "download", "--no-cache-dir", "--no-deps", "-d", str(folder), "attrs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_INDEX_DEADLINE_S,
            check=True,
        )
    except subprocess.SubprocessError:
        return False
    return True
