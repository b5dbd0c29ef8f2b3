"""The open requests of a client: who waits for them, and what ends them.

A request gets every message from just before it is sent on, and ends once: with a value, or with
an exception.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, Self, TypeVar

from dcs_codec import MalformedMessage, Message
from dcs_codec.gui import StogConfigureHardwareHost, StogLog
from dhs_runtime.client.errors import (
    AbortedError,
    LinkLostError,
    OfflineError,
    RequestError,
    WaitTimeoutError,
    error_of,
)
from dhs_runtime.client.picture import ONLINE
from dhs_runtime.clock import Deadline
from dhs_runtime.scheduling import Job, Lane, Timer, Timers, Workers
from dhs_runtime.threads import ThreadGroup

T = TypeVar("T")

OFFLINE_GRACE_S = 1.0
"""After a DHS went offline, dcss sends completions for it within this time."""
ABORT_GRACE_S = 5.0
"""After `abort()`, a request without a completion within this time counts as aborted."""
UNHEARD_S = 3600.0
"""After a lost link is back, a request is kept this long if no message about it comes."""
MOST_WORKERS = 8
_DCSS_ERROR = "error", "server"
_REFUSALS = {
    "permit check failed: ": "",
    "type is not ": "type_not_",
    "not_exist": "not_exist",
}
"""What follows the device's name in lines that refuse a command, and how the status begins."""
ONLY_STAFF = "only_stafff_allowed"
"""The spelling of dcss."""


class OpenRequests:
    """The requests of a client that are not over; call its methods with the lock held.

    Attributes:
        changed: The client's lock, notified of every message.
        epoch: Number of the present login; 0 if there is none.
        timers: Watches the deadlines of requests; None before the start.
    """

    def __init__(self, changed: threading.Condition, threads: ThreadGroup) -> None:
        self.changed = changed
        self.epoch = 0
        self._open: list[PendingRequest[Any]] = []
        self._threads = threads
        self._workers = Workers(threads, "client-on-end", MOST_WORKERS)
        self.timers: Timers | None = None

    def start(self) -> None:
        """Start to watch deadlines."""
        self.timers = Timers(self._threads)

    def __iter__(self) -> "Iterator[PendingRequest[Any]]":
        return iter(tuple(self._open))

    def add(self, request: "PendingRequest[Any]") -> None:
        """Give a request all messages from now on."""
        self._open.append(request)

    def forget(self, request: "PendingRequest[Any]") -> None:
        """Give a request no more messages."""
        self._open = [each for each in self._open if each is not request]
        request.cancel_timers()

    def tell(self, message: Message) -> None:
        """Give a message to all requests."""
        for request in self._open:
            request.tell(message)
        if isinstance(message, StogLog):
            self._refuse_by(message)
        self._open = [each for each in self._open if not each.is_over]

    def _refuse_by(self, line: StogLog) -> None:
        """End the oldest request that the line fits: lines come in the order of commands."""
        for request in self._open:
            reason = refusal_in_log(request.name, line) if request.is_refused_by_log else ""
            if reason and not request.is_over:
                request.end(error=error_of(request.name, reason))
                return

    def lane(self) -> Lane:
        """Where the callbacks of one request run, in order."""
        return Lane(self._workers)

    def link_is_back(self) -> None:
        """The link is back; ends of requests may have been missed."""
        for request in self._open:
            request.doubt()

    def lose(self, why: str) -> None:
        """End all requests, because no more messages about them will come."""
        for request in self._open:
            request.lose(why)
        self._open.clear()

    def stop(self) -> None:
        """End all requests, because the client stops."""
        self.lose("the client was stopped")
        self._workers.close()
        if self.timers is not None:
            self.timers.close()


