"""Strategies drawn from the wire plan: what a class says of its fields is what is generated.

A new message class is searched the day it is added; nothing here names one.
"""

from typing import Final

from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    Frame,
    Framing,
    Message,
    UnknownMessage,
    encode_frame,
    join_list,
)
from dcs_codec.fields import FieldKind, Rest, Word, field_kinds
from dcs_codec.words import to_text

C_BLANKS: Final = b" \t\n\v\f\r"
"""What C's `isspace` takes for white space."""

UNICODE_BLANKS: Final = "\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u3000"
"""White space to Python's `str` and not to C; in a word it is a letter like any other."""

V1_WORD: Final = 39
V1_REST: Final = 30
"""Sizes in bytes with which every message of this package fits the 199 bytes of v1."""

_ODD_WORDS: Final = (*UNICODE_BLANKS, "a\x1cb", "\x7f", "{", "}", "\\", '"', "1.10", "é", "nan")
_printable = st.characters(min_codepoint=0x21, max_codepoint=0x7E)


def words(max_bytes: int) -> st.SearchStrategy[str]:
    """Words of at most `max_bytes` bytes: plain ones mostly, and any bytes C takes for one."""
    plain = st.text(_printable, min_size=1, max_size=max_bytes)
    raw = st.binary(min_size=1, max_size=max_bytes).map(
        lambda data: to_text(data.translate(None, C_BLANKS + b"\0"))
    )
    return st.one_of(plain, plain, st.sampled_from(_ODD_WORDS), raw.filter(bool))


def rests(max_bytes: int | None = None) -> st.SearchStrategy[str]:
    """Rests of a text: Tcl lists, blanks anywhere, any bytes but NUL; no line end at the end."""
    size = 300 if max_bytes is None else max_bytes
    plain = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=size)
    lists = st.lists(words(12), max_size=5).map(join_list).filter(lambda text: _fits(text, size))
    raw = st.binary(max_size=size).map(lambda data: to_text(data.replace(b"\0", b"")))
    return st.one_of(plain, lists, raw).map(lambda text: text.rstrip("\r\n"))


def messages_of[M: Message](
    message_class: type[M], framing: Framing = Framing.V2
) -> st.SearchStrategy[M]:
    """Messages of one class that `framing` carries."""
    return _messages_of(message_class, framing)
