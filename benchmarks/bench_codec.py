"""The codec on each kind of traffic, compared with the floor and msgspec."""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from benchmarks import floor
from benchmarks.floor_encode import encode as floor_encode
from benchmarks.structs import structs_of
from benchmarks.workloads import PIECE, Workload, cut, v2_frame, workloads
from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    FrameDecoder,
    Framing,
    HtosClientIsHardware,
    Message,
    Role,
    StocSendClientType,
    default_codec,
)

BINARY_SIZE: Final = 2_000_000
CHUNKED_SIZES: Final = (20_000, 200_000)
_PER_RUN: Final = 15_000  # messages in one run; about 15 ms


@attrs.frozen
class Case:
    """One thing to measure.

    Attributes:
        work: The work.
        load: The traffic.
        who: `ours`, `floor` or `msgspec`.
        count: Messages, or bytes, in one call; the figure is for one of them.
        prepare: Makes the argument of each call; not measured.
        run: The call; returns how many messages there were.
        passes: Calls for one value.
    """

    work: str
    load: str
    who: str
    count: int
    prepare: Callable[[], Any]
    run: Callable[[Any], int]
    passes: int

    @property
    def name(self) -> str:
        """Its name in the results."""
        return f"{self.work}, {self.load}, {self.who}"


def cases() -> Iterator[Case]:
    """All cases; those that are compared are together."""
    for load in workloads():
        count = len(load.texts)
        for work, rivals in WORKS.items():
            for who, (prepare, run) in rivals.items():
                given = functools.partial(prepare, load)
                yield Case(work, load.name, who, count, given, run, max(1, _PER_RUN // count))
    for size in CHUNKED_SIZES:
        for load_name, stream in (("short frames", short_frames), ("one frame", one_frame)):
            given = functools.partial(_bytewise, stream, size)
            yield Case(
                "chunks",
                f"{load_name}, {size}",
                "ours",
                size,
                given,
                frames,
                max(1, 20_000 // size),
            )
    yield Case("binary", "2 MB", "ours", 1, _binary_pieces, frames, 10)
    yield Case("binary", "2 MB", "floor", 1, lambda: bytearray(BINARY_SIZE), copied, 10)


def groups() -> Iterator[tuple[Case, ...]]:
    """The cases that are compared with each other."""
    for _, rivals in itertools.groupby(cases(), lambda case: (case.work, case.load)):
        yield tuple(rivals)


# -- measured calls --------------------------------------------------------------------------


def frames(pieces: Iterable[bytes]) -> int:
    decoder = FrameDecoder(Framing.V2)
    count = 0
    for piece in pieces:
        decoder.receive_data(piece)
        while decoder.next_frame() is not NEED_DATA:
            count += 1
    return count


def floor_frames(pieces: Iterable[bytes]) -> int:
    reader = floor.Reader()
    count = 0
    for piece in pieces:
        reader.feed(piece)
        while reader.take() is not None:
            count += 1
    return count


def decode(pieces: Iterable[bytes]) -> int:
    decoder = FrameDecoder(Framing.V2)
    codec = default_codec()
    count = 0
    for piece in pieces:
        decoder.receive_data(piece)
        while (frame := decoder.next_frame()) is not NEED_DATA:
            codec.decode(frame)
            count += 1
    return count


def floor_decode(pieces: Iterable[bytes]) -> int:
    reader = floor.Reader()
    count = 0
    for piece in pieces:
        reader.feed(piece)
        while (frame := reader.take()) is not None:
            floor.decode(frame)
            count += 1
    return count


def msgspec_decode(given: tuple[Callable[[bytes], object], bytes]) -> int:
    decode_line, lines = given
    count = 0
    for line in lines.splitlines():
        decode_line(line)
        count += 1
    return count


def events(given: tuple[DcsProtocol, Sequence[bytes]]) -> int:
    protocol, pieces = given
    count = 0
    for piece in pieces:
        protocol.receive_data(piece)
        while protocol.next_event() is not NEED_DATA:
            count += 1
    return count


def encode(messages: Sequence[Message]) -> int:
    codec = default_codec()
    framing = Framing.V2  # looking up a member of an enum is not part of encoding
    for message in messages:
        codec.encode_bytes(message, framing)
    return len(messages)


def send(given: Sequence[tuple[Callable[[Message], bytes], Message]]) -> int:
    for send_one, message in given:
        send_one(message)
    return len(given)


def encode_floor(messages: Sequence[Message]) -> int:
    for message in messages:
        floor_encode(message)
    return len(messages)


def msgspec_encode(given: tuple[Callable[[object], bytes], Sequence[object]]) -> int:
    encode_struct, values = given
    for value in values:
        encode_struct(value)
    return len(values)


def round_trip(messages: Sequence[Message]) -> int:
    decoder = FrameDecoder(Framing.V2)
    codec = default_codec()
    count = 0
    for message in messages:
        decoder.receive_data(codec.encode_bytes(message, Framing.V2))
        while (frame := decoder.next_frame()) is not NEED_DATA:
            codec.decode(frame)
            count += 1
    return count


def floor_round_trip(messages: Sequence[Message]) -> int:
    reader = floor.Reader()
    count = 0
    for message in messages:
        reader.feed(floor_encode(message))
        while (frame := reader.take()) is not None:
            floor.decode(frame)
            count += 1
    return count


def construct(given: Sequence[tuple[Callable[..., object], dict[str, object]]]) -> int:
    for message_class, values in given:
        message_class(**values)
    return len(given)


def copied(data: bytearray) -> int:
    return len(bytes(data))


# -- their arguments -------------------------------------------------------------------------


def _pieces(load: Workload) -> Sequence[bytes]:
    return load.pieces


def _one_by_one(load: Workload) -> Sequence[bytes]:
    """Each message in a separate piece, as usual between DCSS and a DHS."""
    return load.frames


def _online(load: Workload) -> tuple[DcsProtocol, Sequence[bytes]]:
    """A DHS's connection after the handshake; it reads any message."""
    return shake_hands()[0], load.pieces


def shake_hands() -> tuple[DcsProtocol, DcsProtocol]:
    """The two sides of a connection after the handshake, the DHS's first."""
    dhs, dcss = DcsProtocol(Role.DHS, Framing.V2), DcsProtocol(Role.DCSS, Framing.V2)
    dhs.receive_data(dcss.send(StocSendClientType()))
    assert isinstance(dhs.next_event(), StocSendClientType)
    dcss.receive_data(dhs.send(HtosClientIsHardware(hardware_name="benchDhs")))
    assert isinstance(dcss.next_event(), HtosClientIsHardware)
    return dhs, dcss


def _to_send(load: Workload) -> Sequence[tuple[Callable[[Message], bytes], Message]]:
    """Each message and the side that may send it."""
    dhs, dcss = shake_hands()
    return [
        (dhs.send if message.keyword.startswith("htos_") else dcss.send, message)
        for message in load.messages
    ]


def _messages(load: Workload) -> Sequence[Message]:
    return load.messages


@functools.cache
def _json_lines(load: Workload) -> tuple[Callable[[bytes], object], bytes]:
    structs, values = structs_of(load.messages)
    return structs.decode, b"\n".join(map(structs.encode, values))


@functools.cache
def _json_values(load: Workload) -> tuple[Callable[[object], bytes], Sequence[object]]:
    structs, values = structs_of(load.messages)
    return structs.encode, values


@functools.cache
def _message_values(
    load: Workload,
) -> Sequence[tuple[Callable[..., object], dict[str, object]]]:
    return [(type(message), _values(message)) for message in load.messages]


@functools.cache
def _plain_values(load: Workload) -> Sequence[tuple[Callable[..., object], dict[str, object]]]:
    plain = map(type, _floor_messages(load))
    return list(zip(plain, map(_values, load.messages), strict=True))


def _values(message: Message) -> dict[str, object]:
    return {
        field.name: getattr(message, field.name)
        for field in attrs.fields(type(message))
        if field.init
    }


def _floor_messages(load: Workload) -> Iterator[object]:
    reader = floor.Reader()
    for piece in load.pieces:
        reader.feed(piece)
        while (frame := reader.take()) is not None:
            yield floor.decode(frame)


def short_frames(size: int) -> bytes:
    """The mixed traffic, repeated and cut at a size."""
    stream = workloads()[-1].stream
    return (stream * (size // len(stream) + 1))[:size]


def one_frame(size: int) -> bytes:
    """One frame with a binary part, with this total size."""
    text = "htos_operation_update camera 1.1 image"
    return v2_frame(text, bytes(size - len(v2_frame(text))))


@functools.cache
def _bytewise(stream: Callable[[int], bytes], size: int) -> Sequence[bytes]:
    return cut(stream(size), 1)


@functools.cache
def _binary_pieces() -> Sequence[bytes]:
    return cut(v2_frame("htos_operation_update camera 1.1 image", bytes(BINARY_SIZE)), PIECE)


_Rival = tuple[Callable[[Workload], Any], Callable[[Any], int]]
WORKS: Final[dict[str, dict[str, _Rival]]] = {
    "frames": {"ours": (_pieces, frames), "floor": (_pieces, floor_frames)},
    "decode": {
        "ours": (_pieces, decode),
        "floor": (_pieces, floor_decode),
        "msgspec": (_json_lines, msgspec_decode),
    },
    "next_event": {"ours": (_online, events), "floor": (_pieces, floor_decode)},
    "decode, 1 a read": {"ours": (_one_by_one, decode), "floor": (_one_by_one, floor_decode)},
    "encode": {
        "ours": (_messages, encode),
        "floor": (_messages, encode_floor),
        "msgspec": (_json_values, msgspec_encode),
    },
    "send": {"ours": (_to_send, send), "floor": (_messages, encode_floor)},
    "round trip": {"ours": (_messages, round_trip), "floor": (_messages, floor_round_trip)},
    "construct": {"ours": (_message_values, construct), "floor": (_plain_values, construct)},
}