class PendingRequest(Generic[T]):
    """A request that may not be over yet; any thread may wait for it.

    Attributes:
        name: The device or operation.
        hosts: The DHSs that have to answer, and whether they are online.
        said: Lines of the log about it, the newest last.
        epoch: The login under which it was sent.
        is_refused_by_log: Whether a line of the log may be the only sign of a refusal.
    """

    verb = "request"
    is_refused_by_log = False

    def __init__(self, desk: OpenRequests, name: str, hosts: Mapping[str, bool]) -> None:
        self.name = name
        self.hosts = dict(hosts)
        self.said: deque[str] = deque(maxlen=10)
        self.epoch = desk.epoch
        self._desk = desk
        self._asked = time.strftime("%H:%M:%S")
        self._value: T | None = None
        self._error: RequestError | None = None
        self._is_over = False
        self._is_doubted = False
        self._waits = 0
        self._updates = 0
        self._timers: list[Timer] = []
        self._callbacks: list[Job] = []
        self._lane: Lane | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is over."""
        return self._is_over

    @property
    def error(self) -> RequestError | None:
        """Why it did not succeed; None if it did, or is not over."""
        return self._error

    def wait(self, timeout_s: float, *, through_reconnect: bool = False) -> T:
        """Wait until it is over; returns its value.

        Args:
            timeout_s: Longest time to wait, in seconds.
            through_reconnect: Whether to keep waiting while the link is lost. An end during that
                time is missed.

        Raises:
            RequestError: It did not succeed; the class says why.
            LinkLostError: The link was lost; after a reconnect you may wait for it again.
            WaitTimeoutError: No end within `timeout_s` seconds; it may still be running.
        """
        self._wait_for(
            lambda: self._is_over,
            Deadline.after(timeout_s),
            timeout_s,
            through_reconnect=through_reconnect,
        )
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._value  # type: ignore[return-value]  # it is over, and no error

    def on_end(self, callback: Callable[[Self], object]) -> None:
        """Call a function at the end, in another thread; at once in this one if it is over.

        It may call any method of the client, and wait. If it raises, that is logged.
        """
        with self._desk.changed:
            if not self._is_over:
                self._callbacks.append(partial(callback, self))
                return
        callback(self)

    def _wait_for(
        self,
        condition: Callable[[], bool],
        deadline: Deadline,
        told_s: float,
        *,
        through_reconnect: bool,
    ) -> None:
        """Wait until the condition holds, or the request is over."""
        desk = self._desk
        with desk.changed:
            epoch = desk.epoch
            self._waits += 1
            try:
                while not (self._is_over or condition()):
                    if not through_reconnect and (epoch == 0 or epoch != desk.epoch):
                        raise self._lost("the link to DCSS is lost")
                    if deadline.passed:
                        raise self._timeout(told_s)
                    desk.changed.wait(deadline.remaining())
            finally:
                self._waits -= 1

    def _timeout(self, timeout_s: float) -> WaitTimeoutError:
        hosts = "".join(
            f"; host {host} {'online' if is_online else 'offline'}"
            for host, is_online in sorted(self.hosts.items())
        )
        last = f"; last log: {self.said[-1]}" if self.said else ""
        text = (
            f"{self.verb} of {self.name}{self._target()}: no completion within {timeout_s:g} s; "
            f"asked {self._asked}{self._progress()}{hosts}{last}"
        )
        return WaitTimeoutError(self.name, "", text)

    def _target(self) -> str:
        return ""

    def _progress(self) -> str:
        return ""

    # -- for the client, with its lock --------------------------------------------------------

    def end(self, value: T | None = None, error: RequestError | None = None) -> None:
        """End it; further calls change nothing."""
        if self._is_over:
            return
        if error is not None:
            error.logs = tuple(self.said)
        self._value, self._error = value, error
        self._is_over = True
        self.cancel_timers()
        self._call_later(self._callbacks)

    def cancel_timers(self) -> None:
        """Cancel all timers: from now on only a message ends it."""
        while self._timers and self._desk.timers is not None:
            self._desk.timers.cancel(self._timers.pop())

    def _call_later(self, callbacks: list[Job]) -> None:
        if callbacks and self._lane is None:
            self._lane = self._desk.lane()
        while callbacks and self._lane is not None:
            self._lane.put(callbacks.pop(0))

    def end_within(self, timeout_s: float) -> None:
        """End it with `WaitTimeoutError` after a time, unless it is over by then."""
        self.end_later(timeout_s, lambda: self._timeout(timeout_s))

    def doubt(self) -> None:
        """Note that the link was lost for a time, so that its end may have been missed."""
        if not self._is_doubted:
            self._is_doubted = True
            self._end_unheard()

    def _end_unheard(self) -> None:
        heard = self._updates

        def error() -> RequestError | None:
            if self._waits or self._updates != heard:
                self._end_unheard()
                return None
            return self._lost("its end was perhaps missed while the link to DCSS was lost")

        self.end_later(UNHEARD_S, error)

    def end_later(self, after_s: float, error: Callable[[], RequestError | None]) -> None:
        """End it after a time with what `error` returns, unless that is None or it is over."""
        desk = self._desk

        def give_up() -> None:
            with desk.changed:
                if (found := error()) is not None:
                    self.end(error=found)
                    desk.forget(self)
                    desk.changed.notify_all()

        if desk.timers is not None:
            self._timers.append(desk.timers.at(Deadline.after(after_s), give_up))

    def tell(self, message: Message) -> None:
        """Handle a message."""
        if isinstance(message, StogConfigureHardwareHost):
            self._host_said(message)
        elif isinstance(message, StogLog):
            words = message.said.split()
            if self.name in words or (self.is_refused_by_log and ONLY_STAFF in words):
                self.said.append(f"{message.log_level} {message.said}")
        elif isinstance(message, MalformedMessage) and self.name in message.text.split():
            self.said.append(f"DCSS sent a message that cannot be read: {message.text}")

    def _host_said(self, message: StogConfigureHardwareHost) -> None:
        if message.host_name not in self.hosts:
            return
        self.hosts[message.host_name] = message.state == ONLINE
        if message.state != ONLINE:
            text = f"{self.name}: {message.host_name} went offline"
            error = OfflineError(self.name, message.state, text)
            self.end_later(OFFLINE_GRACE_S, lambda: error)

    def abort_sent(self) -> None:
        """This client sent an abort."""
        text = f"{self.name}: aborted, but DCSS did not report its end"
        self.end_later(ABORT_GRACE_S, lambda: AbortedError(self.name, "", text))

    def lose(self, why: str) -> None:
        """End it, because no more messages about it will come."""
        self.end(error=self._lost(why))

    def _lost(self, why: str) -> LinkLostError:
        text = f"{self.verb} of {self.name}: {why}; it may still be running"
        return LinkLostError(self.name, "", text)


def refusal_in_log(name: str, line: StogLog) -> str:
    """The reason, if a line of dcss's log says that it refused a command to this device; or ""."""
    rest = line.log_message.removeprefix(f"{name} ").strip()
    if (line.log_level, line.log_sender) != _DCSS_ERROR or rest == line.log_message.strip():
        return ""
    for begin, word in _REFUSALS.items():
        if rest.startswith(begin):
            return word + rest.removeprefix(begin).strip()
    return ""
