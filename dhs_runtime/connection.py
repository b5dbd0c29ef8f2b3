"""`Connection`: one TCP connection to DCSS from its handshake to its end.

The link's thread runs it and reads; any thread sends. The one lock spans encoding and writing, so
the order on the wire is the order in which `send` was called, and it is free while handlers run.
"""

import enum
import logging
import threading
from collections.abc import Callable

import attrs

from dcs_codec import (
    NEED_DATA,
    Codec,
    DcsProtocol,
    Disconnected,
    HtosClientIsHardware,
    Message,
    RemoteProtocolError,
    Role,
    State,
    StateError,
    StocSendClientType,
)
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import NotConnectedError, TransportError
from dhs_runtime.transport import TcpTransport

logger = logging.getLogger(__name__)
wire_logger = logging.getLogger("dhs_runtime.wire")

OnMessage = Callable[[Message], None]


class Ending(enum.Enum):
    """How a connection ended, as far as it matters for the next one."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """DCSS closed behind the handshake without a single message."""
    LOST = "lost"


@attrs.frozen
class Outcome:
    """The end of a connection: its kind, and one line for the log."""

    ending: Ending
    reason: str


class Connection:
    """One connection; make a new one for the next."""

    def __init__(self, name: str, config: DcssConfig, codec: Codec) -> None:
        self._name = name
        self._config = config
        self._transport = TcpTransport()
        self._protocol = DcsProtocol(Role.DHS, config.framing, codec=codec)
        self._lock = threading.Lock()  # guards protocol.send + write: wire order = call order
        self._heard = False  # whether DCSS sent anything after the handshake

    @property
    def online(self) -> bool:
        """Whether the handshake is done and the end not yet seen."""
        return self._protocol.state is State.ONLINE

    def run(self, on_online: Callable[[], None], on_message: OnMessage) -> Outcome:
        """Connect, answer the handshake and hand over messages until the end.

        Both callbacks run in the reading thread and must return at once.
        """
        config = self._config
        try:
            self._transport.connect(config.host, config.port, config.connect_timeout_s)
        except TransportError as error:
            self._transport.close()
            return Outcome(Ending.UNREACHABLE, str(error))
        try:
            self._transport.set_read_timeout(config.connect_timeout_s)
            self._transport.set_write_timeout(config.send_timeout_s)
            reason = self._read(on_online, on_message)
        except (TransportError, RemoteProtocolError) as error:
            reason = str(error)
        finally:
            self._protocol.receive_eof()
            self._transport.interrupt()  # a sender that waits for DCSS to read gives up now
            with self._lock:  # nobody writes to a closed socket, whose number may be reused
                self._transport.close()
        if self._protocol.hardware_name is None:
            return Outcome(Ending.UNREACHABLE, f"no handshake with {config.host}: {reason}")
        return Outcome(Ending.LOST if self._heard else Ending.REFUSED, reason)

    def send(self, message: Message) -> None:
        """Encode and write a message; returns when the system has taken all of it.

        Raises:
            EncodeError: The message does not fit the wire; nothing was sent.
            NotConnectedError: The connection is not online, broke, or DCSS reads nothing.
        """
        if not self._lock.acquire(timeout=self._config.send_timeout_s):
            self._transport.interrupt()  # dropping a completion on a live link would be worse
            raise NotConnectedError(f"{message.keyword} not sent: DCSS does not read")
        try:
            self._write(message)
        except StateError as error:
            raise NotConnectedError(str(error)) from None
        except TransportError as error:
            self._transport.interrupt()  # part of a frame may be out: the stream is broken
            raise NotConnectedError(f"{message.keyword} not sent: {error}") from None
        finally:
            self._lock.release()

    def interrupt(self) -> None:
        """End the connection from another thread; what was sent before still goes out."""
        self._transport.interrupt()

    def _write(self, message: Message) -> None:
        data = self._protocol.send(message)
        wire_logger.debug("-> %s", message)
        self._transport.write(data)

    def _read(self, on_online: Callable[[], None], on_message: OnMessage) -> str:
        protocol = self._protocol
        while True:
            data = self._transport.read()
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            while (event := protocol.next_event()) is not NEED_DATA:
                wire_logger.debug("<- %s", event)
                if isinstance(event, Disconnected):
                    return "DCSS closed the connection"
                if isinstance(event, StocSendClientType) and not self.online:
                    self._answer(on_online)
                else:
                    self._heard = True
                    on_message(event)

    def _answer(self, on_online: Callable[[], None]) -> None:
        """Say who we are, at once: DCSS waits one second for it."""
        with self._lock:
            self._write(HtosClientIsHardware(hardware_name=self._name))
        self._transport.set_read_timeout(None)
        on_online()
