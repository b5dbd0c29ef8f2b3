"""Texts and JSON Lines to the bytes of frames.

A text goes out as it stands, once it is known that the codec reads it and would let it out; JSON
goes out as the codec writes it.
"""

import json
from collections.abc import Iterable, Iterator

import attrs

from dcs_codec import (
    DcsError,
    EncodeError,
    Frame,
    Framing,
    MalformedMessage,
    default_codec,
    encode_frame,
)
from dhs_runtime.tools.jsonl import finding_of
from dhs_runtime.tools.sightings import Place, Sighting, keyword_of


@attrs.frozen
class Encoded:
    """What came of one line.

    Attributes:
        line: Its number, from 1.
        data: The frame.
        reason: Why there is none, "" where there is.
    """

    line: int
    data: bytes
    reason: str = ""


def encode_lines(lines: Iterable[bytes], framing: Framing) -> Iterator[Encoded]:
    """The frames of lines; empty ones, and comments behind a `#`, are passed over."""
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(b"#"):
            continue
        try:
            if stripped.startswith(b"{"):
                data = _encode_json(stripped, framing)
            else:
                data = encode_line(line, framing)
        except (DcsError, ValueError, RecursionError) as error:
            yield Encoded(number, b"", str(error))
            continue
        if data:
            yield Encoded(number, data)


def encode_line(text: bytes, framing: Framing) -> bytes:
    """The frame of one text.

    Raises:
        EncodeError: The text is malformed, or does not fit the framing or dcss's buffers.
    """
    codec = default_codec()
    frame = Frame(text)
    message = codec.decode(frame)
    if isinstance(message, MalformedMessage):
        raise EncodeError(message.received_keyword, message.field, message.reason)
    codec.encode(message)
    keyword = keyword_of(message)
    if not text.startswith(keyword.encode()):
        raise EncodeError(keyword, "", "begins with a blank; dcss would garble it")
    return encode_frame(frame, framing)


def _encode_json(line: bytes, framing: Framing) -> bytes:
    found = finding_of(json.loads(line), Place(source="-"))
    if not isinstance(found, Sighting):  # an event of a recording
        return b""
    return default_codec().encode_bytes(found.message, framing)
