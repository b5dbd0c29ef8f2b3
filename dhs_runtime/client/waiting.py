"""The kinds of requests: a move, an operation, or a command that ends with a report.

Moves, strings, shutters and counts have no handle on the wire, so their answers are recognised by
the name of the device and by their content; an operation has its handle.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Self, TypeVar

import attrs

from dcs_codec import Message
from dcs_codec.gui import (
    StogMotorMoveCompleted,
    StogMotorMoveStarted,
    StogNoHardwareHost,
    StogOperationCompleted,
    StogOperationUpdate,
    StogStartOperation,
    StogUpdateMotorPosition,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import (
    FailedError,
    OfflineError,
    RefusedError,
    RequestError,
    error_of,
    is_moving_after,
)
from dhs_runtime.client.pending import OpenRequests, PendingRequest
from dhs_runtime.client.seen import MotorView
from dhs_runtime.clock import Deadline
from dhs_runtime.number_text import short_number_text
from dhs_runtime.scheduling import Job

T = TypeVar("T")

MOST_UPDATES = 10_000
"""Updates of an operation that are kept until they are read; older ones are dropped."""


@attrs.frozen
class MoveEnd:
    """How a move ended: the position in the motor's units."""

    position: float
    status: str


@attrs.frozen
class OperationEnd:
    """How an operation ended: its status and the text of its result."""

    status: str
    text: str


@attrs.frozen
class CountEnd:
    """The result of a count: seconds, and counts by ion chamber."""

    time_s: float
    counts: dict[str, float]


class MoveRequest(PendingRequest[MoveEnd]):
    """A move. It ends with the first completion after its start, or, if refused, without a start.

    Attributes:
        to: Destination, in the motor's units.
        last: The last position that was reported during the move; None before the first.
    """

    verb = "move"

    def __init__(
        self, desk: OpenRequests, motor: MotorView, to: float, hosts: Mapping[str, bool]
    ) -> None:
        super().__init__(desk, motor.name, hosts)
        self.to = to
        self.last: float | None = None
        self._was_moving = bool(motor.is_moving)
        self._has_started = False
        self._last_at = 0.0

    def _target(self) -> str:
        return f" to {short_number_text(self.to)}"

    def _progress(self) -> str:
        if self.last is None:
            return ", started" if self._has_started else ", not started"
        ago_s = time.monotonic() - self._last_at
        return f", {self._updates} updates, last {short_number_text(self.last)} {ago_s:.1f} s ago"

    def tell(self, message: Message) -> None:
        """Take starts, updates and completions of the motor."""
        super().tell(message)
        if isinstance(message, StogMotorMoveStarted) and message.motor_name == self.name:
            self._has_started = True
        elif isinstance(message, StogUpdateMotorPosition) and message.motor_name == self.name:
            self.last, self._last_at = message.position, time.monotonic()
            self._updates += 1
        elif isinstance(message, StogMotorMoveCompleted) and message.motor_name == self.name:
            status = message.status
            error = None if status == NORMAL else error_of(self.name, status)
            if self._has_started:  # then a refusal answers another command
                is_ours = not is_moving_after(status, before=True)
            else:  # then a motion that ends was started by another command
                is_ours = not self._was_moving or isinstance(error, RefusedError | OfflineError)
            self._was_moving = False
            if is_ours and error is not None:
                self.end(error=error)
            elif is_ours:
                self.end(MoveEnd(message.position, status))


