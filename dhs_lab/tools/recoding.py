"""Converts other encodings to plain UTF-8, and removes what tools add to a text to show it."""

import codecs
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Final

from dhs_lab.tools.inputs import SNIFFED, ByteSource

BYTE_ORDER_MARK: Final = 4
"""Bytes of the longest byte-order mark."""
_MARKS: Final = {  # the longer ones first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_FIRST_LINES: Final = 20
# Patterns that most logs do not need are compiled at the first use.
_TAG: Final = r"</?[A-Za-z][\w.:-]*(?:\s[^<>]*)?/?>|<[!?][^<>]*>"
_CDATA: Final = r"<!\[CDATA\[(.*?)\]\]>"
_TERMINAL: Final = (
    r"(?:\x1b|\^\[|#033|\\(?:033|x1[bB]|e))"
    r"(?:\[[\d;:?]*[ -/]?[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHM])"
    r"|(?:\x9b|\[(?=\d))[\d;:]*m|\x9b[\d?]*[@-~]|[\x0e\x0f]|(.)\x08(?=\1)"
)
"""Colours, which may have lost their ESC; other commands to a terminal; overstruck letters."""
_MAY_BE_TERMINAL: Final = re.compile(
    r"[\x08\x0e\x0f\x1b\x9b]|\^\[|#033|\\(?:033|x1[bB]|e)\[|\[\d[\d;]*m"
)
_CLOSING: Final = rb"</\w+>|<(?:[Bb][Rr]|[Hh][Rr]) ?/?>"


class _Recoded:
    """Pieces of text, as a file."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts

    def read1(self, _: int = -1, /) -> bytes:
        return next(filter(None, self._texts), "").encode("utf-8", "surrogateescape")


def as_utf8(source: ByteSource, size: int = SNIFFED) -> ByteSource:
    """The source as plain UTF-8, if its first `size` bytes are UTF-16 or a byte-order mark."""
    head = source.peek(size)
    if head.startswith(codecs.BOM_UTF8):
        source.read_exactly(len(codecs.BOM_UTF8))
        return source
    encoding = _encoding_of(head)
    if encoding is None:
        return source
    return ByteSource(source.name, _Recoded(_decoded(source, encoding)))


def undecorated(source: ByteSource) -> ByteSource:
    """The source without tags of HTML or XML, colours, and what `cat -A` adds."""
    change = _change_of(source.peek())
    return source if change is None else changed(source, change)


def changed(source: ByteSource, change: Callable[[str], str]) -> ByteSource:
    """The source with each line changed as soon as it comes."""
    texts = (
        "\n".join(map(change, block.split("\n"))) + "\n" * is_whole
        for block, is_whole in _blocks(source)
    )
    return ByteSource(source.name, _Recoded(texts))


def joined(source: ByteSource, join: Callable[[Iterator[str]], Iterator[str]]) -> ByteSource:
    """The source with its lines joined; the last is empty if the one before has an end."""
    ends = itertools.chain([""], itertools.repeat("\n"))
    lines = join(_lines(source))
    return ByteSource(source.name, _Recoded(map("".join, zip(ends, lines, strict=False))))


def _lines(source: ByteSource) -> Iterator[str]:
    has_end = False
    for block, is_whole in _blocks(source):
        yield from block.split("\n")
        has_end = is_whole
    if has_end:
        yield ""


def _blocks(source: ByteSource) -> Iterator[tuple[str, bool]]:
    for block, is_whole in source.line_blocks():
        text = block.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        yield text.removesuffix("\r"), is_whole


def _encoding_of(head: bytes) -> str | None:
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if encoding is None:
        for name, letters, zeros in (("utf-16-le", 0, 1), ("utf-16-be", 1, 0)):
            text, other = head[letters:SNIFFED:2], head[zeros:SNIFFED:2]
            # Nearly all of its letters are ASCII, and no letter is 0.
            if all(text) and text.split() and other.count(0) * 4 > len(other) * 3:
                encoding = name
    return encoding


def _change_of(head: bytes) -> Callable[[str], str] | None:
    lines = head.split(b"\n", _FIRST_LINES)[:-1]
    if len(lines) > 1 and all(line.endswith(b"$") for line in lines):
        return _without_signs
    is_marked = head.lstrip().startswith(b"<") or b"".join(lines[:1]).endswith(b">")
    if is_marked and re.search(_CLOSING, head):
        return _without_tags
    return without_colours if b"\x1b" in head or b"\b" in head else None


def without_colours(line: str) -> str:
    """A line without the commands to a terminal."""
    return re.sub(_TERMINAL, "", line) if _MAY_BE_TERMINAL.search(line) else line


def _decoded(source: ByteSource, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield from map(decoder.decode, source.pieces())
    yield decoder.decode(b"", final=True)


def _without_signs(line: str) -> str:
    """A line without what `cat -A` and `cat -e` add."""
    return line.removesuffix("$").removesuffix("^M").replace("^I", "\t")


def _without_tags(line: str) -> str:
    """A line without the tags of HTML or XML, with a tab between its texts."""
    import html  # noqa: PLC0415 - few logs need it

    return html.unescape(
        re.sub(r"\t+", r"\t", re.sub(_TAG, r"\t", re.sub(_CDATA, r"\1", line))).strip("\t")
    )
