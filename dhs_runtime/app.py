"""`Dhs`: what the author of a DHS writes against."""

import logging
import signal
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TypeVar

from dcs_codec import (
    Codec,
    EncodeError,
    HtosClientIsHardware,
    HtosLog,
    HtosStartOperation,
    Message,
    ShutterState,
    default_codec,
    list_safe,
)
from dhs_runtime.config import DcssConfig
from dhs_runtime.descriptors import open_standard_descriptors
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
from dhs_runtime.errors import DhsError, HandlerError, NotConnectedError
from dhs_runtime.handlers import HandlerTable, MessageHandler
from dhs_runtime.link import LinkState
from dhs_runtime.operation import (
    Argument,
    Operation,
    OperationEntry,
    OperationHandler,
    arguments_of,
)
from dhs_runtime.run import Run
from dhs_runtime.signals import SIGNALS, stop_signals
from dhs_runtime.threads import StopToken

M = TypeVar("M", bound=Message)
D = TypeVar("D", bound=Device)
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Dhs:
    """A Distributed Hardware Server: its name, its handlers, and the runs of it.

    Inert until `run` or `start`; two of them may live in one process.
    """

    def __init__(self, name: str, *, codec: Codec | None = None) -> None:
        """A DHS.

        Args:
            name: Name of the hardware host in DCSS's database.
            codec: Messages to read and write, by default all of `dcs_codec`.

        Raises:
            HandlerError: The name is no word that DCSS could take.
        """
        self.name = name
        self._codec = default_codec() if codec is None else codec
        try:
            self._codec.encode(HtosClientIsHardware(hardware_name=name))
        except EncodeError as error:
            raise HandlerError(f"{name!r} is no name of a DHS: {error.reason}") from None
        self._handlers = HandlerTable()
        self._run: Run | None = None
        self._start_lock = threading.Lock()  # guards making a run; free while it runs

    def __repr__(self) -> str:
        return f"<Dhs {self.name} {self.state.value}>"

    # -- declaring ---------------------------------------------------------------------------

    def operation(
        self,
        name: str,
        *,
        timeout_s: float | None = None,
        max_active: int | None = None,
        inline: bool = False,
    ) -> Callable[[OperationHandler], OperationHandler]:
        """Decorator: the function does the operation `name`.

        It gets an `Operation`, runs in a thread of its own and may block. Whatever it does leads
        to one `htos_operation_completed`: what it says itself, `normal` when it just returns,
        `error` when it raises.

        Args:
            name: Name of the operation in DCSS's database.
            timeout_s: Seconds from `stoh_start_operation` after which it is aborted and completed
                as `error`, even when the handler goes on.
            max_active: How many may be under way at once; one more is completed as `error`.
            inline: Run it in the thread that reads from DCSS, for a handler that answers from
                memory: it must return at once, for while it runs nothing else is read, not even an
                abort. One that takes over 50 ms is named in the log.

        Raises:
            HandlerError: The operation has a handler, its name is no word that DCSS could take,
                the function does not take one argument, or the DHS runs already.
        """
        if callable(name):
            raise HandlerError('@dhs.operation needs the name: @dhs.operation("NAME")')
        self._check_not_running(f"operation {name}")

        def register(handler: OperationHandler) -> OperationHandler:
            entry = OperationEntry(handler, timeout_s, max_active, inline)
            self._handlers.add_operation(name, entry)
            return handler

        return register

    def on(self, *message_classes: type[M]) -> Callable[[MessageHandler[M]], MessageHandler[M]]:
        """Decorator: call the function with each message of these classes.

        These handlers run one at a time, in wire order; they should be short. For
        `stoh_abort_all` what is under way is told before the handler runs. Messages about a
        declared device go to the device as well, in an order of its own.

        Raises:
            HandlerError: One is no message class, or the function does not take one argument.
        """

        def register(handler: MessageHandler[M]) -> MessageHandler[M]:
            for message_class in message_classes:
                self._handlers.add_message(message_class, handler)
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
        """Declare a real motor of this DHS; see `Motor`. Raises HandlerError where it is twice."""
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

    def on_connected(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Decorator: call the function after each handshake with DCSS.

        In the order of the messages, before any handler of a message of that connection.
        """
        self._handlers.connected_hooks.append(hook)
        return hook

    def on_disconnected(self, hook: Callable[[str], None]) -> Callable[[str], None]:
        """Decorator: call the function with the reason when a link that was online is lost.

        In the order of the messages, after what was under way was aborted; not at a stop.
        """
        self._handlers.disconnected_hooks.append(hook)
        return hook

    def on_stop(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Decorator: call the function when the DHS stops, right after operations are aborted.

        The place to cancel calls that handlers wait for and to let go of hardware. It should be
        quick: the whole stop is meant to take a fraction of a second.
        """
        self._handlers.stop_hooks.append(hook)
        return hook

    # -- running -----------------------------------------------------------------------------

    def run(
        self,
        dcss: str | DcssConfig = "localhost",
        *,
        signals: Collection[signal.Signals] = SIGNALS,
    ) -> None:
        """Run until a signal or `ask_to_stop()`, then stop.

        Args:
            dcss: `HOST:PORT` or a config.
            signals: Those to stop at; caught when this is called in the main thread, but for those
                that this process was told to ignore.

        Raises:
            ConfigError: The address is not HOST:PORT.
            DhsError: A thread of the runtime crashed; which, and by what.
        """
        open_standard_descriptors()  # before any socket may get one of their numbers
        asked = StopToken()  # for a signal that comes before there is an engine to be told

        def ask() -> None:
            asked.stop()
            self.ask_to_stop()

        # Over the stop, too: a second Ctrl-C changes nothing.
        with stop_signals(ask, signals):
            self.start(dcss)
            try:
                if not asked.is_stopping():
                    self.wait()
            finally:
                self.stop()

    def start(self, dcss: str | DcssConfig = "localhost") -> None:
        """Start in threads of its own and return at once; connected or not.

        Raises:
            ConfigError: The address is not HOST:PORT.
            DhsError: It is started already.
        """
        config = DcssConfig.at(dcss) if isinstance(dcss, str) else dcss
        open_standard_descriptors()
        with self._start_lock:
            if self._run is not None:
                raise DhsError(f"{self.name} is started already")
            try:
                run = Run(self.name, self._handlers, config, self._codec)
                run.start()
            except RuntimeError as error:
                raise DhsError(f"{self.name} cannot start: {error}") from None
            self._run = run

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for `ask_to_stop()`; whether it came within `timeout_s` seconds."""
        run = self._run
        return run is None or run.wait(timeout_s)

    def wait_online(self, timeout_s: float) -> bool:
        """Wait for the handshake with DCSS; whether it was done within `timeout_s` seconds."""
        run = self._run
        return run is not None and run.link.wait_online(timeout_s)

    def stuck_handler(self, longer_than_s: float) -> str | None:
        """Name of the message handler that runs for longer than so many seconds, or None.

        For watchdogs: one that never returns holds up all others. (A crash of a thread of the
        runtime ends `run` by itself.)
        """
        run = self._run
        return None if run is None else run.dispatcher.stuck_handler(longer_than_s)

    def ask_to_stop(self) -> None:
        """Let `run` and `wait` return; may be called from any thread, also from handlers."""
        run = self._run
        if run is not None:
            run.ask_to_stop()

    def stop(self) -> tuple[str, ...]:
        """Stop, in well under a second; does nothing when not running.

        Operations under way are completed as aborted before the socket closes.

        Returns:
            Names of threads that did not end, such as a handler stuck in a library's C code.
        """
        run = self._run
        if run is None:
            return ()
        alive = run.stop()
        if self._run is run:  # and not yet the next
            self._run = None
        return alive

    # -- speaking ----------------------------------------------------------------------------

    @property
    def state(self) -> LinkState:
        """How the link to DCSS stands."""
        run = self._run
        return LinkState.STOPPED if run is None else run.link.state

    @property
    def aborts(self) -> int:
        """How many `stoh_abort_all` came in this run."""
        run = self._run
        return 0 if run is None else run.dispatcher.aborts

    def operations_started(self) -> dict[str, int]:
        """How often DCSS asked for each declared operation, in all runs."""
        return {name: entry.started for name, entry in self._handlers.operations.items()}

    def active_operations(
        self, name: str | None = None, handle: str | None = None
    ) -> tuple[Operation, ...]:
        """The operations under way with this name and handle, oldest first; None stands for any."""
        run = self._run
        tasks = () if run is None else run.dispatcher.active.all()
        return tuple(
            task
            for task in tasks
            if isinstance(task, Operation)
            and name in (None, task.name)
            and handle in (None, task.handle)
        )

    def send(self, message: Message) -> None:
        """Send a message to DCSS, from any thread.

        A completion of an operation or a move under way is taken for its one completion: what its
        handler does behind it changes nothing.

        Nothing is kept for later. While DCSS does not read, senders wait here, each with its one
        message; when it takes no byte for `send_timeout_s` the link is given up and made anew.

        Raises:
            EncodeError: The message does not fit the wire; nothing was sent.
            StateError: It is not for a DHS to send; nothing was sent.
            NotConnectedError: There is no link, or it broke.
        """
        run = self._run
        if run is None:
            raise NotConnectedError(f"{message.keyword} not sent: {self.name} is not running")
        run.send(message)

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Run a function that blocks in a thread of the DHS, and give its future.

        `op.wait(dhs.call(function), timeout_s)` waits for it; an abort ends the wait at once, and
        leaves the call to end by itself. The future is cancelled where too much is under way.

        Raises:
            DhsError: The DHS is not running.
        """
        run = self._run
        if run is None:
            raise DhsError(f"{self.name} is not running")
        return run.dispatcher.workers.call(function)

    def log(self, level: str, text: str) -> None:
        """Send `htos_log LEVEL NAME TEXT` where there is a link; never raises for want of one.

        Args:
            level: A `LogLevel`: note, warning, error, severe or software_severe.
            text: One line for the beamline's log.
        """
        try:
            message = list_safe(text)
            self.send(HtosLog(log_level=level, log_sender=self.name, log_message=message))
        except (NotConnectedError, EncodeError) as error:
            logger.info("htos_log not sent (%s): %s", error, text)

    def announce_operation(self, name: str, handle: str, *words: Argument) -> None:
        """Send `htos_start_operation`: tell GUIs and scripts that an operation begins here.

        dcss forwards it and starts nothing by itself (dcss_hardware_client.c:1464); follow it with
        `HtosOperationUpdate` and `HtosOperationCompleted` of the same handle. Raises as `send`.
        """
        self.send(
            HtosStartOperation(
                operation_name=name, operation_handle=handle, operation_args=arguments_of(words)
            )
        )

    def _declare(self, device: D) -> D:
        self._check_not_running(repr(device))
        self._handlers.devices.add(device)
        return device

    def _check_not_running(self, what: str) -> None:
        if self._run is not None:
            raise HandlerError(f"{what} is declared too late: {self.name} runs already")
