"""`Device`: the base of all kinds of device; `Request`: one command to a device."""

import contextlib
import numbers
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final, TypeVar

import attrs

from dcs_codec import (
    EncodeError,
    HtosLog,
    HtosSendConfiguration,
    LogLevel,
    Message,
    default_codec,
)
from dhs_runtime.active import ActiveTasks
from dhs_runtime.answers import ERROR, Failures, one_line, told_by, trouble_with
from dhs_runtime.errors import HandlerError, NotConnectedError
from dhs_runtime.loggers import get_logger
from dhs_runtime.scheduling import Lane, Workers
from dhs_runtime.signatures import check_handler, check_name
from dhs_runtime.task import Outlet, Task

M = TypeVar("M", bound=Message)

_FIRST_FIELDS: Final[dict[type[Message], str]] = {}
"""Of the classes that came so far: the field of the first word after the keyword."""

logger = get_logger(__name__)


@attrs.frozen
class Wiring:
    """The services of the runtime for devices during one run of the DHS.

    Attributes:
        lanes: Run the lanes.
        readers: Run the functions that read the hardware.
        outlet: Sends on the present connection.
        active: The tasks under way.
        find: Returns the device with a name, or None.
        tell: Updates the devices that a message is about.
    """

    lanes: Workers
    readers: Workers
    outlet: Outlet
    active: ActiveTasks
    find: Callable[[str], "Device | None"]
    tell: Callable[[Message], None]


@attrs.frozen
class Deed:
    """How a device carries out a command; `Request` runs it.

    Attributes:
        do: Does it and returns the new value; raises if it fails.
        success: Makes the answer with this value; by default the device's `_telling`.
        failures: The forms of a failure, see `answers`; by default the device's `_failures`.
        inline: Whether the function that `do` calls runs in the reading thread.
        completion: Class of the answer, if it is never sent unasked.
    """

    do: Callable[[], object]
    success: Callable[[object], Message] | None = None
    failures: Failures | None = None
    inline: bool = False
    completion: type[Message] | None = None


class Request(Task):
    """One command to a device, other than a move or a count; an abort does not touch it.

    A shutter must still close while everything is aborted.
    """

    _tells_why = True

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
    def _command(self) -> str:
        """The whole command."""
        return repr(self._message)

    def abort(self, *_: object) -> None:
        """Does nothing: the command is short, and half of it would be worse."""

    def obey(self, _: Task) -> None:
        """Carry it out; the handler of this task."""
        self._value = self._deed.do()

    def _status_in(self, message: Message) -> str | None:
        """As `Task._status_in`; only messages that are never sent unasked count as an answer."""
        if type(message) is not self._deed.completion:
            return None
        is_mine = self.device.name in self.device._named_in(message)
        return str(getattr(message, "status", ERROR)) if is_mine else None

    def _success(self) -> Message:
        return (self._deed.success or self.device._telling)(self._value)

    def _failures(self, status: str, reason: str) -> Iterable[Message]:
        return (self._deed.failures or self.device._failures)(status, reason)

    def _told(self, message: Message) -> None:
        self.device._told(message)

    def _missed(self) -> None:
        self.device._missed()

    def _explain(self, status: str, reason: str) -> None:
        self._later(self.device._tell_why(self._outlet, reason or status))


