import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    NEED_DATA,
    BadHeaderError,
    EncodeError,
    Frame,
    FrameDecoder,
    FrameError,
    FrameTooLargeError,
    Framing,
    LocalProtocolError,
    TruncatedFrameError,
    encode_frame,
    parse_header,
)
from dcs_codec import frames as frames_module
from dcs_codec.limits import V2_MAX_BINARY, V2_MAX_TEXT
from dcs_codec.strategies import chunked, frames, hostile_streams
from tests.codec.feeding import bytewise, described, frames_of

# Written and read: what encode_frame makes of a frame, and what a decoder makes of that.
BOTH_WAYS = [
    (Framing.V1, Frame(b"stoc_send_client_type"), b"stoc_send_client_type" + bytes(179)),
    (Framing.V1, Frame(b"a" * 199), b"a" * 199 + b"\0"),
    (Framing.V1, Frame(b""), bytes(200)),
    (Framing.V1, Frame(b"\xff\xfe \t"), b"\xff\xfe \t" + bytes(196)),
    (Framing.V2, Frame(b"stoh_abort_all soft"), b"          20            0 stoh_abort_all soft\0"),
    (Framing.V2, Frame(b"a"), b"           2            0 a\0"),
    (Framing.V2, Frame(b"\n a"), b"           4            0 \n a\0"),
    (Framing.V2, Frame(b""), b"           1            0 \0"),
    (Framing.V2, Frame(b"a b ", b"\0\xff\n"), b"           5            3 a b \0\0\xff\n"),
    (Framing.V2, Frame(b"", b"1"), b"           1            1 \x001"),
]

# Only read: other forms that dcss and the C++, Tcl and Java code bases write.
READ_ONLY = [
    pytest.param(Framing.V1, b"a b".ljust(199, b"\0") + b"x", b"a b", id="v1-garbage-behind-nul"),
    pytest.param(Framing.V1, b"x" * 200, b"x" * 200, id="v1-no-nul-at-all"),
    pytest.param(Framing.V1, b"a\n".ljust(200, b"\0"), b"a", id="v1-line-end"),
    pytest.param(Framing.V1, b"a b".ljust(200), b"a b".ljust(200), id="v1-blanks-stay"),
    pytest.param(Framing.V2, b"           3            0 abc", b"abc", id="v2-tcl-no-nul"),
    pytest.param(Framing.V2, b"           4            0\0abc\0", b"abc", id="v2-cpp-26th-nul"),
    pytest.param(Framing.V2, b"3 0".ljust(26, b" ") + b"abc", b"abc", id="v2-left"),
    pytest.param(Framing.V2, b"3 0".ljust(25) + b"\0abc", b"abc", id="v2-java"),
    pytest.param(Framing.V2, b"0000003 000".ljust(26) + b"abc", b"abc", id="v2-zeros"),
    pytest.param(Framing.V2, b"           7            0 abc\r\n\n\0", b"abc", id="v2-line-ends"),
    pytest.param(Framing.V2, b"           8            0 abc\0\nxyz", b"abc", id="v2-text-behind"),
    pytest.param(Framing.V2, b"           0            0 ", b"", id="v2-size-0"),
]

TAIL = encode_frame(Frame(b"htos_note next"), Framing.V2)


@pytest.mark.parametrize(("framing", "frame", "data"), BOTH_WAYS)
def test_both_ways(framing: Framing, frame: Frame, data: bytes) -> None:
    assert encode_frame(frame, framing) == data
    check_read(framing, data, frame)


@pytest.mark.parametrize(("framing", "data", "text"), READ_ONLY)
def test_variants_of_other_code_bases_are_read(framing: Framing, data: bytes, text: bytes) -> None:
    check_read(framing, data, Frame(text))


def check_read(framing: Framing, data: bytes, frame: Frame) -> None:
    """Whole, byte by byte, twice, with a part of the next frame after it, and with AUTO."""
    assert frames_of(FrameDecoder(framing), [data]) == [frame]
    assert frames_of(FrameDecoder(framing), bytewise(data)) == [frame]
    assert frames_of(FrameDecoder(framing), [data + data]) == [frame, frame]
    assert frames_of(FrameDecoder(framing), [data + data[:1]]) == [frame]
    auto = FrameDecoder(Framing.AUTO)
    assert frames_of(auto, [data]) == [frame]
    assert auto.framing is framing


