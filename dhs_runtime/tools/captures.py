"""Messages in a capture of the network.

Each connection is looked at by itself: is it DCS at all (a keyword in its first bytes, or the port
that was asked for), and if so, each direction is split into frames. The handshake is v1 there, and
what follows is v1 or v2 as it turns out.
"""

from collections.abc import Iterator
from typing import Final

from dcs_codec import Direction, Framing, default_codec
from dhs_runtime.tools.inputs import ByteSource
from dhs_runtime.tools.link import ACK, FIN, RST, SYN, CannotRead, End, Segment, segment_of
from dhs_runtime.tools.pcap import Packet, Trouble, read_packets
from dhs_runtime.tools.sightings import Damage, Finding, Place, Sighting, direction_of
from dhs_runtime.tools.splitting import KEYWORD, Piece, StreamSplitter
from dhs_runtime.tools.tcp import Bytes, Gap, HalfStream

_UNDECIDED: Final = 4096  # bytes without a keyword: no DCS
_OPPOSITE: Final = {
    Direction.TO_DHS: Direction.TO_DCSS,
    Direction.TO_DCSS: Direction.TO_DHS,
    None: None,
}
_ONCE: Final = 3  # times that one kind of trouble with packets is reported


class _Half:
    """One direction of a connection."""

    def __init__(self, sender: End, framing: Framing) -> None:
        self.sender = sender
        self.stream = HalfStream()
        self.splitter = StreamSplitter(framing)
        self.held: list[Bytes | Gap] = []  # until it is known whether this is DCS
        self.held_bytes = b""
        self.direction: Direction | None = None
        self.time: float | None = None


class _Connection:
    """Two ends, two directions."""

    def __init__(self, first: End, second: End, framing: Framing, *, is_dcs: bool | None) -> None:
        self.halves = {first: _Half(first, framing), second: _Half(second, framing)}
        self.is_dcs = is_dcs
        self.name = f"{first}-{second}"

    def other(self, half: _Half) -> _Half:
        """The other direction."""
        first, second = self.halves.values()
        return second if half is first else first


