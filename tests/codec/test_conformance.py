"""Every recorded message and frame matches its case, and is written again as it was read."""

import collections
import contextlib
from typing import Final

import pytest

from dcs_codec import (
    NEED_DATA,
    EncodeError,
    Frame,
    FrameDecoder,
    Framing,
    MalformedMessage,
    Message,
    UnknownMessage,
    decode_text,
    default_codec,
    default_registry,
    encode_text,
)
from tests.shared import Row, frame_rows, message_texts

# Tries of a DHS that are not a message of their keyword's class.
UNKNOWN: Final = {
    "hs:protocol 2 framed reply padded to 200",  # the first word is a size
    "E:htos_set_shutter_state",
    "E:htos_report_encoder",
    "E:htos_abort_all",
    "E:htos_become_master",
    "E:upper case",
}
MALFORMED: Final = {
    "hs:one token only": "hardware_name",
    "E:unknown device configure_device": "lower_limit_on",
    "E:configure_device on encoder": "lower_limit",
}
UNFINISHED: Final = {
    "hs:partial reply (100 bytes)",
    "header+text split in 3 sends (pause 0.3 s)",
    "E:protocol 2 frame, unpadded, on a protocol 1 link",
}
CUT: Final = "gui:start_operation long args (600)"
"""dcss cuts a text for v1 at 200 bytes, one more than encode lets out."""


def framing_of(row: Row) -> Framing:
    """The handshake is always v1."""
    is_handshake = row.case.startswith("hs:") or b"_client_" in row.data[:40]
    return Framing.V1 if is_handshake or row.protocol == 1 else Framing.V2


def decoded(row: Row) -> Message | None:
    """The message in a recorded frame, None if the bytes are not a complete frame."""
    decoder = FrameDecoder(framing_of(row))
    decoder.receive_data(row.data)
    frame = decoder.next_frame()
    if frame is NEED_DATA:
        return None
    assert decoder.pending == b""
    return default_codec().decode(frame)


def test_every_frame_is_the_message_that_its_case_names() -> None:
    seen = collections.Counter[str]()
    for row in frame_rows():
        message = decoded(row)
        if message is None:
            assert row.case in UNFINISHED
            continue
        keyword = row.data[26 * (framing_of(row) is Framing.V2) :].split(None, 1)[0]
        if row.case in UNKNOWN and not row.from_dcss:
            assert isinstance(message, UnknownMessage)
        elif row.case in MALFORMED and not row.from_dcss:
            assert isinstance(message, MalformedMessage)
            assert message.field == MALFORMED[row.case]
        else:
            name = keyword.split(b"\0")[0].decode()
            assert type(message) is default_registry().get(name), row
        seen[type(message).__name__] += 1
    assert len(seen) > 50, "classes met"


def test_frames_of_dcss_go_out_again_as_they_came_in() -> None:
    same = reformatted = 0
    for row in frame_rows():
        if not row.from_dcss:
            continue
        message, framing = decoded(row), framing_of(row)
        assert message is not None
        if row.case == CUT and framing is Framing.V1:
            with pytest.raises(EncodeError, match="v1 carries 199"):
                default_codec().encode_bytes(message, framing)
            continue
        again = default_codec().encode_bytes(message, framing)
        if again == row.data:
            same += 1
        else:
            sent = text_of(row.data, framing)
            written = with_numbers_of(sent, text_of(again, framing))
            assert again == default_codec().encode_bytes(decode_text(written), framing)
            assert again == framed(written, framing)
            reformatted += 1
    print(f"to the byte: {same}; but for digits of numbers or the trailing newline: {reformatted}")
    assert same > 100


def text_of(data: bytes, framing: Framing) -> str:
    """Text of one frame, found without the codec; blanks stay, the trailing newline goes."""
    text = data[26:] if framing is Framing.V2 else data
    return text.split(b"\0")[0].decode().rstrip("\n")


def framed(text: str, framing: Framing) -> bytes:
    """The bytes of a text, put together without the codec."""
    data = text.encode()
    if framing is Framing.V1:
        return data.ljust(200, b"\0")
    return f"{len(data) + 1:12d} {0:12d} ".encode() + data + b"\0"


def with_numbers_of(sent: str, written: str) -> str:
    """`sent` with the numbers of `written`; fails if any other word differs."""
    before, after = sent.split(" "), written.split(" ")
    assert len(before) == len(after)
    words = []
    for old, new in zip(before, after, strict=True):
        assert old == new or float(old) == float(new)
        words.append(new)
    return " ".join(words)


def kind_of_difference(logged: str, written: str) -> str:
    """The words that differ between a logged text and the same text written again."""
    if logged == written:
        return "none"
    before, after = logged.split(), written.split()
    assert len(before) == len(after), logged
    for old, new in zip(before, after, strict=True):
        assert old == new or is_same_number(old, new), logged
    if before != after:
        return "digits of numbers"
    assert logged.rstrip(" \n") == written.rstrip(" ")
    return "blank or line end at the end"


def is_same_number(old: str, new: str) -> bool:
    with contextlib.suppress(ValueError):
        return float(old) == float(new)
    return False


@pytest.mark.parametrize(("name", "count"), [("messages", 1694), ("messages_field", 1470)])
def test_every_logged_message_has_its_class_and_its_words(name: str, count: int) -> None:
    kinds = collections.Counter[str]()
    for logged in message_texts(name):
        message = decode_text(logged)
        assert type(message) is default_registry().get(logged.split()[0]), logged
        written = encode_text(message)
        assert decode_text(written) == message
        kinds[kind_of_difference(logged, written)] += 1
    print(dict(kinds))
    assert kinds.total() == count
    assert set(kinds) <= {"none", "digits of numbers", "blank or line end at the end"}


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_logged_messages_cross_either_framing(framing: Framing) -> None:
    crossed = 0
    for logged in message_texts():
        message = decode_text(logged)
        if framing is Framing.V1 and len(encode_text(message)) > 199:
            with pytest.raises(EncodeError, match="v1 carries 199"):
                default_codec().encode_bytes(message, framing)
            continue
        decoder = FrameDecoder(framing)
        decoder.receive_data(default_codec().encode_bytes(message, framing))
        frame = decoder.next_frame()
        assert isinstance(frame, Frame)
        assert default_codec().decode(frame) == message
        crossed += 1
    assert crossed > 1500
