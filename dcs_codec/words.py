"""Words: how a DCS text falls into words, and how a Tcl list keeps blanks inside a word.

DCS separates words by white space as C's `isspace` knows it. Arguments of operations and contents
of strings are usually Tcl lists, because the peers are Tcl programs: `{two three} four` has two
words there.
"""

import re
from collections.abc import Iterable
from typing import Final

from dcs_codec.errors import EncodeError

BLANKS: Final = " \t\n\v\f\r"

_WORD: Final = re.compile(r"[^ \t\n\v\f\r]+")
_TCL_SPECIAL: Final = re.compile(r"[\s{}\[\]$;\"\\]")
_TCL_BACKSLASH: Final = re.compile(
    r"""\\(?: x([0-9a-fA-F]{1,2}) | u([0-9a-fA-F]{1,4})
        | U( 0{0,2}10[0-9a-fA-F]{4} | 0{0,3}[0-9a-fA-F]{1,5} )
        | ([0-3]?[0-7]{1,2}) | (\n[ \t]*) | (.) )""",
    re.DOTALL | re.VERBOSE,
)
_TCL_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def to_text(data: bytes) -> str:
    """Bytes of a frame as text: UTF-8, with every other byte kept as a lone surrogate."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Text as bytes of a frame, the reverse of `to_text`.

    Raises:
        EncodeError: The text has no bytes that would be read back as the same text.
    """
    if text.isascii():
        return text.encode("ascii")
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise EncodeError("", "", f"character {text[error.start]!r} has no bytes") from None
    if to_text(data) != text:
        raise EncodeError("", "", "escaped bytes that together are another character")
    return data


def find_words(text: str, most: int | None = None) -> list[tuple[str, int]]:
    """The words of a text as C's `sscanf("%s")` reads them, each with the offset behind it.

    No more than `most`, for a long text has more words than one cares to keep.
    """
    words: list[tuple[str, int]] = []
    for match in _WORD.finditer(text):
        if len(words) == most:
            break
        words.append((match.group(), match.end()))
    return words


def first_word(text: str) -> str:
    """The first word of a text, "" where there is none."""
    match = _WORD.search(text)
    return match.group() if match else ""


def clean_text(text: str) -> str:
    """A text up to its first NUL, without the line end behind it; blanks stay."""
    return text.partition("\0")[0].rstrip("\r\n")


def split_list(text: str) -> list[str]:
    """The words of a Tcl list, without the braces, quotes and backslashes that held them.

    Raises:
        ValueError: The text is not a well-formed Tcl list (a brace or quote is left open).
    """
    words: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] in BLANKS:
            at += 1
            continue
        if text[at] == "{":
            word, at = _braced(text, at)
        elif text[at] == '"':
            word, at = _bare(text, at + 1, until='"')
        else:
            word, at = _bare(text, at, until=BLANKS)
        words.append(word)
    return words


def join_list(words: Iterable[str]) -> str:
    """A Tcl list that `split_list`, and Tcl, split into the same words again."""
    return " ".join(map(quote_word, words))


def quote_word(word: str) -> str:
    """One word as it stands in a Tcl list: as it is, in braces, or with backslashes."""
    if word and not _TCL_SPECIAL.search(word) and word[0] != "#":
        return word
    if _is_balanced(word):
        return "{" + word + "}"
    return re.sub(r"[\s{}\[\]$;\"\\#]", _escape, word)


def _is_balanced(word: str) -> bool:
    depth = 0
    for mark in re.findall(r"[{}]", word):
        depth += 1 if mark == "{" else -1
        if depth < 0:
            return False
    return depth == 0 and "\\" not in word


def _escape(match: re.Match[str]) -> str:
    mark = match.group()
    names = {value: name for name, value in _TCL_ESCAPES.items()}
    return "\\" + names.get(mark, mark)


def _braced(text: str, start: int) -> tuple[str, int]:
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : at], _word_end(text, at + 1)
        at += 1
    raise ValueError(f"brace at {start} is not closed: {text[start : start + 40]!r}")


def _bare(text: str, start: int, until: str) -> tuple[str, int]:
    quoted = until == '"'
    pieces: list[str] = []
    at = start
    while at < len(text):
        mark = text[at]
        if mark in until:
            return "".join(pieces), _word_end(text, at + 1) if quoted else at
        escape = _TCL_BACKSLASH.match(text, at)
        pieces.append(_escaped(escape) if escape else mark)
        at = escape.end() if escape else at + 1
    if quoted:
        raise ValueError(f"quote at {start - 1} is not closed: {text[start - 1 : start + 40]!r}")
    return "".join(pieces), at


def _escaped(match: re.Match[str]) -> str:
    byte, short, long, octal, line_end, mark = match.groups()
    if hexadecimal := byte or short or long:
        return chr(int(hexadecimal, 16))
    if octal:
        return chr(int(octal, 8))
    return " " if line_end else _TCL_ESCAPES.get(mark, mark)


def _word_end(text: str, at: int) -> int:
    if at < len(text) and text[at] not in BLANKS:
        raise ValueError(f"{text[at]!r} right behind a closing brace or quote at {at}")
    return at
