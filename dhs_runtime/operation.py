"""`Operation`: what a handler gets to do one operation, and the table of those under way.

Each operation leads to exactly one `htos_operation_completed`. The operation itself enforces it:
the first of `complete`, `fail`, the end of the handler, or the stop of the DHS wins.
"""

import concurrent.futures
import contextlib
import enum
import functools
import logging
import threading
from collections.abc import Callable, MutableMapping
from typing import Final, TypeVar

from dcs_codec import (
    EncodeError,
    HtosOperationCompleted,
    HtosOperationUpdate,
    Message,
    StohStartOperation,
    format_number,
    join_list,
    split_list,
)
from dhs_runtime.errors import NotConnectedError, OperationAbortedError, OperationFinishedError

T = TypeVar("T")
Argument = str | int | float
"""What becomes a word: text as it is (in braces if it holds blanks), numbers without exponent."""

NORMAL: Final = "normal"
ERROR: Final = "error"
ABORTED: Final = "aborted"

_MAX_REASON: Final = 90  # bytes: a failure fits a v1 frame whatever the operation's name

logger = logging.getLogger(__name__)


class OperationLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the operation's name and handle in front of every line."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, object]
    ) -> tuple[object, MutableMapping[str, object]]:
        """As `logging.LoggerAdapter.process`."""
        name = self.extra["operation"] if self.extra else ""
        return f"{name}: {msg}", kwargs


