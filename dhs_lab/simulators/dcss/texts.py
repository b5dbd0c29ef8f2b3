"""Texts of dcss: characters that it blanks or hides, and their first words."""

import math
import re
from typing import Final

_BLANKED: Final = str.maketrans('[]$;"\n', " " * 6)
NUMBER: Final = re.compile(
    r"[+-]?(?:(?P<hex>0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?)"
    r"|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)",
    re.ASCII | re.IGNORECASE,
)
"""The part of a word that atof and `%lf` of C read."""
_PRIVATE: Final = re.compile(r"(?<!\S)(PRIVATE)(\S+)")


def blanked(text: str) -> str:
    """A text with blanks for `[ ] $ ; "` and line ends, so that it is safe for Tcl.

    Source: dcss_broadcast.h:67, dcss_gui_client.c:602, confirmed on the wire
    """
    return text.translate(_BLANKED)


def told_to_all(text: str) -> str:
    """A text as all GUIs get it: blanked, and `X` for the characters after `PRIVATE` in a word.

    Source: dcss_broadcast.c:214-246, confirmed on the wire
    """
    return _PRIVATE.sub(lambda found: found[1] + "X" * len(found[2]), blanked(text))


def first_word(text: str) -> str:
    """The first word of a text, "" if there is none."""
    return next(iter(text.split(None, 1)), "")


def word_of(text: str, number: int) -> str:
    """A word of a text, counted from 0; "" if there are fewer."""
    words = text.split()
    return words[number] if len(words) > number else ""


def rest_of(text: str, count: int) -> str:
    """The rest of a text after the first words and one blank, unchanged."""
    parts = text.lstrip(" ").split(" ", count)
    return parts[count] if len(parts) > count else ""


def c_number(word: str) -> float:
    """The number that atof of C reads in a word; 0 if it does not begin with a number."""
    found = NUMBER.match(word)
    if found is None:
        return 0.0
    try:
        return float.fromhex(found[0]) if found["hex"] else float(found[0])
    except OverflowError:
        return -math.inf if word.startswith("-") else math.inf
