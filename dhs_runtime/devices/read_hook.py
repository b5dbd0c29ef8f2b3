"""Reading the hardware of a device: at a registration, around a move, and by polls."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Final, Generic, TypeVar, overload

from dcs_codec import EncodeError, Message
from dhs_runtime.answers import NORMAL, told_by, trouble_with
from dhs_runtime.devices.base import Device, Wiring
from dhs_runtime.devices.hooks import Slot
from dhs_runtime.errors import DeviceError, HandlerError
from dhs_runtime.loggers import get_logger
from dhs_runtime.scheduling import Lane
from dhs_runtime.signatures import check_result, check_seconds
from dhs_runtime.threads import fulfil

T = TypeVar("T")
L = TypeVar("L")

READ_TIMEOUT_S: Final = 2.0

Wait = Callable[[Future[T], float], T]
"""Waits for a future with a timeout: `Future.result`, or `Task.wait`, which an abort ends."""

logger = get_logger(__name__)


class ReadableDevice(Device, Generic[T]):
    """A device whose value can be read from the hardware.

    Attributes:
        on_read: Decorator: the function reads it; see `ReadHook`.
    """

    _default: T
    _value: T | None

    def __init__(self, name: str, value: object = None) -> None:
        """A device; raises HandlerError if its first value cannot be sent to DCSS."""
        super().__init__(name)
        self.on_read: ReadHook[T] = ReadHook(self)
        if value is not None:
            self._remember(self._declare(self._telling, value))

    def read(self) -> T:
        """Read the hardware with `on_read`; raises DeviceError. Does not tell DCSS."""
        return self.on_read.now(self._last)

    @property
    def _last(self) -> T:
        """The last value; the default if none is known."""
        return self._default if self._value is None else self._value

    def report(self, value: T | None = None, *, status: str = NORMAL) -> None:
        """Tell DCSS the position, state or contents, unasked; without a link, when there is one.

        Args:
            value: By default the last. A position is in the device's own units.
            status: `normal`, or one word that says what is wrong, such as `disconnected`. Then the
                value is not taken over here, except the position of a motor.

        Raises:
            EncodeError: The value does not fit the wire, or the status is not a word.
        """
        self._report(self._telling(self._last if value is None else value, status))

    def _fill_in(self, value: T) -> None:
        """Take a value of DCSS's database if none is known; the last command may be newer."""
        if self._value is None:
            self._value = value
        self.on_read.refresh()

    def _telling(self, value: object, status: str = NORMAL) -> Message:
        """As `Device._telling`, with a status."""
        raise NotImplementedError

    def _failures(self, status: str, _: str) -> Iterable[Message]:
        return (self._telling(self._last, status),)

    def _wire(self, wiring: Wiring | None) -> None:
        super()._wire(wiring)
        self.on_read._wire(wiring)

    def _may_poll(self) -> bool:
        """Whether a poll may tell DCSS a value now; not during a move."""
        return True


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

    _device: "ReadableDevice[T]"

    def __init__(self, device: "ReadableDevice[T]") -> None:
        super().__init__(device, "reading", 0)
        self.read_timeout_s = READ_TIMEOUT_S
        self.every_s: float | None = None
        self.deadband = 0.0
        self._lane: Lane | None = None
        self._trouble = ""  # why the last read failed

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
        where = f"{self._what} {self._device.name}"
        check_seconds(read_timeout_s, f"read_timeout_s of {where}")
        if every_s is not None:
            check_seconds(every_s, f"every_s of {where}")
        if type(deadband) not in (int, float) or not deadband >= 0:
            raise HandlerError(f"the deadband of {where} is a number from 0 on; got {deadband!r}")
        if function is None:
            return partial(
                self.__call__, read_timeout_s=read_timeout_s, every_s=every_s, deadband=deadband
            )
        self.take(function)
        self.read_timeout_s, self.every_s, self.deadband = read_timeout_s, every_s, deadband
        return function

    def _wire(self, wiring: Wiring | None) -> None:
        """Start to take part in a run of the DHS, or with None end it."""
        self._lane = None if wiring is None else Lane(wiring.readers)

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
        if self.hangs:
            raise DeviceError(self._late)
        if not self._lane.put(partial(fulfil, future, self._value)):
            raise DeviceError("cannot be read: the DHS is stopping, or no thread is left")
        try:
            return wait(future, self.read_timeout_s)
        except TimeoutError:  # of the wait: the function's own came out of it as a DeviceError
            raise DeviceError(self._late) from None
        finally:
            future.cancel()  # a call that still waits need not run

    def now_or(self, last: L) -> T | L:
        """As `now`; if it cannot be read, `last`, with a line in both logs.

        A value that was sent to DCSS during the reading is newer, and is returned instead.
        """
        tellings = self._device._tellings
        try:
            value = self.now(last)
        except DeviceError as error:
            self._failed(str(error))
            return last
        self._succeeded(value)
        newer = None if tellings == self._device._tellings else self._device._value
        return value if newer is None else newer

    @property
    def _late(self) -> str:
        """The reason of a failure where no answer came in time."""
        return f"cannot be read: no answer within {self.read_timeout_s:g} s"

    @property
    def hangs(self) -> bool:
        """Whether a call of the function takes too long."""
        current = None if self._lane is None else self._lane.current
        return current is not None and time.monotonic() - current[1] > self.read_timeout_s

    def refresh(self) -> None:
        """Read, and tell DCSS the value if it differs from what DCSS just said."""
        value = self.now_or(self._device._value)
        if value != self._device._value:
            self._tell(self._device._tellings, value)

    def poll(self) -> None:
        """Read, soon, and tell DCSS what is news; returns at once."""
        wiring, lane = self._device._wiring, self._lane
        if wiring is None or lane is None or not self._device._may_poll():
            return
        if not lane.busy:
            lane.put(partial(self._poll, self._device._tellings))
        if self.hangs and not self._trouble:
            wiring.active.answer(self._say_it_hangs)

    def _say_it_hangs(self) -> None:
        if self.hangs:  # and has not come back since
            self._failed(self._late)

    def _poll(self, tellings: int) -> None:
        """Read; `tellings` is how often DCSS was told a value before."""
        started = time.monotonic()
        try:
            value = self._value()
        except DeviceError as error:
            self._failed(str(error))
            return
        took = time.monotonic() - started
        if took > self.read_timeout_s:
            self._failed(f"cannot be read: answered after {took:.1f} s")
            return
        self._succeeded(value)
        if self._is_news(value) and self._device._lane is not None:
            self._device._lane.put(partial(self._tell, tellings, value))

    def _is_news(self, value: object) -> bool:
        """Whether a polled value differs enough to tell DCSS."""
        last = self._device._value
        if not isinstance(value, (int, float)) or not isinstance(last, (int, float)):
            return value != last
        change = abs(value - last)
        return change > 0 and change >= self.deadband

    def _tell(self, tellings: int, value: object) -> None:
        """Tell DCSS a value, unless another was sent after it was read; runs in the lane."""
        device = self._device
        if tellings == device._tellings and device._may_poll():
            try:
                device._report(device._telling(value))
            except EncodeError as error:  # it may be too long for this link
                self._failed(str(error))

    def _failed(self, reason: str) -> None:
        """Say why the hardware cannot be read, once for several failures in a row."""
        before, self._trouble = self._trouble, reason
        if not before and self._device._wiring is not None:
            self._device._tell_why(self._device._wiring.outlet, reason)()

    def _succeeded(self, value: object) -> None:
        """Log that it can be read again, if reading had failed."""
        if self._trouble:
            device, self._trouble = self._device, ""
            logger.info("%s %s: can be read again: %s", device.kind, device.name, value)

    def _value(self) -> T:
        """Call the function and check its result; raises DeviceError."""
        assert self.function is not None  # noqa: S101 - for mypy; all who call this have looked
        try:
            value = self.function()
            check_result(value, self.function)
            trouble = trouble_with(self._device._telling(value))
        except DeviceError:
            raise
        except BaseException as error:  # sys.exit() in a function must not end the thread
            raise DeviceError(f"cannot be read: {told_by(error)}") from error
        if trouble:
            raise DeviceError(f"cannot be read: {trouble}")
        return value
