"""`GuiPort`: listens for GUIs, checks their logins, and reads their commands."""

import itertools
import selectors
import socket
import time
from collections.abc import Callable
from typing import Final

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Disconnected,
    Message,
    RemoteProtocolError,
    Role,
)
from dcs_codec.gui import (
    CYPHER,
    DCS_CYPHER,
    GtosClientIsGui,
    StocSendClientType,
    StogAuthenticationFailed,
    StogLoginComplete,
)
from dhs_lab.simulators.dcss.gui_port.audience import SELF_ID, Audience
from dhs_lab.simulators.dcss.gui_port.first_push import FirstPush
from dhs_lab.simulators.dcss.gui_port.gui_client import ConnectedGui, Party
from dhs_lab.simulators.dcss.gui_port.gui_settings import GuiSettings
from dhs_lab.simulators.dcss.outbox import Outbox
from dhs_runtime.lowlevel import (
    Deadline,
    HostPort,
    TcpListener,
    ThreadGroup,
    get_logger,
    is_loopback,
)

logger = get_logger(__name__)

MAX_CLIENTS: Final = 128
MAX_FRAME: Final = 1 << 21  # bytes: twice what any client was seen to send
_READ: Final = 1 << 16
_JOIN_S: Final = 1.0
_LAST_WORDS_S: Final = 0.5


class GuiPort:
    """The port, inside `start` and `stop`."""

    def __init__(
        self,
        audience: Audience,
        push: FirstPush,
        take: Callable[[ConnectedGui, str], object],
        settings: GuiSettings,
        *,
        host: str,
        port: int,
    ) -> None:
        """A port that is not open.

        Args:
            audience: The clients.
            push: Sends the database to a new client.
            take: Carries out a client's command, a text.
            settings: Who may log in.
            host: Address to listen on.
            port: 0 for a free one.
        """
        self._audience = audience
        self._push = push
        self._take = take
        self._settings = settings
        self._ids = itertools.count(SELF_ID + 1)
        self._threads = ThreadGroup()
        self._listener = TcpListener(
            self._serve,
            name="simulated-dcss-gui",
            host=host,
            port=port,
            max_connections=MAX_CLIENTS,
        )

    @property
    def port(self) -> int:
        """The port number."""
        return self._listener.port

    @property
    def address(self) -> str:
        """`HOST:PORT`."""
        return str(HostPort(self._listener.host, self._listener.port))

    def start(self) -> None:
        """Listen; raises OSError, which names the port, if it is taken."""
        try:
            self._listener.open()
        except OSError as error:
            where = f"GUI port {self._listener.port}: {error.strerror}"
            raise OSError(error.errno, where) from error
        logger.info("simulated DCSS listens for GUIs at %s", self.address)

    def stop(self) -> None:
        """Close all connections and the port; it may start again."""
        for client in self._audience.clients():
            client.outbox.close()
        self._listener.close()
        self._threads.join(Deadline.after(_JOIN_S))

    # -- one connection ----------------------------------------------------------------------

    def _serve(self, sock: socket.socket, address: HostPort) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(sock, self._settings.waiting_s)
        client_id = next(self._ids)
        outbox = Outbox(sock, f"gui-{client_id}-outbox", self._settings.backlog, self._threads)
        outbox.put(connection.protocol.send(StocSendClientType()))
        login = connection.next_message()
        if login is None:
            logger.info("GUI %d at %s sent no login in time; closed", client_id, address)
            return
        client = self._let_in(client_id, login, address, outbox)
        if client is None:
            refused = connection.protocol.send(StogAuthenticationFailed(client_id=client_id))
            outbox.put(refused)
            outbox.finish(Deadline.after(_LAST_WORDS_S))
            return
        outbox.put(connection.protocol.send(StogLoginComplete(client_id=client_id)))
        self._talk(client, connection)

    def _let_in(
        self, client_id: int, login: Message, address: HostPort, outbox: Outbox
    ) -> ConnectedGui | None:
        """The client of a login; logs a refusal and returns None."""
        if not isinstance(login, GtosClientIsGui):
            logger.info("GUI %d at %s refused: %s", client_id, address, login)
            return None
        known = "localhost" if is_loopback(address.host) else address.host
        rights = self._settings.rights(login.user, login.session)
        if login.session in (CYPHER, DCS_CYPHER):
            why = f"session {login.session}: encrypted sessions are not simulated"
        elif rights is None:
            why = f"no session {login.session} of {login.user}"
        elif self._settings.checks_host and login.host != known:
            why = f"host {login.host} is not {known}"
        else:
            display = self._settings.display(login.display)
            party = Party(login.user, login.session, login.host, login.display)
            return ConnectedGui(client_id, party, rights, display, outbox)
        logger.info("GUI %d at %s refused: %s", client_id, address, why)
        return None

    def _talk(self, client: ConnectedGui, connection: "_Connection") -> None:
        logger.info("%s has logged in", client)
        try:
            self._audience.join(client)
            self._audience.tell_clients()
            self._push.send(client)
            while connection.next_message() is not None:
                self._take(client, connection.last_text)
            if client.outbox.has_overflowed:
                logger.warning("%s does not read its messages; dropped", client)
            elif connection.failure:
                logger.warning("%s: %s; closed", client, connection.failure)
        finally:
            client.outbox.close()
            self._audience.leave(client)
            self._audience.tell_clients()
            logger.info("%s has disconnected", client)


class _Connection:
    """Reads one connection; the total time of waiting for pieces is limited.

    Source: dcss_gui_client.c:822, xos_socket.c:991, confirmed on the wire
    """

    def __init__(self, sock: socket.socket, waiting_s: float) -> None:
        self.protocol = DcsProtocol(Role.GUI_SERVER, max_frame_size=MAX_FRAME)
        self.failure = ""
        self._socket = sock
        self._left_s = waiting_s
        self._is_login = True

    @property
    def last_text(self) -> str:
        """Text of the last message, as the client sent it."""
        return self.protocol.last_frame.text.decode(errors="surrogateescape")

    def next_message(self) -> Message | None:
        """The next message, None at the end, however it ended."""
        try:
            while (event := self.protocol.next_event()) is NEED_DATA:
                data = self._read()
                if data is None:
                    self.failure = "pieces of a message came too late for a real dcss"
                    return None
                if data:
                    self.protocol.receive_data(data)
                else:
                    self.protocol.receive_eof()
        except (OSError, RemoteProtocolError) as error:
            self.failure = str(error)
            return None
        self._is_login = False
        return None if isinstance(event, Disconnected) else event

    def _read(self) -> bytes | None:
        """The next bytes, b"" at the end; None if a piece did not come in time."""
        if not (self._is_login or self.protocol.has_more):
            return self._socket.recv(_READ)
        began_s = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            came = selector.select(max(0.0, self._left_s))
        self._left_s -= time.monotonic() - began_s
        return self._socket.recv(_READ) if came else None
