"""`HandlerTable`: the functions and devices of a DHS, as they were declared."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from dcs_codec import Message
from dhs_runtime.answers import told_by
from dhs_runtime.devices.table import DeviceTable
from dhs_runtime.operation import DeclaredOperation
from dhs_runtime.signatures import name_of

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


@attrs.define
class HandlerTable:
    """What the author of a DHS declared. Filled before it runs, only read afterwards.

    Attributes:
        operations: By name.
        messages: Functions by message class; they also get the messages of classes below it.
        devices: The devices.
        start_hooks: Called at the start, and the others at what their names say.
        repeated: Functions that are called again and again.
    """

    operations: dict[str, DeclaredOperation] = attrs.field(factory=dict)
    messages: dict[type[Message], list[Callable[[Any], None]]] = attrs.field(factory=dict)
    devices: DeviceTable = attrs.field(factory=DeviceTable)
    start_hooks: list[Callable[[], None]] = attrs.field(factory=list)
    connected_hooks: list[Callable[[], None]] = attrs.field(factory=list)
    disconnected_hooks: list[Callable[[str], None]] = attrs.field(factory=list)
    stop_hooks: list[Callable[[], None]] = attrs.field(factory=list)
    repeated: list[Repeated] = attrs.field(factory=list)
