"""What all Bluesky devices share: a name, a description of their values, and a status."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from dhs_runtime.client.dcss_client import DcssClient
from dhs_runtime.client.errors import AbortedError
from dhs_runtime.client.pending import PendingRequest
from dhs_runtime.errors import DhsError

if TYPE_CHECKING:
    from bluesky.protocols import Hints, Reading
    from event_model import DataKey

T = TypeVar("T")


class BlueskyStatus:
    """The status of something that a plan started; its repr says what it is, and why it failed.

    Attributes:
        stopped_well: Whether the plan stopped it on purpose, which is not a failure.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.stopped_well = False
        self._changed = threading.Condition()  # guards what follows
        self._is_done = False
        self._error: Exception | None = None
        self._callbacks: list[Callable[[BlueskyStatus], None]] = []

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self._is_done

    @property
    def success(self) -> bool:
        """Whether it succeeded."""
        return self._is_done and self._error is None

    def exception(self, timeout: float | None = 0.0) -> Exception | None:
        """Why it failed; None if it did not.

        Raises:
            TimeoutError: It is not over within `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_done, timeout):
                raise TimeoutError(f"{self!r} within {timeout} s")
        return self._error

    def add_callback(self, callback: "Callable[[BlueskyStatus], None]") -> None:
        """Call a function at the end; at once if it is over."""
        with self._changed:
            if not self._is_done:
                self._callbacks.append(callback)
                return
        callback(self)

    def finish(self, error: Exception | None = None) -> None:
        """The end; only the first counts."""
        with self._changed:
            if self._is_done:
                return
            is_meant = self.stopped_well and isinstance(error, AbortedError)
            self._error = None if is_meant else error
            self._is_done = True
            callbacks, self._callbacks = self._callbacks, []
            self._changed.notify_all()
        for callback in callbacks:
            callback(self)

    def __repr__(self) -> str:
        if not self._is_done:
            return f"<{self._what}: not done>"
        return f"<{self._what}: {self._error or 'done'}>"


class BlueskyDevice:
    """The base of all devices: a name, and DCSS."""

    parent = None
    dtype: Literal["number", "string"] = "number"

    def __init__(self, dcss: DcssClient, name: str) -> None:
        self.name = name
        self._dcss = dcss

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def hints(self) -> "Hints":
        """What Bluesky's tables and plots show."""
        return {"fields": list(self.describe())}

    def describe(self) -> "dict[str, DataKey]":
        """What the values are."""
        return {self.name: self._key()}

    def _key(self) -> "DataKey":
        source = f"dcss://{self._dcss.address}/{self.name}"
        return {"source": source, "dtype": self.dtype, "shape": []}

    def _now(self, value: float | str) -> "dict[str, Reading[float | str]]":
        self._dcss.check_ready()  # so that an old value is never returned as a new one
        return {self.name: {"value": value, "timestamp": time.time()}}

    def _finishing(self, status: BlueskyStatus) -> Callable[[PendingRequest[Any]], None]:
        return lambda run: status.finish(run.error)


class TriggeredDevice(BlueskyDevice):
    """A device whose values come from its last trigger."""

    def __init__(self, dcss: DcssClient, name: str) -> None:
        super().__init__(dcss, name)
        self._readings: dict[str, Reading[float | str]] = {}

    def read(self) -> "dict[str, Reading[float | str]]":
        """The values of the last trigger; raises DhsError if there is none."""
        if not self._readings:
            raise DhsError(f"{self.name} was not triggered yet")
        return self._readings

    def _triggered(
        self, what: str, run: PendingRequest[T], values: Callable[[T], dict[str, float | str]]
    ) -> BlueskyStatus:
        """The status of a trigger; `values` takes the values out of its result, by name."""
        status = BlueskyStatus(what)

        def ended(run: PendingRequest[T]) -> None:
            if run.error is None:
                found, now = values(run.wait(0)), time.time()
                self._readings = {
                    name: {"value": value, "timestamp": now} for name, value in found.items()
                }
            status.finish(run.error)

        run.on_end(ended)
        return status
