"""`HandlerTable`: which function handles which message, and which operation; the devices."""

from collections.abc import Callable
from typing import Any, TypeVar

from dcs_codec import Message
from dhs_runtime.devices.table import DeviceTable
from dhs_runtime.errors import HandlerError
from dhs_runtime.operation import OperationEntry
from dhs_runtime.signatures import check_handler, name_of

M = TypeVar("M", bound=Message)

MessageHandler = Callable[[M], None]


class HandlerTable:
    """Handlers and devices of one DHS. Filled before it runs, only read afterwards."""

    def __init__(self) -> None:
        self._operations: dict[str, OperationEntry] = {}
        self._messages: dict[type[Message], list[Callable[[Any], None]]] = {}
        self.devices = DeviceTable()
        self.connected_hooks: list[Callable[[], None]] = []
        self.disconnected_hooks: list[Callable[[str], None]] = []
        self.stop_hooks: list[Callable[[], None]] = []

    def add_operation(self, name: str, entry: OperationEntry) -> None:
        """Let `entry.handler(operation)` do the operation `name`.

        Raises:
            HandlerError: The operation has a handler, or this one does not take one argument.
        """
        if name in self._operations:
            other = name_of(self._operations[name].handler)
            raise HandlerError(f"operation {name!r} has a handler already: {other}")
        check_handler(entry.handler)
        self._operations[name] = entry

    def add_message(self, message_class: type[M], handler: MessageHandler[M]) -> None:
        """Call `handler(message)` for each message of this class or a class below it.

        Raises:
            HandlerError: This is no message class, or the handler does not take one argument.
        """
        if Message not in getattr(message_class, "__mro__", ()):
            raise HandlerError(f"{message_class!r} is no message class")
        check_handler(handler)
        self._messages.setdefault(message_class, []).append(handler)

    def operation(self, name: str) -> OperationEntry | None:
        """An operation's handler and what holds for it, or None."""
        return self._operations.get(name)

    def operation_names(self) -> tuple[str, ...]:
        """Names of the operations with a handler."""
        return tuple(self._operations)

    def message(self, message_class: type[Message]) -> tuple[Callable[[Any], None], ...]:
        """The handlers of a message class: its own first, then those of its bases."""
        return tuple(
            handler for base in message_class.__mro__ for handler in self._messages.get(base, ())
        )
