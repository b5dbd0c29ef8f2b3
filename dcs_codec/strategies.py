"""Hypothesis strategies for messages, frames and byte streams; needs the extra `hypothesis`.

Each is made once and cached, because making one takes longer than drawing an example.

They are made from the wire plan, so a site's own message classes work at once. With the extra
installed, `st.from_type(HtosMotorMoveCompleted)` works without an import of this module.

    >>> from hypothesis import given
    >>> from dcs_codec import HtosMotorMoveCompleted, decode_text, encode_text
    >>> from dcs_codec.strategies import messages_of
    >>> @given(messages_of(HtosMotorMoveCompleted))
    ... def test_reads_back(message):
    ...     assert decode_text(encode_text(message)) == message
"""

import functools
import math
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from dcs_codec.codec import default_codec
from dcs_codec.frames import Frame, Framing, encode_frame
from dcs_codec.gui_fields import MOST_SETTINGS, Numbers
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.limits import (
    MAX_COUNTS,
    MAX_INTEGER,
    MAX_NAME,
    MAX_WORD,
    V1_MAX_TEXT,
    V2_HEADER_SIZE,
)
from dcs_codec.lists import join_list, quote_word
from dcs_codec.message import Message, UnknownMessage
from dcs_codec.messages import DHS_MESSAGES, default_registry
from dcs_codec.messages.ion_chamber import (
    IonChamberFailure,
    IonChamberReading,
    IonChamberResult,
)
from dcs_codec.numbers import NotFinite
from dcs_codec.plan import Plan
from dcs_codec.tail_kinds import Rest, Words
from dcs_codec.word_kinds import Destination, Flag, Integer, Number, Word
from dcs_codec.words import find_words, to_bytes, to_text

M = TypeVar("M", bound=Message)

C_BLANKS: Final = b" \t\n\v\f\r"
"""What C's `isspace` takes for white space."""

UNICODE_BLANKS: Final = "\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u3000"
"""White space for Python's `str` but not for C: in a word it is an ordinary letter."""

ODD_WORDS: Final = (*UNICODE_BLANKS, "a\x1cb", "\x7f", "{", "}", "\\", '"', "1.10", "é", "nan")

_V1_WORD: Final = 10  # bytes of a word, and of a rest, so that most messages fit v1's 199
_V1_REST: Final = 30
_ANY_REST: Final = 300
_V1_NUMBER: Final = 9999
_EXACT: Final = 2**53  # beyond, a C double holds some integers only

_visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_not_finite = st.sampled_from(["nan", "-nan", "inf", "-inf"]).map(NotFinite)
_printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


# -- values ----------------------------------------------------------------------------------


@functools.cache
def words(max_bytes: int = MAX_WORD) -> st.SearchStrategy[str]:
    """Words of at most `max_bytes` bytes: mostly plain, and anything else that C takes for one."""
    plain = st.text(_visible, min_size=1, max_size=max_bytes)
    raw = st.binary(min_size=1, max_size=max_bytes).map(
        lambda data: to_text(data.translate(None, C_BLANKS + b"\0"))
    )
    odd = [word for word in ODD_WORDS if len(to_bytes(word)) <= max_bytes]
    return st.one_of(plain, plain, st.sampled_from(odd), raw.filter(bool))


@functools.cache
def rests(max_bytes: int | None = None) -> st.SearchStrategy[str]:
    """Rests of a text: Tcl lists, blanks anywhere, any byte but NUL; no line end at the end."""
    size = _ANY_REST if max_bytes is None else min(max_bytes, _ANY_REST)
    plain = st.text(_printable, max_size=size)
    lists = st.lists(words(10), max_size=5).map(join_list)
    raw = st.binary(max_size=size).map(lambda data: to_text(data.replace(b"\0", b"")))
    return (
        st.one_of(plain, lists, raw)
        .map(lambda text: text.rstrip("\r\n"))
        .filter(lambda text: len(to_bytes(text)) <= size)
    )


