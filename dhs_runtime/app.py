"""`Dhs`: the class that the author of a DHS uses."""

import signal
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TypeVar

from dcs_codec import (
    Codec,
    EncodeError,
    HtosLog,
    HtosStartOperation,
    Message,
    default_codec,
    list_safe,
)
from dhs_runtime.answers import one_line
from dhs_runtime.config import DcssConfig
from dhs_runtime.declaring import Declarations
from dhs_runtime.descriptors import open_standard_descriptors
from dhs_runtime.devices import Device
from dhs_runtime.errors import DhsError, NotConnectedError
from dhs_runtime.link import LinkState
from dhs_runtime.loggers import get_logger
from dhs_runtime.operation import Argument, Operation, arguments_of
from dhs_runtime.run import JOIN_S, Run
from dhs_runtime.signals import SIGNALS, stop_signals
from dhs_runtime.threads import StopToken

M = TypeVar("M", bound=Message)
D = TypeVar("D", bound=Device)
T = TypeVar("T")
H = TypeVar("H", bound=Callable[..., object])

logger = get_logger(__name__)


class Dhs(Declarations):
    """A Distributed Hardware Server: its name, its handlers, and the runs of it.

    Inert until `run` or `start`; two of them may live in one process.
    """

    _run: Run | None

    def __init__(self, name: str, *, codec: Codec | None = None) -> None:
        """A DHS.

        Args:
            name: Name of the hardware host in DCSS's database.
            codec: Messages to read and write, by default all of `dcs_codec`.

        Raises:
            HandlerError: The name is not a word that DCSS could take.
        """
        super().__init__(name, default_codec() if codec is None else codec)
        self._start_lock = threading.Lock()  # guards making a run; free while it runs

    def __repr__(self) -> str:
        return f"<Dhs {self.name} {self.state.value}>"

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
            signals: The signals that stop it. They are caught if this is called in the main thread,
                except those that this process ignores.

        Raises:
            ConfigError: The address is not HOST:PORT.
            DhsError: A thread of the runtime crashed; the text names it and the exception.
        """
        open_standard_descriptors()  # before a socket can get one of their numbers
        asked = StopToken()  # for a signal that comes before there is a run to stop

        def ask() -> None:
            asked.stop()
            self.ask_to_stop()

        # During the stop as well: a second Ctrl-C changes nothing.
        with stop_signals(ask, signals):
            self.start(dcss)
            try:
                if not asked.is_stopping():
                    self.wait()
            finally:
                self.stop()

    def start(self, dcss: str | DcssConfig = "localhost") -> None:
        """Start in new threads and return at once, connected or not.

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
        """Name of the message handler that has run for longer than this, or None.

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

    def stop(self, *, join_s: float = JOIN_S) -> tuple[str, ...]:
        """Stop, in well under a second; does nothing when not running.

        Operations under way are completed as aborted before the socket closes.

        Args:
            join_s: How long to wait for threads that do not end at once, in seconds.

        Returns:
            Names of threads that did not end, such as a handler stuck in a library's C code.
        """
        run = self._run
        if run is None:
            return ()
        alive = run.stop(join_s)
        if self._run is run:  # and not yet the next
            self._run = None
        return alive

    # -- speaking ----------------------------------------------------------------------------

    @property
    def state(self) -> LinkState:
        """The state of the link to DCSS."""
        run = self._run
        return LinkState.STOPPED if run is None else run.link.state

    @property
    def dcss_address(self) -> str:
        """`HOST:PORT` of its DCSS, "" when not running."""
        run = self._run
        return "" if run is None else run.link.address

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
        """The operations under way with this name and handle, oldest first; None means any."""
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

        A completion of an operation or a move under way counts as its one completion: what its
        handler does later changes nothing.

        Nothing is kept for later. While DCSS does not read, senders wait here, each with its one
        message; if it takes no byte for `send_timeout_s`, the link is given up and made again.

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
        leaves the call to end by itself. The future is cancelled if too much is under way.

        Raises:
            DhsError: The DHS is not running.
        """
        run = self._run
        if run is None:
            raise DhsError(f"{self.name} is not running")
        return run.dispatcher.workers.call(function)

    def log(self, level: str, text: str) -> None:
        """Send `htos_log LEVEL NAME TEXT` if there is a link; does not raise without one.

        Args:
            level: A `LogLevel`: note, warning, error, severe or software_severe.
            text: One line for the beamline's log. A text that cannot be sent as it is, because it
                is too long or has a NUL, is made one line of at most 90 bytes.
        """
        message = list_safe(str(text))
        try:
            try:
                self.send(HtosLog(log_level=level, log_sender=self.name, log_message=message))
            except EncodeError:
                message = one_line(text)
                self.send(HtosLog(log_level=level, log_sender=self.name, log_message=message))
        except (NotConnectedError, EncodeError) as error:
            logger.info("htos_log not sent (%s): %s", error, text)

    def announce_operation(self, name: str, handle: str, *words: Argument) -> None:
        """Send `htos_start_operation`: tell GUIs and scripts that an operation starts here.

        dcss forwards it and starts nothing by itself (dcss_hardware_client.c:1464); follow it with
        `HtosOperationUpdate` and `HtosOperationCompleted` of the same handle. Raises as `send`.
        """
        self.send(
            HtosStartOperation(
                operation_name=name, operation_handle=handle, operation_args=arguments_of(words)
            )
        )
