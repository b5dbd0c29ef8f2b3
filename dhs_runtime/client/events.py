"""The events of a client, in order: for callbacks in their own threads, and for loops."""

import contextlib
import enum
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from dcs_codec import Message
from dcs_codec.gui import StogUpdateMotorPosition
from dhs_runtime.client.seen import Change
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import DhsError
from dhs_runtime.threads import ThreadGroup

logger = logging.getLogger(__name__)

MOST_UNREAD: Final = 10_000
"""Most events that wait to be read; a reader with more unread events gets no further ones."""
SLOW_S: Final = 0.5
"""A callback that takes longer is named in the log."""


class ClientState(enum.Enum):
    """The state of the client."""

    OFFLINE = "offline"
    """Not started."""
    CONNECTING = "connecting"
    """A connection is being made, or the login is under way."""
    PUSH = "push"
    """The login is complete, and DCSS sends its devices."""
    READY = "ready"
    """Everything is known and commands may be sent."""
    WAITING = "waiting"
    """Waiting before the next try to connect."""
    REFUSED = "refused"
    """DCSS refused the login; no further try is made."""
    STOPPED = "stopped"
    """Stopped for good."""


ClientEvent = Message | Change | ClientState


class EventQueue:
    """Events of some kinds that wait to be read.

    An update of a motor's position replaces the one before it, if that is still unread and nothing
    else came between them. Nothing else is left out.
    """

    def __init__(self, classes: tuple[type, ...], names: Iterable[str] = ()) -> None:
        """A queue of events of some classes, and of the changes of some devices."""
        self._classes = classes
        self._names = frozenset(names)
        self._changed = threading.Condition()  # guards what follows
        self._unread: deque[list[ClientEvent]] = deque()
        self._newest: dict[
            object, list[ClientEvent]
        ] = {}  # updates with nothing but updates after them
        self._is_closed = False
        self._is_overrun = False

    @property
    def is_closed(self) -> bool:
        """Whether it takes no further events."""
        return self._is_closed

    @property
    def is_overrun(self) -> bool:
        """Whether it was closed because too many were unread."""
        return self._is_overrun

    def close(self) -> None:
        """Take no further events; any thread may call it, and it does not wait."""
        with self._changed:
            self._is_closed = True
            self._unread.clear()
            self._newest.clear()
            self._changed.notify_all()

    def offer(self, events: Iterable[ClientEvent]) -> None:
        """Take the wanted ones of these events."""
        for event in events:
            if isinstance(event, self._classes) or (
                isinstance(event, Change) and event.name in self._names
            ):
                self._put(event)

    def _put(self, event: ClientEvent) -> None:
        with self._changed:
            if self._is_closed:
                return
            key = _key(event)
            cell = self._newest.get(key)
            if cell is not None and key is not None:
                cell[0] = _joined(cell[0], event)
                return
            if key is None:
                self._newest.clear()
            else:
                cell = self._newest[key] = [event]
            self._unread.append([event] if cell is None else cell)
            if len(self._unread) > MOST_UNREAD:
                self._is_closed = self._is_overrun = True
                self._unread.clear()
                self._newest.clear()
            self._changed.notify_all()

    def get(self, deadline: Deadline | None = None) -> ClientEvent | None:
        """The next event; None after the deadline, or if no more will come."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._unread or self._is_closed,
                None if deadline is None else deadline.remaining(),
            )
            if not self._unread:
                return None
            cell = self._unread.popleft()
            key = _key(cell[0])
            if self._newest.get(key) is cell:
                del self._newest[key]
            return cell[0]


def _key(event: ClientEvent) -> object:
    """A key that is equal for updates that may replace each other; None for other events."""
    if isinstance(event, StogUpdateMotorPosition):
        return event.motor_name
    if isinstance(event, Change) and event.is_update:
        return Change, event.name
    return None


def _joined(unread: ClientEvent, event: ClientEvent) -> ClientEvent:
    if isinstance(unread, Change) and isinstance(event, Change):
        return Change(unread.before, event.after, is_update=True)
    return event


class Subscription:
    """A function that is called with events, in order, in its own thread.

    It may call any method of the client, and wait. If it raises, that is logged, and it stays
    subscribed.
    """

    def __init__(
        self, queue: EventQueue, callback: Callable[[ClientEvent], object], threads: ThreadGroup
    ) -> None:
        """A subscription whose thread starts at once."""
        self._queue = queue
        self._callback = callback
        self._name = getattr(callback, "__qualname__", repr(callback))
        threads.spawn(f"client-callback-{self._name}"[:60], self._run)

    @property
    def is_closed(self) -> bool:
        """Whether it is no longer called."""
        return self._queue.is_closed

    def close(self) -> None:
        """Stop calling it; the callback may call this, and it does not wait."""
        self._queue.close()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            deadline = Deadline.after(SLOW_S)
            try:
                self._callback(event)
            except Exception:  # of the user's own code
                logger.exception("callback %s failed", self._name)
            if deadline.passed:
                logger.warning("callback %s took more than %g s", self._name, SLOW_S)
        if self._queue.is_overrun:
            logger.error("callback %s is too slow: it is called no more", self._name)


class Watch(contextlib.AbstractContextManager["Watch"]):
    """Events since the beginning of a `with` block, for a loop."""

    def __init__(self, queue: EventQueue) -> None:
        self._queue = queue

    def until(self, timeout_s: float) -> Iterator[ClientEvent]:
        """The events since the beginning of the block, as they come, until the time is over.

        Raises:
            DhsError: More than 10,000 were unread.
        """
        deadline = Deadline.after(timeout_s)
        while (event := self._queue.get(deadline)) is not None:
            yield event
        if self._queue.is_overrun:
            raise DhsError(f"more than {MOST_UNREAD} events were unread")

    def close(self) -> None:
        """End the loop, from any thread; unread events are lost."""
        self._queue.close()

    def __exit__(self, *_: object) -> None:
        self.close()