class CaptureReader:
    """Reads one capture."""

    def __init__(
        self, source: ByteSource, framing: Framing = Framing.AUTO, port: int | None = None
    ) -> None:
        """A reader of `source`; with `port`, all connections of that port and no others."""
        self._source = source
        self._framing = framing
        self._port = port
        self._connections: dict[frozenset[End], _Connection | None] = {}
        self._troubles: dict[str, int] = {}
        self.left_out = 0
        """Connections that are no DCS."""

    def findings(self) -> Iterator[Finding]:
        """All messages in it, in the order in which their last bytes were captured."""
        for packet in read_packets(self._source):
            if isinstance(packet, Trouble):
                yield self._damage(packet.offset, packet.reason)
            else:
                yield from self._packet(packet)
        for connection in list(self._connections.values()):
            if connection is not None:
                yield from self._close(connection)
        for reason, count in self._troubles.items():
            if count > _ONCE:
                place = Place(source=self._source.name)
                yield Damage(place=place, reason=f"{count - _ONCE} packets more: {reason}")

    def _packet(self, packet: Packet) -> Iterator[Finding]:
        try:
            segment = segment_of(packet.link_type, packet.data)
        except CannotRead as error:
            reason = str(error)
            self._troubles[reason] = self._troubles.get(reason, 0) + 1
            if self._troubles[reason] <= _ONCE:
                yield self._damage(packet.offset, reason)
            return
        if segment is None:
            return
        ports = (segment.source.port, segment.target.port)
        if self._port is not None and self._port not in ports:
            return
        yield from self._segment(segment, packet)

    def _segment(self, segment: Segment, packet: Packet) -> Iterator[Finding]:
        key = frozenset((segment.source, segment.target))
        if len(key) == 1:  # a socket connected to itself
            return
        is_first = segment.flags & SYN and not segment.flags & ACK
        connection = self._connections.get(key)
        if is_first and connection is not None:
            half = connection.halves[segment.source]
            if not half.stream.begin(_after(segment)):  # the ports are used a second time
                yield from self._close(connection)
                connection = None
        if connection is None:
            if key in self._connections and not segment.flags & SYN:
                return  # a straggler of one that was closed
            connection = self._open(segment)
            self._connections[key] = connection
        half = connection.halves[segment.source]
        half.time = packet.time
        if segment.flags & SYN:
            half.stream.begin(_after(segment))
        if segment.missing and connection.is_dcs is not False:
            yield self._damage(packet.offset, f"{segment.missing} bytes cut off by the capture")
        if segment.flags & FIN:
            half.stream.end((segment.sequence + len(segment.payload)) % (1 << 32))
        start = _after(segment) if segment.flags & SYN else segment.sequence
        yield from self._say(connection, half, half.stream.add(start, segment.payload, packet.time))
        over = all(each.stream.is_finished for each in connection.halves.values())
        if over or segment.flags & RST:
            yield from self._close(connection)

    def _open(self, segment: Segment) -> _Connection:
        ends = (segment.source, segment.target)
        if segment.flags & ACK and segment.flags & SYN:
            ends = ends[::-1]
        elif not segment.flags & SYN and segment.source.port < segment.target.port:
            ends = ends[::-1]  # the lower port is the server's, as a rule
        return _Connection(*ends, self._framing, is_dcs=True if self._port else None)

    def _close(self, connection: _Connection) -> Iterator[Finding]:
        self._connections[frozenset(connection.halves)] = None
        for half in connection.halves.values():
            yield from self._say(connection, half, half.stream.finish())
        if connection.is_dcs:
            for half in connection.halves.values():
                yield from self._found(connection, half, half.splitter.finish(), half.time)
        elif any(half.held_bytes for half in connection.halves.values()):
            self.left_out += 1

    def _say(
        self, connection: _Connection, half: _Half, said: Iterator[Bytes | Gap]
    ) -> Iterator[Finding]:
        for each in said:
            if connection.is_dcs is None:
                half.held.append(each)
                if isinstance(each, Bytes):
                    half.held_bytes += each.data
                connection.is_dcs = _is_dcs(half.held_bytes)
                if connection.is_dcs is not None:
                    yield from self._release(connection)
            elif connection.is_dcs:
                yield from self._split(connection, half, each)

    def _release(self, connection: _Connection) -> Iterator[Finding]:
        """Split what was held, now that it is known whether this is DCS."""
        for half in connection.halves.values():
            held, half.held = half.held, []
            for each in held if connection.is_dcs else ():
                yield from self._split(connection, half, each)

    def _split(self, connection: _Connection, half: _Half, said: Bytes | Gap) -> Iterator[Finding]:
        if isinstance(said, Gap):
            yield from self._found(connection, half, half.splitter.gap(said.size), half.time)
        else:
            yield from self._found(connection, half, half.splitter.feed(said.data), said.time)

    def _found(
        self, connection: _Connection, half: _Half, pieces: list[Piece], time: float | None
    ) -> Iterator[Finding]:
        for piece in pieces:
            source = f"{self._source.name}: {half.sender}>{connection.other(half).sender}"
            place = Place(source=source, offset=piece.offset)
            if piece.frame is None:
                yield Damage(place=place, reason=piece.reason)
                continue
            message = default_codec().decode(piece.frame)
            direction = direction_of(message)
            if direction is not None:
                half.direction = direction
                connection.other(half).direction = _OPPOSITE[direction]
            yield Sighting(
                message=message,
                place=place,
                time=time,
                connection=connection.name,
                conversation=connection.name,
                direction=direction or half.direction,
                size=piece.size,
            )

    def _damage(self, offset: int, reason: str) -> Damage:
        return Damage(place=Place(source=self._source.name, offset=offset), reason=reason)


def _after(segment: Segment) -> int:
    """Number of the first byte behind a SYN."""
    return (segment.sequence + 1) % (1 << 32)


def _is_dcs(data: bytes) -> bool | None:
    if KEYWORD.search(data):
        return True
    return False if len(data) > _UNDECIDED else None
