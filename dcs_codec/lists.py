"""Tcl lists: arguments of operations and contents of strings, because the peers are Tcl programs.

`{two three} four` has two words. The scripting engine of dcss evaluates each message of a DHS as a
list, so one brace that is left open hides the whole message from the scripts that wait for it
(message_handlers.tcl:302-326, seen on a running dcss). `is_list` says whether a text gets through.
"""

import re
from collections.abc import Iterable
from typing import Final

from dcs_codec.words import BLANKS

__all__ = ["is_list", "join_list", "list_safe", "split_list"]

_TCL_SPECIAL: Final = re.compile(r"[\s{}\[\]$;\"\\]")
_TCL_BACKSLASH: Final = re.compile(
    r"""\\(?: x([0-9a-fA-F]{1,2}) | u([0-9a-fA-F]{1,4})
        | U( 0{0,2}10[0-9a-fA-F]{4} | 0{0,3}[0-9a-fA-F]{1,5} )
        | ([0-3]?[0-7]{1,2}) | (\n[ \t]*) | (.) )""",
    re.DOTALL | re.VERBOSE,
)
_TCL_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN: Final = re.compile(r"[^\s{}\[\]$;\"\\#]+(?: [^\s{}\[\]$;\"\\#]+)*")
_HOLDING: Final = re.compile(r"[{}\"\\]")  # what keeps a list's words together, or fails to
_LIST_WORD: Final = re.compile(r"[^ \t\n\v\f\r]+")
_BRACED: Final = r"\{[^{}\\]*+(?:\{[^{}\\]*+\}[^{}\\]*+)*+\}"  # braces in braces, no deeper
_BARE: Final = r"[^ \t\n\v\f\r{\"\\][^ \t\n\v\f\r\\]*+"
_EASY: Final = re.compile(
    rf"(?:[ \t\n\v\f\r]*+(?:{_BARE}|{_BRACED})(?=[ \t\n\v\f\r]|\Z))*+[ \t\n\v\f\r]*+\Z"
)
_EASY_WORD: Final = re.compile(rf"({_BARE}|{_BRACED})(?:[ \t\n\v\f\r]++|\Z)")
_FILTERED: Final = re.compile(r"[\[\]$;\"\n]")
_BLANKED: Final = str.maketrans(dict.fromkeys('[]$;"\n', " "))
_HARMLESS: Final = str.maketrans({"{": "(", "}": ")", '"': "'", "\\": "/"})


def is_list(text: str) -> bool:
    """Whether Tcl takes a text for a list, both unchanged and as dcss passes it on.

    dcss puts a blank for each of `[ ] $ ; newline "` in what it broadcasts (dcss_broadcast.h:67):
    `"{"` is a list of one word before that, and no list after it.
    """
    if not _HOLDING.search(text):
        return True
    if not _FILTERED.search(text):
        return _is_list(text)
    return _is_list(text) and _is_list(text.translate(_BLANKED))


def is_list_from_gui(text: str) -> bool:
    """Whether Tcl takes a text of a GUI for a list: dcss puts in the blanks before reading it.

    Source: dcss_gui_client.c:602.
    """
    return _is_list(text.translate(_BLANKED))


def _is_list(text: str) -> bool:
    if _EASY.match(text):
        return True
    try:
        split_list(text)
    except ValueError:
        return False
    return True


def list_safe(text: str) -> str:
    """The text if it is a list; else with `( ) ' /` instead of the marks of a list."""
    return text if is_list(text) else text.translate(_HARMLESS)


def split_list(text: str) -> list[str]:
    """The words of a Tcl list, without the braces, quotes and backslashes that held them.

    Raises:
        ValueError: The text is not a well-formed Tcl list (a brace or quote is left open).
    """
    if not _HOLDING.search(text):
        return _LIST_WORD.findall(text)
    words: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] in BLANKS:
            at += 1
            continue
        if easy := _EASY_WORD.match(text, at):
            word = easy[1]
            words.append(word[1:-1] if word[0] == "{" else word)
            at = easy.end()
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
    each = tuple(words)
    text = " ".join(each)
    if _PLAIN.fullmatch(text) and text.count(" ") == len(each) - 1:  # as it is, one look at all
        return text
    return " ".join(map(quote_word, each))


def quote_word(word: str) -> str:
    """One word of a Tcl list: unchanged, in braces, or with backslashes."""
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
        raise ValueError(f"{text[at]!r} right after a closing brace or quote at {at}")
    return at
