"""Devices of a `DcssClient` for Bluesky plans; this module does not import Bluesky.

The classes have the methods of Bluesky's protocols (`bluesky.protocols`, read at 1.15). What a plan
starts has a deadline, so that a DHS that hangs does not hang the plan.

    from bluesky import RunEngine
    from bluesky.plans import scan

    phi, i2 = BlueskyMotor(dcss, "gonio_phi"), BlueskyCounter(dcss, "i2", time_s=0.1)
    RunEngine()(scan([i2], phi, 0, 20, 21))
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal

from dcs_codec import DcsError, ShutterState
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.bluesky_parts import BlueskyDevice, BlueskyStatus, TriggeredDevice
from dhs_runtime.client.dcss_client import DcssClient
from dhs_runtime.client.errors import FailedError, RequestError
from dhs_runtime.client.events import Subscription
from dhs_runtime.client.moving import ANSWER_S, ENGINE, MOVE_S
from dhs_runtime.client.seen import MotorView, View
from dhs_runtime.client.waiting import MoveRequest, StartedOperation
from dhs_runtime.errors import DhsError

if TYPE_CHECKING:
    from bluesky.protocols import Location, Reading
    from event_model import DataKey, PartialEvent

OPERATION_S: Final = 3600.0
"""Default for the longest time of an operation, in seconds."""


class BlueskyMotor(BlueskyDevice):
    """A motor: Readable, Movable, Stoppable, Locatable, Checkable and Subscribable."""

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
        super().__init__(dcss, name)
        self._timeout_s = timeout_s
        self._tolerance = tolerance
        self._stop_by_abort_all = stop_by_abort_all
        self._lock = threading.Lock()  # guards the three below
        self._run: MoveRequest | None = None
        self._status: BlueskyStatus | None = None
        self._goal: float | None = None
        self._subscriptions: dict[
            Callable[[dict[str, Reading[float | str]]], object], Subscription
        ] = {}

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
        """Start a move; if the motor is still stopping after a `stop`, when it has stopped.

        Raises:
            RequestError, NotConnectedError, EncodeError: See `DcssClient.start_move`.
        """
        self.check_value(value)
        status = BlueskyStatus(f"{self.name} to {value:g}")
        with self._lock:
            before, self._status, self._goal = self._run, status, value
        if before is None or before.is_over:
            self._begin(value, status)
        else:
            before.on_end(lambda _: self._begin_later(value, status))
        return status

    def _begin_later(self, value: float, status: BlueskyStatus) -> None:
        if status.stopped_well:  # stopped while it waited for its turn
            status.finish()
            return
        try:
            self._begin(value, status)
        except (DhsError, DcsError) as error:
            status.finish(error)

    def _begin(self, value: float, status: BlueskyStatus) -> None:
        run = self._dcss.start_move(self.name, value, timeout_s=self._timeout_s)
        with self._lock:
            self._run = run
        run.on_end(lambda run: status.finish(self._error_of(run)))

    def _error_of(self, run: MoveRequest) -> RequestError | None:
        if run.error is not None or self._tolerance is None:
            return run.error
        position = run.wait(0).position
        if abs(position - run.to) <= self._tolerance:
            return None
        text = f"{self.name}: stopped at {position:g}, not at {run.to:g}"
        return FailedError(self.name, NORMAL, text)

    def stop(self, success: bool = True) -> None:  # noqa: FBT001, FBT002, RUF100 - Bluesky's
        """Stop the move that was started here, if there is one; does not wait.

        Bluesky calls it after each plan, for each of its motors.

        Raises:
            RefusedError: It belongs to the scripting engine, and `stop_by_abort_all` is False.
            NotConnectedError: The client is not ready.
        """
        with self._lock:
            run, status = self._run, self._status
        if status is not None and success:
            status.stopped_well = True
        if run is None or run.is_over:
            return
        if self._stop_by_abort_all and self._view.host == ENGINE:
            self._dcss.abort()
        else:
            self._dcss.stop_move(self.name)

    def subscribe(self, function: "Callable[[dict[str, Reading[float | str]]], object]") -> None:
        """Call a function with the present reading, and with each new one."""

        def changed(_: View | None, after: View | None) -> None:
            if isinstance(after, MotorView):
                function({self.name: {"value": after.position, "timestamp": time.time()}})

        subscription = self._dcss.subscribe_changes(changed, self.name, initial=True)
        self._subscriptions[function] = subscription

    def clear_sub(self, function: "Callable[[dict[str, Reading[float | str]]], object]") -> None:
        """Stop calling it."""
        self._subscriptions.pop(function).close()


class BlueskyShutter(BlueskyDevice):
    """A shutter, `open` or `closed`: Readable and Movable."""

    dtype: Literal["number", "string"] = "string"

    def __init__(self, dcss: DcssClient, name: str, *, timeout_s: float = ANSWER_S) -> None:
        super().__init__(dcss, name)
        self._timeout_s = timeout_s

    def read(self) -> "dict[str, Reading[float | str]]":
        """Its state; `unknown` if DCSS does not know it."""
        is_open = self._dcss.shutters[self.name].is_open
        words = {True: ShutterState.OPEN.value, False: ShutterState.CLOSED.value}
        return self._now("unknown" if is_open is None else words[is_open])

    def set(self, value: Literal["open", "closed"]) -> BlueskyStatus:
        """Open or close it; raises like `DcssClient.set_shutter`."""
        status = BlueskyStatus(f"{self.name} to {value}")
        run = self._dcss.start_set_shutter(self.name, value, timeout_s=self._timeout_s)
        run.on_end(self._finishing(status))
        return status


class BlueskyString(BlueskyDevice):
    """A string: Readable and Movable."""

    dtype: Literal["number", "string"] = "string"

    def __init__(self, dcss: DcssClient, name: str, *, timeout_s: float = ANSWER_S) -> None:
        super().__init__(dcss, name)
        self._timeout_s = timeout_s

    def read(self) -> "dict[str, Reading[float | str]]":
        """Its contents."""
        return self._now(self._dcss.strings[self.name].contents)

    def set(self, value: str) -> BlueskyStatus:
        """Set it; raises like `DcssClient.set_string`."""
        status = BlueskyStatus(f"{self.name} to {value!r}")
        run = self._dcss.start_set_string(self.name, value, timeout_s=self._timeout_s)
        run.on_end(self._finishing(status))
        return status


class BlueskyCounter(TriggeredDevice):
    """Ion chambers that count together: Readable and Triggerable."""

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


class BlueskyOperation(TriggeredDevice):
    """An operation that each trigger runs once, and whose result is read: Readable, Triggerable."""

    dtype: Literal["number", "string"] = "string"

    def __init__(
        self, dcss: DcssClient, name: str, *args: object, timeout_s: float = OPERATION_S
    ) -> None:
        """An operation for plans; `args` as for `DcssClient.start_operation`."""
        super().__init__(dcss, name)
        self._args = args
        self._timeout_s = timeout_s

    def trigger(self) -> BlueskyStatus:
        """Run it; raises like `DcssClient.start_operation`."""
        run = self._dcss.start_operation(self.name, *self._args, timeout_s=self._timeout_s)
        return self._triggered(f"operation {self.name}", run, lambda end: {self.name: end.text})


class BlueskyFlyer(BlueskyDevice):
    """An operation that runs while a plan does something else; each update is an event: Flyable."""

    dtype: Literal["number", "string"] = "string"

    def __init__(
        self, dcss: DcssClient, name: str, *args: object, timeout_s: float = OPERATION_S
    ) -> None:
        """An operation for `bluesky.plans.fly`; `args` as for `DcssClient.start_operation`."""
        super().__init__(dcss, name)
        self._args = args
        self._timeout_s = timeout_s
        self._run: StartedOperation | None = None

    def kickoff(self) -> BlueskyStatus:
        """Start it; done when DCSS reports the start. Raises like `DcssClient.start_operation`."""
        status = BlueskyStatus(f"start of {self.name}")
        run = self._dcss.start_operation(self.name, *self._args, timeout_s=self._timeout_s)
        run.on_start(lambda _: status.finish())
        run.on_end(self._finishing(status))  # a refusal has no start
        self._run = run
        return status

    def complete(self) -> BlueskyStatus:
        """Done when it is completed; raises DhsError before a kickoff."""
        status = BlueskyStatus(f"operation {self.name}")
        self._started().on_end(self._finishing(status))
        return status

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
