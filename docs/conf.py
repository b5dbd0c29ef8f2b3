"""Sphinx configuration."""

import re
from itertools import takewhile

from sphinx.application import Sphinx

from dcs_codec import __version__

project = "dcs-codec"
author = "The dcs-codec developers"
copyright = "2026, The dcs-codec developers"  # noqa: A001 - Sphinx's name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.mermaid"]
myst_fence_as_directive = ["mermaid"]  # written as GitHub reads it
myst_heading_anchors = 3  # as on GitHub, for links inside a page
html_theme = "furo"
html_title = "dcs-codec"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_use_ivar = True  # a NamedTuple's fields are members already
suppress_warnings = ["myst.xref_missing"]  # the README's links are meant for its own folder


def keep_trees(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Show the trees of exceptions as they stand in the docstrings."""
    root = next((at - 1 for at, line in enumerate(lines) if line.startswith("├")), None)
    if root is not None:
        tree = list(takewhile(str.strip, lines[root:]))
        lines[root : root + len(tree)] = ["::", "", *(f"    {line}" for line in tree)]


def mark_code(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Show what stands in back-quotes as code, as our Markdown does."""
    text = re.sub(r"(?<![`:\w])`([^`\n]+)`(?![`_])", r"``\1``", "\n".join(lines))
    lines[:] = text.split("\n")


def list_parts(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Show `Wire:`, `Units:` and `Source:` of a message class as a list of fields."""
    start = next((at for at, line in enumerate(lines) if line.startswith("Wire: ")), None)
    if start is None:
        return
    parts = " ".join(line.strip() for line in lines[start:])
    shown = re.sub(r"\s*\b(Wire|Units|Source):\s+", r"\n:\1: ", parts).strip()
    lines[start:] = [
        "",
        *re.sub(r"^:Wire: (.*)$", r":Wire: ``\1``", shown, flags=re.MULTILINE).split("\n"),
        "",
    ]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", list_parts, priority=300)
    app.connect("autodoc-process-docstring", mark_code, priority=400)  # before napoleon, as above
    app.connect("autodoc-process-docstring", keep_trees)
