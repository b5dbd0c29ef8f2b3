"""`Device`: what all kinds of device have in common; `Request`: one command to a device."""

import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, Final, Generic, TypeVar, overload

import attrs

from dcs_codec import (
    EncodeError,
    HtosLog,
    LogLevel,
    Message,
    default_codec,
)
from dhs_runtime.answers import ERROR, Failures, one_line
from dhs_runtime.errors import HandlerError, NotConnectedError
from dhs_runtime.scheduling import Job, Lane, Workers
from dhs_runtime.signatures import check_handler, check_name, name_of
from dhs_runtime.task import ActiveTasks, Outlet, Task

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T", bound=Task)

TOO_MUCH: Final = "too much under way"
SLOW_INLINE_S: Final = 0.05

logger = logging.getLogger(__name__)


@attrs.frozen
class Wiring:
    """What devices are given for one run of their DHS.

    Attributes:
        workers: Run moves and counts.
        lanes: Run the lanes.
        answers: Runs what refuses a command.
        outlet: Sends on whatever connection there is.
        active: The tasks under way.
        find: The device of a name, or None.
        tell: Lets the devices that a message is about remember what it says.
    """

    workers: Workers
    lanes: Workers
    answers: Callable[[Job], None]
    outlet: Outlet
    active: ActiveTasks
    find: Callable[[str], "Device | None"]
    tell: Callable[[Message], None]

    def refuse(self, task: Task, status: str, reason: str) -> None:
        """Answer a task with a failure, soon and not in this thread; it must be entered."""
        self.answers(partial(self.active.refuse, task, status, reason))


class Hook(Generic[F]):
    """A place for one function of the author's, filled by a decorator.

    `@device.on_set` runs the function in a worker, `@device.on_set(inline=True)` in the reading
    thread: it must return at once then, for nothing else is read meanwhile, not even an abort.
    """

    def __init__(self, what: str, arguments: int = 1) -> None:
        self._what = what
        self._arguments = arguments
        self.function: F | None = None
        self.inline = False

    @overload
    def __call__(self, function: F) -> F: ...

    @overload
    def __call__(self, *, inline: bool) -> Callable[[F], F]: ...

    def __call__(self, function: F | None = None, *, inline: bool = False) -> F | Callable[[F], F]:
        """Take the function.

        Raises:
            HandlerError: There is one already, or this one does not take the right arguments.
        """
        if function is None:
            return partial(self._take, inline)
        return self._take(inline, function)

    def _take(self, inline: bool, function: F) -> F:
        if self.function is not None:
            raise HandlerError(f"{self._what} has a handler already: {name_of(self.function)}")
        check_handler(function, self._arguments)
        self.function = function
        self.inline = inline
        return function


@attrs.frozen
class Deed:
    """What a device does about a command: for `Request`.

    Attributes:
        do: Does it, and returns the new value; raises where it fails.
        success: The answer that tells this value.
        failures: The forms of a failure; see `answers`.
        inline: Whether the author's function behind `do` runs in the reading thread.
        completion: Class of the answer, where it is never sent but as one.
    """

    do: Callable[[], object]
    success: Callable[[object], Message]
    failures: Failures
    inline: bool = False
    completion: type[Message] | None = None


class Request(Task):
    """One command to a device, other than a move or a count; an abort does not touch it.

    A shutter that is to close while everything is aborted has to close all the same.
    """

    def __init__(self, device: "Device", message: Message, deed: Deed, outlet: Outlet) -> None:
        super().__init__(outlet)
        self.device = device
        self._message = message
        self._deed = deed
        self._value: object = None

    @property
    def label(self) -> str:
        """Keyword and name."""
        return f"{self._message.keyword} {self.device.name}"

    @property
    def command(self) -> str:
        """All of it."""
        return repr(self._message)

    def abort(self, *_: object) -> None:
        """Nothing: it is short, and half done would be worse than done."""

    def obey(self, _: Task) -> None:
        """Do it; the handler of this task."""
        self._value = self._deed.do()

    def is_completed_by(self, message: Message) -> bool:
        """Whether this is an answer that is never sent unasked, about this device."""
        return type(message) is self._deed.completion and self.device.is_about(message)

    def _status_of(self, message: Message) -> str:
        return str(getattr(message, "status", ERROR))

    def _success(self) -> Message:
        return self._deed.success(self._value)

    def _failures(self, status: str, reason: str) -> Iterable[Message]:
        return self._deed.failures(status, reason)

    def _told(self, message: Message) -> None:
        self.device.told(message)

    def _explain(self, status: str, reason: str) -> None:
        self.device.complain(self._outlet, reason or status)


