"""Whether the tree is ready for a release, and its notes; the release workflow asks.

    python -m tests.packaging.release v1.2.0 [--notes]

It needs nothing but Python.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_HEADING: Final = re.compile(r"^## (\S+) \((.+)\)$", re.MULTILINE)


def version_of(root: Path) -> str:
    """The version, from where it is written."""
    text = (root / "dcs_codec" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError("dcs_codec/__init__.py has no __version__")
    return found[1]


def mistakes(tag: str, root: Path = ROOT) -> Iterator[str]:
    """What must be changed before this tag is a release."""
    version = version_of(root)
    if tag != f"v{version}":
        yield f"the tag is {tag}, the version of dcs_codec/__init__.py is {version}"
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        yield f"{version} is no version like 1.2.0 or 1.2.0rc1"
    heading = _HEADING.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if heading is None or heading[1] != version:
        yield f"CHANGELOG.md does not begin with {version}"
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", heading[2]):
        yield f"CHANGELOG.md says {heading[2]!r} where the day of the release belongs"
    for name, line in (
        ("CITATION.cff", f"version: {version}"),
        ("packaging/conda/recipe.yaml", f'  version: "{version}"'),
    ):
        if line not in (root / name).read_text(encoding="utf-8").splitlines():
            yield f"{name} has no line {line!r}"


def notes(root: Path = ROOT) -> str:
    """What CHANGELOG.md says of the newest version."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    end = headings[1].start() if len(headings) > 1 else len(text)
    return text[headings[0].end() : end].strip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what must be changed, or the notes; 1 if something must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="v and the version")
    parser.add_argument("--notes", action="store_true", help="print the notes of the release")
    options = parser.parse_args(arguments)
    found = list(mistakes(options.tag))
    for mistake in found:
        print(mistake, file=sys.stderr)
    if options.notes and not found:
        print(notes(), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
