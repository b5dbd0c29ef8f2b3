"""Attaches functions to a device: `Hook`, and `ReadHook` for reading the hardware."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, Generic, Protocol, TypeVar, overload

from dcs_codec import Message
from dhs_runtime.answers import told_by, trouble_with
from dhs_runtime.errors import DeviceError, HandlerError
from dhs_runtime.scheduling import Lane, Workers
from dhs_runtime.signatures import check_handler, name_of
from dhs_runtime.threads import fulfil

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")
L = TypeVar("L")

READ_TIMEOUT_S: Final = 2.0

Wait = Callable[[Future[T], float], T]
"""Waits for a future with a timeout: `Future.result`, or `Task.wait`, which an abort ends."""


class Owner(Protocol):
    """What a hook needs of its device."""

    name: str

    def _check_not_running(self, what: str) -> None: ...
    def _telling(self, value: object) -> Message: ...
    def _was_read(self, value: object) -> None: ...
    def _read_failed(self, reason: str) -> None: ...


class Slot(Generic[F]):
    """A place for one function."""

    def __init__(self, device: Owner, what: str, arguments: int) -> None:
        self._device = device
        self._what = what
        self._arguments = arguments
        self.function: F | None = None

    def take(self, function: F) -> F:
        """Take the function.

        Raises:
            HandlerError: There is one already, this one does not take the right arguments, or the
                DHS runs already.
        """
        what = f"{self._what} {self._device.name}"
        self._device._check_not_running(f"the handler of {what}")
        if self.function is not None:
            raise HandlerError(f"{what} has a handler already: {name_of(self.function)}")
        check_handler(function, self._arguments)
        self.function = function
        return function


class Hook(Slot[F]):
    """A place for one function, filled by a decorator.

    `@device.on_set` runs the function in a worker, `@device.on_set(inline=True)` in the reading
    thread. Then it must return at once: nothing is read meanwhile, not even an abort.
    """

    def __init__(self, device: Owner, what: str, arguments: int = 1) -> None:
        super().__init__(device, what, arguments)
        self.inline = False

    @overload
    def __call__(self, function: F) -> F: ...

    @overload
    def __call__(self, *, inline: bool) -> Callable[[F], F]: ...

    def __call__(self, function: F | None = None, *, inline: bool = False) -> F | Callable[[F], F]:
        """Take the function; raises HandlerError as `Slot.take`."""
        if function is None:
            return partial(self.__call__, inline=inline)
        self.take(function)
        self.inline = inline
        return function


class ReadHook(Slot[Callable[[], T]]):
    """A place for the function that reads the hardware, filled by a decorator.

    `@device.on_read` reads at each registration, before a motor moves and after it has moved;
    `@device.on_read(every_s=0.5, deadband=0.01)` also polls. The function runs in the device's own
    thread, one call at a time. A call that hangs occupies only that thread; no other thread waits
    longer than `read_timeout_s` for it.

    Attributes:
        read_timeout_s: Seconds after which a read has failed; a later result is dropped.
        every_s: Seconds between two polls, None for no polls.
        deadband: The smallest change of a number that a poll tells DCSS; 0 for any.
    """

    def __init__(self, device: Owner) -> None:
        super().__init__(device, "reading", 0)
        self.read_timeout_s = READ_TIMEOUT_S
        self.every_s: float | None = None
        self.deadband = 0.0
        self._lane: Lane | None = None

    @overload
    def __call__(self, function: Callable[[], T]) -> Callable[[], T]: ...

    @overload
    def __call__(
        self, *, read_timeout_s: float = ..., every_s: float | None = ..., deadband: float = ...
    ) -> Callable[[Callable[[], T]], Callable[[], T]]: ...

    def __call__(
        self,
        function: Callable[[], T] | None = None,
        *,
        read_timeout_s: float = READ_TIMEOUT_S,
        every_s: float | None = None,
        deadband: float = 0.0,
    ) -> Callable[[], T] | Callable[[Callable[[], T]], Callable[[], T]]:
        """Take the function.

        Raises:
            HandlerError: As `Slot.take`, or a number is not a valid time or deadband.
        """
        if not 0 < read_timeout_s < float("inf") or not (every_s is None or every_s > 0):
            raise HandlerError(f"{self._what} {self._device.name}: seconds are numbers above 0")
        if not deadband >= 0:
            raise HandlerError(f"{self._what} {self._device.name}: a deadband is no number below 0")
        if function is None:
            return partial(
                self.__call__, read_timeout_s=read_timeout_s, every_s=every_s, deadband=deadband
            )
        self.take(function)
        self.read_timeout_s, self.every_s, self.deadband = read_timeout_s, every_s, deadband
        return function

    def wire(self, readers: Workers | None) -> None:
        """Read in these workers from now on; for the runtime."""
        self._lane = None if readers is None else Lane(readers)

    def now(self, last: L, wait: Wait[T] = Future.result) -> T | L:
        """Read the hardware; returns `last` if there is no function.

        Raises:
            DeviceError: It cannot be read, or not in time, or its value cannot be sent.
            TaskAbortedError: `wait` was aborted.
        """
        if self.function is None:
            return last
        if self._lane is None:  # the DHS does not run: there is nothing to hold up
            return self._value()
        future: Future[T] = Future()
        if self.hangs or not self._lane.put(partial(fulfil, future, self._value)):
            raise DeviceError(self.late)
        try:
            return wait(future, self.read_timeout_s)
        except TimeoutError:  # of the wait: the function's own came out of it as a DeviceError
            raise DeviceError(self.late) from None
        finally:
            future.cancel()  # a call that still waits need not run

    def now_or(self, last: L) -> T | L:
        """As `now`; if it cannot be read, `last`, with a line in both logs."""
        try:
            value = self.now(last)
        except DeviceError as error:
            self._device._read_failed(str(error))
            return last
        self._device._was_read(value)
        return value

    @property
    def late(self) -> str:
        """The reason of a failure where no answer came in time."""
        return f"cannot be read: no answer within {self.read_timeout_s:g} s"

    @property
    def hangs(self) -> bool:
        """Whether a call of the function takes too long."""
        current = None if self._lane is None else self._lane.current
        return current is not None and time.monotonic() - current[1] > self.read_timeout_s

    def poll(self, seen: Callable[[T], None]) -> bool:
        """Read soon, unless a read is under way; False if that hangs. Returns at once."""
        if self._lane is not None and not self._lane.busy:
            self._lane.put(partial(self._polled, seen))
        return not self.hangs

    def _polled(self, seen: Callable[[T], None]) -> None:
        started = time.monotonic()
        try:
            value = self._value()
        except DeviceError as error:
            self._device._read_failed(str(error))
            return
        took = time.monotonic() - started
        if took > self.read_timeout_s:
            self._device._read_failed(f"cannot be read: answered after {took:.1f} s")
        else:
            self._device._was_read(value)
            seen(value)

    def _value(self) -> T:
        """Call the function and check its result; raises DeviceError."""
        assert self.function is not None  # noqa: S101 - for mypy; all who call this have looked
        try:
            value = self.function()
            trouble = trouble_with(self._device._telling(value))
        except DeviceError:
            raise
        except BaseException as error:  # sys.exit() in a function must not end the thread
            raise DeviceError(f"cannot be read: {told_by(error)}") from error
        if trouble:
            raise DeviceError(f"cannot be read: {trouble}")
        return value
