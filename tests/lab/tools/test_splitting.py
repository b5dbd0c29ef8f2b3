"""Streams into frames: every byte is part of one piece, in order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Frame, Framing, encode_frame
from dcs_codec.limits import DEFAULT_MAX_FRAME_SIZE
from dhs_lab.tools.splitting import StreamPiece, StreamSplitter
from tests.lab.tools.helpers import ANSWER, ASK, v1, v2

WORDS = st.sampled_from(
    [
        "htos_note hello",
        "stoh_abort_all soft",
        "stoh_set_string s " + "x" * 150,
        "gtos_x",
        "htos_a b",
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Frames of both framings one after another, also with binary parts, and their texts."""
    texts = draw(st.lists(WORDS, max_size=8))
    data = []
    for text in texts:
        framing = draw(st.sampled_from([Framing.V1, Framing.V2]))
        binary = draw(st.binary(max_size=60)) if framing is Framing.V2 else b""
        data.append(encode_frame(Frame(text.encode(), binary), framing))
    return b"".join(data), [text.encode() for text in texts]


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Data in pieces of any size."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    edges = [0, *places, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def split(pieces: list[bytes], framing: Framing = Framing.AUTO) -> list[StreamPiece]:
    splitter = StreamSplitter(framing)
    found = [piece for data in pieces for piece in splitter.feed(data)]
    return found + splitter.finish()


def texts_of(pieces: list[StreamPiece]) -> list[bytes]:
    return [piece.frame.text for piece in pieces if piece.frame is not None]


def assert_tiles(pieces: list[StreamPiece], size: int) -> None:
    end = 0
    for piece in pieces:
        assert piece.offset == end
        assert (piece.frame is None) == bool(piece.reason)
        end += piece.size
    assert end == size


@given(st.data())
def test_frames_of_both_framings_are_found_however_they_are_cut(data: st.DataObject) -> None:
    stream, texts = data.draw(streams())
    pieces = split(data.draw(cuts(stream)))
    assert texts_of(pieces) == texts
    assert_tiles(pieces, len(stream))


@given(st.data(), st.sampled_from(list(Framing)))
def test_every_byte_of_anything_is_in_one_piece(data: st.DataObject, framing: Framing) -> None:
    parts = st.binary(max_size=80) | streams().map(lambda drawn: drawn[0])
    stream = b"".join(data.draw(st.lists(parts, max_size=4)))
    whole = split([stream], framing)
    assert_tiles(whole, len(stream))
    assert_tiles(split(data.draw(cuts(stream)), framing), len(stream))


@given(st.data(), st.binary(min_size=1, max_size=50).map(lambda junk: junk.replace(b"_", b"-")))
def test_behind_garbage_all_is_found_again(data: st.DataObject, junk: bytes) -> None:
    """Garbage that does not look like a header of a larger frame."""
    junk = b"\x01" + junk.translate(None, b"0123456789") + b"\x01"
    stream = v2("htos_note a") + junk + v2("htos_note b", "stoh_abort_all")
    pieces = split(data.draw(cuts(stream)))
    assert texts_of(pieces) == [b"htos_note a", b"htos_note b", b"stoh_abort_all"]
    assert_tiles(pieces, len(stream))