@pytest.mark.parametrize(
    ("framing", "frame", "error"),
    [
        (Framing.V1, Frame(b"a b".ljust(200)), "a: text of 200 bytes, v1 carries 199"),
        (
            Framing.V2,
            Frame(b"a b".ljust(V2_MAX_TEXT + 1)),
            "a: text of 1048576 bytes, v2 carries 1048575",
        ),
        (Framing.V1, Frame(b"a b\0c"), "a: text holds a NUL byte, which would end it"),
        (Framing.V2, Frame(b" a b\0"), "a: text holds a NUL byte, which would end it"),
        (Framing.V2, Frame(b"\0"), "\0: text holds a NUL byte, which would end it"),
        (Framing.V1, Frame(b"a b", b"\0"), "a: binary: v1 carries no binary part"),
        (Framing.V1, Frame(b"", b"\0"), "binary: v1 carries no binary part"),
    ],
)
def test_refuses_what_would_not_read_back(framing: Framing, frame: Frame, error: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode_frame(frame, framing)
    assert str(caught.value) == error


def test_a_refusal_shows_no_more_than_a_keyword() -> None:
    with pytest.raises(EncodeError) as caught:
        encode_frame(Frame(b"x" * 10_000), Framing.V1)
    assert caught.value.keyword == "x" * 80


def test_largest_text_of_each_framing_goes() -> None:
    for framing, size in ((Framing.V1, 199), (Framing.V2, V2_MAX_TEXT)):
        frame = Frame(b"a" * size)
        assert frames_of(FrameDecoder(framing), [encode_frame(frame, framing)]) == [frame]


def test_auto_is_for_reading_only() -> None:
    with pytest.raises(LocalProtocolError, match=r"^Framing.AUTO is for reading; write v1 or v2$"):
        encode_frame(Frame(b"a"), Framing.AUTO)


@pytest.mark.parametrize(
    ("header", "sizes"),
    [
        (b"          43            0 ", (43, 0)),
        (b"           0  2000000000 ", (0, 2_000_000_000)),
        (b"7\0\0\0\0\0\0\0\0\0\0\x008".ljust(26, b"\0"), (7, 8)),
        (b"1234567890123456789012 34 ", (1234567890123456789012, 34)),
    ],
)
def test_header(header: bytes, sizes: tuple[int, int]) -> None:
    assert parse_header(header) == sizes


@pytest.mark.parametrize(
    "header",
    [
        b" " * 26,
        b"\0" * 26,
        b"           5              ",
        b"           5            x ",
        b"          -5            0 ",
        b"          +5            0 ",
        b"         5.0            0 ",
        b"         1_0            0 ",
        b"           1  2         3 ",
        b"stoh_register_real_motor g",
        "           \u0665            0".encode(),
    ],
)
def test_bad_header(header: bytes) -> None:
    with pytest.raises(BadHeaderError) as caught:
        parse_header(header)
    assert caught.value.header == header
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(header[:25])
    assert decoder.next_frame() is NEED_DATA
    decoder.receive_data(header[25:])
    check_sticky(decoder, BadHeaderError)


def test_size_is_checked_on_the_header() -> None:
    decoder = FrameDecoder(Framing.V2, max_frame_size=10)
    decoder.receive_data(b"           6            4 abcde\x001234")
    assert decoder.next_frame() == Frame(b"abcde", b"1234")
    decoder.receive_data(b"           6            5")
    assert decoder.next_frame() is NEED_DATA
    decoder.receive_data(b" ")
    error = check_sticky(decoder, FrameTooLargeError)
    assert isinstance(error, FrameTooLargeError)
    assert (error.size, error.limit) == (11, 10)


def test_a_frame_has_at_most_sixteen_megabytes_unless_told_otherwise() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(b"%12d %12d " % (2**24 - 1, 1))
    assert decoder.next_frame() is NEED_DATA
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(b"%12d %12d " % (2**24, 1))
    with pytest.raises(FrameTooLargeError, match=r"^frame of 16777217 bytes .* is 16777216$"):
        decoder.next_frame()


@pytest.mark.parametrize(
    ("framing", "data"),
    [
        (Framing.V1, b"s"),
        (Framing.V1, b"s" * 199),
        (Framing.V2, b" "),
        (Framing.V2, b"           2            0"),
        (Framing.V2, b"           2            0 "),
        (Framing.V2, b"           2            1 a\0"),
        (Framing.AUTO, b"s"),
        (Framing.AUTO, b"1"),
    ],
)
def test_end_inside_a_frame(framing: Framing, data: bytes) -> None:
    decoder = FrameDecoder(framing)
    whole = encode_frame(Frame(b"first"), Framing.V2 if data[:1] in b" 1" else Framing.V1)
    decoder.receive_data(whole + data)
    decoder.receive_eof()
    assert decoder.next_frame() == Frame(b"first")
    error = check_sticky(decoder, TruncatedFrameError)
    assert isinstance(error, TruncatedFrameError)
    assert error.data == data
    assert not decoder.eof


def check_sticky(decoder: FrameDecoder, error_class: type[FrameError]) -> FrameError:
    with pytest.raises(error_class) as first:
        decoder.next_frame()
    pending = decoder.pending
    decoder.receive_data(TAIL)
    with pytest.raises(error_class) as second:
        decoder.next_frame()
    assert second.value is first.value
    assert decoder.pending == pending, "what can never be a frame takes no memory"
    return first.value


def test_a_binary_part_too_long_for_the_c_side_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "V2_MAX_BINARY", 3)
    assert encode_frame(Frame(b"a", b"123"), Framing.V2).endswith(b"a\x00123")
    with pytest.raises(EncodeError, match=r"^a: binary: has 4 bytes, v2 carries 3$"):
        encode_frame(Frame(b"a", b"1234"), Framing.V2)


