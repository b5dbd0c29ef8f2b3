"""Devices of a `DcssClient` for Bluesky plans; this module does not import Bluesky.

The classes have the methods of Bluesky's protocols (`bluesky.protocols`, read at 1.15). All that a
plan starts has a deadline, so that a DHS that hangs does not hang the plan.

    from bluesky import RunEngine
    from bluesky.plans import scan

    phi, i2 = BlueskyMotor(dcss, "gonio_phi"), BlueskyCounter(dcss, "i2", time_s=0.1)
    RunEngine()(scan([i2], phi, 0, 20, 21))
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from dcs_codec import DcsError, ShutterState
from dhs_runtime.client.bluesky_status import BlueskyStatus
from dhs_runtime.client.dcss_client import DcssClient
from dhs_runtime.client.errors import AbortedError, RequestError
from dhs_runtime.client.events import Subscription
from dhs_runtime.client.moving import ANSWER_S, ENGINE, MOVE_S, elsewhere
from dhs_runtime.client.pending import PendingRequest
from dhs_runtime.client.seen import MotorView, View
from dhs_runtime.client.waiting import MoveRequest, StartedOperation
from dhs_runtime.errors import DhsError
from dhs_runtime.number_text import short_number_text

if TYPE_CHECKING:
    from bluesky.protocols import Hints, Location, Reading
    from event_model import DataKey, PartialEvent

    Listener = Callable[[dict[str, Reading[float | str]]], object]

T = TypeVar("T")

OPERATION_S: Final = 3600.0
"""Default for the longest time of an operation, in seconds."""


class BlueskyDevice:
    """The base class of all devices."""

    parent = None
    dtype: Literal["number", "string"] = "string"

    def __init__(self, dcss: DcssClient, name: str, *, timeout_s: float = ANSWER_S) -> None:
        """A device for plans; `timeout_s` is the longest time, in seconds, of all it starts."""
        self.name = name
        self._dcss = dcss
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def hints(self) -> "Hints":
        """What Bluesky's tables and plots show."""
        return {"fields": list(self.describe())}

    def describe(self) -> "dict[str, DataKey]":
        """Kind and source of each value."""
        return {self.name: self._key()}

    def _key(self) -> "DataKey":
        source = f"dcss://{self._dcss.address}/{self.name}"
        return {"source": source, "dtype": self.dtype, "shape": []}

    def _until(self, run: PendingRequest[Any], what: str) -> BlueskyStatus:
        """A status that ends with a request, and fails if it fails."""
        status = BlueskyStatus(what)
        run.on_end(lambda run: status.finish(run.error))
        return status

    def _now(self, value: float | str) -> "dict[str, Reading[float | str]]":
        self._dcss.check_ready()  # so that an old value is never returned as a new one
        return {self.name: {"value": value, "timestamp": time.time()}}


class OperationDevice(BlueskyDevice):
    """A device that is an operation with its arguments."""

    def __init__(
        self, dcss: DcssClient, name: str, *args: object, timeout_s: float = OPERATION_S
    ) -> None:
        """An operation for plans; `args` as for `DcssClient.start_operation`."""
        super().__init__(dcss, name, timeout_s=timeout_s)
        self._args = args

    def _start(self) -> StartedOperation:
        return self._dcss.start_operation(self.name, *self._args, timeout_s=self._timeout_s)


class TriggeredDevice(BlueskyDevice):
    """A device whose values come from its last trigger."""

    _readings: "Mapping[str, Reading[float | str]]" = MappingProxyType({})

    def read(self) -> "dict[str, Reading[float | str]]":
        """The values of the last trigger; raises DhsError if it gave none."""
        if not self._readings:
            raise DhsError(f"{self.name} was not triggered yet, or the last trigger failed")
        return dict(self._readings)

    def _triggered(
        self, what: str, run: PendingRequest[T], values: Callable[[T], dict[str, float | str]]
    ) -> BlueskyStatus:
        """The status of a trigger; `values` gives the values by name from its result."""
        status = BlueskyStatus(what)
        self._readings = {}  # old readings must not be taken for new ones

        def ended(run: PendingRequest[T]) -> None:
            if run.error is None:
                now = time.time()
                self._readings = {
                    name: {"value": value, "timestamp": now}
                    for name, value in values(run.wait(0)).items()
                }
            status.finish(run.error)

        run.on_end(ended)
        return status


