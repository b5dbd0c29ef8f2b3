"""`Heartbeat`: asks a service at an interval whether it can be used, and reports changes.

If one question fails, the next is asked all the same.
"""

import enum
import threading
from collections.abc import Callable
from typing import Self

from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ServiceError
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import StopToken, ThreadGroup

logger = get_logger(__name__)

CLOSE_S = 0.2


class ServiceState(enum.Enum):
    """Whether a service can be used."""

    UNKNOWN = "unknown"
    """No question was asked yet."""
    CONNECTED = "connected"
    """The last question was answered with yes."""
    DISCONNECTED = "disconnected"
    """The last question was answered with no, or not at all."""


OnChange = Callable[[str, ServiceState], None]


class Heartbeat:
    """Watches one service, in its own thread from `start` to `stop`."""

    def __init__(
        self,
        name: str,
        probe: Callable[[], bool],
        *,
        every_s: float = 5.0,
        on_change: OnChange | None = None,
    ) -> None:
        """A heartbeat; not started yet.

        Args:
            name: Name of the service, for logs and `on_change`.
            probe: Asks the service; returns True if it can be used. A ServiceError means no.
            every_s: Seconds between two questions.
            on_change: Called with name and state, in the heartbeat's thread, when it changes.
        """
        self.name = name
        self._probe = probe
        self._every_s = every_s
        self._on_change = on_change
        self._threads = ThreadGroup()
        self._token = StopToken()
        self._changed = threading.Condition()  # guards _state
        self._state = ServiceState.UNKNOWN

    @property
    def state(self) -> ServiceState:
        """The result of the last question."""
        return self._state

    def wait_for(self, state: ServiceState, timeout_s: float) -> bool:
        """Wait until the service is in `state`; False if that takes over `timeout_s` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state is state, timeout_s)

    def start(self) -> None:
        """Ask now, and then at the interval.

        Raises:
            RuntimeError: The system has no thread left; `start` may be tried again.
        """
        self._token = StopToken()
        self._threads.spawn(f"heartbeat-{self.name}", self._run)

    def stop(self) -> tuple[str, ...]:
        """Stop asking; returns the names of threads that did not end because the probe hangs."""
        self._token.stop()
        return self._threads.join(Deadline.after(CLOSE_S))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._token.is_stopping():
            self._take(self._ask())
            self._token.wait(self._every_s)

    def _ask(self) -> tuple[ServiceState, str]:
        try:
            there, why = self._probe(), "its probe returned false"
        except ServiceError as error:
            there, why = False, str(error)
        except Exception as error:  # must not end the watch
            logger.exception("probe of %s failed", self.name)
            there, why = False, f"{type(error).__name__}: {error}"
        return (ServiceState.CONNECTED if there else ServiceState.DISCONNECTED), why

    def _take(self, answer: tuple[ServiceState, str]) -> None:
        state, why = answer
        with self._changed:
            if state is self._state or self._token.is_stopping():
                return
            self._state = state
            self._changed.notify_all()
        if state is ServiceState.CONNECTED:
            logger.info("%s can be used", self.name)
        else:
            logger.warning("%s cannot be used: %s", self.name, why)
        if self._on_change is not None:
            try:
                self._on_change(self.name, state)
            except Exception:  # an author's code may raise anything
                logger.exception("on_change of %s failed", self.name)
