"""Parses the pages of the documentation: blocks, headings and links.

A page is read as CommonMark, so a block in a list or a link over two lines is found as well.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
INDENTED: Final = "(indented)"
"""The language of a block that is indented and has no fence."""

_READER: Final = MarkdownIt("commonmark").enable("table")
_BLOCKS_ALONE: Final = MarkdownIt("commonmark").disable("inline")
"""Reads no links and no tables: every worker asks for the blocks of every page."""
_TARGET: Final = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)
_FILE: Final = re.compile(r"# ([\w./-]+\.\w+)\n")


@attrs.frozen
class Block:
    """A block of code.

    Attributes:
        language: First word after the fence, "" if there is none.
        text: Its content.
        line: Number of its first line.
    """

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file name in a first line such as `# stage_dhs.py`."""
        match = _FILE.match(self.text)
        return match[1] if match and self.language in ("python", "yaml", "text") else None


@attrs.frozen
class Page:
    """A page, by its path below the root of the project."""

    path: str

    def __str__(self) -> str:
        return self.path

    @property
    def folder(self) -> Path:
        """The folder for its relative links."""
        return (ROOT / self.path).parent

    @property
    def text(self) -> str:
        """The whole text."""
        return (ROOT / self.path).read_text(encoding="utf-8")

    def blocks(self) -> list[Block]:
        """Its blocks of code, in order."""
        return [_block(each) for each in _BLOCKS_ALONE.parse(self.text) if each.type in _CODE]

    def anchors(self) -> set[str]:
        """The anchors of a page: headings as GitHub and MyST name them, and targets."""
        found = set(_TARGET.findall(self.text))
        tokens = _tokens(self.text)
        for number, token in enumerate(tokens):
            if token.type == "heading_open":
                found.add(_slug(_plain(tokens[number + 1])))
        return found

    def links(self) -> Iterator[tuple[str, str]]:
        """Path and anchor of each link and picture inside the project."""
        for token in _tokens(self.text):
            for child in token.children or ():
                target = str(child.attrGet("href") or child.attrGet("src") or "")
                if target and not re.match(r"[a-z]+:", target):
                    path, _, anchor = target.partition("#")
                    yield path, anchor


_CODE: Final = ("fence", "code_block")


@functools.cache
def _tokens(text: str) -> list[Token]:
    return list(_READER.parse(text))


def _block(token: Token) -> Block:
    assert token.map is not None
    if token.type == "code_block":
        return Block(INDENTED, token.content, token.map[0] + 1)
    language, *_ = [*token.info.split(), ""]
    return Block(language, token.content, token.map[0] + 2)


def _plain(heading: Token) -> str:
    return "".join(child.content for child in heading.children or ())


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def pages() -> list[Page]:
    """README, CONTRIBUTING and all of docs/."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    found = [path for path in docs if "_build" not in path.parts]
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found]
    return [Page(path.relative_to(ROOT).as_posix()) for path in paths]