def test_both_sizes_of_a_frame_together_are_an_integer_of_c() -> None:
    """dcss reads them with `%d` and adds them."""
    assert V2_MAX_BINARY == 2**30 - 1
    assert V2_MAX_TEXT + 1 + V2_MAX_BINARY < 2**31


@pytest.mark.parametrize("end", [b" ", b"\0"])
@pytest.mark.parametrize("size", [1, 2, 2047])
def test_short_frames_are_cut_with_no_look_at_their_header(
    monkeypatch: pytest.MonkeyPatch, end: bytes, size: int
) -> None:
    """This path is fast; other tests check that the result is the same."""
    monkeypatch.delattr(FrameDecoder, "_read")
    data = b"%12d            0%b" % (size, end) + b"a".ljust(size, b"\0")
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(data + data)
    assert [decoder.next_frame() for _ in range(3)] == [Frame(b"a"), Frame(b"a"), NEED_DATA]


def test_headers_written_in_ever_other_ways_take_no_memory() -> None:
    decoder = FrameDecoder(Framing.V2)
    seen = set()
    for digits in range(2, 13):
        for end in range(digits, 13):
            for size in range(1, 80):
                header = b"%b %12d " % ((b"%0*d" % (digits, size)).rjust(end).ljust(12), 0)
                seen.add(header)
                decoder.receive_data(header + b"a" * size)
                assert decoder.next_frame() == Frame(b"a" * size)
                assert len(frames_module._SHORT_ENDS) <= 4096
    assert len(seen) > 4096


def test_no_data_follows_the_end() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(TAIL)
    decoder.receive_eof()
    with pytest.raises(LocalProtocolError, match=r"^no data can follow the end of the stream$"):
        decoder.receive_data(TAIL)
    assert decoder.next_frame() == Frame(b"htos_note next")
    assert decoder.eof


def test_more_headers_than_are_remembered() -> None:
    decoder = FrameDecoder(Framing.V2)
    for size in range(1200):
        frame = Frame(b"x" * size, b"y")
        decoder.receive_data(encode_frame(frame, Framing.V2) * 2)
        assert [decoder.next_frame(), decoder.next_frame()] == [frame, frame]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_the_caller_does_with_its_buffer_changes_nothing(
    kind: type[bytearray] | type[memoryview],
) -> None:
    buffer = bytearray(TAIL)
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(kind(buffer))  # what recv_into fills, say
    buffer[30:] = bytes(len(buffer) - 30)
    assert decoder.next_frame() == Frame(b"htos_note next")


def test_end_between_frames() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(TAIL)
    decoder.receive_eof()
    ends = [FrameDecoder().eof, decoder.eof]
    assert decoder.next_frame() == Frame(b"htos_note next")
    ends.append(decoder.eof)
    decoder.receive_eof()
    ends.append(decoder.eof)
    assert ends == [False, False, True, True]
    assert decoder.next_frame() is NEED_DATA
    assert decoder.pending == b""


def test_auto_looks_once_and_holds() -> None:
    decoder = FrameDecoder()
    assert decoder.next_frame() is NEED_DATA
    seen = [decoder.framing]
    decoder.receive_data(b"h")
    assert decoder.next_frame() is NEED_DATA
    seen.append(decoder.framing)
    decoder.receive_data(b"tos".ljust(199, b"\0") + TAIL.ljust(200, b"\0"))
    assert decoder.next_frame() == Frame(b"htos")
    assert decoder.next_frame() == Frame(TAIL.rstrip(b"\0"))
    seen.append(decoder.framing)
    assert seen == [Framing.AUTO, Framing.V1, Framing.V1]


