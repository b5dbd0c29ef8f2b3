"""`Link`: keeps a DHS connected to DCSS: connects, notices the end, waits, connects again.

OFFLINE ──▶ CONNECTING ──▶ ONLINE
   ▲             │            │
   │             ▼            │
   ├───────── WAITING ◀───────┘      stop() leads to STOPPED from anywhere
"""

import enum
import logging
import threading
from functools import partial
from typing import Final, Protocol

from dcs_codec import Codec, Message
from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.connection import Connection, ConnectionEnd, Ending
from dhs_runtime.errors import NotConnectedError
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import StopToken, ThreadGroup
from dhs_runtime.transport import Resolver

logger = get_logger(__name__)


class Receiver(Protocol):
    """Callbacks of a link. All are called in the link's own thread and must return at once."""

    def feed(self, message: Message, outlet: Connection) -> None:
        """A message came; answers to it go out by `outlet`."""

    def new_link(self) -> None:
        """The handshake is done; no later message has been read yet."""

    def lost_link(self, reason: str) -> None:
        """A link that was online is lost."""


REFUSED_HINT: Final = (
    "DCSS closed the connection right after we said we are {name!r}; check that its database has "
    "a hardware host of that name, that the host's computer is this one, and that no other DHS of "
    "that name is connected"
)
DROPPED_HINT: Final = (
    "DCSS at {address} ended {count} connections in a row as soon as they were made ({reason}); "
    "check its log"
)
RESTART_S: Final = 60.0
"""How long DCSS may be restarting after a loss; delays for UNREACHABLE do not grow then."""
SAY_DROPPED_AT: Final = 3


class LinkState(enum.Enum):
    """The state of a link."""

    OFFLINE = "offline"
    """Not started."""
    CONNECTING = "connecting"
    """A connection is being made, or DCSS has not asked yet."""
    ONLINE = "online"
    """DCSS knows who this is; messages go both ways."""
    WAITING = "waiting"
    """Waiting before the next try to connect."""
    STOPPED = "stopped"
    """Stopped for good."""


class Retry:
    """Reconnect policy: when to try again, and whether the last outcome is worth logging.

    Each kind of ending has its own growing delays. A connection that worked resets them all; any
    ending but UNREACHABLE resets those for UNREACHABLE.

    Attributes:
        count: How often in a row connections ended this way.
        is_news: Whether the last one ended in another way than the one before.
    """

    def __init__(self, config: DcssConfig) -> None:
        self._config = config
        self._restarting = Deadline.after(0)
        self._last: ConnectionEnd | None = None
        self._forget()
        self.count = 0
        self.is_news = True

    def after(self, outcome: ConnectionEnd) -> float:
        """Record the end of a connection; returns the seconds to wait before the next."""
        last = self._last
        self.is_news = outcome != last
        self.count = self.count + 1 if last is not None and last.ending is outcome.ending else 1
        self._last = outcome
        if outcome.ending is Ending.LOST:
            self._forget()
            self._restarting = Deadline.after(RESTART_S)
        if outcome.ending is not Ending.UNREACHABLE or not self._restarting.passed:
            self._delays[Ending.UNREACHABLE] = self._config.retry.delays()
        return next(self._delays[outcome.ending])

    @property
    def dropped(self) -> int:
        """How many connections in a row were dropped as soon as they were made."""
        return self.count if self._last and self._last.ending is Ending.DROPPED else 0

    def _forget(self) -> None:
        self._delays = {ending: self._config.retry.delays() for ending in Ending}
        self._delays[Ending.REFUSED] = self._config.retry_refused.delays()


