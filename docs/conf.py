"""Sphinx configuration."""

import html
import re
from itertools import takewhile
from pathlib import Path
from typing import Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dcs_codec import __version__

project = "dcs-codec"
author = "The dcs-codec developers"
copyright = "2026, The dcs-codec developers"  # noqa: A001 - Sphinx's name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_fence_as_directive = ["mermaid"]  # written as GitHub reads it
myst_heading_anchors = 3  # as on GitHub, for links inside a page
html_theme = "furo"
html_title = "dcs-codec"
exclude_patterns = ["_build"]
MERMAID: Final = Path(__file__).with_name("_build") / "mermaid" / "mermaid.min.js"
"""Put there by `make docs` if npm is installed; the pages then need no network."""
html_static_path = [str(MERMAID.parent)] if MERMAID.exists() else []
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_use_ivar = True  # a NamedTuple's fields are members already
suppress_warnings = ["myst.xref_missing"]  # the README's links are meant for its own folder


def keep_trees(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Show the trees of exceptions as they are in the docstrings."""
    root = next((at - 1 for at, line in enumerate(lines) if line.startswith("├")), None)
    if root is not None:
        tree = list(takewhile(str.strip, lines[root:]))
        lines[root : root + len(tree)] = ["::", "", *(f"    {line}" for line in tree)]


def mark_code(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Show text in back-quotes as code, as Markdown does."""
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


class Diagram(SphinxDirective):
    """A fence called `mermaid`: its text, for mermaid to draw in the reader's browser.

    A plain script, and not the module that extensions of Sphinx load: browsers load no module for
    a page that was opened as a file.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The text, as mermaid looks for it."""
        text = html.escape("\n".join(self.content))
        return [nodes.raw("", f'<pre class="mermaid">{text}</pre>', format="html")]


def load_mermaid(
    app: Sphinx, _page: str, _template: str, _context: object, doctree: nodes.document | None
) -> None:
    """Load mermaid's script in the pages that have diagrams."""
    if doctree and any('class="mermaid"' in node.astext() for node in doctree.findall(nodes.raw)):
        there = MERMAID.exists()
        app.add_js_file(
            MERMAID.name if there else "https://cdn.jsdelivr.net/npm/mermaid@11/dist/mermaid.min.js"
        )
        app.add_js_file(None, body=START)


START: Final = """
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
mermaid.initialize({theme: dark ? "dark" : "default"});
"""


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_directive("mermaid", Diagram)
    app.connect("html-page-context", load_mermaid)
    app.connect("autodoc-process-docstring", list_parts, priority=300)
    app.connect("autodoc-process-docstring", mark_code, priority=400)  # before napoleon, as above
    app.connect("autodoc-process-docstring", keep_trees)
