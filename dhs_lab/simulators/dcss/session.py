"""`Session`: one DHS's connection to the simulated DCSS."""

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
from dhs_lab.simulators.dcss.outbox import Outbox
from dhs_lab.simulators.dcss.texts import first_word
from dhs_lab.simulators.dcss.traffic import Traffic
from dhs_lab.simulators.dcss.wording import frame_of
from dhs_runtime.lowlevel import (
    Deadline,
    NotConnectedError,
    StopToken,
    ThreadGroup,
    get_logger,
    reset,
    shut,
)

logger = get_logger(__name__)

BACKLOG = 8 << 20  # bytes that may wait for a DHS that does not read
HANDSHAKE_S = 1.0  # for all 200 bytes together
_READ_SIZE = 1 << 16
_READS_A_SECOND = 20  # of a slow reader
_POLL_S = 0.02


class Session:
    """The server's side of one connection; a thread of the server reads, any thread may send."""

    def __init__(
        self,
        sock: socket.socket,
        traffic: Traffic,
        faults: Faults,
        stop: StopToken,
        *,
        threads: ThreadGroup,
        nodelay: bool = False,
    ) -> None:
        """The server's side of a connection.

        Args:
            sock: The connection.
            traffic: Where to record what is sent.
            faults: The active faults.
            stop: Ends pauses when the server stops.
            threads: For the thread that sends what a slow DHS does not take at once.
            nodelay: Send each frame in one piece, at once; else header and text of v2 separately,
                as dcss does.

        Source: xos_socket.c:1229-1245, confirmed on the wire
        """
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        self.hardware_host = "?"
        self.failure = ""  # why the rest of the stream could not be read
        self._socket = sock
        self._outbox = Outbox(sock, "simulated-dcss-outbox", BACKLOG, threads)
        self._traffic = traffic
        self._faults = faults
        self._stop = stop
        self._in_two = False  # whether header and text are sent separately
        self._nodelay = nodelay
        self._closed = False  # set once, by any thread
        self._was_faulty = False  # set once, by any thread
        self._protocol = DcsProtocol(Role.DCSS)
        self._lock = threading.Lock()  # guards sending: wire order = order of the record

    def ask(self) -> str | None:
        """Ask for the name of the DHS; None if no complete answer came in time."""
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
        """Go online as this host; both directions use its framing from now on."""
        self.hardware_host = hardware_host
        self._protocol.framing = framing
        self._in_two = framing is Framing.V2 and not self._nodelay

    @property
    def was_disturbed(self) -> bool:
        """Whether this side or a fault may have ended the connection, not the DHS."""
        return self._closed or self._was_faulty

    @property
    def last_text(self) -> str:
        """Text of the last message of the DHS, as it sent it."""
        return self._protocol.last_frame.text.decode(errors="surrogateescape")

    def next_message(self) -> Message | None:
        """The next message of the DHS, None at the end, however it ended."""
        try:
            while True:
                event = self._protocol.next_event()
                if isinstance(event, Disconnected):
                    break
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
            self.failure = f"{error}; a real dcss would keep the link and misread all that follows"
        if self._outbox.has_overflowed:
            self.failure = "it does not read; a real dcss, and all DHSs with it, would wait for it"
        return None

    def send(self, message: Message, *, line_end: bool = False) -> None:
        """Send a message, with or without a line end before its NUL.

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
        """Send the bytes of a frame with the faults, and record it; the lock is held."""
        steps = self._faults.steps(self.hardware_host, keyword, data)
        self._was_faulty = self._was_faulty or steps != (data,)
        text = frame.text.decode(errors="surrogateescape")
        for _ in range(_whole_frames(steps, len(data))):
            self._traffic.add(self.hardware_host, "->", text)
        self._perform(steps)

    def forward(self, text: str) -> None:
        """Send a text unchanged, as dcss forwards the text of a GUI.

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
            data = b"" if is_cut else self._protocol.send(message)  # checks what may be sent now
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
        """Send bytes unchanged, for faults and recordings; raises like `send`."""
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
        """Send a frame with the faults; other senders wait meanwhile."""
        for step in steps:
            if isinstance(step, Pause):
                self._pause(step.seconds)
            elif isinstance(step, Close):
                self.close(by_reset=step.by_reset)
                return  # the session ends, as after any loss
            else:
                self._write_as_dcss(step)

    def _read(self) -> bytes:
        """The next bytes, b"" at the end; read slowly if a fault says so."""
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
        """Send, or let it wait: no caller waits for a DHS that does not read."""
        if not self._outbox.put(data):
            raise NotConnectedError(f"{self.hardware_host} is gone")


def _whole_frames(steps: WireSteps, size: int) -> int:
    """How many times a frame of this size is sent whole."""
    if any(isinstance(step, Close) for step in steps):
        return 0
    return sum(len(step) for step in steps if isinstance(step, bytes)) // size
