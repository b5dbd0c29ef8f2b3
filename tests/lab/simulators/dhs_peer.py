"""`DhsPeer`: a DHS as a bare socket and a protocol; it answers only when the test says so."""

import itertools
import socket
from types import TracebackType
from typing import Final

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Framing,
    HtosClientIsHardware,
    HtosLog,
    MalformedMessage,
    Message,
    Role,
    StocSendClientType,
    UnknownMessage,
    encode_text,
)
from dcs_codec.limits import V1_FRAME_SIZE, V2_HEADER_SIZE
from dhs_lab.simulators.dcss import SimulatedDcss

DEADLINE_S: Final = 20.0
_SETTLED: Final = itertools.count(1)  # of all peers: another's line must not be taken for ours


class DhsPeer:
    """The DHS's side of one connection."""

    def __init__(self, dcss: SimulatedDcss) -> None:
        self.dcss = dcss
        self.name = "?"
        self.socket = socket.create_connection(("127.0.0.1", dcss.port), timeout=DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.protocol = DcsProtocol(Role.DHS)
        self.received = b""
        self.registrations: list[str] = []
        self.bytes_until_now = b""
        self._marks = 0
        self._letters: list[str] = []
        self._read_to = 0

    @classmethod
    def logged_in(cls, dcss: SimulatedDcss, name: str) -> "DhsPeer":
        """A peer that has read its registrations."""
        peer = cls(dcss)
        peer.log_in(name)
        (peer.protocol.framing,) = (host.framing for host in dcss.hosts if host.name == name)
        peer.registrations = peer.read_until_now()
        return peer

    def __enter__(self) -> "DhsPeer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self) -> Message | None:
        """The next message, None when the server closes."""
        while (event := self.protocol.next_event()) is NEED_DATA:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.received += data
            self.protocol.receive_data(data)
        assert isinstance(event, Message)
        return event

    def read_text(self) -> str:
        """The text of the next message."""
        message = self.read()
        assert message is not None, "the server closed"
        if isinstance(message, (UnknownMessage, MalformedMessage)):
            return message.text
        return encode_text(message)

    def read_until_now(self) -> list[str]:
        """The texts that DCSS sent until it had read everything from this peer.

        `bytes_until_now` has the same as bytes.
        """
        self.settle()
        self._marks += 1
        mark = f"stoh_mark {self._marks}"
        self.dcss.send(self.name, UnknownMessage(text=mark))
        texts: list[str] = []
        self._letters = []
        while (text := self.read_text()) != mark:
            texts.append(text)
            self._letters.append(str(self.protocol.last_frame))
        end = self.received.index(mark.encode(), self._read_to)
        is_v2 = self.protocol.framing is Framing.V2
        self.bytes_until_now = self.received[self._read_to : end - V2_HEADER_SIZE * is_v2]
        self._read_to = end + len(mark) + 1 if is_v2 else end + V1_FRAME_SIZE
        return texts

    def letters_until_now(self) -> list[str]:
        """The texts as `read_until_now`, but to the letter."""
        self.read_until_now()
        return self._letters

    def settle(self) -> None:
        """Wait until DCSS has read and handled everything from this peer."""
        text = f"settle {next(_SETTLED)}"
        self.send(HtosLog(log_level="note", log_sender=self.name, log_message=text))
        self.dcss.traffic.wait_for(lambda line: line.text.endswith(text), DEADLINE_S)

    def send(self, message: Message) -> None:
        self.socket.sendall(self.protocol.send(message))

    def send_text(self, text: str) -> None:
        """Send a text unchanged, without checks."""
        data = text.encode()
        if self.protocol.framing is Framing.V1:
            self.socket.sendall(data.ljust(V1_FRAME_SIZE, b"\0"))
        else:
            self.socket.sendall(b"%12d %12d %b\0" % (len(data) + 1, 0, data))

    def log_in(self, name: str) -> None:
        assert self.read() == StocSendClientType()
        self.send(HtosClientIsHardware(hardware_name=name))
        self.name = name

    def close(self) -> None:
        self.socket.close()
