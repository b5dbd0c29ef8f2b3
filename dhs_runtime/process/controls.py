"""Escapes control characters, so that a text from outside cannot forge a line of the log.

A line end in a text from the wire would start a line that was never logged, an escape sequence
would move the reader's cursor, and a character that reverses the writing direction would hide text.
"""

import re
from typing import Final

_CONTROLS: Final = r"\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_CONTROL: Final = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_AMBIGUOUS: Final = re.compile(rf"[{_CONTROLS}]|\\(?=[\\nrxu])")
_SHOWN: Final = re.compile(r"\\(?:([\\nr])|x([0-9a-f]{2})|u([0-9a-f]{4}))")
_LETTERS: Final = {"\n": r"\n", "\r": r"\r", "\\": r"\\"}
_SIGNS: Final = {"n": "\n", "r": "\r", "\\": "\\"}


def show_controls(text: str) -> str:
    r"""The text with `\n`, `\x1b`, `\u202e` ... in place of control characters, except the tab."""
    return _CONTROL.sub(_shown, text)


def escape_controls(text: str) -> str:
    r"""Like `show_controls`, but `unescape_controls` can restore the text.

    A backslash before one of `\nrxu` is doubled; any other stays as it is.
    """
    return _AMBIGUOUS.sub(_shown, text)


def unescape_controls(text: str) -> str:
    """The text that was given to `escape_controls`."""
    return _SHOWN.sub(_sign, text)


def _shown(found: re.Match[str]) -> str:
    sign = found[0]
    return _LETTERS.get(sign) or ascii(sign)[1:-1]


def _sign(found: re.Match[str]) -> str:
    return _SIGNS[found[1]] if found[1] else chr(int(found[2] or found[3], 16))
