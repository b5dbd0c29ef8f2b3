"""`HandlerTable`: which function handles which message, and which operation; the devices."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from dcs_codec import Message
from dhs_runtime.answers import told_by
from dhs_runtime.devices.base import Device
from dhs_runtime.devices.table import DeviceTable
from dhs_runtime.errors import HandlerError
from dhs_runtime.operation import DeclaredOperation
from dhs_runtime.signatures import check_handler, check_name, name_of

M = TypeVar("M", bound=Message)

MessageHandler = Callable[[M], None]

logger = logging.getLogger(__name__)


def call_hook(hook: Callable[..., None], *arguments: object) -> None:
    """Call a hook; an exception is logged and goes no further."""
    try:
        hook(*arguments)
    except BaseException:  # sys.exit() in a hook must not silence the DHS, or hold up its stop
        logger.exception("hook %s failed", name_of(hook))


class Repeated:
    """A function called at an interval. The same failure in a row is logged once.

    Attributes:
        seconds: From one call to the next.
        while_offline: Whether it is called without a link to DCSS, too.
    """

    def __init__(self, function: Callable[[], None], seconds: float, while_offline: bool) -> None:
        self.seconds = seconds
        self.while_offline = while_offline
        self._function = function
        self._trouble = ""

    def call(self) -> None:
        """Call the function, in its own lane."""
        try:
            self._function()
            if self._trouble:
                logger.info("%s: all is well again", name_of(self._function))
            self._trouble = ""
        except BaseException as error:  # sys.exit() in it must not end it
            trouble = told_by(error)
            if trouble != self._trouble:
                logger.exception("%s failed; it is called again", name_of(self._function))
            self._trouble = trouble


class HandlerTable:
    """Handlers and devices of one DHS. Filled before it runs, only read afterwards."""

    def __init__(self) -> None:
        self._messages: dict[type[Message], list[Callable[[Any], None]]] = {}
        self._found: dict[type[Message], tuple[Callable[[Any], None], ...]] = {}
        self.operations: dict[str, DeclaredOperation] = {}
        self.devices = DeviceTable()
        self.connected_hooks: list[Callable[[], None]] = []
        self.disconnected_hooks: list[Callable[[str], None]] = []
        self.start_hooks: list[Callable[[], None]] = []
        self.stop_hooks: list[Callable[[], None]] = []
        self.repeated: list[Repeated] = []

    def add_operation(self, name: str, entry: DeclaredOperation) -> None:
        """Let `entry.handler(operation)` do the operation `name`.

        Raises:
            HandlerError: The operation has a handler, its name is no word that DCSS could take, or
                the handler does not take one argument.
        """
        if name in self.operations:
            other = name_of(self.operations[name].handler)
            raise HandlerError(f"operation {name!r} has a handler already: {other}")
        check_handler(entry.handler)
        check_name(name, "an operation")
        self.operations[name] = entry

    def add_message(self, message_class: type[M], handler: MessageHandler[M]) -> None:
        """Call `handler(message)` for each message of this class or a class below it.

        Raises:
            HandlerError: This is no message class, or the handler does not take one argument.
        """
        if Message not in getattr(message_class, "__mro__", ()):
            raise HandlerError(f"{message_class!r} is no message class")
        check_handler(handler)
        self._messages.setdefault(message_class, []).append(handler)
        self._found.clear()

    def message(self, message_class: type[Message]) -> tuple[Callable[[Any], None], ...]:
        """The handlers of a message class: its own first, then those of its bases."""
        found = self._found.get(message_class)
        if found is None:
            bases = message_class.__mro__
            found = tuple(handler for base in bases for handler in self._messages.get(base, ()))
            self._found[message_class] = found
        return found

    def handles(self, kind: type[Device]) -> bool:
        """Whether a handler is registered for messages about such devices.

        A handler of all messages only observes and does not count.
        """
        theirs = (*kind.registrations, *kind.commands)
        return any(issubclass(each, theirs) for each in self._messages)
