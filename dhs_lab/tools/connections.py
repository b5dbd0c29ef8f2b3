"""The state of a TCP connection in a capture, and of each of its two directions."""

from dcs_codec import Direction, Framing
from dhs_lab.tools.pcap import Packet
from dhs_lab.tools.segments import ACK, SYN, Segment
from dhs_lab.tools.splitting import StreamSplitter
from dhs_lab.tools.tcp import HalfStream, StreamPart


class Half:
    """One direction of a connection."""

    def __init__(self, sender: str, connection: "CapturedConnection", framing: Framing) -> None:
        self.sender = sender
        self.key = b""  # addresses and ports of its packets
        self.connection = connection
        self.stream = HalfStream()
        self.splitter = StreamSplitter(framing)
        self.source = ""  # for places
        self.other = self
        self.head = b""  # until it is known whether this is DCS
        self.direction: Direction | None = None
        self.time: float | None = None
        self.is_settled = framing is not Framing.AUTO  # whether its framing is known
        self.is_aligned = True  # whether the next bytes begin a frame, or continue one
        self.sums: bool | None = None  # whether its undamaged segments have right checksums
        self.unsure: list[tuple[Segment, Packet]] = []  # with wrong ones, until that is known

    @property
    def has_begun(self) -> bool:
        """Whether a byte of it was seen."""
        return self.stream.next is not None


class CapturedConnection:
    """A connection with its two directions."""

    def __init__(self, segment: Segment, framing: Framing, *, is_dcs: bool | None) -> None:
        self.is_dcs = is_dcs
        self.is_closed = False
        self.framing = framing  # AUTO until it is settled
        self.held: list[tuple[Half, StreamPart]] = []  # until it is known whether this is DCS
        self.sending = Half(segment.source, self, framing)
        self.receiving = Half(segment.target, self, framing)
        self.sending.other, self.receiving.other = self.receiving, self.sending
        client, server = self.sending, self.receiving
        if segment.flags & SYN and segment.flags & ACK:
            client, server = server, client
        elif not segment.flags & SYN and segment.source_port < segment.target_port:
            client, server = server, client  # the lower port is usually the server's
        self.name = f"{client.sender}-{server.sender}"
        self.halves = (client, server)
