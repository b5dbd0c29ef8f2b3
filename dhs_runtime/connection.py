"""`Connection`: one TCP connection to DCSS from its handshake to its end.

The link's thread runs it and reads; any thread sends. The one lock spans encoding and writing, so
the order on the wire is the order in which `send` was called, and it is free while handlers run.
"""

import enum
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

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
    UnknownMessage,
)
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import NotConnectedError, TransportError
from dhs_runtime.transport import Resolver, TcpTransport

logger = logging.getLogger(__name__)

OnMessage = Callable[[Message], None]

WORKED_S: Final = 1.0
"""A connection that stood so long worked, whatever went over it."""
REFUSAL_S: Final = 5.0
"""dcss takes three seconds to refuse a name that is connected already, one for a wrong computer."""
START: Final = "stoh_start_"
DCSS_SAYS: Final = ("stoc_", "stoh_")


class Ending(enum.Enum):
    """How a connection ended, as far as it matters for the next one."""

    UNREACHABLE = "unreachable"
    """There was no TCP connection."""
    NO_HANDSHAKE = "no handshake"
    """Somebody took the connection, and did not ask who we are."""
    REFUSED = "refused"
    """DCSS closed behind the handshake without a single message."""
    DROPPED = "dropped"
    """DCSS spoke, and closed before it had anything done or a second was over."""
    LOST = "lost"
    """The end of a connection that worked."""

    @property
    def was_online(self) -> bool:
        """Whether the handshake had been done."""
        return self not in (Ending.UNREACHABLE, Ending.NO_HANDSHAKE)


@attrs.frozen
class Outcome:
    """The end of a connection: its kind, and one line for the log."""

    ending: Ending
    reason: str


class Connection:
    """One connection; make a new one for the next."""

    def __init__(
        self, name: str, config: DcssConfig, codec: Codec, resolver: Resolver | None = None
    ) -> None:
        self._name = name
        self._wire_log = logging.getLogger(f"dhs_runtime.wire.{name}")  # each its own switch
        self._config = config
        self._codec = codec
        self._transport = TcpTransport(resolver)
        self._protocol = DcsProtocol(Role.DHS, config.framing, codec=codec)
        self._lock = threading.Lock()  # guards protocol.send + write: wire order = call order
        self._online_at = 0.0
        self._heard = False  # whether DCSS sent anything after the handshake
        self._used = False  # whether it started an operation or a move

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
            return Outcome(Ending.NO_HANDSHAKE, f"no handshake with {config.host}: {reason}")
        return Outcome(self._ending(), reason)

    def send(self, message: Message) -> None:
        """Encode and write a message; returns when the system has taken all of it.

        Nothing is kept for later: while DCSS does not read, senders wait here, each with its one
        message, and when it takes no byte for `send_timeout_s` the connection is given up.

        Raises:
            EncodeError: The message does not fit the wire; nothing was sent.
            StateError: The message is not for a DHS to send; nothing was sent.
            NotConnectedError: The connection is not online, broke, or DCSS reads nothing.
        """
        if not self._lock.acquire(blocking=False):
            self._wait_for_turn(message)
        try:
            self._write(message)
        except StateError as error:
            if _is_for_dcss(message):
                raise
            raise NotConnectedError(f"{message.keyword} not sent: {error}") from None
        except TransportError as error:
            self._transport.interrupt()  # part of a frame may be out: the stream is broken
            raise NotConnectedError(f"{message.keyword} not sent: {error}") from None
        finally:
            self._lock.release()

    def interrupt(self) -> None:
        """End the connection from another thread; what was sent before still goes out."""
        self._transport.interrupt()

    def _wait_for_turn(self, message: Message) -> None:
        """Take the lock, for which a slow DCSS may need long; give up on one that reads nothing."""
        written = self._transport.written
        while not self._lock.acquire(timeout=self._config.send_timeout_s):
            if self._transport.written == written:
                self._transport.interrupt()  # dropping a completion on a live link would be worse
                raise NotConnectedError(f"{message.keyword} not sent: DCSS does not read")
            written = self._transport.written

    def _write(self, message: Message) -> None:
        data = self._protocol.send(message)
        if self._wire_log.isEnabledFor(logging.DEBUG):
            self._wire_log.debug("-> %s", self._codec.encode(message))
        self._transport.write(data)

    def _read(self, on_online: Callable[[], None], on_message: OnMessage) -> str:
        protocol = self._protocol
        deadline = Deadline.after(self._config.connect_timeout_s)  # in all, however slowly it drips
        while True:
            if not self.online:
                self._transport.set_read_timeout(max(0.001, deadline.remaining()))
            data = self._transport.read()
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            while (event := protocol.next_event()) is not NEED_DATA:
                if isinstance(event, Disconnected):
                    return "DCSS closed the connection"
                self._wire_log.debug("<- %s", protocol.last_frame)
                if isinstance(event, StocSendClientType) and not self.online:
                    self._answer(on_online)
                else:
                    self._heard = True
                    if not self._used and event.keyword.startswith(START):
                        self._used = True
                    on_message(event)

    def _answer(self, on_online: Callable[[], None]) -> None:
        """Say who we are, at once: DCSS waits one second for it."""
        with self._lock:
            self._write(HtosClientIsHardware(hardware_name=self._name))
        self._transport.set_read_timeout(None)
        self._online_at = time.monotonic()
        on_online()

    def _ending(self) -> Ending:
        stood_s = time.monotonic() - self._online_at
        if not self._heard:
            return Ending.REFUSED if stood_s < REFUSAL_S else Ending.LOST
        return Ending.LOST if self._used or stood_s >= WORKED_S else Ending.DROPPED


def _is_for_dcss(message: Message) -> bool:
    """Whether only DCSS sends this, so that no connection would help."""
    if isinstance(message, UnknownMessage):
        return message.received_keyword.startswith(DCSS_SAYS)
    return message.keyword.startswith(DCSS_SAYS)
