"""`Task`: one command of DCSS under way, which ends in exactly one answer.

An operation, a move of a motor, a count of ion chambers and each command to a device is a task. The
task itself enforces its one answer: the first of what the handler says, the end of the handler, its
deadline, or the stop of the DHS wins. What the answer is, `answers` says. Nothing is `finished`
before its answer is encoded; success and failure are two methods, never one with a status.
"""

import concurrent.futures
import contextlib
import enum
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from typing import ClassVar, Final, Protocol, TypeVar

from dcs_codec import AbortMode, Message
from dhs_runtime.answers import (
    ABORTED,
    ERROR,
    NORMAL,
    settle,
    shown,
    status_of,
    text_of,
    told_by,
)
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    DhsError,
    NotConnectedError,
    TaskAbortedError,
    TaskFinishedError,
)
from dhs_runtime.loggers import get_logger
from dhs_runtime.scheduling import Timer
from dhs_runtime.secrets import mask_reason
from dhs_runtime.signatures import check_result, name_of

T = TypeVar("T")
K = TypeVar("K", bound="Task")

LATE: Final = "deadline passed"
SHOWN: Final = 80
"""Most characters of a wrong status in the log."""

logger = get_logger(__name__)


class Outlet(Protocol):
    """Where answers go: a connection, or the link over all connections."""

    def encode(self, message: Message) -> bytes:
        """The bytes of a message; raises EncodeError, StateError. Needs no connection."""

    def write(self, data: bytes) -> None:
        """Send what was encoded; raises NotConnectedError."""


