"""The events of a client, in order: for callbacks in their own threads, for loops and waits."""

import contextlib
import enum
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from dcs_codec import Message
from dcs_codec.gui import StogUpdateMotorPosition
from dhs_runtime.client.errors import WaitTimeoutError
from dhs_runtime.client.picture import Told
from dhs_runtime.client.seen import Change, View
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import DhsError, NotConnectedError
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import ThreadGroup

logger = get_logger(__name__)

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
M = TypeVar("M", bound=Message | ClientState)
ChangeCallback = Callable[[View | None, View | None], object]


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
        # Updates after which only other updates came.
        self._newest: dict[object, list[ClientEvent]] = {}
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
        """Queue those of these events that are wanted."""
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

    def take(self) -> list[ClientEvent]:
        """Remove and return all unread events."""
        with self._changed:
            events = [cell[0] for cell in self._unread]
            self._unread.clear()
            self._newest.clear()
            return events

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

    It may call any method of the client, and wait. If it raises, that is logged, and it is called
    again with the next event.
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
            except BaseException:  # sys.exit() in a callback must not end this thread
                logger.exception("callback %s failed", self._name)
            if deadline.passed:
                logger.warning("callback %s took more than %g s", self._name, SLOW_S)
        if self._queue.is_overrun:
            logger.error("callback %s is too slow, and is no longer called", self._name)


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
        while not (deadline.passed or self._queue.is_closed):
            if (event := self._queue.get(deadline)) is not None:
                yield event
        in_time, is_overrun = self._queue.take(), self._queue.is_overrun
        yield from in_time  # nothing later, because events may never stop
        if is_overrun:
            raise DhsError(f"more than {MOST_UNREAD} events were unread: their reader is too slow")

    def close(self) -> None:
        """End the loop, from any thread; unread events are lost."""
        self._queue.close()

    def __exit__(self, *_: object) -> None:
        self.close()


