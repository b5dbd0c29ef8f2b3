"""Control characters of foreign texts: shown, not written, so that no text forges a line of a log.

A line end in a text from the wire would begin a line that nobody logged, an escape sequence would
move the cursor of whoever reads it, and a sign that turns the direction of writing hides what
stands before it.
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
    r"""The text with `\n`, `\x1b`, `\u202e` and the like for its control characters but the tab."""
    return _CONTROL.sub(_shown, text)


def escape_controls(text: str) -> str:
    r"""As `show_controls`, in a way that `unescape_controls` can read.

    A backslash before one of `\nrxu` is doubled; any other stays as it is.
    """
    return _AMBIGUOUS.sub(_shown, text)


def unescape_controls(text: str) -> str:
    """What `escape_controls` was given."""
    return _SHOWN.sub(_sign, text)


def _shown(found: re.Match[str]) -> str:
    sign = found[0]
    return _LETTERS.get(sign) or ascii(sign)[1:-1]


def _sign(found: re.Match[str]) -> str:
    return _SIGNS[found[1]] if found[1] else chr(int(found[2] or found[3], 16))