class BlueskyMotor(BlueskyDevice):
    """A motor: Readable, Movable, Stoppable, Locatable, Checkable and Subscribable."""

    dtype = "number"

    def __init__(
        self,
        dcss: DcssClient,
        name: str,
        *,
        timeout_s: float = MOVE_S,
        tolerance: float | None = None,
        stop_by_abort_all: bool = False,
    ) -> None:
        """A motor for plans.

        Args:
            dcss: The client.
            name: The motor.
            timeout_s: Longest time of a move, in seconds.
            tolerance: How far from its goal a move may end; None for no limit.
            stop_by_abort_all: Whether `stop` may abort everything at the beamline, if the motor is
                one of DCSS's scripting engine, which stops in no other way.
        """
        super().__init__(dcss, name, timeout_s=timeout_s)
        self._tolerance = tolerance
        self._stop_by_abort_all = stop_by_abort_all
        self._lock = threading.Lock()  # guards _run and _status; not held while sending
        self._run: MoveRequest | None = None
        self._status: BlueskyStatus | None = None
        self._goal: float | None = None
        self._subscriptions: dict[Listener, Subscription] = {}

    @property
    def _view(self) -> MotorView:
        return self._dcss.motors[self.name]

    def read(self) -> "dict[str, Reading[float | str]]":
        """Its position; raises NotConnectedError if it is not known now."""
        return self._now(self._view.position)

    def describe(self) -> "dict[str, DataKey]":
        """Units and limits."""
        low, high = self._view.limits
        key = self._key()
        key["units"] = self._view.units
        key["limits"] = {"control": {"low": low, "high": high}}
        return {self.name: key}

    def locate(self) -> "Location[float]":
        """Its last destination, and its position."""
        position = self._view.position
        self._dcss.check_ready()
        return {"setpoint": position if self._goal is None else self._goal, "readback": position}

    def check_value(self, value: float) -> None:
        """Check that a move is within the limits; raises LimitError, BusyError, EncodeError."""
        self._dcss.check_target(self.name, value)

    def set(self, value: float) -> BlueskyStatus:
        """Start a move, now or, if an earlier move is not over yet, when that is over.

        Raises:
            RequestError, NotConnectedError, EncodeError: See `DcssClient.start_move`.
        """
        self.check_value(value)
        status = BlueskyStatus(f"{self.name} to {short_number_text(value)}")
        with self._lock:
            before, self._status = self._run, status
        if before is None or before.is_over:
            self._begin(value, status)
        else:
            before.on_end(lambda _: self._begin_later(value, status))
        self._goal = value
        return status

    def _begin_later(self, value: float, status: BlueskyStatus) -> None:
        if status.is_stopped:  # while it waited for its turn
            text = f"{self.name}: it was stopped before it began to move"
            status.finish(AbortedError(self.name, "", text))
            return
        try:
            self._begin(value, status)
        except (DhsError, DcsError) as error:
            status.finish(error)

    def _begin(self, value: float, status: BlueskyStatus) -> None:
        run = self._dcss.start_move(self.name, value, timeout_s=self._timeout_s)
        with self._lock:
            self._run, is_stopped = run, status.is_stopped
        run.on_end(lambda run: status.finish(self._error_of(run)))
        if is_stopped:  # while its command was being sent
            self._stop()

    def _error_of(self, run: MoveRequest) -> RequestError | None:
        if run.error is not None:
            return run.error
        return elsewhere(self._view, run.wait(0).position, run.to, self._tolerance)

    def stop(self, success: bool = True) -> None:  # noqa: FBT001, FBT002, RUF100 - Bluesky's
        """Stop the move that was started here, if there is one; does not wait.

        Bluesky calls it after each plan, for each of its motors.

        Raises:
            RefusedError: It belongs to the scripting engine, and `stop_by_abort_all` is False.
            NotConnectedError: The client is not ready.
        """
        with self._lock:
            run = self._run
            if self._status is not None:
                self._status.stop(success=success)
        if run is not None and not run.is_over:
            self._stop()

    def _stop(self) -> None:
        if self._stop_by_abort_all and self._view.host == ENGINE:
            self._dcss.abort()
        else:
            self._dcss.stop_move(self.name)

    def subscribe(self, function: "Listener") -> None:
        """Call a function with the present reading, and with each new one."""

        def changed(_: View | None, after: View | None) -> None:
            if isinstance(after, MotorView):
                function({self.name: {"value": after.position, "timestamp": time.time()}})

        subscription = self._dcss.subscribe_changes(changed, self.name, initial=True)
        self._subscriptions[function] = subscription

    def clear_sub(self, function: "Listener") -> None:
        """Stop calling the function."""
        self._subscriptions.pop(function).close()