class ListeningClient(Told):
    """The part of a client that listens and waits.

    Each callback has its own thread, which calls it in the order of the wire. It may call any
    method of the client, and wait. A callback with more than 10,000 unread events is no longer
    called, and the log says so. It gets only the newest position of a motor: an update that is
    still unread is replaced by the next.
    """

    def __init__(self, threads: ThreadGroup) -> None:
        """A client that only listens; its callbacks run in `threads`."""
        super().__init__()
        self._threads = threads
        self._changed = threading.Condition()  # guards the whole client; not held during I/O
        self._state = ClientState.OFFLINE
        self._reason = "not started"
        self._changes = 0  # how often anything changed that a caller may wait for
        self._queues: tuple[EventQueue, ...] = ()

    def _wake(self) -> None:
        """Let waiting threads check their conditions; the caller holds the lock."""
        self._changes += 1
        self._changed.notify_all()

    def on(self, *classes: type[M]) -> Callable[[Callable[[M], None]], Callable[[M], None]]:
        """A decorator: call a function with each message of these classes, before or after `start`.

        `ClientState` may be one of them. To stop later, use `subscribe` instead.
        """

        def decorate(callback: Callable[[M], None]) -> Callable[[M], None]:
            self.subscribe(callback, *classes)
            return callback

        return decorate

    def subscribe(self, callback: Callable[[M], object], *classes: type[M]) -> Subscription:
        """Like `on`; returns an object whose `close` ends it."""
        queue = EventQueue(classes)
        self._listen(queue)
        return Subscription(queue, callback, self._threads)  # type: ignore[arg-type]

    def on_change(
        self, *names: str, initial: bool = False
    ) -> Callable[[ChangeCallback], ChangeCallback]:
        """A decorator: call a function with a device before and after each change.

        Args:
            names: Devices, operations or hardware hosts. They need not be known yet.
            initial: Whether to call it first with the present values; the value before is None.
        """

        def decorate(callback: ChangeCallback) -> ChangeCallback:
            self.subscribe_changes(callback, *names, initial=initial)
            return callback

        return decorate

    def subscribe_changes(
        self, callback: ChangeCallback, *names: str, initial: bool = False
    ) -> Subscription:
        """Like `on_change`; returns an object whose `close` ends it."""

        def call(event: ClientEvent) -> None:
            if isinstance(event, Change):
                callback(event.before, event.after)

        call.__qualname__ = getattr(callback, "__qualname__", repr(callback))
        queue = EventQueue((), names)
        self._listen(queue, initial=names if initial else ())
        return Subscription(queue, call, self._threads)

    def watch(self, *what: str | type[Message | ClientState], initial: bool = False) -> Watch:
        """Events for a loop: messages of some classes, and changes of devices by name.

        It listens from now on, so the effects of the next command are not missed.

        Example:
            >>> with dcss.watch("gonio_phi") as seen:  # doctest: +SKIP
            ...     dcss.start_move("gonio_phi", 90)
            ...     for change in seen.until(timeout_s=30):
            ...         print(change.after.position)
        """
        classes = tuple(each for each in what if not isinstance(each, str))
        names = [each for each in what if isinstance(each, str)]
        queue = EventQueue(classes, names)
        self._listen(queue, initial=names if initial else ())
        return Watch(queue)

    def _listen(self, queue: EventQueue, *, initial: tuple[str, ...] | list[str] = ()) -> None:
        with self._changed:
            if self._state is ClientState.STOPPED:
                queue.close()
            alive = [each for each in self._queues if not each.is_closed]
            self._queues = (*alive, queue)
            if initial:
                wanted = frozenset(initial)
                now = [view for view in self._picture.views() if view.name in wanted]
                queue.offer(Change(None, view) for view in now)

    # -- waiting ------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a condition is true; it is checked whenever a value of this client changes.

        Raises:
            WaitTimeoutError: It is not true within `timeout_s` seconds.
            NotConnectedError: The client was stopped, or DCSS refused its login.
        """
        what = getattr(condition, "__qualname__", "the condition")
        self._wait(condition, timeout_s, lambda: f"{what} is not true")

    def wait_string(
        self, name: str, wanted: str | Callable[[str], bool], *, timeout_s: float
    ) -> str:
        """Wait until a string has these contents, or contents that a function accepts.

        While the link is lost the contents are unknown, so this also waits for the link.

        Raises:
            NoDeviceError: There is no such string.
            WaitTimeoutError: Not within `timeout_s` seconds.
            NotConnectedError: The client was stopped.
        """

        def holds() -> bool:
            contents = self.strings[name].contents
            is_it = contents == wanted if isinstance(wanted, str) else wanted(contents)
            return is_it and self._state is ClientState.READY

        self._wait(holds, timeout_s, lambda: f"string {name} is {self.strings[name].contents!r}")
        return self.strings[name].contents

    def wait_host(self, name: str, *, timeout_s: float) -> None:
        """Wait until a hardware host is online and the client is ready.

        Raises:
            NoDeviceError: There is no such host.
            WaitTimeoutError: Not within `timeout_s` seconds.
            NotConnectedError: The client was stopped.
        """
        self._wait(
            lambda: self.hosts[name].is_online and self._state is ClientState.READY,
            timeout_s,
            lambda: f"hardware host {name} is offline",
        )

    def _wait(
        self, condition: Callable[[], bool], timeout_s: float, say: Callable[[], str]
    ) -> None:
        deadline = Deadline.after(timeout_s)
        while True:
            seen = self._changes
            if condition():  # without the lock: the caller's code may be slow
                return
            if self._state is ClientState.STOPPED:
                raise NotConnectedError(f"{say()}, and the client was stopped")
            if self._state is ClientState.REFUSED:
                raise NotConnectedError(f"{say()}, and {self._reason}")
            if deadline.passed:
                state, lost = self._state, ""
                if state is not ClientState.READY:
                    lost = f"; the client is {state.value}: {self._reason}"
                raise WaitTimeoutError("", "", f"{say()} after {timeout_s:g} s{lost}")
            with self._changed:
                if self._changes == seen:
                    self._changed.wait(deadline.remaining())
