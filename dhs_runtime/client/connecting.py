"""One connection to DCSS's GUI port: login, then messages until the end."""

import socket
import threading
from collections.abc import Callable
from typing import Final

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Disconnected,
    Frame,
    FrameError,
    Framing,
    MalformedMessage,
    Message,
    Role,
    State,
    encode_frame,
)
from dcs_codec.gui import (
    GtosClientIsGui,
    StocSendClientType,
    StogAuthenticationFailed,
    StogLoginComplete,
    StogRespondToChallenge,
)
from dhs_runtime.addresses import HostPort, is_loopback
from dhs_runtime.client.errors import LoginError
from dhs_runtime.errors import NotConnectedError, TransportError
from dhs_runtime.transport import Resolver, TcpTransport

LOOPBACK_NAME = "localhost"

_GREETING: Final = StocSendClientType.keyword.encode()


class GuiConnection:
    """One connection; it can be used only once."""

    def __init__(self, address: HostPort, login: GtosClientIsGui, resolver: Resolver) -> None:
        """A connection; `run` makes it."""
        self._address = address
        self._login = login
        self._transport = TcpTransport(resolver)
        self._protocol = DcsProtocol(Role.GUI)
        self._lock = threading.Lock()  # guards the order on the wire, and the closing

    def run(self, on_message: Callable[[Message], None], timeout_s: float) -> str:
        """Connect, log in and read messages until the end; returns why it ended.

        `on_message` is called in this thread, with each message after the greeting.

        Raises:
            LoginError: DCSS refuses the login.
            HandshakeError: This is not a GUI port.
        """
        try:
            self._transport.connect(self._address.host, self._address.port, timeout_s)
            self._transport.set_write_timeout(timeout_s)
            self._transport.set_read_timeout(timeout_s)
            while self._read(on_message):
                pass
        except (TransportError, FrameError) as error:
            return str(error)
        finally:
            self._transport.interrupt()
            with self._lock:
                self._transport.close()
        return "DCSS closed the connection"

    def _read(self, on_message: Callable[[Message], None]) -> bool:
        """Read and handle the next data; False at the end of the stream."""
        data = self._transport.read()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        while (event := self._protocol.next_event()) is not NEED_DATA:
            if isinstance(event, Disconnected):
                return False
            if isinstance(event, StocSendClientType) and self._protocol.state is State.ASKED:
                self._put(self._protocol.send(self._login))
            else:
                self._check_decision(event)
                on_message(event)
        if self._protocol.has_more:
            self._transport.acknowledge()
        return True

    def _check_decision(self, message: Message) -> None:
        """Raise LoginError if a message, even a malformed one, means that the login failed."""
        keyword = message.keyword
        if isinstance(message, MalformedMessage):
            keyword = message.received_keyword
            if keyword == StogLoginComplete.keyword:
                raise LoginError(f"DCSS at {self._address} sent no client number: {message.text!r}")
        if keyword == StogAuthenticationFailed.keyword:
            raise LoginError(
                f"DCSS at {self._address} refused the login of {self._login.user} from host "
                f"{self._login.host}: check user, session, and that DCSS knows this host by that "
                "name"
            )
        if keyword == StogRespondToChallenge.keyword:
            raise LoginError(
                f"DCSS at {self._address} asks for the old login with a challenge, which is not "
                "supported"
            )

    def is_in(self) -> None:
        """Let DCSS be silent for any time from now on, because the first push is read."""
        self._transport.set_read_timeout(None)

    def encode(self, message: Message) -> bytes:
        """The bytes of a message; raises EncodeError and StateError, and nothing is sent."""
        return self._protocol.encode(message)

    def write(self, data: bytes) -> None:
        """Write what was encoded.

        Raises:
            NotConnectedError: The connection has ended, or DCSS does not read.
        """
        with self._lock:
            self._put(data)

    def _put(self, data: bytes) -> None:
        try:
            self._transport.write(data)
        except TransportError as error:
            self._transport.interrupt()
            raise NotConnectedError(f"not sent: {error}") from None

    def interrupt(self) -> None:
        """End the connection from another thread."""
        self._transport.interrupt()


def check_login(login: GtosClientIsGui) -> None:
    """Check that a login can be sent; raises EncodeError."""
    protocol = DcsProtocol(Role.GUI)
    protocol.receive_data(encode_frame(Frame(_GREETING), Framing.V2))
    protocol.next_event()
    protocol.send(login)


def own_name(host: str) -> str:
    """The name that DCSS at `host` probably resolves this computer's address to."""
    return LOOPBACK_NAME if is_loopback(host) else socket.getfqdn()
