"""`GuiLink`: a client's link to DCSS, over any number of connections, and what DCSS sent."""

import itertools
import math
import random
from collections.abc import Sequence
from typing import Any, Final, Self, TypeVar

from dcs_codec import HandshakeError, MalformedMessage, Message
from dcs_codec.gui import (
    CYPHER,
    DCS_CYPHER,
    GtosAbortAll,
    GtosClientIsGui,
    StogDcssEndUpdateAllDevice,
    StogLoginComplete,
)
from dhs_runtime.addresses import HostPort
from dhs_runtime.client.connecting import GuiConnection, check_login, own_name
from dhs_runtime.client.errors import LoginError
from dhs_runtime.client.events import ClientEvent, ClientState, ListeningClient
from dhs_runtime.client.pending import OpenRequests, PendingRequest
from dhs_runtime.client.picture import BeamlinePicture
from dhs_runtime.clock import Backoff, Deadline
from dhs_runtime.errors import ConfigError, DhsError, NotConnectedError
from dhs_runtime.loggers import get_logger
from dhs_runtime.secrets import mask_reason
from dhs_runtime.threads import StopToken, ThreadGroup
from dhs_runtime.transport import Resolver

logger = get_logger(__name__)

GUI_PORT: Final = 14243
JOIN_S: Final = 5.0
SHOWN: Final = 200
"""Most characters of a message that cannot be read, in the log."""
LINK_THREAD: Final = "client-link"
T = TypeVar("T")


