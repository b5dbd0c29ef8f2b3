"""Plain English: words that a reader would stumble over do not come back.

HOUSE rules of this kind are few: the word, its plain replacement, and the places where it is right.
"""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("dcs_codec", "dhs_runtime", "dhs_lab", "docs", "examples", "benchmarks", "tests")

STUMBLES: Final = {
    r"\bwhoever\b": "name the one who does it",
    r"\bof the author's\b": "the author's",
    r"\bfor want of\b": "without",
    r"\bhow-manieth\b": "which",
}


def texts() -> list[Path]:
    """Every source and page, but not this file."""
    found = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".lua"} and path != Path(__file__)
    ]
    return [*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def test_there_is_much_to_read() -> None:
    assert len(texts()) > 500


@pytest.mark.parametrize("stumble", STUMBLES)
def test_plain_words_are_used(stumble: str) -> None:
    pattern = re.compile(stumble, re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"instead: {STUMBLES[stumble]}"
