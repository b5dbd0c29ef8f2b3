"""`Session`: one DHS's connection to the simulated DCSS."""

import logging
import socket
import threading
import time

import attrs

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Disconnected,
    Frame,
    Framing,
    Message,
    RemoteProtocolError,
    Role,
    State,
    StateError,
    StocSendClientType,
    TruncatedFrameError,
    encode_frame,
)
from dcs_codec.limits import V1_FRAME_SIZE, V2_HEADER_SIZE
from dhs_lab.simulators.dcss.faults import Close, Faults, Pause, WireSteps
from dhs_lab.simulators.dcss.texts import first_word
from dhs_lab.simulators.dcss.traffic import Traffic
from dhs_lab.simulators.dcss.wording import frame_of
from dhs_runtime.lowlevel import Deadline, NotConnectedError, StopToken, reset, shut

logger = logging.getLogger(__name__)

HANDSHAKE_S = 1.0  # for 200 bytes in all: trickling does not extend it
_READ_SIZE = 1 << 16
_READS_A_SECOND = 20  # of a slow reader
_POLL_S = 0.02


class Session:
    """The server's end of one connection; the server's thread runs it, any thread sends."""

    def __init__(
        self,
        sock: socket.socket,
        traffic: Traffic,
        faults: Faults,
        stop: StopToken,
        *,
        nodelay: bool = False,
    ) -> None:
        """The end of a connection.

        Args:
            sock: The connection.
            traffic: Where to record what is sent.
            faults: What goes wrong.
            stop: Ends pauses when the server stops.
            nodelay: Send each frame in one piece, at once; else as dcss does, header and text of
                v2 apart.

        Source: xos_socket.c:1229-1245, confirmed on the wire
        """
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        self.hardware_host = "?"
        self.failure = ""  # why the stream could be read no further
        self._socket = sock
        self._traffic = traffic
        self._faults = faults
        self._stop = stop
        self._in_two = False  # whether header and text go apart
        self._nodelay = nodelay
        self._closed = False  # set once, by any thread
        self._was_faulty = False  # so is this
        self._protocol = DcsProtocol(Role.DCSS)
        self._lock = threading.Lock()  # guards sending: wire order = order of the record

    def ask(self) -> str | None:
        """Ask who is there; the name, or None where no whole answer came in time."""
        self.send(StocSendClientType())
        deadline = time.monotonic() + HANDSHAKE_S
        try:
            while self._protocol.hardware_name is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._socket.settimeout(left)
                data = self._socket.recv(_READ_SIZE)
                if not data:
                    return None
                self._protocol.receive_data(data)
                self._protocol.next_event()
            self._socket.settimeout(None)
        except (OSError, RemoteProtocolError) as error:
            logger.info("no handshake: %s", error)
            return None
        return self._protocol.hardware_name

    def accept(self, hardware_host: str, framing: Framing) -> None:
        """Go online as this host; its framing holds both ways from here."""
        self.hardware_host = hardware_host
        self._protocol.framing = framing
        self._in_two = framing is Framing.V2 and not self._nodelay

    @property
    def was_disturbed(self) -> bool:
        """Whether this side closed it, or a fault was at work: then the DHS may have had to go."""
        return self._closed or self._was_faulty

    @property
    def last_text(self) -> str:
        """Text of the last message of the DHS, in its own words."""
        return self._protocol.last_frame.text.decode(errors="surrogateescape")

    def next_message(self) -> Message | None:
        """The next message of the DHS, None at the end, however it ended."""
        try:
            while True:
                event = self._protocol.next_event()
                if isinstance(event, Disconnected):
                    return None
                if event is not NEED_DATA:
                    return event
                data = self._read()
                if data:
                    self._protocol.receive_data(data)
                else:
                    self._protocol.receive_eof()
        except (OSError, NotConnectedError, TruncatedFrameError) as error:
            logger.info("%s: connection ended: %s", self.hardware_host, error)
        except RemoteProtocolError as error:
            self.failure = str(error)
        return None

    def send(self, message: Message, *, line_end: bool = False) -> None:
        """Send a message, with a line end in front of its NUL or not.

        Raises:
            NotConnectedError: The DHS is gone.
            EncodeError: The message does not fit the wire.
            StateError: No DCSS may send it.
        """
        frame = frame_of(message)
        with self._lock:
            data = self._encoded(message, attrs.evolve(frame, text=frame.text + b"\n" * line_end))
            self._send_frame(message.keyword, frame, data)

    def _send_frame(self, keyword: str, frame: Frame, data: bytes) -> None:
        """Send the bytes of a frame as the faults have it, and record it; the lock is held."""
        steps = self._faults.steps(self.hardware_host, keyword, data)
        self._was_faulty = self._was_faulty or steps != (data,)
        text = frame.text.decode(errors="surrogateescape")
        for _ in range(_whole_frames(steps, len(data))):
            self._traffic.add(self.hardware_host, "->", text)
        self._perform(steps)

    def forward(self, text: str) -> None:
        """Send a text to the letter, as dcss forwards what a GUI wrote.

        Raises:
            NotConnectedError: The DHS is gone.
        """
        frame = Frame(text.encode(errors="surrogateescape"))
        with self._lock:
            if self._protocol.state is not State.ONLINE:
                raise NotConnectedError(f"{self.hardware_host} is gone")
            self._send_frame(first_word(text), frame, self._cut(frame))

    def _encoded(self, message: Message, frame: Frame) -> bytes:
        """The bytes of a message in this wording."""
        is_cut = self._protocol.framing is Framing.V1 and len(frame.text) >= V1_FRAME_SIZE
        try:
            data = b"" if is_cut else self._protocol.send(message)  # it knows what may be sent now
        except StateError as error:
            if self._protocol.state is State.ONLINE:
                raise
            raise NotConnectedError(f"{self.hardware_host} is gone: {error}") from None
        return data if isinstance(message, StocSendClientType) else self._cut(frame)

    def _cut(self, frame: Frame) -> bytes:
        """The bytes of a frame; in v1 cut as dcss cuts it: without a NUL at its end."""
        framing = self._protocol.framing
        if framing is Framing.V1 and len(frame.text) >= V1_FRAME_SIZE:
            return frame.text[:V1_FRAME_SIZE]
        return encode_frame(frame, framing)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are, for faults and recordings; raises as `send`."""
        with self._lock:
            self._write(data)

    def close(self, *, by_reset: bool = False) -> None:
        """End the connection: FIN, or RST as when the server is killed."""
        self._closed = True
        if by_reset:
            reset(self._socket)
        else:
            shut(self._socket)

    def _perform(self, steps: WireSteps) -> None:
        """Send a frame as the faults have it; what others send waits meanwhile."""
        for step in steps:
            if isinstance(step, Pause):
                self._pause(step.seconds)
            elif isinstance(step, Close):
                self.close(by_reset=step.by_reset)
                return  # who sent it learns of it as of any loss: the session ends
            else:
                self._write_as_dcss(step)

    def _read(self) -> bytes:
        """What there is to read, b"" at the end; as slowly as the faults have it."""
        while (rate := self._faults.reading_rate(self.hardware_host)) == 0:
            self._was_faulty = True
            self._pause(_POLL_S)
        if rate is None:
            return self._socket.recv(_READ_SIZE)
        self._was_faulty = True
        data = self._socket.recv(max(1, int(rate / _READS_A_SECOND)))
        self._pause(len(data) / rate)
        return data

    def _pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            NotConnectedError: The connection was closed meanwhile, or the server stops.
        """
        deadline = Deadline.after(seconds)
        while not deadline.passed:
            if self._stop.wait(min(_POLL_S, deadline.remaining())) or self._closed:
                raise NotConnectedError(f"{self.hardware_host} was disconnected")

    def _write_as_dcss(self, data: bytes) -> None:
        if self._in_two and len(data) > V2_HEADER_SIZE:
            self._write(data[:V2_HEADER_SIZE])
            data = data[V2_HEADER_SIZE:]
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise NotConnectedError(f"{self.hardware_host} is gone: {error}") from None


def _whole_frames(steps: WireSteps, size: int) -> int:
    """How many times a frame of this size is sent whole."""
    if any(isinstance(step, Close) for step in steps):
        return 0
    return sum(len(step) for step in steps if isinstance(step, bytes)) // size