class GuiLink(ListeningClient):
    """The link of a client to DCSS's GUI port, what DCSS sent, and the open requests.

    It reconnects by itself when the link is lost. Any thread and any callback may call its methods.
    """

    def __init__(
        self,
        dcss: str = "localhost",
        *,
        user: str,
        session: str = "none",
        host: str | None = None,
        display: str = ":0",
        connect_timeout_s: float = 10.0,
        retry: Backoff | None = None,
    ) -> None:
        """A client that is not connected yet; `start` or `with` connects it.

        Args:
            dcss: `HOST:PORT` of the GUI port; the default port is 14243.
            user: Name of the user.
            session: Session id, not encrypted; a DCSS without authentication accepts any word.
            host: Name that DCSS resolves this computer to; by default `localhost` on loopback,
                else the computer's full name.
            display: The display, which tells DCSS where this client is.
            connect_timeout_s: Longest silence until the first push is read, in seconds.
            retry: Delays between tries to connect.

        Raises:
            ConfigError: The address is not valid, or the session would have to be encrypted.
            EncodeError: A word of the login cannot be sent.
        """
        if session in (CYPHER, DCS_CYPHER):
            raise ConfigError(f"session {session}: encrypted sessions are not supported yet")
        self.address = HostPort.read(dcss, GUI_PORT)
        self._login = GtosClientIsGui(
            user=user,
            session=session,
            host=own_name(self.address.host) if host is None else host,
            display=display,
        )
        check_login(self._login)  # otherwise each connection would fail
        self._connect_timeout_s = connect_timeout_s
        self._backoff = Backoff() if retry is None else retry
        super().__init__(ThreadGroup(self._crashed))
        self._coming: BeamlinePicture | None = None  # of a login whose push is under way
        self._connection: GuiConnection | None = None
        self._logins = 0
        self._handles = itertools.count(random.randrange(100_000, 1_000_000))  # noqa: S311
        self._stop = StopToken()
        self._requests = OpenRequests(self._changed, self._threads)

    @property
    def state(self) -> ClientState:
        """The present state of the client."""
        return self._state

    @property
    def epoch(self) -> int:
        """Number of the present login; 0 while the client is not ready."""
        return self._requests.epoch

    # -- being connected ----------------------------------------------------------------------

    def start(self) -> None:
        """Start to connect; returns at once.

        Raises:
            DhsError: The client was started before.
        """
        with self._changed:
            if self._state is not ClientState.OFFLINE:
                raise DhsError("the client was started before; make a new one")
            self._state = ClientState.CONNECTING
            self._reason = "no answer yet"
            self._requests.start()  # in one step with the state: another thread may stop it
            self._threads.spawn(LINK_THREAD, self._run)

    def stop(self) -> None:
        """End the connection and all callbacks; operations and moves continue at the beamline.

        Callers that wait for one of them get `LinkLostError`.
        """
        self._stop.stop()
        with self._changed:
            self._state = ClientState.STOPPED
            self._requests.epoch = 0
            self._reason = "stopped"
            self._requests.stop()
            connection, queues = self._connection, self._queues
            self._wake()
        if connection is not None:
            connection.interrupt()
        for queue in queues:
            queue.close()
        left = self._threads.join(Deadline.after(JOIN_S))
        if left:
            logger.warning("still alive after the stop: %s", ", ".join(left))

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready(2 * self._connect_timeout_s)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until DCSS has sent all its devices.

        Raises:
            LoginError: DCSS refused the login, or the port is not a GUI port.
            NotConnectedError: Not within `timeout_s` seconds, or the client was stopped.
        """
        over = (ClientState.READY, ClientState.REFUSED, ClientState.STOPPED)
        deadline = Deadline.after(timeout_s)
        with self._changed:
            self._changed.wait_for(lambda: self._state in over, deadline.remaining())
            if self._state is ClientState.REFUSED:
                raise LoginError(self._reason)
            if self._state is not ClientState.READY:
                raise NotConnectedError(f"DCSS at {self.address}: {self._reason}")

    def _run(self) -> None:
        resolver = Resolver(self._threads)
        delays = self._backoff.delays()
        while not self._stop.is_stopping():
            logins = self._logins
            connection = GuiConnection(self.address, self._login, resolver)
            self._go(ClientState.CONNECTING, connection=connection)
            if self._stop.is_stopping():  # stop() may have looked before there was a connection
                break
            try:
                reason = connection.run(self._take, self._connect_timeout_s)
            except LoginError as error:
                self._refuse(str(error))
                return
            except HandshakeError as error:
                reason = f"{self.address} is not a GUI port of DCSS: {error}"
                if not logins:  # after a login it is one, and DCSS is perhaps being restarted
                    self._refuse(reason)
                    return
            except NotConnectedError as error:
                reason = str(error)
            if self._coming is not None:
                reason += ", while DCSS sent its devices"
            logger.info("no link to DCSS at %s: %s", self.address, reason)
            self._go(ClientState.WAITING, reason=reason)
            if self._logins != logins:
                delays = self._backoff.delays()
            self._stop.wait(next(delays))

    def _refuse(self, reason: str) -> None:
        logger.error("%s", reason)
        self._go(ClientState.REFUSED, reason=reason)

    def _crashed(self, name: str, error: BaseException) -> None:
        """End the client if the thread that ended with an exception is that of its link."""
        if name == LINK_THREAD:
            self._go(ClientState.REFUSED, reason=f"the link to DCSS ended with {error!r}")

    def _go(
        self, state: ClientState, *, reason: str = "", connection: GuiConnection | None = None
    ) -> None:
        with self._changed:
            if self._state is ClientState.STOPPED:  # keep that state and reason
                state, reason = self._state, self._reason
            self._state = state
            self._reason = reason or self._reason
            self._connection, self._coming, self._requests.epoch = connection, None, 0
            if state is ClientState.REFUSED:
                self._requests.lose(reason)
            queues = self._queues
            self._wake()
        for queue in queues:
            queue.offer([state])

    def _take(self, message: Message) -> None:
        """Handle a message, in the thread that reads."""
        if isinstance(message, MalformedMessage):
            logger.warning(
                "DCSS sent a message that cannot be read: %s (%s)",
                mask_reason(message.text, most=SHOWN),
                message.reason,
            )
        with self._changed:
            if self._state is ClientState.STOPPED:
                return
            events = self._put_in(message)
            self._requests.tell(message)
            queues = self._queues
            self._wake()
        for queue in queues:
            queue.offer(events)

    def _put_in(self, message: Message) -> Sequence[ClientEvent]:
        """Enter a message into the picture; returns the events."""
        if isinstance(message, StogLoginComplete):
            self._coming = BeamlinePicture(message.client_id)
            self._logins += 1
            self._requests.epoch = 0
            self._state = ClientState.PUSH
            return [message, self._state]
        if self._coming is None:
            self._picture.apply(message)
            return [message, *self._picture.take_changes()]
        if not isinstance(message, StogDcssEndUpdateAllDevice):
            self._coming.apply(message)
            return [message]
        old, self._picture, self._coming = self._picture, self._coming, None
        self._picture.take_changes()
        if self._connection is not None:
            self._connection.is_in()
            self._state = ClientState.READY
            self._requests.epoch = self._logins
            self._requests.link_is_back()
        return [message, *self._picture.changes_since(old), self._state]

    # -- what commands need -------------------------------------------------------------------

    def check_ready(self) -> None:
        """Check that the values are current, and that the client can send.

        Raises:
            NotConnectedError: It is not ready.
        """
        if self.epoch == 0:
            raise NotConnectedError(f"the client is {self._state.value}: {self._reason}")

    def send(self, message: Message) -> None:
        """Send one message; does not wait for an answer.

        Raises:
            NotConnectedError: The client is not ready; nothing was sent.
            EncodeError: The message cannot be written, or would crash a real server.
            StateError: Clients may not send this message.
        """
        self._send(message, self.epoch)

    def _send(self, message: Message, epoch: int) -> None:
        """Send a message, only under the login `epoch`: it may contain that login's number."""
        with self._changed:
            connection, state, reason = self._connection, self._state, self._reason
            if connection is None or epoch == 0 or epoch != self.epoch:
                raise NotConnectedError(f"not sent, the client is {state.value}: {reason}")
        connection.write(connection.encode(message))

    def _ask(
        self, request: PendingRequest[Any], message: Message, timeout_s: float | None = None
    ) -> None:
        """Send the message of a request, which gets all messages from just before that on."""
        self._open(request, timeout_s)
        self._send_for(request, message)

    def _open(self, request: PendingRequest[Any], timeout_s: float | None) -> None:
        """Give a request all messages from now on; raises ValueError for a time of nan."""
        with self._changed:
            if timeout_s is not None:
                request.end_within(timeout_s)
            self._requests.add(request)

    def _send_for(self, request: PendingRequest[Any], message: Message) -> None:
        try:
            self._send(message, request.epoch)
        except BaseException:
            self._forget(request)
            raise

    def _answer(self, request: PendingRequest[T], message: Message, timeout_s: float) -> T:
        """Send a request that nobody else will wait for, and return its value."""
        self._ask(request, message, timeout_s)
        return self._end_of(request)

    def _end_of(self, request: PendingRequest[T]) -> T:
        """Wait for a request that has a deadline, and for which nobody else waits."""
        try:
            return request.wait(math.inf)
        finally:
            self._forget(request)

    def _forget(self, request: PendingRequest[Any]) -> None:
        with self._changed:
            self._requests.forget(request)

    def _next_handle(self) -> str:
        """A new handle. It does not end in 0, because Tcl takes 1.10 for 1.1."""
        number = next(each for each in self._handles if each % 10)
        return f"{self.client_id}.{number}"

    def _hosts_of(self, *names: str) -> dict[str, bool]:
        """Whether hardware hosts are online."""
        return {name: name in self.hosts and self.hosts[name].is_online for name in names}

    def abort(self, *, hard: bool = False) -> None:
        """Stop everything at the beamline, even if not master. Returns when it is sent.

        The open requests of this client end with `AbortedError`, at the latest 5 s later.

        Raises:
            NotConnectedError: The client is not ready; nothing was sent.
        """
        self.send(GtosAbortAll(abort_arg="hard" if hard else "soft"))
        with self._changed:
            for request in self._requests:
                request.abort_sent()