def test_auto_looks_at_one_byte_when_it_is_set_later_too() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.framing = Framing.AUTO
    decoder.receive_data(b"h")
    assert decoder.next_frame() is NEED_DATA
    seen = decoder.framing
    assert seen is Framing.V1


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
@pytest.mark.parametrize("step", [1, 7, 26, 200, 1000])
def test_frames_may_all_be_received_before_one_is_asked_for(framing: Framing, step: int) -> None:
    sent = [Frame(b"first"), Frame(b"second"), Frame(b"third " + b"x" * 150)]
    stream = b"".join(encode_frame(frame, framing) for frame in sent)
    decoder = FrameDecoder(framing)
    for at in range(0, len(stream), step):
        decoder.receive_data(stream[at : at + step])
    assert [decoder.next_frame() for _ in range(4)] == [*sent, NEED_DATA]
    for frame in sent:  # each a piece of its own
        decoder.receive_data(encode_frame(frame, framing))
    assert [decoder.next_frame() for _ in range(4)] == [*sent, NEED_DATA]


def test_framing_changes_between_frames_and_nothing_is_lost() -> None:
    decoder = FrameDecoder(Framing.V1)
    decoder.receive_data(encode_frame(Frame(b"first"), Framing.V1) + TAIL + b"third")
    assert decoder.next_frame() == Frame(b"first")
    decoder.framing = Framing.V2
    assert decoder.next_frame() == Frame(b"htos_note next")
    assert decoder.pending == b"third"
    decoder.framing = Framing.V1
    decoder.receive_data(bytes(195))
    assert decoder.next_frame() == Frame(b"third")


def test_framing_changes_behind_a_frame_with_a_binary_part() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(encode_frame(Frame(b"first", b"x"), Framing.V2))
    assert decoder.next_frame() == Frame(b"first", b"x")
    decoder.framing = Framing.V1
    decoder.receive_data(encode_frame(Frame(b"second"), Framing.V1))
    assert decoder.next_frame() == Frame(b"second")


def test_framing_does_not_change_inside_a_frame() -> None:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(TAIL[:-1])
    assert decoder.next_frame() is NEED_DATA
    with pytest.raises(
        LocalProtocolError, match=r"^framing changes between frames, not inside one$"
    ):
        decoder.framing = Framing.V1
    decoder.receive_data(TAIL[-1:])
    assert decoder.next_frame() == Frame(b"htos_note next")


def test_need_data_tells_what_it_is() -> None:
    assert repr(NEED_DATA) == NEED_DATA.value == "NEED_DATA"


def test_framings_are_called_as_in_dcss_databases_and_configurations() -> None:
    assert [framing.value for framing in Framing] == ["v1", "v2", "auto"]


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
@given(data=st.data())
def test_frames_read_back_in_any_pieces(framing: Framing, data: st.DataObject) -> None:
    """Encoded frames are read back equal and in order, for any pieces."""
    sent = data.draw(st.lists(frames(framing), max_size=5))
    stream = b"".join(encode_frame(frame, framing) for frame in sent)
    decoder = FrameDecoder(framing)
    assert frames_of(decoder, data.draw(chunked(stream))) == sent
    decoder.receive_eof()
    assert decoder.next_frame() is NEED_DATA
    assert decoder.eof


@given(data=st.data(), stream=hostile_streams(), framing=st.sampled_from(Framing))
def test_pieces_never_matter(data: st.DataObject, stream: bytes, framing: Framing) -> None:
    """Any bytes give the same frames and the same error, whole, bytewise and in any pieces."""
    whole = described(frames_of(FrameDecoder(framing), [stream]))
    assert described(frames_of(FrameDecoder(framing), bytewise(stream))) == whole
    assert described(frames_of(FrameDecoder(framing), data.draw(chunked(stream)))) == whole


@given(stream=hostile_streams(), framing=st.sampled_from([Framing.V1, Framing.V2]))
def test_nothing_received_is_lost(stream: bytes, framing: Framing) -> None:
    """Each frame begins where the previous one ended; the rest is pending."""
    decoder = FrameDecoder(framing)
    taken = [thing for thing in frames_of(decoder, [stream]) if isinstance(thing, Frame)]
    at = 0
    for frame in taken:
        start, sizes = at, (200, 0)
        if framing is Framing.V2:
            start, sizes = at + 26, parse_header(stream[at : at + 26])
        at = start + sum(sizes)
        assert stream[start:at].startswith(frame.text)
        assert stream[start:at].endswith(frame.binary)
        assert len(frame.binary) == sizes[1]
    assert decoder.pending == stream[at:]
