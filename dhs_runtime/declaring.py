"""`Declarations`: the devices and handlers of a DHS, declared before it runs; `HandlerTable`."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import attrs

from dcs_codec import Codec, Message, ShutterState
from dhs_runtime.answers import told_by
from dhs_runtime.devices import (
    Device,
    Encoder,
    IonChamber,
    Motor,
    MotorConfig,
    PseudoMotor,
    PseudoMotorConfig,
    Shutter,
    StringDevice,
)
from dhs_runtime.devices.table import DeviceTable
from dhs_runtime.errors import HandlerError
from dhs_runtime.loggers import get_logger
from dhs_runtime.operation import DeclaredOperation, OperationHandler
from dhs_runtime.signatures import check_handler, check_name, check_seconds, name_of

M = TypeVar("M", bound=Message)
D = TypeVar("D", bound=Device)
H = TypeVar("H", bound=Callable[..., object])

logger = get_logger(__name__)

MessageHandler = Callable[[M], None]


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


class Declarations:
    """The devices and functions of a `Dhs`, which is the class to use.

    A wrong declaration raises HandlerError at once. So does one that comes while the DHS runs,
    because DCSS registers the devices at each connection and their table must not change.
    """

    def __init__(self, name: str, codec: Codec) -> None:
        """No declarations yet; raises HandlerError if the name is not valid for a DHS."""
        if name == "self":
            raise HandlerError("'self' is DCSS's own scripting engine; give the name of your DHS")
        check_name(name, "a DHS")
        self.name = name
        self._codec = codec
        self._handlers = HandlerTable()
        self._run: object = None  # while it runs

    def operation(
        self,
        name: str,
        *,
        timeout_s: float | None = None,
        max_active: int | None = None,
        inline: bool = False,
    ) -> Callable[[OperationHandler], OperationHandler]:
        """Decorator: the function carries out the operation `name`.

        It gets an `Operation`, runs in its own thread and may block. It always leads to one
        `htos_operation_completed`: what it says itself, `normal` when it just returns, `error` when
        it raises.

        Args:
            name: Name of the operation in DCSS's database.
            timeout_s: Seconds from `stoh_start_operation` after which it is aborted and completed
                as `error`, even when the handler goes on.
            max_active: How many may be under way at once; one more is completed as `error`.
            inline: Run it in the thread that reads from DCSS, for a handler that answers from
                memory: it must return at once, because while it runs nothing else is read, not even
                an abort. One that takes over 50 ms is named in the log.

        Raises:
            HandlerError: The operation has a handler, its name is not a word that DCSS could take,
                a number is invalid, the function takes other arguments, or the DHS runs already.
        """
        if callable(name):
            raise HandlerError('@dhs.operation needs the name: @dhs.operation("NAME")')
        self._check_not_running(f"operation {name}")
        if timeout_s is not None:
            check_seconds(timeout_s, f"timeout_s of operation {name}")
        if max_active is not None and (type(max_active) is not int or max_active < 0):
            raise HandlerError(f"max_active of operation {name} is 0, 1, ...; got {max_active!r}")

        def register(handler: OperationHandler) -> OperationHandler:
            if other := self._handlers.operations.get(name):
                known = name_of(other.handler)
                raise HandlerError(f"operation {name!r} has a handler already: {known}")
            check_handler(handler)
            check_name(name, "an operation")
            entry = DeclaredOperation(handler, timeout_s, max_active, inline)
            self._handlers.operations[name] = entry
            return handler

        return register

    def on(self, *message_classes: type[M]) -> Callable[[MessageHandler[M]], MessageHandler[M]]:
        """Decorator: call the function with each message of these classes.

        These handlers run one at a time, in wire order; they should be short. At `stoh_abort_all`,
        operations and moves are aborted before the handler runs. Messages about a declared device
        also go to the device, in the device's own order.

        Raises:
            HandlerError: One is not a message class, or the function does not take one argument.
        """
        for each in message_classes or (None,):
            if Message not in getattr(each, "__mro__", ()):
                raise HandlerError(
                    f"{each!r} is not a message class; right is @dhs.on(StohRegisterString)"
                )
        self._check_not_running("a handler of messages")

        def register(handler: MessageHandler[M]) -> MessageHandler[M]:
            check_handler(handler)
            for message_class in message_classes:
                self._handlers.messages.setdefault(message_class, []).append(handler)
            return handler

        return register

    def motor(
        self,
        name: str,
        *,
        config: MotorConfig | None = None,
        position: float = 0.0,
        words: Collection[str] = (),
    ) -> Motor:
        """Declare a real motor; see `Motor`. Raises HandlerError if the name is taken."""
        return self._declare(Motor(name, config=config, position=position, words=words))

    def pseudo_motor(
        self,
        name: str,
        *,
        config: PseudoMotorConfig | None = None,
        position: float = 0.0,
        words: Collection[str] = (),
    ) -> PseudoMotor:
        """Declare a pseudo motor; see `PseudoMotor`. Raises as `motor`."""
        return self._declare(PseudoMotor(name, config=config, position=position, words=words))

    def shutter(self, name: str, *, state: ShutterState | None = None) -> Shutter:
        """Declare a shutter or filter; see `Shutter`. Raises as `motor`."""
        return self._declare(Shutter(name, state=state))

    def string(self, name: str, contents: str | None = None) -> StringDevice:
        """Declare a string; see `StringDevice`. Raises as `motor`."""
        return self._declare(StringDevice(name, contents))

    def ion_chamber(self, name: str) -> IonChamber:
        """Declare an ion chamber; see `IonChamber`. Raises as `motor`."""
        return self._declare(IonChamber(name))

    def encoder(self, name: str, *, position: float | None = None) -> Encoder:
        """Declare an encoder; see `Encoder`. Raises as `motor`."""
        return self._declare(Encoder(name, position=position))

    def devices(self) -> tuple[Device, ...]:
        """The declared devices, in their order."""
        return self._handlers.devices.all()

    def every(
        self, seconds: float, *, while_offline: bool = True
    ) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Decorator: call the function at this interval while the DHS runs.

        It may block; a call that takes longer than `seconds` delays the next. An exception is
        logged, and the function is called again. The first call comes after `seconds`, when the
        functions of `on_start` have returned. A stop does not wait for it. To poll a device, give
        its `on_read` an `every_s`.

        Args:
            seconds: From the beginning of one call to the beginning of the next.
            while_offline: Whether to call it also without a link to DCSS.

        Raises:
            HandlerError: `seconds` is not a number above 0, the function takes an argument, or the
                DHS runs already.
        """
        check_seconds(seconds, "the interval of @dhs.every, as in @dhs.every(0.5),")
        self._check_not_running("a function to repeat")

        def register(function: Callable[[], None]) -> Callable[[], None]:
            check_handler(function, 0)
            self._handlers.repeated.append(Repeated(function, seconds, while_offline))
            return function

        return register

    def on_start(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Decorator: call the function when the DHS starts.

        Operations, message handlers, the hooks of connections and what is done again and again wait
        until it returns; devices do not. Raises HandlerError, as all hooks do: the function takes
        other arguments, or the DHS runs already.
        """
        return self._hook(self._handlers.start_hooks, hook)

    def on_connected(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Decorator: call the function after each handshake with DCSS.

        In the order of the messages, before any handler of a message of that connection.
        """
        return self._hook(self._handlers.connected_hooks, hook)

    def on_disconnected(self, hook: Callable[[str], None]) -> Callable[[str], None]:
        """Decorator: call the function with the reason when a link that was online is lost.

        In the order of the messages, after what was under way was aborted; not at a stop.
        """
        return self._hook(self._handlers.disconnected_hooks, hook, 1)

    def on_stop(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Decorator: call the function when the DHS stops, right after operations are aborted.

        The place to cancel calls that handlers wait for and to let go of hardware. It should be
        quick: the whole stop is meant to take a fraction of a second.
        """
        return self._hook(self._handlers.stop_hooks, hook)

    def _declare(self, device: D) -> D:
        self._check_not_running(repr(device))
        self._handlers.devices.add(device)
        return device

    def _hook(self, hooks: list[H], hook: H, arguments: int = 0) -> H:
        self._check_not_running("a hook")
        check_handler(hook, arguments)
        hooks.append(hook)
        return hook

    def _check_not_running(self, what: str) -> None:
        if self._run is not None:
            raise HandlerError(f"{what} is declared too late: {self.name} runs already")