class Device:
    """A device that this DHS owns, by its name in DCSS's database.

    What it remembers changes by two ways only: `told`, with each message about it that was encoded
    to go to DCSS, and DCSS's own words, which are checked.

    Attributes:
        kind: What it is, for logs.
        name: Name of the device.
        registered: Whether DCSS has given it to this DHS.
    """

    kind: ClassVar[str] = "device"
    registrations: ClassVar[tuple[type[Message], ...]] = ()
    """Messages by which DCSS registers such a device."""
    commands: ClassVar[tuple[type[Message], ...]] = ()
    """The other messages that DCSS sends about such a device."""
    reports: ClassVar[tuple[type[Message], ...]] = ()
    """The messages by which DCSS is told of it."""
    name_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that may name the device, in messages either way."""
    asks: ClassVar[bool] = False
    """Whether dcss stores a value with a failure, so that a stranger has to learn it first."""

    def __init__(self, name: str) -> None:
        check_name(name, f"a {self.kind}")
        self.name = name
        self.registered = False
        self._wiring: Wiring | None = None
        self._lane: Lane | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def wire(self, wiring: Wiring) -> None:
        """Take part in a run of the DHS; for the runtime."""
        self._wiring = wiring
        self._lane = Lane(wiring.lanes)

    def accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """Take a message about this device from the reading thread; returns at once.

        What takes time, or is the author's, goes to the device's lane: it runs in the order of the
        wire, beside other devices. With a `refusal` a command is answered by a failure.
        """
        if isinstance(message, self.registrations):
            self.registered = True
            if refusal and not self.asks:
                return
            refusal = ""
        wiring, lane = self._wiring, self._lane
        if wiring is None or lane is None:
            return
        deed = self._deed(message)
        if deed is None:
            lane.put(partial(self._note, message))
            return
        request = Request(self, message, deed, outlet)
        wiring.active.add(request)
        if refusal:
            wiring.refuse(request, ERROR, refusal)
        elif deed.inline and not lane.busy:
            run_inline(wiring.active, request, request.obey)
        elif not lane.put(partial(wiring.active.run, request, request.obey)):
            wiring.refuse(request, ERROR, TOO_MUCH)

    def told(self, message: Message) -> None:
        """Remember what a message about this device says, which is encoded and goes out now."""

    def is_about(self, message: Message) -> bool:
        """Whether a message names this device."""
        return any(getattr(message, field, None) == self.name for field in self.name_fields)

    def complain(self, outlet: Outlet, reason: str) -> None:
        """Say in both logs why something could not be done; never raises."""
        logger.error("%s %s: %s", self.kind, self.name, reason)
        text = one_line(reason)
        try:
            log = HtosLog(log_level=LogLevel.ERROR, log_sender=self.name, log_message=text)
            outlet.write(outlet.encode(log))
        except (EncodeError, NotConnectedError) as error:
            logger.debug("htos_log not sent: %s", error)

    def _deed(self, message: Message) -> Deed | None:
        """What to do about a command; None where it asks for no answer."""
        raise NotImplementedError

    def _note(self, message: Message) -> None:
        """Take note of a message that asks for no answer; runs in the lane."""
        raise NotImplementedError

    def _report(self, message: Message) -> None:
        """Send unasked, where there is a link; DCSS asks again when it comes back.

        Raises:
            EncodeError: The message does not fit the wire; nothing is remembered.
        """
        if self._wiring is None:
            default_codec().encode(message)
            self.told(message)
            return
        outlet = self._wiring.outlet
        data = outlet.encode(message)
        self.told(message)
        try:
            outlet.write(data)
        except NotConnectedError as error:
            logger.debug("%s %s", message.keyword, error)

    def _check_declared(self, message: Message) -> None:
        """Refuse a declaration that DCSS could not be told of; raises HandlerError."""
        try:
            default_codec().encode(message)
        except EncodeError as error:
            raise HandlerError(
                f"{self.kind} {self.name}: {error.field} {error.reason}".strip()
            ) from None


def run_inline(active: ActiveTasks, task: T, handler: Callable[[T], None]) -> None:
    """Run a task in the reading thread; say when that took long."""
    started = time.monotonic()
    active.run(task, handler)
    took = time.monotonic() - started
    if took > SLOW_INLINE_S:
        task.log.warning("inline handler took %.0f ms; nothing was read meanwhile", took * 1e3)
