"""Kinds of fields that only messages of the GUI port have.

A GUI may send only what dcss survives: names, numbers and texts are refused if a real server would
crash or hang, or leave a script waiting forever. What dcss tells GUIs comes mostly from others, and
is passed on unchanged, so the only limit is that of its buffers.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

import attrs

from dcs_codec.kinds import TailKind
from dcs_codec.limits import (
    MAX_LOCATION_TEXT,
    MAX_LOGIN_WORD,
    MAX_POSITION,
    MAX_TOLD_WORD,
    MAX_WORD,
)
from dcs_codec.lists import is_list_from_gui
from dcs_codec.numbers import parse_integer, parse_number
from dcs_codec.tail_kinds import Rest
from dcs_codec.word_kinds import Destination, Number, Word
from dcs_codec.words import BLANKS, find_words, fitting

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_C_NUMBER: Final = re.compile(
    r"[+-]?(?:(?P<odd>inf|nan|0x)|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)", re.IGNORECASE
)
_LOCATION: Final = "location"

MOST_SETTINGS: Final = 12
"""Numbers that make up the configuration of a real motor; a pseudo motor has fewer."""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GuiDestination(Destination):
    """Where to move a motor: a number, or a word that only its DHS understands.

    dcss reads a number from the beginning of any word (`3mm` is 3), so words that begin with one
    too large, or with `inf` or `nan`, are refused: it would loop forever on them.
    """

    def write(self, value: object) -> str:
        """The word; raises ValueError as `Destination`, and for a number that dcss cannot take."""
        word = super().write(value)
        begins = _C_NUMBER.match(word)
        if begins is None:
            return word
        if begins["odd"] or abs(float(begins[0])) > MAX_POSITION:
            raise ValueError(f"begins with a number that dcss cannot take: {word[:60]!r}")
        return word


@attrs.frozen(kw_only=True, repr=False, eq=False)
class ListText(Rest):
    """The rest of a text that the scripting engine of dcss reads as a Tcl list.

    It loses a message with a brace that is not closed: a script that waits for it waits forever.
    """

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """As `Rest`; raises ValueError also if the text is not a Tcl list."""
        written = super().write_tail(value, before)
        if not is_list_from_gui(written):
            raise ValueError(
                f"is not a Tcl list, so the scripting engine loses it: {written[1:61]!r} "
                "(`list_safe` makes one)"
            )
        return written


@attrs.frozen(kw_only=True, repr=False, eq=False)
class LogText(ListText):
    """Sender and text of a log line; after the level `location` the text has a limit."""

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """As `ListText`; raises ValueError also if the text of a location is too long."""
        written = super().write_tail(value, before)
        if before.get("log_level") == _LOCATION and (words := find_words(written, 1)):
            fitting(written[words[0][1] :].strip(BLANKS), MAX_LOCATION_TEXT)
        return written


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Numbers(TailKind):
    """All words that follow, each a number; an integer stays one, since C reads `%d` there.

    True and False are 1 and 0.
    """

    def read_tail(self, tail: str, before: Mapping[str, object]) -> tuple[float, ...]:
        """The numbers; raises ValueError if a word is not a number, or there are too many."""
        words = [word for word, _ in find_words(tail, MOST_SETTINGS + 1)]
        if len(words) > MOST_SETTINGS:
            raise ValueError(f"has more than {MOST_SETTINGS} numbers")
        return tuple(
            parse_integer(word) if _INTEGER.fullmatch(word) else parse_number(word)
            for word in words
        )

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The numbers with blanks between; raises ValueError as `Number`, and for too many."""
        if not isinstance(value, tuple):
            raise ValueError(f"is a tuple of numbers, got {type(value).__name__} {value!r}")
        if len(value) > MOST_SETTINGS:
            raise ValueError(f"has {len(value)} numbers, dcss reads {MOST_SETTINGS}")
        return "".join(f" {_written(number)}" for number in value)


_NUMBER: Final = Number()


def _written(number: object) -> str:
    return _NUMBER.write(int(number) if isinstance(number, bool) else number)


LoginWord = Annotated[str, Word(max_bytes=MAX_LOGIN_WORD)]
"""A word of a GUI's login."""

GuiMoveDestination = Annotated[float | str, GuiDestination()]
"""Number in the motor's own units, or a word for the DHS (`home`)."""

ListOrNothing = Annotated[str, ListText()]
"""Rest of the text, a Tcl list; the blank before it is left out when it is empty."""

SaidText = Annotated[str, LogText()]
"""Sender and text of a log line."""

Settings = Annotated[tuple[float, ...], Numbers()]
"""Numbers, as many as dcss is to change."""

RequestWords = Annotated[str, Rest(max_first_word=MAX_WORD, always_separated=True)]
"""Words of a request; the blank before them is always written: dcss reads from it on."""

ToldName = Annotated[str, Word(max_bytes=MAX_TOLD_WORD)]
"""A word as dcss sends it: a name, which may not exist, or a status."""

ToldHandle = Annotated[str, Word(max_bytes=MAX_TOLD_WORD, is_unique=True)]
"""Operation handle, `clientNumber.counter`; text, since `1.10` is not `1.1`."""

OptionalTold = Annotated[str, Word(max_bytes=MAX_TOLD_WORD, optional=True)]
"""A word that some forms do not have."""

ToldNumber = Annotated[float, Number(limit=float("inf"), stored=True)]
"""A number as dcss sends it: what a DHS reported, or what dcss has stored."""

Contents = Annotated[str, Rest(always_separated=True)]
"""Rest of the text, to the letter; the blank before it is always written."""