class StartedOperation(PendingRequest[OperationEnd]):
    """An operation that was started.

    Attributes:
        handle: Its handle, `CLIENT.COUNTER`.
    """

    verb = "operation"

    def __init__(
        self, desk: OpenRequests, name: str, hosts: Mapping[str, bool], handle: str
    ) -> None:
        super().__init__(desk, name, hosts)
        self.handle = handle
        self._unread: deque[tuple[float, str]] = deque(maxlen=MOST_UPDATES)
        self._has_started = False
        self._at_start: list[Job] = []

    def _progress(self) -> str:
        return f", {self._updates} updates"

    def on_start(self, callback: Callable[[Self], object]) -> None:
        """Like `on_end`, but at the start that DCSS reports; not called if it is refused."""
        with self._desk.changed:
            if not self._has_started:
                self._at_start.append(partial(callback, self))
                return
        callback(self)

    def tell(self, message: Message) -> None:
        """Take the messages with its handle."""
        super().tell(message)
        if isinstance(message, StogStartOperation) and message.operation_handle == self.handle:
            self._has_started = True
            self._call_later(self._at_start)
        elif isinstance(message, StogOperationUpdate) and message.operation_handle == self.handle:
            self._unread.append((time.time(), message.operation_args))
            self._updates += 1
        elif (
            isinstance(message, StogOperationCompleted) and message.operation_handle == self.handle
        ):
            if message.operation_status == NORMAL:
                self.end(OperationEnd(message.operation_status, message.operation_args))
            else:
                said = f"{message.operation_status} {message.operation_args}".strip()
                self.end(error=error_of(self.name, said))

    def follow(
        self, timeout_s: float, quiet_s: float | None = None, *, through_reconnect: bool = False
    ) -> Iterator[str]:
        """Its updates as they come, until it ends.

        Args:
            timeout_s: Longest total time, in seconds.
            quiet_s: Longest time between two updates; None for no such limit.
            through_reconnect: As for `wait`.

        Raises:
            RequestError: See `wait`; raised after the last update.
        """
        deadline = Deadline.after(timeout_s)
        while True:
            is_over = self._is_over  # read before the updates, of which the last precedes the end
            for _, text in self._unread_ones():
                yield text
                if deadline.passed and not is_over:  # updates may never stop
                    break
            if is_over:
                break
            if deadline.passed:
                raise self._timeout(timeout_s)
            told_s, step = timeout_s, deadline
            if quiet_s is not None and quiet_s < deadline.remaining():
                told_s, step = quiet_s, Deadline.after(quiet_s)
            self._wait_for(
                lambda: bool(self._unread), step, told_s, through_reconnect=through_reconnect
            )
        self.wait(0)

    def take_updates(self) -> list[tuple[float, str]]:
        """Updates that nobody has read yet: when each came, Unix time in seconds, and its text."""
        return list(self._unread_ones())

    def _unread_ones(self) -> Iterator[tuple[float, str]]:
        with contextlib.suppress(IndexError):  # another thread may take them, too
            while True:
                yield self._unread.popleft()


@attrs.frozen
class PassedOver:
    """A report of the right device that answers somebody else."""

    text: str


class ReportRequest(PendingRequest[T]):
    """A command that ends with a report, which `read` recognises.

    For the report `read` returns its value, or an exception if it is a refusal or a failure;
    for a report that answers somebody else `PassedOver`, and for any other message None.
    """

    def __init__(
        self,
        desk: OpenRequests,
        name: str,
        hosts: Mapping[str, bool],
        read: Callable[[Message], T | RequestError | PassedOver | None],
        *,
        is_refused_by_log: bool = False,
    ) -> None:
        super().__init__(desk, name, hosts)
        self.is_refused_by_log = is_refused_by_log
        self._read = read
        self._passed_over = ""

    def _progress(self) -> str:
        return self._passed_over and f", last report: {self._passed_over}"

    def tell(self, message: Message) -> None:
        """Take a report."""
        super().tell(message)
        if isinstance(message, StogNoHardwareHost) and message.device_name == self.name:
            text = f"{self.name}: {' '.join(self.hosts)} is offline"
            self.end(error=OfflineError(self.name, "", text))
        found: T | RequestError | PassedOver | None
        try:
            found = self._read(message)
        except Exception as error:  # noqa: BLE001 - `read` may be the caller's own function
            found = FailedError(self.name, "", f"{self.name}: reading the answer failed: {error!r}")
        if isinstance(found, PassedOver):
            self._passed_over = found.text
        elif isinstance(found, RequestError):
            self.end(error=found)
        elif found is not None:
            self.end(found)
