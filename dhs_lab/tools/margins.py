"""Removes what a tool wrote before each line of a log.

Line numbers (`cat -n`, `grep -n`), names of files and hosts (`grep -H`, `docker compose logs`),
signs of quotes, lists and differences (`> `, `- `, `+`): a margin is everything before the time or
the JSON object in a line. A margin seen once is also removed from lines without a time.
"""

import re
from collections.abc import Callable
from typing import Final

from dhs_lab.tools.log_c import KEYWORD
from dhs_lab.tools.stamps import read_stamp

_PLACE: Final = re.compile(r"(?<![\w.])(?=\d|<\d|[A-Z][a-z]{2}|\{\")|(?<=\^I)(?=\d|[A-Z])")
_MAY_BEGIN: Final = re.compile(r"\d[:.h-]\d\d|\{\"|0000")
_DIFFERENCE: Final = tuple("+-!<>")  # the first lines may be equal in both files
_SIGNS_AND_NUMBERS: Final = re.compile(r"(?:[^\w{}]|\d|\^I)+")
_PIECE: Final = re.compile(r"(\d+)|([ \t]+)|([:-](?=\d|$))|([-+<>!])|(.)")
_NUMBER: Final = re.compile(r"(?<![A-Za-z_])\d+|\W+")
_LONGEST: Final = 80
_MOST: Final = 16


class Margins:
    """The margins of one log or dump."""

    def __init__(self, begin: Callable[[str], int | None]) -> None:
        """`begin` returns where a line really begins, None if it cannot tell."""
        self._begin = begin
        self._known: list[re.Pattern[str]] = []
        self._has_plain_lines = False  # those that begin with a time

    def cut(self, text: str) -> tuple[str, str]:
        """The names in the margin of a line, and the rest of the line."""
        for known in self._known:
            match = known.match(text)
            if match is not None:
                return _names_in(match.group()), _unquoted(text, match.end())
        if self._has_plain_lines and text[:1] not in _DIFFERENCE:
            return "", text
        if _MAY_BEGIN.search(text, 0, 2 * _LONGEST) is None:
            return "", text
        at = self._begin(text)
        self._has_plain_lines |= at == 0
        margin = text[: at or 0]
        if not margin or len(self._known) == _MOST:
            return "", text
        self._known.append(re.compile("".join(map(_pattern_of, _PIECE.finditer(margin)))))
        return _names_in(margin), _unquoted(text, at or 0)


def begin_of_record(text: str) -> int | None:
    """Where the time or the object in a line begins; None if it has none."""
    if text.startswith("{") or read_stamp(text) is not None:
        return 0
    keyword = KEYWORD.search(text)
    end = _LONGEST if keyword is None else min(_LONGEST, keyword.start())
    for place in _PLACE.finditer(text, 0, end):
        at = place.start()
        if text.startswith("{", at):
            return at if text.endswith(("}", "}`")) else None
        stamp = read_stamp(text[at:])
        if stamp is not None and (stamp.has_date or _SIGNS_AND_NUMBERS.fullmatch(text, 0, at)):
            return at
    return None


def _pattern_of(piece: re.Match[str]) -> str:
    """The pattern for a piece of a margin: numbers and the width of blanks change."""
    number, blanks, sign, mark, other = piece.groups()
    if number:
        return r"\d+"
    if blanks:
        return r"[ \t]+" if piece.start() else r"[ \t]*"
    if sign:
        return "[:-]"  # grep has - before a line of context
    return "[-+<>! ]" if mark and not piece.start() else re.escape(mark or other)


def _unquoted(text: str, at: int) -> str:
    """The rest of a line, without the quotes around it."""
    quote, rest = text[at - 1], text[at:]
    is_around = quote in "`\"'" and rest.find(quote) == len(rest.rstrip(",")) - 1
    return rest.rstrip(",")[:-1] if is_around else rest


def _names_in(margin: str) -> str:
    return _NUMBER.sub(" ", margin).strip()