@functools.cache
def numbers(limit: float) -> st.SearchStrategy[float]:
    """Numbers of either sign up to `limit`: floats, and integers as callers give them."""
    limit = min(limit, math.nextafter(math.inf, 0))
    largest = int(min(limit, _EXACT))
    whole = st.integers(-largest, largest)
    return st.one_of(st.floats(-limit, limit), whole, _decimals(min(limit, _V1_NUMBER)))


@functools.cache
def _decimals(limit: float) -> st.SearchStrategy[float]:
    thousandths = int(limit * 1000)
    return st.integers(-thousandths, thousandths).map(lambda number: number / 1000)


def _numbers(limit: float, framing: Framing) -> st.SearchStrategy[float]:
    return _decimals(_V1_NUMBER) if framing is Framing.V1 else numbers(limit)


@functools.cache
def _word_values(kind: WordKind, framing: Framing) -> st.SearchStrategy[object]:
    narrow = framing is Framing.V1
    match kind:
        case Word():
            return words(min(kind.max_bytes, _V1_WORD) if narrow else kind.max_bytes)
        case Number():
            finite = _numbers(kind.limit, framing)
            return st.one_of(finite, _not_finite) if kind.stored else finite
        case Integer():
            largest = _V1_NUMBER if narrow else MAX_INTEGER
            return st.integers(-largest, largest)
        case Flag():
            return st.booleans()
        case Destination():
            word = words(_V1_WORD if narrow else MAX_WORD)
            named = word.filter(lambda text: _is_written(kind, text))
            return st.one_of(_numbers(Number().limit, framing), named, st.just("home"))
        case _:
            return _sampled(kind).map(kind.read)


@functools.cache
def _tail_values(
    kind: TailKind, framing: Framing, *, is_counted: bool
) -> st.SearchStrategy[object]:
    narrow = framing is Framing.V1
    names = words(_V1_WORD if narrow else MAX_NAME)
    match kind:
        case Rest():
            rest = rests(_V1_REST if narrow else kind.max_bytes)
            if type(kind) is not Rest:
                rest = rest.filter(lambda text: _is_written(kind, text))
            return rest if kind.max_first_word is None else rest.filter(_begins_short)
        case Words():
            least = 0 if kind.may_be_empty else 1
            few = st.lists(names, min_size=least, max_size=3)
            many = st.lists(words(5), min_size=1, max_size=5 if narrow else 20)
            return st.one_of(few, many).map(tuple)
        case Numbers():
            finite = _numbers(Number().limit, framing)
            return st.lists(finite, max_size=5 if narrow else MOST_SETTINGS).map(tuple)
        case IonChamberResult():
            plain = names.filter(lambda name: quote_word(name) == name)
            some = st.lists(plain, min_size=1, max_size=4).map(tuple)
            if is_counted:
                reading = st.builds(IonChamberReading, names, _numbers(MAX_COUNTS, framing))
                return st.lists(reading, min_size=1, max_size=4).map(tuple)
            return st.builds(IonChamberFailure, some, rests(_V1_REST if narrow else None))
        case _:
            return _sampled(kind).map(lambda sample: kind.read_tail(f" {sample}", {}))


def _sampled(kind: WordKind | TailKind) -> st.SearchStrategy[str]:
    if not kind.samples:
        raise TypeError(f"no strategy for fields of kind {type(kind).__name__}: it has no samples")
    return st.sampled_from(kind.samples)


def _is_written(kind: Destination | Rest, text: str) -> bool:
    try:
        kind.write(text) if isinstance(kind, Destination) else kind.write_tail(text, {})
    except ValueError:
        return False
    return True


def _begins_short(text: str) -> bool:
    return all(len(to_bytes(word)) <= MAX_WORD for word, _ in find_words(text)[:2])


# -- messages --------------------------------------------------------------------------------


