"""Texts and JSON Lines to the bytes of frames.

A text is written unchanged, after a check that the codec can read and write it; JSON is written as
the codec does.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dcs_codec import (
    DcsError,
    Direction,
    EncodeError,
    Frame,
    Framing,
    HtosReportIonChambers,
    HtosSetStringCompleted,
    MalformedMessage,
    Message,
    UnknownMessage,
    default_codec,
    direction_of,
    encode_frame,
)
from dhs_lab.tools.jsonl import finding_of
from dhs_lab.tools.lookup import closest
from dhs_lab.tools.sightings import Place, Sighting

_SHOWN: Final = 60
_closest: Final = functools.lru_cache(256)(closest)
_COUNTED: Final = (HtosSetStringCompleted, HtosReportIonChambers)
"""Messages of which dcss stores a part; it finds that part by counting one blank per word.

Source: dcss_hardware_client.c:1535 and 787, confirmed on the wire
"""
_SINGLE_BLANKS: Final = re.compile(rb"\S+ \S+ \S+(?: |$)")


@attrs.frozen
class Encoded:
    """The result of one line.

    Attributes:
        line: Its line number, from 1.

        data: The frame.
        reason: Why there is no frame, "" if there is one.
        hint: What may be wrong with a written frame, "" if nothing.
    """

    line: int
    data: bytes
    reason: str = ""
    hint: str = ""


def encode_lines(lines: Iterable[bytes], framing: Framing) -> Iterator[Encoded]:
    """The frames of lines; empty lines and comment lines (`#`) are skipped."""
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
            yield Encoded(number, data, hint=_hint(line))


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
    reason = _refusal(text, message)
    if reason:
        raise EncodeError(message.received_keyword, "", reason)
    return encode_frame(frame, framing)


def _refusal(text: bytes, message: Message) -> str:
    """Why a readable text should not go to a dcss unchanged, "" if it may."""
    if not text.startswith(message.received_keyword.encode()):
        return "begins with a blank; dcss would garble it"
    if message.surplus and direction_of(message.received_keyword) is Direction.TO_DCSS:
        return f"has surplus words: {message.surplus[:_SHOWN]!r}; dcss would pass them on"
    if isinstance(message, _COUNTED) and not _SINGLE_BLANKS.match(text):
        return "has more than one blank between words; dcss expects one, and would store wrong"
    return ""


def _hint(line: bytes) -> str:
    message = default_codec().decode(Frame(line.strip()))
    if not isinstance(message, UnknownMessage) or line.lstrip().startswith(b"{"):
        return ""
    near = _closest(message.received_keyword)
    known = f"no message is called {message.received_keyword!r}"
    return f"{known}; did you mean {near}?" if near else ""


def _encode_json(line: bytes, framing: Framing) -> bytes:
    found = finding_of(json.loads(line), Place(source="-"))
    if not isinstance(found, Sighting):  # an event of a recording
        return b""
    return default_codec().encode_bytes(found.message, framing)