class BlueskyShutter(BlueskyDevice):
    """A shutter, `open` or `closed`: Readable and Movable."""

    def read(self) -> "dict[str, Reading[float | str]]":
        """Its state; `unknown` if DCSS does not know it."""
        is_open = self._dcss.shutters[self.name].is_open
        words = {True: ShutterState.OPEN.value, False: ShutterState.CLOSED.value}
        return self._now("unknown" if is_open is None else words[is_open])

    def set(self, value: Literal["open", "closed"]) -> BlueskyStatus:
        """Open or close it; raises like `DcssClient.set_shutter`."""
        run = self._dcss.start_set_shutter(self.name, value, timeout_s=self._timeout_s)
        return self._until(run, f"{self.name} to {value}")


class BlueskyString(BlueskyDevice):
    """A string: Readable and Movable."""

    def read(self) -> "dict[str, Reading[float | str]]":
        """Its contents."""
        return self._now(self._dcss.strings[self.name].contents)

    def set(self, value: str) -> BlueskyStatus:
        """Set it; raises like `DcssClient.set_string`."""
        run = self._dcss.start_set_string(self.name, value, timeout_s=self._timeout_s)
        return self._until(run, f"{self.name} to {value!r}")


class BlueskyCounter(TriggeredDevice):
    """Ion chambers that count together: Readable and Triggerable."""

    dtype = "number"

    def __init__(self, dcss: DcssClient, *names: str, time_s: float = 1.0) -> None:
        """Ion chambers for plans.

        Args:
            dcss: The client.
            names: The ion chambers, at least one.
            time_s: How long each trigger counts, in seconds.
        """
        super().__init__(dcss, "_".join(names))
        self.time_s = time_s
        self._names = names

    def describe(self) -> "dict[str, DataKey]":
        """The counts of each ion chamber."""
        return {name: self._key() for name in self._names}

    def trigger(self) -> BlueskyStatus:
        """Count once; raises like `DcssClient.count`."""
        run = self._dcss.start_count(self.time_s, *self._names, timeout_s=self.time_s + ANSWER_S)
        what = f"{self.name} for {self.time_s:g} s"
        return self._triggered(
            what, run, lambda end: {name: end.counts[name] for name in self._names}
        )


class BlueskyOperation(OperationDevice, TriggeredDevice):
    """An operation that each trigger runs once, and whose result is read: Readable, Triggerable."""

    def trigger(self) -> BlueskyStatus:
        """Run it; raises like `DcssClient.start_operation`."""
        what = f"operation {self.name}"
        return self._triggered(what, self._start(), lambda end: {self.name: end.text})


class BlueskyFlyer(OperationDevice):
    """An operation that runs while a plan does something else; each update is an event: Flyable."""

    _run: StartedOperation | None = None

    def kickoff(self) -> BlueskyStatus:
        """Start it; done when DCSS reports the start. Raises like `DcssClient.start_operation`."""
        self._run = run = self._start()
        status = self._until(run, f"start of {self.name}")  # if it is refused, it does not start
        run.on_start(lambda _: status.finish())
        return status

    def complete(self) -> BlueskyStatus:
        """A status that is done when it is completed; raises DhsError before a kickoff."""
        return self._until(self._started(), f"operation {self.name}")

    def describe_collect(self) -> "dict[str, dict[str, DataKey]]":
        """The content of an event: the text of an update."""
        return {self.name: {self.name: self._key()}}

    def collect(self) -> "Iterator[PartialEvent]":
        """An event for each update since the last call; raises DhsError before a kickoff."""
        for at, text in self._started().take_updates():
            yield {"time": at, "data": {self.name: text}, "timestamps": {self.name: at}}

    def _started(self) -> StartedOperation:
        if self._run is None:
            raise DhsError(f"{self.name} was not started yet")
        return self._run