def messages_of(
    message_class: type[M], framing: Framing = Framing.V2, *, with_binary: bool = False
) -> st.SearchStrategy[M]:
    """Messages of one class that encode takes, every field of any value it may have.

    Args:
        message_class: Any class that a registry takes.
        framing: How they will be sent; V1 keeps them short.
        with_binary: Whether some have a binary part (in v2), which texts alone do not carry.
    """
    key = message_class, framing, with_binary
    if key not in _made:
        binaries = _binaries(framing, with_binary=with_binary)
        _made[key] = _messages_of(Plan(message_class), framing, binaries)
    return _made[key]


_made: Final[dict[object, st.SearchStrategy[Any]]] = {}


@st.composite
def _messages_of(
    draw: st.DrawFn, plan: Plan[M], framing: Framing, binaries: st.SearchStrategy[bytes]
) -> M:
    # Nothing may follow words that are missing, except a tail that may be empty.
    bare = plan.tail is None or isinstance(plan.tail[1], Rest)
    form = draw(st.sampled_from(plan.forms if bare else plan.forms[-1:]))
    values: dict[str, object] = {
        name: draw(_word_values(kind, framing)) if name in form else kind.missing
        for name, kind in plan.words.items()
    }
    if plan.tail is not None:
        name, tail = plan.tail
        alone = form is not plan.forms[-1]
        time = values.get("ion_chamber_time")
        is_counted = isinstance(time, (int, float)) and time > 0
        values[name] = "" if alone else draw(_tail_values(tail, framing, is_counted=is_counted))
    return plan.message_class(binary=draw(binaries), **values)


def messages_with_surplus(message_class: type[M]) -> st.SearchStrategy[M]:
    """Messages of one class as decode makes them of texts with surplus words.

    For classes without a field that takes the rest of the text. Optional words that a message lacks
    may be read from the surplus; then there may be none left.
    """
    key = message_class, "surplus"
    if key not in _made:
        _made[key] = _messages_with_surplus(Plan(message_class), messages_of(message_class))
    return _made[key]


@st.composite
def _messages_with_surplus(draw: st.DrawFn, plan: Plan[M], made: st.SearchStrategy[M]) -> M:
    surplus = draw(rests().filter(find_words))
    return plan.decode_reference(f"{plan.encode_reference(draw(made))} {surplus}")


@st.composite
def unknown_messages(
    draw: st.DrawFn, framing: Framing = Framing.V2, *, with_binary: bool = False
) -> UnknownMessage:
    """Messages whose keyword has no class, with texts that encode accepts."""
    narrow = framing is Framing.V1
    odd = st.sampled_from(["gtos_set_string", "htos_become_master", "HTOS_NOTE"])
    keyword = draw(
        st.one_of(odd, words(MAX_NAME if narrow else MAX_WORD)).filter(
            lambda word: word not in default_registry()
        )
    )
    rest = draw(rests(_V1_REST if narrow else None).filter(_begins_short))
    binary = draw(_binaries(framing, with_binary=with_binary))
    return UnknownMessage(text=f"{keyword} {rest}" if rest else keyword, binary=binary)


def messages(
    framing: Framing = Framing.V2,
    classes: Iterable[type[Message]] = DHS_MESSAGES,
    *,
    with_binary: bool = False,
) -> st.SearchStrategy[Message]:
    """Messages of each of the classes, and unknown ones; see `messages_of`."""
    return _messages(framing, tuple(classes), with_binary=with_binary)


@functools.cache
def _messages(
    framing: Framing, classes: tuple[type[Message], ...], *, with_binary: bool
) -> st.SearchStrategy[Message]:
    known = [messages_of(cls, framing, with_binary=with_binary) for cls in classes]
    return st.one_of(*known, unknown_messages(framing, with_binary=with_binary))


