"""Words: how a DCS text is split into words, at what C's `isspace` accepts; texts and bytes.

How a Tcl list keeps blanks inside a word is in `lists`.
"""

import re
from typing import Final

from dcs_codec.errors import EncodeError

BLANKS: Final = " \t\n\v\f\r"

_WORD: Final = re.compile(r"[^ \t\n\v\f\r]+")


def to_text(data: bytes) -> str:
    """Bytes of a frame as text: UTF-8, with every other byte kept as a lone surrogate."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Text as bytes of a frame, the reverse of `to_text`.

    Raises:
        EncodeError: No bytes would be read back as the same text.
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
    """The words of a text as C's `sscanf("%s")` reads them, each with the offset after it.

    Stops after `most` words, which bounds memory on hostile input.
    """
    words: list[tuple[str, int]] = []
    for match in _WORD.finditer(text):
        if len(words) == most:
            break
        words.append((match.group(), match.end()))
    return words


def first_word(text: str) -> str:
    """The first word of a text, "" if there is none."""
    match = _WORD.search(text)
    return match.group() if match else ""


def clean_text(text: str) -> str:
    """A text up to its first NUL, without a line end; blanks are kept."""
    return text.partition("\0")[0].rstrip("\r\n")


def as_text(value: object) -> str:
    """A value that must be text, as plain `str`; raises ValueError if it is not text."""
    if not isinstance(value, str):
        raise ValueError(f"is text on the wire, got {type(value).__name__} {value!r}")
    return str.__str__(value)


def fitting(text: str, max_bytes: int | None) -> str:
    """The text, if it has bytes and not too many; else ValueError."""
    try:
        size = len(to_bytes(text))
    except EncodeError as error:
        raise ValueError(error.reason) from None
    if max_bytes is not None and size > max_bytes:
        raise ValueError(f"has {size} bytes, the C side takes {max_bytes}: {text[:60]!r}")
    return text
