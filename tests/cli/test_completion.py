"""Completion in shells: the lines of the installation page, and what they complete."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = dict(
    re.findall(
        r"^\| (bash|zsh|fish)\b.*`([^`]*_DHS_COMPLETE.*)` \|$",
        (ROOT / "docs/howto/install.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
}


def completed(words: str, at: int) -> list[str]:
    """What bash is told for the words of a line, the last of which is being typed."""
    asked = {"_DHS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
    done = subprocess.run(
        ["dhs"], env=ENVIRONMENT | asked, capture_output=True, text=True, check=True, timeout=20
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_and_options_are_completed() -> None:
    assert completed("dhs si", 1) == ["simulate"]
    assert completed("dhs simulate dcss --we", 3) == ["--web"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_page_works(shell: str) -> None:
    line = LINES[shell].replace(r"\|", "|")
    if shell == "bash":
        line += "; complete -p dhs"
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, "-c", line],
        check=False,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert shell != "bash" or "_dhs_completion" in done.stdout