@pytest.mark.parametrize(
    ("stream", "texts", "reasons"),
    [
        (ASK + v2("stoh_abort_all"), [b"stoc_send_client_type", b"stoh_abort_all"], []),
        (ASK + v1("stoh_abort_all") + ASK, [b"stoc_send_client_type", b"stoh_abort_all"], []),
        (ANSWER[:100], [], ["stream ended 100 bytes into a frame of 200; 100 bytes skipped"]),
        (v2("htos_note x")[:30], [], ["stream ended 30 bytes into a frame of 38; 30 bytes"]),
        (v2("htos_note x")[10:] + v2("htos_note y"), [b"htos_note y"], ["frame header is not two"]),
        (v1("htos_note x")[-150:] + v1("htos_note y"), [b"htos_note y"], ["no frame begins here"]),
        (
            b"%12d %12d htos" % (DEFAULT_MAX_FRAME_SIZE, 9) + v2("htos_note y"),
            [b"htos_note y"],
            ["limit is"],
        ),
        (b"%12d %12d " % (9999, 0) + v2("htos_note y"), [b"htos_note y"], ["of 10025; 26 bytes"]),
        (b"12 0".ljust(25) + b"\0htos_note ab", [b"htos_note ab"], []),
        (b"-5".rjust(12) + b" 0".rjust(14) + v2("htos_note y"), [b"htos_note y"], ["not two deci"]),
    ],
)
def test_damage_is_passed_over_and_named(
    stream: bytes, texts: list[bytes], reasons: list[str]
) -> None:
    for pieces in (split([stream]), split([stream[at : at + 1] for at in range(len(stream))])):
        assert texts_of(pieces)[: len(texts)] == texts
        named = [piece.reason for piece in pieces if piece.frame is None]
        assert len(named) == len(reasons)
        assert all(reason in name for name, reason in zip(named, reasons, strict=True)), named
        assert_tiles(pieces, len(stream))


def test_a_gap_costs_the_frame_it_is_in_and_no_other() -> None:
    splitter = StreamSplitter()
    stream = v2("htos_note a", "htos_note b", "htos_note c", "htos_note d")
    pieces = splitter.feed(stream[:50])
    pieces += splitter.gap(10)
    pieces += splitter.feed(stream[60:])
    pieces += splitter.finish()
    assert texts_of(pieces) == [b"htos_note a", b"htos_note c", b"htos_note d"]
    assert "10 bytes are missing" in [piece.reason for piece in pieces]
    assert_tiles(pieces, len(stream))


def test_a_gap_between_frames_costs_none() -> None:
    splitter = StreamSplitter()
    for frame in (v2("htos_note x"), v1("htos_note x")):
        pieces = [*splitter.feed(frame), *splitter.gap(7), *splitter.feed(frame)]
        assert texts_of(pieces) == [b"htos_note x"] * 2
        assert [piece.reason for piece in pieces if piece.frame is None] == ["7 bytes are missing"]


def test_with_v1_told_every_200_bytes_are_a_frame() -> None:
    stream = b"  odd".ljust(200, b"\0") + b"\xff" * 200
    assert texts_of(split([stream], Framing.V1)) == [b"  odd", b"\xff" * 200]


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 1000,
        b"The quick brown fox jumps over the lazy dog. " * 50,
        b"index.md".ljust(100, b"\0") + b"0000644\0".ljust(400, b"0"),
        b"abc\0" * 100,
    ],
)
def test_bytes_that_are_no_dcs_are_no_message(data: bytes) -> None:
    splitter = StreamSplitter()
    pieces = [piece for byte in data for piece in splitter.feed(bytes([byte]))]
    pieces += splitter.finish()
    assert not any(piece.frame for piece in pieces)
    assert sum(piece.size for piece in pieces) == len(data)


def test_a_v2_text_with_more_nuls_ends_where_another_frame_begins() -> None:
    padded = b"%12d %12d " % (20, 0) + b"stoh_abort_all".ljust(20, b"\0")
    splitter = StreamSplitter()
    assert [bool(piece.frame) for piece in splitter.feed(padded * 2)] == [True, True]
    torn = padded + b"or_move phi 3\0" + padded
    pieces = [*splitter.feed(torn), *splitter.finish()]
    assert [bool(piece.frame) for piece in pieces] == [False, True]


def test_an_unknown_word_in_v1_is_a_message_with_its_padding_or_after_another() -> None:
    padded = b"weird thing".ljust(200, b"\0")
    known = b"stoh_abort_all".ljust(200, b"\0")
    with_rest = b"weird thing\0_all soft".ljust(200, b"x")
    for stream in (padded, known + with_rest, padded + known):
        splitter = StreamSplitter()
        pieces = [*splitter.feed(stream), *splitter.finish()]
        assert all(piece.frame for piece in pieces)
        assert len(pieces) == len(stream) / 200
