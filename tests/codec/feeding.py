"""Feeds a decoder or a protocol, and records everything that comes out, including errors."""

from collections.abc import Iterable

from dcs_codec import NEED_DATA, DcsError, DcsProtocol, Frame, FrameDecoder, FrameError
from dcs_codec.protocol import Event


def bytewise(data: bytes) -> list[bytes]:
    """The same bytes, one at a time."""
    return [data[at : at + 1] for at in range(len(data))]


def frames_of(decoder: FrameDecoder, pieces: Iterable[bytes]) -> list[Frame | FrameError]:
    """The output of a decoder after each piece; an error comes last."""
    taken: list[Frame | FrameError] = []
    for piece in pieces:
        decoder.receive_data(piece)
        try:
            while (frame := decoder.next_frame()) is not NEED_DATA:
                taken.append(frame)
        except FrameError as error:
            return [*taken, error]
    return taken


def events_of(protocol: DcsProtocol, pieces: Iterable[bytes]) -> list[Event | DcsError]:
    """The output of a protocol after each piece; an error comes last."""
    taken: list[Event | DcsError] = []
    for piece in pieces:
        protocol.receive_data(piece)
        try:
            while (event := protocol.next_event()) is not NEED_DATA:
                taken.append(event)
        except DcsError as error:
            return [*taken, error]
    return taken


def described(taken: Iterable[object]) -> list[object]:
    """The output in a comparable form: errors by class and message."""
    return [(type(thing), str(thing)) if isinstance(thing, DcsError) else thing for thing in taken]
