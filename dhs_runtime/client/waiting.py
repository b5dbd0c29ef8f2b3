"""What was asked for and is waited for: a move, a report, an operation.

A request is told every message that comes after it was sent, and ends once: with a value, or with
an exception. Moves, strings, shutters and counts have no handle on the wire, so an answer is told
from somebody else's by the device's name and by what it says; an operation has its handle.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import attrs

from dcs_codec import Message
from dcs_codec.gui import (
    StogConfigureHardwareHost,
    StogLog,
    StogMotorMoveCompleted,
    StogMotorMoveStarted,
    StogOperationCompleted,
    StogOperationUpdate,
    StogUpdateMotorPosition,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import (
    AbortedError,
    FailedError,
    LinkLostError,
    OfflineError,
    RequestError,
    WaitTimeoutError,
    error_of,
)
from dhs_runtime.client.picture import ONLINE
from dhs_runtime.clock import Deadline

T = TypeVar("T")

OFFLINE_GRACE_S = 1.0
"""After a DHS went, the completions that dcss makes for it come within this time."""
ABORT_GRACE_S = 5.0
"""What `abort()` stopped says so within this time, or is taken for stopped."""
MOST_UPDATES = 10_000
"""Updates of an operation that are kept until they are read; older ones are dropped."""
ERROR_LEVEL = "error"


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
    """What was counted: seconds, and counts by ion chamber."""

    time_s: float
    counts: dict[str, float]


class Waiter(Protocol):
    """Who keeps requests and tells them messages: the client."""

    def wait_until(self, condition: Callable[[], bool], timeout_s: float, epoch: int) -> bool:
        """Wait with the client's lock; False after the time, or when that link is no more."""

    def give_up(self, request: "PendingRequest[Any]", error: RequestError) -> None:
        """End a request with the client's lock, and keep it no longer."""

    @property
    def epoch(self) -> int:
        """Number of the present login; 0 where there is none."""


class PendingRequest(Generic[T]):
    """Something asked for that is not over yet; any thread may wait for it.

    Attributes:
        name: The device or operation.
        hosts: The DHSs that have to answer.
        said: Lines of the log about it, the newest last.
        epoch: The login under which it was asked.
    """

    verb = "request"

    def __init__(self, waiter: Waiter, name: str, hosts: frozenset[str]) -> None:
        self.name = name
        self.hosts = hosts
        self.said: deque[str] = deque(maxlen=10)
        self.epoch = waiter.epoch
        self._waiter = waiter
        self._sent_at = time.monotonic()
        self._value: T | None = None
        self._error: RequestError | None = None
        self._is_over = False
        self._give_up: tuple[Deadline, RequestError] | None = None

    @property
    def is_over(self) -> bool:
        """Whether its end came."""
        return self._is_over

    def wait(self, timeout_s: float) -> T:
        """Its value.

        Raises:
            RequestError: Its end was no success; the class says why.
            LinkLostError: The link went; after a reconnect it may be waited for again.
            WaitTimeoutError: No end within `timeout_s` seconds; it may go on.
        """
        self._wait_for(lambda: self._is_over, Deadline.after(timeout_s), timeout_s)
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._value  # type: ignore[return-value]  # it is over, and no error

    def _wait_for(self, condition: Callable[[], bool], deadline: Deadline, told_s: float) -> None:
        """Wait until the condition holds, or the request is over for another reason."""
        epoch = self._waiter.epoch
        while not (condition() or self._is_over):
            if epoch == 0 or epoch != self._waiter.epoch:
                text = f"{self.verb} of {self.name}: the link to DCSS is lost; it may go on"
                raise LinkLostError(self.name, "", text)
            left_s = deadline.remaining()
            given_up = self._give_up
            if given_up is not None:
                left_s = min(left_s, given_up[0].remaining())
            if self._waiter.wait_until(lambda: condition() or self._is_over, left_s, epoch):
                return
            if given_up is not None and given_up[0].passed:
                self._waiter.give_up(self, given_up[1])
            elif deadline.passed:
                raise WaitTimeoutError(self.name, "", self._timeout_text(told_s))

    def _timeout_text(self, timeout_s: float) -> str:
        since_s = time.monotonic() - self._sent_at
        last = f"; last log: {self.said[-1]}" if self.said else ""
        return (
            f"{self.verb} of {self.name}: no end within {timeout_s:g} s; asked {since_s:.1f} s ago"
            f"{self._progress()}; of {', '.join(sorted(self.hosts)) or 'no DHS'}{last}"
        )

    def _progress(self) -> str:
        return ""

    def end(self, value: T | None = None, error: RequestError | None = None) -> None:
        """The end; only the first counts. For the client, with its lock."""
        if not self._is_over:
            self._value, self._error = value, error
            self._is_over = True

    def tell(self, message: Message) -> None:
        """A message came. For the client, with its lock."""
        if isinstance(message, StogConfigureHardwareHost):
            self._host_said(message)
        elif isinstance(message, StogLog) and self.name in message.said.split():
            self.said.append(f"{message.log_level} {message.said}")

    def _host_said(self, message: StogConfigureHardwareHost) -> None:
        if message.host_name in self.hosts and message.state != ONLINE:
            text = f"{self.name}: {message.host_name} went offline"
            error = OfflineError(self.name, message.state, text)
            self._give_up = Deadline.after(OFFLINE_GRACE_S), error

    def abort_sent(self) -> None:
        """This client sent an abort. For the client, with its lock."""
        text = f"{self.name}: aborted, and nothing said that it stopped"
        self._give_up = Deadline.after(ABORT_GRACE_S), AbortedError(self.name, "", text)