@functools.cache
def texts() -> st.SearchStrategy[str]:
    """Texts around the registry's keywords: right ones, nearly right ones, and anything."""
    keywords = st.sampled_from([message_class.keyword for message_class in DHS_MESSAGES])
    gaps = st.sampled_from([" ", "  ", "\t", "\n", "\v ", "\x1c", "\xa0"])
    number = st.sampled_from(["0", "1", "-1.5", "1e5", "1_0", "nan", ".5", "+3", "9" * 400, "0x1"])
    word = st.one_of(words(50), number, number)
    pieces = st.lists(st.one_of(gaps, word, st.text(max_size=10)), max_size=10).map("".join)
    single = st.lists(word, max_size=17).map(" ".join)
    near = st.tuples(st.one_of(st.just(""), gaps), keywords, gaps, st.one_of(single, pieces))
    return st.one_of(
        near.map("".join),
        st.tuples(keywords, single).map(" ".join),
        keywords,
        pieces,
        st.binary(max_size=60).map(to_text),
    )


# -- frames and streams ----------------------------------------------------------------------


@st.composite
def frames(draw: st.DrawFn, framing: Framing = Framing.V2) -> Frame:
    """Frames of any bytes that `framing` carries."""
    size = V1_MAX_TEXT if framing is Framing.V1 else 2 * V1_MAX_TEXT
    text = draw(st.binary(max_size=size)).replace(b"\0", b"").rstrip(b"\r\n")
    return Frame(text, draw(_binaries(framing, with_binary=True)))


def _binaries(framing: Framing, *, with_binary: bool) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=100) if with_binary and framing is Framing.V2 else st.just(b"")


@functools.cache
def valid_streams(framing: Framing = Framing.V2) -> st.SearchStrategy[bytes]:
    """Streams of right frames: mostly messages, and texts that are not messages."""
    carried = messages(framing, with_binary=True).map(
        lambda message: default_codec().encode_bytes(message, framing)
    )
    any_frame = frames(framing).map(lambda frame: encode_frame(frame, framing))
    return st.lists(st.one_of(carried, any_frame), max_size=6).map(b"".join)


@st.composite
def damaged_streams(draw: st.DrawFn, framing: Framing = Framing.V2) -> bytes:
    """Streams in which bytes were changed, lost, doubled or cut off."""
    data = bytearray(draw(valid_streams(framing).filter(bool)))
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        end = min(end, start + V2_HEADER_SIZE)
        hit = bytes(data[start:end])
        data[start:end] = draw(
            st.one_of(st.just(b""), st.just(hit * 2), st.binary(max_size=len(hit) + 1))
        )
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@functools.cache
def hostile_streams() -> st.SearchStrategy[bytes]:
    """Streams of a broken or hostile peer: right frames, wrong sizes, noise."""
    sizes = st.one_of(
        st.integers(-3, 300), st.sampled_from([2_000_000_000, 10**11, 1 << 24, (1 << 24) + 1])
    )
    headers = st.one_of(
        st.tuples(sizes, sizes).map(lambda pair: b"%12d %12d " % pair),
        st.tuples(sizes, sizes).map(lambda pair: (b"%d %d" % pair).ljust(V2_HEADER_SIZE, b"\0")),
        st.sampled_from([b" " * 26, b"\0" * 26, b"1 2 3".ljust(26), b"0x10 0".ljust(26)]),
    )
    right = st.one_of(
        frames(Framing.V1).map(lambda frame: encode_frame(frame, Framing.V1)),
        frames(Framing.V2).map(lambda frame: encode_frame(frame, Framing.V2)),
    )
    greeting = st.sampled_from(
        [b"stoc_send_client_type".ljust(200, b"\0"), b"htos_client_is_hardware a".ljust(200, b"\0")]
    )
    raw = texts().map(lambda text: text.encode("utf-8", "surrogatepass"))
    piece = st.one_of(greeting, right, headers, raw, st.binary(max_size=60))
    return st.lists(piece, max_size=6).map(b"".join)


@functools.cache
def byte_streams(framing: Framing = Framing.V2) -> st.SearchStrategy[bytes]:
    """What a socket may bring: valid, damaged and hostile streams."""
    return st.one_of(valid_streams(framing), damaged_streams(framing), hostile_streams())


@st.composite
def chunked(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces of any size, also none."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