class Link:
    """The link of one DHS to DCSS, over any number of connections.

    Attributes:
        address: `HOST:PORT` of DCSS.
    """

    def __init__(
        self,
        name: str,
        config: DcssConfig,
        codec: Codec,
        *,
        threads: ThreadGroup,
    ) -> None:
        """A link; not running yet. It looks up DCSS's address in `threads`."""
        self.address = str(HostPort(config.host, config.port))
        self._name = name
        self._config = config
        self._codec = codec
        self._changed = threading.Condition()  # guards _state and _connection
        self._state = LinkState.OFFLINE
        self._connection: Connection | None = None
        self._stop = StopToken()
        self._retry = Retry(config)
        self._resolver = Resolver(threads)
        self._next = self._new_connection()

    @property
    def state(self) -> LinkState:
        """The present state."""
        return self._state

    @property
    def is_read(self) -> bool:
        """Whether there is a DCSS that reads what is sent."""
        connection = self._connection
        return connection is not None and connection.is_read

    def wait_online(self, timeout_s: float) -> bool:
        """Wait until the handshake is done; False after `timeout_s` seconds, or at once on a stop.

        A stop is `stop()`, or the end of `run` for any reason.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._state is LinkState.ONLINE or self._is_over, timeout_s
            )
            return self._state is LinkState.ONLINE and not self._is_over

    def run(self, receiver: Receiver) -> None:
        """Keep connected until `stop()`; runs in the link's own thread."""
        try:
            self._run(receiver)
        finally:  # a crash is the end of the link, too
            self._go(LinkState.STOPPED)

    def _run(self, receiver: Receiver) -> None:
        while not self._stop.is_stopping():
            outcome = self._connect(receiver)
            if self._stop.is_stopping():
                break
            if outcome.ending.was_online:
                receiver.lost_link(f"connection to DCSS lost: {outcome.reason}")
            delay_s = self._retry.after(outcome)
            self._report(outcome)
            self._go(LinkState.WAITING)
            self._stop.wait(delay_s)

    def encode(self, message: Message) -> bytes:
        """The bytes of a message on the present connection, or on the next; as its `encode`."""
        return (self._connection or self._next).encode(message)

    def write(self, data: bytes) -> None:
        """Write on the present connection; raises as `Connection.write`."""
        connection = self._connection
        if connection is None:
            raise NotConnectedError("not sent: no connection to DCSS")
        connection.write(data)

    def give_up(self) -> None:
        """End the present connection; the next is made as after any other end."""
        with self._changed:
            connection = self._connection
        if connection is not None:
            connection.interrupt()

    def stop(self) -> None:
        """End the connection and make no other; what was sent before still goes out."""
        self._stop.stop()
        with self._changed:
            connection = self._connection
            self._changed.notify_all()
        if connection is not None:
            connection.interrupt()

    def _new_connection(self) -> Connection:
        return Connection(self._name, self._config, self._codec, self._resolver)

    def _connect(self, receiver: Receiver) -> ConnectionEnd:
        connection, self._next = self._next, self._new_connection()
        with self._changed:
            self._connection = connection
        self._go(LinkState.CONNECTING)
        if self._stop.is_stopping():  # stop() may have looked before there was a connection
            connection.interrupt()

        def on_online() -> None:
            level = logging.INFO if self._retry.dropped < SAY_DROPPED_AT else logging.DEBUG
            logger.log(level, "connected to DCSS at %s as %s", self.address, self._name)
            self._go(LinkState.ONLINE)
            receiver.new_link()

        try:
            return connection.run(on_online, partial(receiver.feed, outlet=connection))
        finally:
            with self._changed:
                self._connection = None

    def _report(self, outcome: ConnectionEnd) -> None:
        """Log the end of a connection; a day without DCSS is one line."""
        address, dropped = self.address, self._retry.dropped
        if outcome.ending is Ending.LOST or 0 < dropped < SAY_DROPPED_AT:
            logger.info("connection to DCSS at %s ended: %s", address, outcome.reason)
        elif dropped:
            level = logging.WARNING if dropped == SAY_DROPPED_AT else logging.DEBUG
            hint = DROPPED_HINT.format(address=address, count=dropped, reason=outcome.reason)
            logger.log(level, hint)
        elif outcome.ending is Ending.REFUSED and self._retry.count == 1:
            logger.info("DCSS at %s closed the connection after the handshake", address)
        elif outcome.ending is Ending.REFUSED:  # once may have been a restart
            logger.warning(REFUSED_HINT.format(name=self._name))
        elif self._retry.is_news:
            logger.warning("no DCSS at %s: %s; trying again until it is", address, outcome.reason)

    @property
    def _is_over(self) -> bool:
        return self._state is LinkState.STOPPED or self._stop.is_stopping()

    def _go(self, state: LinkState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()