class MoveRequest(PendingRequest[MoveEnd]):
    """A move: the first completion after its start; a refusal has no start."""

    verb = "move"

    def __init__(
        self, waiter: Waiter, name: str, hosts: frozenset[str], *, was_moving: bool
    ) -> None:
        super().__init__(waiter, name, hosts)
        self._was_moving = was_moving
        self._has_started = False
        self._last: float | None = None

    def _progress(self) -> str:
        return "" if self._last is None else f", last at {self._last:g}"

    def tell(self, message: Message) -> None:
        """Take starts, updates and completions of the motor."""
        super().tell(message)
        if isinstance(message, StogMotorMoveStarted) and message.motor_name == self.name:
            self._has_started = True
        elif isinstance(message, StogUpdateMotorPosition) and message.motor_name == self.name:
            self._last = message.position
        elif isinstance(message, StogMotorMoveCompleted) and message.motor_name == self.name:
            is_others = not self._has_started and self._was_moving and message.status == NORMAL
            self._was_moving = False
            if message.status != NORMAL:
                self.end(error=error_of(self.name, message.status))
            elif not is_others:
                self.end(MoveEnd(message.position, message.status))


class StartedOperation(PendingRequest[OperationEnd]):
    """An operation under way.

    Attributes:
        handle: Its handle, `CLIENT.COUNTER`.
    """

    verb = "operation"

    def __init__(self, waiter: Waiter, name: str, hosts: frozenset[str], handle: str) -> None:
        super().__init__(waiter, name, hosts)
        self.handle = handle
        self._updates: deque[str] = deque(maxlen=MOST_UPDATES)

    def tell(self, message: Message) -> None:
        """Take what has its handle."""
        super().tell(message)
        if isinstance(message, StogOperationUpdate) and message.operation_handle == self.handle:
            self._updates.append(message.operation_args)
        elif (
            isinstance(message, StogOperationCompleted) and message.operation_handle == self.handle
        ):
            if message.operation_status == NORMAL:
                self.end(OperationEnd(message.operation_status, message.operation_args))
            else:
                said = f"{message.operation_status} {message.operation_args}".strip()
                self.end(error=error_of(self.name, said))

    def follow(self, timeout_s: float, quiet_s: float | None = None) -> Iterator[str]:
        """Its updates as they come, until it ends.

        Args:
            timeout_s: Longest time in all, in seconds.
            quiet_s: Longest time between two updates; None for no such limit.

        Raises:
            RequestError: As `wait`, after the last update.
        """
        deadline = Deadline.after(timeout_s)
        while True:
            while self._updates:
                yield self._updates.popleft()
            if self._is_over:
                break
            told_s = timeout_s
            step = deadline
            if quiet_s is not None and quiet_s < deadline.remaining():
                told_s, step = quiet_s, Deadline.after(quiet_s)
            self._wait_for(lambda: bool(self._updates), step, told_s)
        self.wait(0)


class ReportRequest(PendingRequest[T]):
    """Something that ends with a report, which `read` knows.

    `read` gives the value of a message that is the report, an exception where it says no, and None
    for any other message.
    """

    def __init__(
        self,
        waiter: Waiter,
        name: str,
        hosts: frozenset[str],
        read: Callable[[Message], T | RequestError | None],
        *,
        refused_by_log: bool = False,
    ) -> None:
        super().__init__(waiter, name, hosts)
        self._read = read
        self._refused_by_log = refused_by_log

    def tell(self, message: Message) -> None:
        """Take a report, or the log line that is the only refusal of some commands."""
        super().tell(message)
        found: T | RequestError | None
        try:
            found = self._read(message)
        except Exception as error:  # noqa: BLE001 - of the caller's own function
            found = FailedError(self.name, "", f"{self.name}: the answer was not read: {error!r}")
        if isinstance(found, RequestError):
            self.end(error=found)
        elif found is not None:
            self.end(found)
        elif self._refused_by_log and isinstance(message, StogLog):
            reason = refusal_in_log(self.name, message)
            if reason:
                self.end(error=error_of(self.name, reason))


def refusal_in_log(name: str, line: StogLog) -> str:
    """The reason where a line of the log refuses a command to this device, else ""."""
    if line.log_level != ERROR_LEVEL:
        return ""
    _, found, rest = line.said.partition(f" {name} ")
    if not found:
        return ""
    if rest.startswith("permit check failed: "):
        return rest.removeprefix("permit check failed: ").strip()
    if rest.strip() == "not_exist":
        return rest.strip()
    if rest.startswith("type is not "):
        return f"type_not_{rest.removeprefix('type is not ').strip()}"
    return ""
