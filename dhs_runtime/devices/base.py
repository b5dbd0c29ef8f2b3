"""`Device`: what all kinds of device have in common."""

import logging
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

import attrs

from dcs_codec import HtosLog, LogLevel, Message
from dhs_runtime.errors import DeviceError, HandlerError, NotConnectedError
from dhs_runtime.lane import Lane, Submit
from dhs_runtime.signatures import check_handler, name_of
from dhs_runtime.task import ERROR, ActiveTasks, Send, one_line

F = TypeVar("F", bound=Callable[..., object])

logger = logging.getLogger(__name__)


@attrs.frozen
class Wiring:
    """What devices are given for one run of their DHS.

    Attributes:
        submit: Runs jobs in workers.
        send: Sends on whatever connection there is.
        active: The tasks under way.
        find: The device of a name, or None.
    """

    submit: Submit
    send: Send
    active: ActiveTasks
    find: Callable[[str], "Device | None"]


class Hook(Generic[F]):
    """A place for one function of the author's, filled by a decorator."""

    def __init__(self, what: str, arguments: int = 1) -> None:
        self._what = what
        self._arguments = arguments
        self.function: F | None = None

    def __call__(self, function: F) -> F:
        """Take the function.

        Raises:
            HandlerError: There is one already, or this one does not take the right arguments.
        """
        if self.function is not None:
            raise HandlerError(f"{self._what} has a handler already: {name_of(self.function)}")
        check_handler(function, self._arguments)
        self.function = function
        return function


class Device:
    """A device that this DHS owns, by its name in DCSS's database.

    Attributes:
        kind: What it is, for logs.
        name: Name of the device.
        registered: Whether DCSS has given it to this DHS.
    """

    kind: ClassVar[str] = "device"
    registrations: ClassVar[tuple[type[Message], ...]] = ()
    """Messages by which DCSS registers such a device."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.registered = False
        self._wiring: Wiring | None = None
        self._lane: Lane | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def wire(self, wiring: Wiring) -> None:
        """Take part in a run of the DHS; for the runtime."""
        self._wiring = wiring
        self._lane = Lane(wiring.submit)

    def accept(self, message: Message, send: Send) -> None:
        """Take a message about this device from the reading thread; returns at once.

        What takes time, or is the author's, goes to the device's lane: it runs in the order of the
        wire, beside other devices.
        """
        if isinstance(message, self.registrations):
            self.registered = True
        if self._lane is not None:
            self._lane.put(lambda: self._obey(message, send))

    def _obey(self, message: Message, send: Send) -> None:
        """Do what a message asks for; runs in the lane."""
        raise NotImplementedError

    # -- speaking ----------------------------------------------------------------------------

    def _report(self, message: Message) -> None:
        """Send unasked, where there is a link; DCSS asks again when it comes back."""
        if self._wiring is None:
            return
        try:
            self._wiring.send(message)
        except NotConnectedError as error:
            logger.debug("%s not sent: %s", message.keyword, error)

    def _answer(self, send: Send, message: Message) -> None:
        """Answer on the connection that asked; without it nobody is waiting."""
        try:
            send(message)
        except NotConnectedError as error:
            logger.info("%s %s: dropped: %s", self.kind, self.name, error)

    def _complain(self, send: Send, reason: str) -> None:
        """Say in both logs why something could not be done."""
        logger.error("%s %s: %s", self.kind, self.name, reason)
        text = one_line(reason)
        self._answer(
            send, HtosLog(log_level=LogLevel.ERROR, log_sender=self.name, log_message=text)
        )

    def _attempt(self, send: Send, function: Callable[[], object]) -> str:
        """Call the author's function; `normal`, or the status of what it raised."""
        try:
            function()
        except DeviceError as error:
            self._complain(send, str(error))
            return error.status
        except BaseException as error:  # sys.exit() in a handler must not silence the device
            logger.exception("handler of %s %s failed", self.kind, self.name)
            self._complain(send, f"{type(error).__name__}: {error}")
            return ERROR
        return "normal"
