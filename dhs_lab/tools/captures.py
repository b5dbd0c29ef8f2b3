"""Finds the messages in a network capture.

Each connection is examined separately. If it is DCS (a keyword in its first bytes, or the requested
port), each direction is split into frames. The handshake is v1. The first unambiguous frame after
it decides between v1 and v2, for both directions. So bytes after a loss are not taken for a frame
of the other kind.

Ports may be reused for another connection, and its SYN may be missing from the capture. A segment
begins another connection if the first is over and the sequence numbers do not continue, if both its
numbers are far off, or if it has the handshake again.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Final

from dcs_codec import Direction, Frame, Framing, default_codec, direction_of
from dcs_codec.limits import V1_FRAME_SIZE
from dhs_lab.tools.connections import CapturedConnection, Half
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.pcap import Packet, Trouble, read_packets
from dhs_lab.tools.segments import (
    FIN,
    RST,
    SYN,
    CannotRead,
    Checksum,
    Segment,
    SegmentReader,
    read_plain,
)
from dhs_lab.tools.sightings import Damage, Found, Place, Sighting
from dhs_lab.tools.splitting import KEYWORD, StreamPiece, StreamSplitter
from dhs_lab.tools.tcp import Gap, StreamPart, distance

_UNDECIDED: Final = 4096  # this many bytes without a keyword: not DCS
_STRAGGLER: Final = 1 << 20  # bytes before its end that a closed connection may send again
_OPPOSITE: Final = {
    Direction.TO_DHS: Direction.TO_DCSS,
    Direction.TO_DCSS: Direction.TO_DHS,
    Direction.TO_GUI: Direction.FROM_GUI,
    Direction.FROM_GUI: Direction.TO_GUI,
    None: None,
}
_MOST_CLOSED: Final = 1000  # closed connections that are remembered, for their repeated segments
_MOST_OTHERS: Final = 10_000  # open connections, before those that are not DCS are dropped
_UNSURE: Final = 3  # wrong checksums after which a sender's checksums are ignored
_ONCE: Final = 3  # how often one kind of packet trouble is reported
_ENDING: Final = SYN | FIN | RST
_RIGHT: Final = Checksum.RIGHT
_decode: Final = default_codec().decode
_WRONG_SUM: Final = "the checksum of the TCP segment is wrong"
_HANDSHAKE: Final = (b"stoc_send_client_type", b"htos_client_")
_V2_FIRST: Final = b" 0123456789"


class CaptureReader:
    """Reads one capture."""

    def __init__(
        self, source: ByteSource, framing: Framing = Framing.AUTO, port: int | None = None
    ) -> None:
        """A reader of `source`; with `port`, it reads exactly the connections of that port."""
        self._source = source
        self._framing = framing
        self._port = port
        self._segments = SegmentReader()
        self._halves: dict[bytes, Half] = {}
        self._most_open = _MOST_OTHERS
        self._closed: deque[CapturedConnection] = deque()
        self._troubles: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._found_any = False
        self.left_out = 0
        """Connections that are not DCS."""

    def findings(self) -> Iterator[Found]:
        """All messages, in the order in which their last bytes were captured."""
        packets = 0
        for packet in read_packets(self._source):
            if isinstance(packet, Trouble):
                yield self._damage(packet.offset, packet.reason)
                continue
            packets += 1
            plain = self._plain(packet)
            if plain is not None:
                yield from plain
                continue
            try:
                segment = self._segments.read(packet.link_type, packet.data)
            except CannotRead as error:
                yield from self._cannot_read(packet, str(error))
                continue
            if isinstance(segment, str):
                self._others[segment] += 1
            elif segment.missing and not packet.is_cut:
                yield from self._cannot_read(packet, "the packet is shorter than it says")
            else:
                yield from self._segment(segment, packet)
                if len(self._halves) > 2 * self._most_open:
                    yield from self._give_up_others()
        for half in list(self._halves.values()):
            if not half.connection.is_closed:
                yield from self._close(half.connection)
        yield from self._summary(packets)

    def _plain(self, packet: Packet) -> Iterable[Found] | None:
        """Read a packet that continues its direction, as nearly all do; None for others.

        The general code would give the same result.
        """
        segment = read_plain(packet.link_type, packet.data)
        if segment is None:
            return None
        ends, sequence, acknowledged, flags, payload = segment
        half = self._halves.get(ends)
        if half is None or flags & _ENDING:
            return None
        connection, other = half.connection, half.other.stream
        is_known = connection.is_dcs is True and not connection.is_closed
        if not is_known or other.waiting or not half.stream.goes_on(sequence, len(payload)):
            return None
        half.sums = True
        other.acknowledged = acknowledged or None
        if not payload:
            return ()
        half.time = packet.time
        offset, frame = half.splitter.whole(payload)
        if frame is None or not half.is_settled:
            return self._found(half, half.splitter.feed(payload), packet.time)
        self._found_any = True
        return (_sighting(half, frame, offset, len(payload), packet.time),)

    def _cannot_read(self, packet: Packet, reason: str) -> Iterator[Found]:
        self._troubles[reason] += 1
        if self._troubles[reason] <= _ONCE:
            yield self._damage(packet.offset, reason)

    def _summary(self, packets: int) -> Iterator[Found]:
        """Report the counts; if there was no message, also the kinds of packets."""
        place = Place(source=self._source.name)
        for reason, count in self._troubles.items():
            if count > _ONCE:
                yield Damage(place=place, reason=f"{count - _ONCE} more packets: {reason}")
        if self._segments.unfinished:
            reason = f"{self._segments.unfinished} IP packets with missing fragments"
            yield Damage(place=place, reason=reason)
        elif packets and not (self._found_any or self._troubles):
            kinds = ", ".join(f"{count} {kind}" for kind, count in self._others.most_common())
            yield Damage(place=place, reason=f"no DCS in {packets} packets: {kinds}")

    def _segment(self, segment: Segment, packet: Packet) -> Iterable[Found]:
        half = self._halves.get(segment.addresses + segment.ports)
        if half is None:
            if segment.source == segment.target:
                return ()  # a socket connected to itself
            if self._port not in (None, segment.source_port, segment.target_port):
                self._others[f"TCP of other ports than {self._port}"] += 1
                return ()
            half = self._open(segment)
        if segment.checksum is _RIGHT:
            half.sums = True
        elif _is_wrong(segment.checksum, half.sums):
            return self._unsound(half, segment, packet)
        return self._take(half, segment, packet)

    def _unsound(self, half: Half, segment: Segment, packet: Packet) -> Iterator[Found]:
        """Handle a wrong checksum; with some senders all are wrong and mean nothing."""
        if half.sums:
            yield from self._cannot_read(packet, _WRONG_SUM)
            return
        half.unsure.append((segment, packet))
        if len(half.unsure) > _UNSURE:
            half.sums = False
            unsure, half.unsure = half.unsure, []
            for each in unsure:
                yield from self._segment(*each)

    def _is_another(self, half: Half, segment: Segment) -> bool:
        """Whether a segment between known ports belongs to a new connection."""
        stream = half.stream
        if segment.flags & SYN:
            return not stream.begin(_after(segment))
        is_closed = half.connection.is_closed
        if not segment.payload:
            return False
        if stream.next is None or stream.first is None or segment.sequence == stream.next:
            return is_closed
        if segment.payload.startswith(_HANDSHAKE):
            before = distance(segment.sequence, stream.first)
            return before != 0 and (stream.is_whole or not 0 < before <= V1_FRAME_SIZE)
        if is_closed:
            return not -_STRAGGLER <= distance(stream.next, segment.sequence) < 0
        known = half.other.stream
        is_far = stream.is_far(segment.sequence) and known.is_far(segment.acknowledged)
        return is_far and segment.acknowledged != 0

    def _take(self, half: Half, segment: Segment, packet: Packet) -> Iterator[Found]:
        if self._is_another(half, segment):
            yield from self._close(half.connection)
            half = self._open(segment)
        connection, stream = half.connection, half.stream
        if connection.is_closed:
            return  # sent again after the end
        half.time = packet.time
        start = segment.sequence
        if segment.flags & SYN:
            start = _after(segment)
            stream.begin(start)
        if segment.missing and connection.is_dcs is not False:
            yield self._damage(packet.offset, f"{segment.missing} bytes cut off by the capture")
        if segment.acknowledged:
            yield from self._say(half.other, half.other.stream.acknowledge(segment.acknowledged))
        if segment.payload:
            yield from self._say(half, stream.add(start, segment.payload, packet.time))
        if segment.flags & _ENDING:
            yield from self._ending(half, segment)
        elif stream.is_finished and half.other.stream.is_finished:
            yield from self._close(connection)

    def _ending(self, half: Half, segment: Segment) -> Iterator[Found]:
        if segment.flags & FIN:
            half.stream.end((segment.sequence + len(segment.payload)) % (1 << 32))
        is_over = half.stream.is_finished and half.other.stream.is_finished
        if is_over or (segment.flags & RST and self._is_heeded(half, segment)):
            yield from self._close(half.connection)

    def _is_heeded(self, half: Half, segment: Segment) -> bool:
        """Whether a RST has the number that its receiver waits for; others are ignored."""
        known = half.stream.next
        return known is None or 0 <= distance(known, segment.sequence) <= 1

    def _open(self, segment: Segment) -> Half:
        connection = CapturedConnection(segment, self._framing, is_dcs=True if self._port else None)
        for half in connection.halves:
            half.source = f"{self._source.name}: {half.sender}>{half.other.sender}"
        middle = len(segment.addresses) // 2
        back = segment.addresses[middle:] + segment.addresses[:middle]
        connection.sending.key = segment.addresses + segment.ports
        connection.receiving.key = back + segment.ports[2:] + segment.ports[:2]
        for half in connection.halves:
            self._halves[half.key] = half
        if not segment.flags & SYN:  # the first bytes may be in the middle of a frame
            for half in connection.halves:
                half.splitter.gap(0)
                half.is_aligned = False
        return connection.sending

    def _close(self, connection: CapturedConnection) -> Iterator[Found]:
        connection.is_closed = True
        self._forget(connection)
        for half in connection.halves:
            for _, packet in half.unsure:
                yield from self._cannot_read(packet, _WRONG_SUM)
            yield from self._say(half, half.stream.finish())
        if connection.is_dcs:
            for half in connection.halves:
                yield from self._found(half, half.splitter.finish(), half.time)
            return
        connection.held.clear()
        self.left_out += any(half.has_begun for half in connection.halves)
        is_empty = not any(half.head for half in connection.halves)
        self._others[
            "TCP connections " + ("without a byte" if is_empty else "that are not DCS")
        ] += 1

    def _forget(self, closed: CapturedConnection) -> None:
        """Drop the oldest closed connections, so that the table does not grow."""
        self._closed.append(closed)
        if len(self._closed) > _MOST_CLOSED:
            for half in self._closed.popleft().halves:
                if self._halves.get(half.key) is half:
                    del self._halves[half.key]

    def _give_up_others(self) -> Iterator[Found]:
        """Drop connections that are not known to be DCS: those of a port scan never end."""
        for half in list(self._halves.values()):
            if not (half.connection.is_closed or half.connection.is_dcs):
                yield from self._close(half.connection)
        self._most_open = max(_MOST_OTHERS, len(self._halves))

    def _say(self, half: Half, said: Iterable[StreamPart]) -> Iterator[Found]:
        connection = half.connection
        for each in said:
            if connection.is_dcs:
                yield from self._split(half, each)
            elif connection.is_dcs is None:
                connection.held.append((half, each))
                if not isinstance(each, Gap):
                    half.head += each.data
                connection.is_dcs = _is_dcs(half.head)
                if connection.is_dcs is not None:
                    held, connection.held = connection.held, []
                    for its, what in held if connection.is_dcs else ():
                        yield from self._split(its, what)

    def _split(self, half: Half, said: StreamPart) -> Iterable[Found]:
        if isinstance(said, Gap):
            half.is_aligned = False
            return self._found(half, half.splitter.gap(said.size), half.time)
        if not said.is_late:
            return self._found(half, half.splitter.feed(said.data), said.time)
        splitter = StreamSplitter(half.splitter.framing)
        splitter.gap(0)  # only certain frames
        pieces = splitter.feed(said.data)
        return self._found(half, [piece for piece in pieces if piece.frame], said.time)

    def _found(self, half: Half, pieces: list[StreamPiece], time: float | None) -> list[Found]:
        found: list[Found] = []
        for piece in pieces:
            if piece.frame is None:
                place = Place(source=half.source, offset=piece.offset)
                found.append(Damage(place=place, reason=piece.reason))
                continue
            if not (half.is_settled or self._settle(half, piece)):
                reason = f"not certainly a frame; {piece.size} bytes skipped"
                place = Place(source=half.source, offset=piece.offset)
                found.append(Damage(place=place, reason=reason))
                continue
            found.append(_sighting(half, piece.frame, piece.offset, piece.size, time))
        self._found_any = self._found_any or bool(found)
        return found

    def _settle(self, half: Half, piece: StreamPiece) -> bool:
        """Learn the framing of a direction from a frame; False if it may not be a frame.

        The first 200 bytes of a text that lost its v2 header look like v1, but without the padding.
        """
        connection = half.connection
        if not piece.data.startswith(_HANDSHAKE):
            framing = connection.framing
            if piece.data[0] in _V2_FIRST:
                framing = Framing.V2
            elif piece.data.endswith(b"\0") and b"\0" not in piece.data.rstrip(b"\0"):
                framing = Framing.V1
            elif not (half.is_aligned and KEYWORD.match(piece.data)):
                return False
            if connection.framing is Framing.AUTO:
                connection.framing = framing
        if connection.framing is not Framing.AUTO:
            half.is_settled = True
            half.splitter.framing = connection.framing
        return True

    def _damage(self, offset: int, reason: str) -> Damage:
        self._found_any = True
        return Damage(place=Place(source=self._source.name, offset=offset), reason=reason)


def _sighting(half: Half, frame: Frame, offset: int, size: int, time: float | None) -> Sighting:
    message = _decode(frame)
    direction = direction_of(message.received_keyword)
    if direction is None:
        direction = half.direction
    elif direction is not half.direction:
        half.direction, half.other.direction = direction, _OPPOSITE[direction]
    name = half.connection.name
    return Sighting(
        message=message,
        place=Place(source=half.source, offset=offset),
        time=time,
        connection=name,
        conversation=name,
        direction=direction,
        size=size,
    )


def _is_wrong(checksum: Checksum, has_right: bool | None) -> bool:
    """Whether a wrong checksum means that something is damaged."""
    if checksum is Checksum.WRONG:
        return has_right is not False
    return checksum is Checksum.ABSENT and has_right is True


def _after(segment: Segment) -> int:
    """Number of the first byte after a SYN."""
    return (segment.sequence + 1) % (1 << 32)


def _is_dcs(data: bytes) -> bool | None:
    if KEYWORD.search(data):
        return True
    return False if len(data) > _UNDECIDED else None