class OperationState(enum.Enum):
    """How far an operation has come."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"


_STATES: Final = {NORMAL: OperationState.COMPLETED, ABORTED: OperationState.ABORTED}


class Operation:
    """One operation DCSS started; its methods may be called from any thread.

    Attributes:
        name: Name of the operation.
        handle: Handle DCSS gave it, `clientNumber.counter` (text).
        args_text: Its arguments to the letter.
        state: How far it has come.
    """

    def __init__(self, message: StohStartOperation, send: Callable[[Message], None]) -> None:
        self.name = message.operation_name
        self.handle = message.operation_handle
        self.args_text = message.operation_args
        self.state = OperationState.WAITING
        self._send = send
        # Guards state and sending, so that no update follows the completion. Held while a send
        # blocks: abort() has a lock of its own and never waits for a slow DCSS.
        self._lock = threading.Lock()
        self._abort_lock = threading.Lock()  # guards the three below
        self._aborted = False
        self._abort_reason = ""
        self._waiting: set[threading.Event] = set()

    def __repr__(self) -> str:
        return f"<Operation {self.name} {self.handle} {self.state.value}>"

    @functools.cached_property
    def log(self) -> "OperationLog":
        """Logger that puts name and handle in front."""
        return OperationLog(logger, {"operation": f"{self.name} {self.handle}"})

    @functools.cached_property
    def args(self) -> tuple[str, ...]:
        """The arguments as words of a Tcl list (or by blanks, where they are no such list)."""
        try:
            return tuple(split_list(self.args_text))
        except ValueError:
            return tuple(self.args_text.split())

    # -- answers -----------------------------------------------------------------------------

    def update(self, *words: Argument, text: str | None = None) -> None:
        """Send `htos_operation_update` with these words, or with `text` to the letter.

        Raises:
            EncodeError: They do not fit the wire.
            OperationFinishedError: The operation is over.
        """
        with self._lock:
            self._check_unfinished()
            self._send_or_drop(
                HtosOperationUpdate(
                    operation_name=self.name,
                    operation_handle=self.handle,
                    operation_args=_arguments(words, text),
                )
            )

    def complete(self, *words: Argument, text: str | None = None) -> None:
        """Send `htos_operation_completed` with status `normal`; raises as `update`."""
        self._finish(NORMAL, _arguments(words, text))

    def fail(self, reason: str, *, status: str = ERROR) -> None:
        """Send `htos_operation_completed` with a status that is not `normal`, and a reason.

        The reason is made one line of at most 90 bytes; raises as `update`.
        """
        self._finish(status, one_line(reason))

    @property
    def finished(self) -> bool:
        """Whether the one completion is out."""
        return self.state not in (OperationState.WAITING, OperationState.RUNNING)

    # -- aborting ----------------------------------------------------------------------------

    def abort(self, reason: str) -> None:
        """Ask the handler to end: `aborted` turns true, waits end with OperationAbortedError."""
        with self._abort_lock:
            if self._aborted:
                return
            self._abort_reason = reason
            self._aborted = True
            for wake in self._waiting:
                wake.set()

    @property
    def aborted(self) -> bool:
        """Whether the handler should end as soon as it safely can."""
        return self._aborted

    @property
    def abort_reason(self) -> str:
        """Why, "" when not aborted."""
        return self._abort_reason

    def raise_if_aborted(self) -> None:
        """Raise OperationAbortedError when the operation is aborted."""
        if self._aborted:
            raise OperationAbortedError(self._abort_reason)

    def sleep(self, seconds: float) -> None:
        """Sleep; an abort ends it at once with OperationAbortedError."""
        with contextlib.suppress(TimeoutError):
            self.wait(concurrent.futures.Future[None](), seconds)

    def wait(self, future: concurrent.futures.Future[T], timeout_s: float | None = None) -> T:
        """The result of a future; an abort ends the wait at once.

        Raises:
            OperationAbortedError: The operation was aborted first.
            TimeoutError: No result within `timeout_s` seconds.
            Exception: What the future raised.
        """
        wake = threading.Event()
        with self._abort_lock:
            self._waiting.add(wake)
            if self._aborted:
                wake.set()
        future.add_done_callback(lambda _: wake.set())
        try:
            wake.wait(timeout_s)
        finally:
            with self._abort_lock:
                self._waiting.discard(wake)
        self.raise_if_aborted()
        return future.result(0)

    # -- for the runtime ---------------------------------------------------------------------

    def run(self, handler: "OperationHandler") -> None:
        """Run the handler and see that the operation is finished behind it; never raises."""
        with self._lock:
            if self.finished:  # somebody completed it while it waited for its turn
                return
            self.state = OperationState.RUNNING
        try:
            self.raise_if_aborted()
            handler(self)
            self.end(NORMAL)
        except OperationAbortedError as error:
            self.end(ABORTED, str(error))
        except BaseException as error:  # sys.exit() in a handler must not silence the DHS
            self.log.exception("handler failed")
            self.end(ERROR, f"{type(error).__name__}: {error}")

    def end(self, status: str, reason: str = "") -> None:
        """Finish unless it is finished; a failure to send is logged."""
        try:
            self._finish(status, one_line(reason))
        except OperationFinishedError:
            pass
        except EncodeError:
            self.log.exception("no completion possible")

    def _finish(self, status: str, args: str) -> None:
        with self._lock:
            self._check_unfinished()
            message = HtosOperationCompleted(
                operation_name=self.name,
                operation_handle=self.handle,
                operation_status=status,
                operation_args=args,
            )
            self._send_or_drop(message)
            self.state = _STATES.get(status, OperationState.FAILED)

    def _check_unfinished(self) -> None:
        if self.finished:
            raise OperationFinishedError(f"{self.name} {self.handle} is {self.state.value}")

    def _send_or_drop(self, message: Message) -> None:
        """Send; without a link DCSS has failed the operation itself, and nobody is waiting."""
        try:
            self._send(message)
        except NotConnectedError as error:
            self.log.info("dropped: %s", error)


OperationHandler = Callable[[Operation], None]


class ActiveOperations:
    """The operations under way, from their `stoh_start_operation` to the end of their handler."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards _operations
        self._operations: dict[int, Operation] = {}

    def add(self, operation: Operation) -> None:
        """Enter an operation."""
        with self._changed:
            self._operations[id(operation)] = operation

    def remove(self, operation: Operation) -> None:
        """Strike an operation out."""
        with self._changed:
            del self._operations[id(operation)]
            self._changed.notify_all()

    def find(self, name: str | None = None, handle: str | None = None) -> tuple[Operation, ...]:
        """The operations of this name and handle, oldest first; None stands for any."""
        with self._changed:
            return tuple(
                operation
                for operation in self._operations.values()
                if name in (None, operation.name) and handle in (None, operation.handle)
            )

    def abort_all(self, reason: str) -> None:
        """Abort every operation under way."""
        for operation in self.find():
            operation.abort(reason)

    def wait_until_none(self, timeout_s: float) -> bool:
        """Wait until no operation is under way; whether that came within `timeout_s` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._operations, timeout_s)


def one_line(text: str) -> str:
    """A text as one line of at most 90 bytes that fits any frame: blanks for line ends."""
    line = " ".join(text.replace("\0", " ").split())
    data = line.encode("utf-8", "replace")[:_MAX_REASON]
    return data.decode("utf-8", "ignore")


def _arguments(words: tuple[Argument, ...], text: str | None) -> str:
    if text is not None:
        if words:
            raise TypeError("give words or text=, not both")
        return text
    return join_list(word if isinstance(word, str) else format_number(word) for word in words)