class Device:
    """A device that this DHS owns, by its name in DCSS's database.

    Its state changes in two ways only: by `_told`, with each encoded message about it to DCSS, and
    by DCSS's own messages, which are checked.

    Attributes:
        kind: Its kind, for logs.
        name: Name of the device.
        registered: Whether DCSS has registered it with this DHS.
    """

    kind: ClassVar[str] = "device"
    registrations: ClassVar[tuple[type[Message], ...]] = ()
    """Messages with which DCSS registers such a device."""
    commands: ClassVar[tuple[type[Message], ...]] = ()
    """The other messages that DCSS sends about such a device."""
    reports: ClassVar[tuple[type[Message], ...]] = ()
    """The messages that report it to DCSS."""
    asks: ClassVar[bool] = False
    """Whether dcss stores the value of a failure, so that a stranger must ask for it first."""

    def __init__(self, name: str) -> None:
        check_name(name, f"a {self.kind}")
        self.name = name
        self.registered = False
        self._value: object = None  # the last value sent to DCSS; None if unknown
        self._is_stranger = False  # it is not declared, and so has no handlers
        self._is_untold = False  # DCSS missed the last value, because there was no link
        self._before: tuple[object, bool] = (None, False)  # both of them, before the last message
        self._wiring: Wiring | None = None
        self._lane: Lane | None = None
        self._tellings = 0  # how often its value was set
        self._own: dict[type[Message], Callable[[Message], None]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _wire(self, wiring: Wiring | None) -> None:
        """Start to take part in a run of the DHS, or with None end it; for the runtime."""
        self._wiring = wiring
        self._lane = None if wiring is None else Lane(wiring.lanes)

    def _check_not_running(self, what: str) -> None:
        """Raise HandlerError if the DHS of this device runs: `what` comes too late."""
        if self._wiring is not None:
            raise HandlerError(f"{what} is declared too late: its DHS runs already")

    def on(self, message_class: type[M]) -> Callable[[Callable[[M], None]], Callable[[M], None]]:
        """Decorator: call the function with each message of this class that names this device.

        The first word of the message is the name. The function runs in the order of the device's
        other commands and may block.

        Raises:
            HandlerError: It is not a message class of your site, the function does not take one
                argument, there is a function already, or the DHS runs already.
        """

        def register(function: Callable[[M], None]) -> Callable[[M], None]:
            self._check_not_running(f"the handler of {message_class.__name__}")
            check_handler(function)
            self._own[message_class] = function  # type: ignore[assignment]  # called with M only
            return function

        bases = getattr(message_class, "__mro__", ())
        if Message not in bases or message_class in self._own:
            raise HandlerError(
                f"{message_class!r} is not a message class, or is taken; "
                f"write @{self.name}.on(TheirMessage)"
            )
        if len(attrs.fields(message_class)) == len(attrs.fields(Message)):
            raise HandlerError(f"{message_class.__name__} has no word that could name a device")
        if any(each.__module__.startswith("dcs_codec.messages.") for each in bases):
            raise HandlerError(
                f"{message_class.__name__} is DCSS's own, and the device answers it itself; "
                "use @dhs.on to observe it"
            )
        return register

    def _handles(self, message_class: type[Message]) -> bool:
        """Whether `on` was given a function for messages of this class."""
        return message_class in self._own

    def _accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """Accept a message about this device from the reading thread; returns at once.

        Slow work and the author's functions go to the device's lane, which runs in wire order, in
        parallel with other devices. With a `refusal` a command is answered with a failure.
        """
        if isinstance(message, self.registrations):
            self.registered = True
            if refusal and not self.asks:
                return
            refusal = ""
        wiring, lane = self._wiring, self._lane
        if wiring is None or lane is None:
            return
        own = self._own.get(type(message))
        deed = None if own is not None else self._deed(message)
        if deed is None and self._is_stranger:
            self._note(message)  # at once: the next command is refused at once, at this position
            return
        if deed is None:
            lane.put(partial(own or self._note, message))
            return
        request = Request(self, message, deed, outlet)
        if refusal:
            wiring.active.refuse(request, refusal)
        elif deed.inline and not lane.busy:
            wiring.active.run_inline(request, request.obey)
        else:
            wiring.active.queue(request, request.obey, lane)

    def _told(self, message: Message) -> None:
        """Store the value in a message about this device, which is encoded and goes out now."""
        self._tellings += 1
        self._before = self._value, self._is_untold
        if isinstance(message, self.reports):
            self._remember(message)
            self._is_untold = False

    def _missed(self) -> None:
        """DCSS missed the last message, because there was no link."""
        value, was_untold = self._before
        self._is_untold = was_untold or value != self._value

    def _check_by_hand(self, message: Message) -> None:
        """Refuse what an author may not send by hand about this device; raises StateError."""

    def _telling(self, value: object) -> Message:
        """The message that reports a value without a command; raises TypeError, ValueError."""
        raise NotImplementedError

    def _failures(self, status: str, reason: str) -> Iterable[Message]:
        """The forms of a failure, the most informative first."""
        raise NotImplementedError

    def _question(self, *_: object) -> Message:
        """The question for the values of DCSS's database."""
        return HtosSendConfiguration(device_name=self.name)

    def _unknown(self, *_: object) -> Iterable[Message]:
        """The failure of a registration: the question."""
        return (self._question(),)

    def _registered(self, value: object) -> Message:
        """The answer to a registration: the known value, or the question for DCSS's."""
        return self._question() if value is None else self._telling(value)

    def _remember(self, message: Message) -> None:
        """Store the value in a message, one of `reports`."""

    @staticmethod
    def _named_in(message: Message) -> Sequence[str]:
        """Names of the devices that a message is about: the first word after the keyword."""
        field = _FIRST_FIELDS.get(type(message))
        if field is None:  # it takes long to ask attrs each time
            field = attrs.fields(type(message))[len(attrs.fields(Message))].name
            _FIRST_FIELDS[type(message)] = field
        return (getattr(message, field),)

    def _tell_why(self, outlet: Outlet, reason: str) -> Callable[[], None]:
        """Send a reason to the beamline's log; never raises. Returns a function for our own log."""
        text = one_line(reason)
        with contextlib.suppress(EncodeError, NotConnectedError):
            log = HtosLog(log_level=LogLevel.ERROR, log_sender=self.name, log_message=text)
            outlet.write(outlet.encode(log))
        return partial(logger.error, "%s %s: %s", self.kind, self.name, reason)

    def _deed(self, _: Message) -> Deed | None:
        """How to carry out a command; None if it needs no answer."""
        return None

    def _note(self, message: Message) -> None:
        """Handle a message that needs no answer; runs in the lane."""

    def _report(self, message: Message) -> None:
        """Send a report, if there is a link; DCSS asks again when it comes back.

        Raises:
            EncodeError: The message cannot be encoded; nothing is stored.
        """
        if self._wiring is None:
            default_codec().encode(message)
            self._told(message)
            self._missed()
            return
        outlet = self._wiring.outlet
        data = outlet.encode(message)
        self._told(message)
        try:
            outlet.write(data)
        except NotConnectedError as error:
            self._missed()
            logger.debug("%s %s", message.keyword, error)

    def _declare(self, make: Callable[..., Message], *values: object) -> Message:
        """The message with declared values; raises HandlerError if DCSS could not be told them."""
        try:
            message = make(*values)
            trouble = trouble_with(message)
        except Exception as error:  # noqa: BLE001 - values of any type
            trouble = told_by(error)
        if trouble:
            raise HandlerError(f"{self.kind} {self.name}: {trouble}")
        return message


def plain_number(value: object) -> float:
    """A number of any type, such as numpy's, as one that can be sent.

    Raises:
        TypeError: It is not a number; text is not, whatever it says.
    """
    if not isinstance(value, bool):
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, numbers.Real):
            return float(value)
        import decimal  # noqa: PLC0415 - hardly any number needs it

        if isinstance(value, decimal.Decimal):
            return float(value)
    raise TypeError(f"a number is needed, not {type(value).__name__}")
