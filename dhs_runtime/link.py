"""`Link`: keeps a DHS connected to DCSS: connects, notices the end, waits, connects again.

OFFLINE ──▶ CONNECTING ──▶ ONLINE
   ▲             │            │
   │             ▼            │
   ├───────── WAITING ◀───────┘      stop() leads to STOPPED from anywhere
"""

import enum
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Final

from dcs_codec import Codec, Message
from dhs_runtime.config import DcssConfig
from dhs_runtime.connection import Connection, Ending, Outcome
from dhs_runtime.errors import NotConnectedError
from dhs_runtime.threads import StopToken

logger = logging.getLogger(__name__)

Send = Callable[[Message], None]
OnMessage = Callable[[Message, Send], None]
OnLost = Callable[[str], None]

REFUSED_HINT: Final = (
    "DCSS closed the connection right after we said we are {name!r}; check that its database has "
    "a hardware host of that name, that the host's computer is this one, and that no other DHS of "
    "that name is connected"
)


class LinkState(enum.Enum):
    """How the link stands."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    ONLINE = "online"
    WAITING = "waiting"
    STOPPED = "stopped"


class Link:
    """The link of one DHS to DCSS, over any number of connections."""

    def __init__(
        self,
        name: str,
        config: DcssConfig,
        codec: Codec,
        on_message: OnMessage,
        on_lost: OnLost,
    ) -> None:
        self._name = name
        self._config = config
        self._codec = codec
        self._on_message = on_message
        self._on_lost = on_lost
        self._changed = threading.Condition()  # guards _state and _connection
        self._state = LinkState.OFFLINE
        self._connection: Connection | None = None
        self._stop = StopToken()
        self._said = ""  # last trouble logged, so that a day without DCSS is one line
        self._refusals = 0  # in a row

    @property
    def state(self) -> LinkState:
        """How the link stands now."""
        return self._state

    def wait_for(self, state: LinkState, timeout_s: float) -> bool:
        """Wait until the link is in `state`; whether that came within `timeout_s` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state is state, timeout_s)

    def run(self) -> None:
        """Keep connected until `stop()`; runs in the link's own thread."""
        address = f"{self._config.host}:{self._config.port}"
        delays = self._config.retry.delays()
        refusals = self._config.retry_refused.delays()
        while not self._stop.is_stopping():
            outcome = self._connect(address)
            if self._stop.is_stopping():
                break
            if outcome.ending is not Ending.UNREACHABLE:
                self._on_lost(f"connection to DCSS lost: {outcome.reason}")
            delays, refusals = self._plan(outcome, delays, refusals)
            refused = outcome.ending is Ending.REFUSED
            self._refusals = self._refusals + 1 if refused else 0
            self._report(outcome, address)
            self._go(LinkState.WAITING)
            self._stop.wait(next(refusals if refused else delays))
        self._go(LinkState.STOPPED)

    def send(self, message: Message) -> None:
        """Send on the present connection; raises as `Connection.send`."""
        connection = self._connection
        if connection is None:
            raise NotConnectedError(f"{message.keyword} not sent: no connection to DCSS")
        connection.send(message)

    def stop(self) -> None:
        """End the connection and make no other; what was sent before still goes out."""
        self._stop.stop()
        with self._changed:
            connection = self._connection
        if connection is not None:
            connection.interrupt()

    def _connect(self, address: str) -> Outcome:
        connection = Connection(self._name, self._config, self._codec)
        with self._changed:
            self._connection = connection
        self._go(LinkState.CONNECTING)
        if self._stop.is_stopping():  # stop() may have looked before there was a connection
            connection.interrupt()

        def on_online() -> None:
            logger.info("connected to DCSS at %s as %s", address, self._name)
            self._said = ""
            self._go(LinkState.ONLINE)

        try:
            return connection.run(
                on_online, lambda message: self._on_message(message, connection.send)
            )
        finally:
            with self._changed:
                self._connection = None

    def _plan(
        self, outcome: Outcome, delays: Iterator[float], refusals: Iterator[float]
    ) -> tuple[Iterator[float], Iterator[float]]:
        """Start the delays afresh after a connection that worked."""
        if outcome.ending is Ending.LOST:
            return self._config.retry.delays(), self._config.retry_refused.delays()
        return delays, refusals

    def _report(self, outcome: Outcome, address: str) -> None:
        if outcome.ending is Ending.LOST:
            logger.info("connection to DCSS at %s ended: %s", address, outcome.reason)
        elif outcome.ending is Ending.REFUSED and self._refusals == 1:
            logger.info("DCSS at %s closed the connection behind the handshake", address)
        elif outcome.ending is Ending.REFUSED:  # once may have been a restart
            logger.warning(REFUSED_HINT.format(name=self._name))
        elif outcome.reason != self._said:
            logger.warning("no DCSS at %s: %s; trying again until it is", address, outcome.reason)
            self._said = outcome.reason

    def _go(self, state: LinkState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()
