"""Strategies drawn from the wire plan: what a class says of its fields is what is generated.

A message class is searched from the day it is added; nothing here names one.
"""

from collections.abc import Iterable
from typing import Final, TypeVar

from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    Frame,
    Framing,
    Message,
    UnknownMessage,
    default_registry,
    encode_frame,
    join_list,
)
from dcs_codec.fields import FieldKind, Rest, Word, field_kinds
from dcs_codec.frames import V1_MAX_TEXT
from dcs_codec.words import to_bytes, to_text

C_BLANKS: Final = b" \t\n\v\f\r"
"""What C's `isspace` takes for white space."""

UNICODE_BLANKS: Final = "\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u3000"
"""White space to Python's `str` and not to C: in a word it is a letter like any other."""

ODD_WORDS: Final = (*UNICODE_BLANKS, "a\x1cb", "\x7f", "{", "}", "\\", '"', "1.10", "é", "nan")

_V1_WORD: Final = 39  # bytes a word and a rest may have so that any message fits v1's 199
_V1_REST: Final = 30
_ANY_REST: Final = 300

_M = TypeVar("_M", bound=Message)
_visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def words(max_bytes: int = 79) -> st.SearchStrategy[str]:
    """Words of at most `max_bytes` bytes: plain ones mostly, and whatever else C takes for one."""
    plain = st.text(_visible, min_size=1, max_size=max_bytes)
    raw = st.binary(min_size=1, max_size=max_bytes).map(
        lambda data: to_text(data.translate(None, C_BLANKS + b"\0"))
    )
    odd = [word for word in ODD_WORDS if len(to_bytes(word)) <= max_bytes]
    return st.one_of(plain, plain, st.sampled_from(odd), raw.filter(bool))


def rests(max_bytes: int | None = None) -> st.SearchStrategy[str]:
    """Rests of a text: Tcl lists, blanks anywhere, any byte but NUL; no line end at the end."""
    size = _ANY_REST if max_bytes is None else max_bytes
    plain = st.text(_printable, max_size=size)
    lists = st.lists(words(10), max_size=5).map(join_list)
    raw = st.binary(max_size=size).map(lambda data: to_text(data.replace(b"\0", b"")))
    return (
        st.one_of(plain, lists, raw)
        .map(lambda text: text.rstrip("\r\n"))
        .filter(lambda text: len(to_bytes(text)) <= size)
    )


@st.composite
def messages_of(draw: st.DrawFn, message_class: type[_M], framing: Framing = Framing.V2) -> _M:
    """Messages of one class as `framing` carries them, every field of any value it may have."""
    values: dict[str, object] = {}
    missing = False  # behind an optional word that is missing nothing can follow
    for name, kind in field_kinds(message_class).items():
        value = "" if missing else draw(_values_of(kind, framing))
        missing = missing or (isinstance(kind, Word) and not value)
        values[name] = value
    return message_class(binary=draw(_binaries(framing)), **values)


def _values_of(kind: FieldKind, framing: Framing) -> st.SearchStrategy[str]:
    narrow = framing is Framing.V1
    if isinstance(kind, Word):
        size = min(kind.max_bytes, _V1_WORD) if narrow else kind.max_bytes
        return st.one_of(words(size), st.just("")) if kind.optional else words(size)
    assert isinstance(kind, Rest)
    return rests(_V1_REST if narrow else kind.max_bytes and min(kind.max_bytes, _ANY_REST))


@st.composite
def unknown_messages(draw: st.DrawFn, framing: Framing = Framing.V2) -> UnknownMessage:
    """Messages whose keyword no class has; the text is what encode writes without refusing."""
    keyword = draw(
        st.one_of(st.sampled_from(["gtos_set_string", "stoh_register_shutter"]), words())
    )
    text = keyword + draw(st.one_of(st.just(""), rests(_V1_REST).map(lambda rest: " " + rest)))
    return UnknownMessage(text=text, binary=draw(_binaries(framing)))


def messages(
    framing: Framing = Framing.V2, classes: Iterable[type[Message]] = DHS_MESSAGES
) -> st.SearchStrategy[Message]:
    """Messages of each of the classes, and unknown ones, as `framing` carries them."""
    known = [messages_of(message_class, framing) for message_class in classes]
    unknown = unknown_messages(framing).filter(
        lambda message: message.received_keyword not in default_registry()
    )
    return st.one_of(*known, unknown)


def texts() -> st.SearchStrategy[str]:
    """Texts around the registry's keywords: right ones, nearly right ones, and anything."""
    keywords = st.sampled_from([message_class.keyword for message_class in DHS_MESSAGES])
    gaps = st.sampled_from([" ", "  ", "\t", "\n", "\v ", "\x1c", "\xa0"])
    pieces = st.lists(st.one_of(gaps, words(50), st.text(max_size=10)), max_size=10).map("".join)
    single = st.lists(words(50), max_size=7).map(" ".join)
    near = st.tuples(st.one_of(st.just(""), gaps), keywords, gaps, st.one_of(single, pieces))
    return st.one_of(
        near.map("".join),
        st.tuples(keywords, single).map(" ".join),
        keywords,
        pieces,
        st.binary(max_size=60).map(to_text),
    )


@st.composite
def frames(draw: st.DrawFn, framing: Framing = Framing.V2) -> Frame:
    """Frames as `framing` carries them."""
    size = V1_MAX_TEXT if framing is Framing.V1 else 400
    text = draw(st.binary(max_size=size)).replace(b"\0", b"").rstrip(b"\r\n")
    return Frame(text, draw(_binaries(framing)))


def _binaries(framing: Framing) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=100) if framing is Framing.V2 else st.just(b"")


@st.composite
def chunked(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces of any size, also none."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def hostile_streams() -> st.SearchStrategy[bytes]:
    """Streams of a peer that is broken or means ill: right frames, wrong sizes, noise."""
    sizes = st.one_of(
        st.integers(-3, 300), st.sampled_from([2_000_000_000, 10**11, 1 << 24, (1 << 24) + 1])
    )
    headers = st.one_of(
        st.tuples(sizes, sizes).map(lambda pair: b"%12d %12d " % pair),
        st.tuples(sizes, sizes).map(lambda pair: (b"%d %d" % pair).ljust(26, b"\0")),
        st.sampled_from([b" " * 26, b"\0" * 26, b"1 2 3".ljust(26), b"0x10 0".ljust(26)]),
    )
    right = st.one_of(
        frames(Framing.V1).map(lambda frame: encode_frame(frame, Framing.V1)),
        frames(Framing.V2).map(lambda frame: encode_frame(frame, Framing.V2)),
    )
    greeting = st.sampled_from(
        [b"stoc_send_client_type".ljust(200, b"\0"), b"htos_client_is_hardware a".ljust(200, b"\0")]
    )
    texts_raw = texts().map(lambda text: text.encode("utf-8", "surrogatepass"))
    piece = st.one_of(greeting, right, headers, texts_raw, st.binary(max_size=60))
    return st.lists(piece, max_size=6).map(b"".join)
