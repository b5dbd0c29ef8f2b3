"""Runs pytest as in another project: in its own process, in a folder outside this tree."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

from tests.measuring import unmeasured

DEADLINE_S = 150
WITHOUT_HYPOTHESIS = ("-p", "no:hypothesispytest")
"""These projects do not use it, and its plugin is more than half of a short run."""


@attrs.frozen
class Outcome:
    """How a run of pytest ended."""

    code: int
    output: str

    def __str__(self) -> str:
        return self.output


def run_pytest(
    folder: Path, *args: str, python: str = sys.executable, measured: bool = True
) -> Outcome:
    """Run the tests of a folder; `measured` says whether it counts for coverage."""
    env = dict(os.environ) if measured else unmeasured()
    env.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", *WITHOUT_HYPOTHESIS, *args],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return Outcome(done.returncode, done.stdout + done.stderr)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Files of a project, by name."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