class TaskLog(logging.LoggerAdapter[logging.Logger]):
    """Puts what the task is in front of every line."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, object]
    ) -> tuple[object, MutableMapping[str, object]]:
        """As `logging.LoggerAdapter.process`."""
        label = self.extra["label"] if self.extra else ""
        return f"{label}: {msg}", kwargs


class TaskState(enum.Enum):
    """How far a task has come."""

    WAITING = "waiting"
    """Not begun: it waits for its turn."""
    RUNNING = "running"
    """Its handler is at work."""
    COMPLETED = "completed"
    """It was answered as a success."""
    FAILED = "failed"
    """It was answered as a failure."""
    ABORTED = "aborted"
    """An abort ended it, and it was answered so."""


_WAITING: Final = TaskState.WAITING  # looking up a member of an enum takes long
_RUNNING: Final = TaskState.RUNNING
_STATES: Final = {NORMAL: TaskState.COMPLETED, ABORTED: TaskState.ABORTED}
_SOFT: Final = AbortMode.SOFT

_aborting: Final = threading.Lock()
"""Guards what is about aborts, of all tasks; held for no I/O, so `abort` waits for nothing."""


class Task:
    """One command under way; its methods may be called from any thread.

    Names with an underscore are internal to the runtime, even if its other modules use them.

    Attributes:
        state: How far it has come.
        finished: Whether the one answer is encoded, and out or on its way.
        deadline: When it must have ended, or None.
        since: When DCSS asked for it (`time.monotonic()`).
    """

    _tells_why: ClassVar[bool] = False

    finished = False
    deadline: Deadline | None = None
    _aborted = False
    _expired = False
    _dropped = False  # an update was dropped without a link; logged once
    _abort_reason = ""
    _abort_mode = _SOFT
    _waiting: tuple[threading.Event, ...] = ()
    _timer: Timer | None = None
    _handler: Callable[..., object] | None = None  # the one that raised, for the log
    _unsaid: tuple[Callable[[], object], ...] = ()  # for the log, once the lock is free

    def __init__(self, outlet: Outlet) -> None:
        # Values that few tasks change are in the class; setting them each time would cost a tenth.
        self.state = _WAITING
        self.since = time.monotonic()
        self._outlet = outlet
        # Guards state and sending, so that no update follows the answer. Held while a write
        # blocks: abort() never takes it.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label} {self.state.value}>"

    @property
    def label(self) -> str:
        """Its name for logs, in the words of the wire: `move gonio_phi`."""
        raise NotImplementedError

    @property
    def _command(self) -> str:
        """The words of the command, of which no reason may show a session id."""
        return ""

    @functools.cached_property
    def log(self) -> TaskLog:
        """Logger that puts the label in front."""
        return TaskLog(logger, {"label": self.label})

    # -- aborting ----------------------------------------------------------------------------

    def abort(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """Ask the handler to end: `aborted` turns true, waits end with TaskAbortedError.

        Idempotent, except that `hard` overrides an earlier `soft`.
        """
        with _aborting:
            if mode is AbortMode.HARD:
                self._abort_mode = mode
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
        """Why it was aborted; "" if it was not."""
        return self._abort_reason

    @property
    def abort_mode(self) -> AbortMode:
        """How to stop a motor: `soft` (decelerate) or `hard`; meaningful after an abort."""
        return self._abort_mode

    def raise_if_aborted(self) -> None:
        """Raise TaskAbortedError when the task is aborted."""
        if self._aborted:
            raise TaskAbortedError(self._abort_reason)

    def sleep(self, seconds: float) -> None:
        """Sleep; an abort ends it at once with TaskAbortedError."""
        with contextlib.suppress(TimeoutError):
            self.wait(concurrent.futures.Future[None](), seconds)

    def wait(self, future: concurrent.futures.Future[T], timeout_s: float | None = None) -> T:
        """The result of a future; an abort ends the wait at once.

        Raises:
            TaskAbortedError: The task was aborted first.
            TimeoutError: No result within `timeout_s` seconds.
            Exception: What the future raised.
        """
        wake = threading.Event()
        with _aborting:
            self._waiting = (*self._waiting, wake)
            if self._aborted:
                wake.set()
        future.add_done_callback(lambda _: wake.set())
        try:
            wake.wait(timeout_s)
        finally:
            with _aborting:
                self._waiting = tuple(each for each in self._waiting if each is not wake)
        self.raise_if_aborted()
        return future.result(0)

    def fail(self, reason: str, *, status: str = ERROR) -> None:
        """Answer with a failure.

        - an operation: `htos_operation_completed` with the reason, one line of at most 90 bytes;
        - a move: `htos_motor_move_completed` at the last position sent; the reason by `htos_log`;
        - a count: `htos_report_ion_chambers` in its failure form, with the reason in one line.

        A status that is not a plain word, or is `normal`, is sent as `error`.

        Raises:
            TaskFinishedError: The task is over.
        """
        if not self._end(status, reason):
            self._check_unfinished()

    # -- for the runtime ---------------------------------------------------------------------

    def _run(self: K, handler: Callable[[K], object]) -> None:
        """Run the handler and see that the task has its answer after it; never raises."""
        try:
            if not self._take():
                return
            if self._aborted:
                self.raise_if_aborted()
            self._begin()
            result = handler(self)
            if result is not None:
                check_result(result, handler)
            if not self.finished:
                self._succeed()
        except BaseException as error:  # noqa: BLE001 - also sys.exit(): the DHS goes on
            self._handler = handler
            self._end(self._status_for(error), told_by(error))
            self._log_failure(error)

    def _take(self) -> bool:
        """Begin, unless it is answered or another thread has begun; whether this call did."""
        with self._lock:
            is_first = self.state is _WAITING
            if is_first:
                self.state = _RUNNING
        return is_first

    def _drop(self) -> None:
        """Answer an aborted task whose handler has not begun: what it waits for may never end."""
        if self._take():
            self._end(ABORTED, self._abort_reason)

    def _status_for(self, error: BaseException) -> object:
        # An aborted handler may raise anything; `error` for a move would abort the whole beamline.
        if (self._aborted or issubclass(type(error), TaskAbortedError)) and not self._expired:
            return ABORTED
        return status_of(error)

    def _log_failure(self, error: BaseException) -> None:
        """Log why the handler failed, if nothing else says it."""
        kind = type(error)
        if issubclass(kind, TaskFinishedError):  # by its deadline, or by the handler itself
            self.log.warning("handler went on after the answer: %s", text_of(error))
        elif not issubclass(kind, DhsError):
            try:
                self.log.error("handler failed", exc_info=(kind, error, error.__traceback__))
            except Exception:  # noqa: BLE001 - one that is neither true nor false, say
                self.log.error("handler failed: %s; no traceback can be shown", told_by(error))  # noqa: TRY400
        elif not self._tells_why and not issubclass(kind, TaskAbortedError):
            self.log.error("handler failed: %s", text_of(error))  # the text of ours says all

    def _expire(self) -> None:
        """The deadline has passed: abort, so that the end is a failure; `_end` is to follow."""
        self._expired = True
        self.abort(LATE)

    def _succeed(self) -> None:
        """Answer that it is done, unless it is answered; with a failure if that does not encode."""
        self._settle(self._success, NORMAL, "")

    def _end(self, status: object, reason: object = "") -> bool:
        """Answer that it failed, unless it is answered; whether this was the answer.

        Never raises. A status that is not a plain word, or is `normal`, becomes `error`. Session
        ids of the command are masked in the reason.
        """
        return self._settle(None, status, mask_reason(shown(reason), self._command))

    def _status_in(self, message: Message) -> str | None:
        """The status in a message that is the answer to this very task; None in any other."""
        raise NotImplementedError

    def _finish_with(self, message: Message) -> None:
        """Finish by an answer that its author made; raises EncodeError, TaskFinishedError."""
        self._say(message, self._status_in(message) or ERROR)

    # -- for the kinds of task ---------------------------------------------------------------

    def _begin(self) -> None:
        """Send what must be sent before the handler runs."""

    def _success(self) -> Message:
        """The answer of success."""
        raise NotImplementedError

    def _failures(self, status: str, reason: str) -> Iterable[Message]:
        """The forms of a failure, the most informative first."""
        raise NotImplementedError

    def _told(self, message: Message) -> None:
        """A message of this task is encoded and will be sent: let the device store its value."""

    def _missed(self) -> None:
        """A message of this task was dropped without a link: let the device remember that."""

    def _explain(self, status: str, reason: str) -> None:
        """Report in another way why it failed, if the answer has no room for it."""

    def _settle(self, success: Callable[[], Message] | None, status: object, reason: str) -> bool:
        with self._lock:
            is_first = not self.finished
            if is_first:
                self._answer(success, status, reason)
        self._speak()
        return is_first

    def _answer(self, success: Callable[[], Message] | None, status: object, reason: str) -> None:
        """Make the one answer; the lock is held."""
        try:
            answer = settle(success, self._failures, status, reason, self._outlet.encode)
        except Exception as error:  # noqa: BLE001 - it is logged
            self.finished = True  # or a motor would be moving for ever
            self.state = TaskState.FAILED
            self._later(logger.error, "%s: no answer is possible", self.label, exc_info=error)
            return
        if answer.status != NORMAL:
            self._explain(answer.status, answer.reason)
        self._send(answer.message, answer.data, answer.status)
        if success is not None and answer.status != NORMAL:
            self._later(self.log.error, "done, but that cannot be told: %s", answer.reason)
        elif success is None and answer.status != shown(status):
            who = "" if self._handler is None else f" of {name_of(self._handler)}"
            text = "status %r%s is not a word for a failure; sent as error"
            self._later(self.log.error, text, mask_reason(shown(status), most=SHOWN), who)

    def _say(self, message: Message, status: str = "") -> None:
        """Send this for the author, as the answer if it has a status.

        Raises:
            EncodeError: It does not fit the wire; nothing is changed.
            TaskFinishedError: The answer is out.
        """
        with self._lock:
            self._check_unfinished()
            self._send(message, self._outlet.encode(message), status)
        self._speak()

    def _send(self, message: Message, data: bytes, status: str = "") -> None:
        """Send an encoded message, as the answer if it has a status; the lock is held."""
        self._told(message)
        if status:  # before writing, because DCSS may send the next command before it returns
            self.finished = True
            self.state = _STATES.get(status, TaskState.FAILED)
        self._write(data, message)

    def _check_unfinished(self) -> None:
        if self.finished:
            raise TaskFinishedError(f"{self.label} is {self.state.value}")

    def _write(self, data: bytes, message: Message) -> None:
        """Write; without a link DCSS has failed the task itself, so nothing is sent."""
        try:
            self._outlet.write(data)
        except NotConnectedError as error:
            level = logging.DEBUG if self._dropped and not self.finished else logging.INFO
            self._dropped = True
            self._later(self.log.log, level, "dropped: %s %s", message.keyword, error)
            self._missed()

    def _later(self, say: Callable[..., object], *arguments: object, **named: object) -> None:
        """Log this when the lock is free: threads that wait for it must not wait for the log."""
        self._unsaid += (partial(say, *arguments, **named),)

    def _speak(self) -> None:
        """Log what was kept while the lock was held."""
        if self._unsaid:
            lines, self._unsaid = self._unsaid, ()
            for say in lines:
                say()
