"""`Task`: something DCSS asked for that takes time, may be aborted, and ends exactly once.

An operation, a move of a motor and a count of ion chambers are tasks. Each leads to exactly one
completion on the wire, and the task itself enforces it: the first of what the handler says, the end
of the handler, its deadline, or the stop of the DHS wins.
"""

import concurrent.futures
import contextlib
import enum
import functools
import logging
import threading
from collections.abc import Callable, MutableMapping
from typing import Final, TypeVar

from dcs_codec import AbortMode, EncodeError, Message
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    DhsError,
    NotConnectedError,
    TaskAbortedError,
    TaskFinishedError,
)

T = TypeVar("T")
K = TypeVar("K", bound="Task")

NORMAL: Final = "normal"
ERROR: Final = "error"
ABORTED: Final = "aborted"
LATE: Final = "deadline passed"

_MAX_REASON: Final = 90  # bytes: a failure fits a v1 frame whatever the names in it

logger = logging.getLogger(__name__)

Send = Callable[[Message], None]


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
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"


_WAITING: Final = TaskState.WAITING  # looking up a member of an enum takes long
_RUNNING: Final = TaskState.RUNNING
_STATES: Final = {NORMAL: TaskState.COMPLETED, ABORTED: TaskState.ABORTED}


class Task:
    """One thing under way; its methods may be called from any thread.

    Attributes:
        state: How far it has come.
        finished: Whether the one completion is out, or on its way.
        deadline: When it must have ended, or None.
    """

    def __init__(self, send: Send) -> None:
        self.state = _WAITING
        self.finished = False
        self.deadline: Deadline | None = None
        self._send = send
        # Guards state and sending, so that no update follows the completion. Held while a send
        # blocks: abort() has a lock of its own and never waits for a slow DCSS.
        self._lock = threading.Lock()
        self._abort_lock = threading.Lock()  # guards what is about the abort
        self._aborted = False
        self._expired = False
        self._dropped = False  # an update, for want of a link; told once
        self._abort_reason = ""
        self._abort_mode = AbortMode.SOFT
        self._waiting: set[threading.Event] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label} {self.state.value}>"

    @property
    def label(self) -> str:
        """What it is, for logs: the wire's words, as in `move gonio_phi`."""
        raise NotImplementedError

    @functools.cached_property
    def log(self) -> TaskLog:
        """Logger that puts the label in front."""
        return TaskLog(logger, {"label": self.label})

    # -- aborting ----------------------------------------------------------------------------

    def abort(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """Ask the handler to end: `aborted` turns true, waits end with TaskAbortedError.

        Again changes nothing, but that `hard` after `soft` counts.
        """
        with self._abort_lock:
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
        """Why, "" when not aborted."""
        return self._abort_reason

    @property
    def abort_mode(self) -> AbortMode:
        """How to stop what moves: `soft` (decelerate) or `hard`; of use once aborted."""
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

    def run(self: K, handler: Callable[[K], None]) -> None:
        """Run the handler and see that the task is finished behind it; never raises."""
        try:
            with self._lock:
                if self.finished:  # somebody completed it while it waited for its turn
                    return
                self.state = _RUNNING
            self.raise_if_aborted()
            self._begin()
            handler(self)
            if not self.finished:
                self.end(NORMAL)
        except TaskAbortedError as error:
            self.end(ERROR if self._expired else ABORTED, str(error))
        except TaskFinishedError as error:  # by a deadline, say, or by itself before
            self.log.warning("handler went on behind the completion: %s", error)
            self.end(ERROR, f"{type(error).__name__}: {error}")  # of another task's, perhaps
        except BaseException as error:  # sys.exit() in a handler must not silence the DHS
            if isinstance(error, DhsError):  # whose text says all
                self.log.error("handler failed: %s", error)  # noqa: TRY400
            else:
                self.log.exception("handler failed")
            # An aborted call may end as anything; for a move `error` would abort the beamline.
            status = ABORTED if self._aborted and not self._expired else ERROR
            self.end(status, f"{type(error).__name__}: {error}")

    def expire(self) -> None:
        """The deadline has passed: abort, so that the end is a failure; `end` is to follow."""
        self._expired = True
        self.log.warning(LATE)
        self.abort(LATE)

    def end(self, status: str, reason: str = "") -> None:
        """Finish unless it is finished; a failure to send is logged."""
        try:
            self._finish(status, one_line(reason))
        except TaskFinishedError:
            pass
        except EncodeError:
            self.log.exception("no completion possible")

    def is_completed_by(self, message: Message) -> bool:
        """Whether this message, sent by hand, is the completion of this very task."""
        raise NotImplementedError

    def finish_with(self, message: Message) -> None:
        """Finish by a completion that its author made; raises TaskFinishedError."""
        with self._lock:
            self._check_unfinished()
            self._complete(message, self._status_of(message))

    # -- for the kinds of task ---------------------------------------------------------------

    def _begin(self) -> None:
        """Say what is to be said before the handler runs."""

    def _completion(self, status: str, text: str) -> Message:
        """The one message that ends the task."""
        raise NotImplementedError

    def _finish(self, status: str, text: str) -> None:
        with self._lock:
            self._check_unfinished()
            self._complete(self._completion(status, text), status)

    def _complete(self, message: Message, status: str) -> None:
        """Send the one completion; the lock is held."""
        # First, for DCSS may answer with the next command before the sending returns.
        self.finished = True
        try:
            self._send_or_drop(message)
        except EncodeError:
            self.finished = False
            raise
        self.state = _STATES.get(status, TaskState.FAILED)

    def _status_of(self, message: Message) -> str:
        """The status in a completion."""
        raise NotImplementedError

    def _say(self, message: Message) -> None:
        """Send, unless the completion is out."""
        with self._lock:
            self._check_unfinished()
            self._send_or_drop(message)

    def _check_unfinished(self) -> None:
        if self.finished:
            raise TaskFinishedError(f"{self.label} is {self.state.value}")

    def _send_or_drop(self, message: Message) -> None:
        """Send; without a link DCSS has failed the task itself, and nobody is waiting."""
        try:
            self._send(message)
        except NotConnectedError as error:
            once = self._dropped and not self.finished
            self.log.log(logging.DEBUG if once else logging.INFO, "dropped: %s", error)
            self._dropped = True


class ActiveTasks:
    """The tasks under way, from DCSS's command to the end of their handler."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _tasks
        self._none = threading.Condition(self._lock)
        self._tasks: dict[int, Task] = {}

    def add(self, task: Task) -> None:
        """Enter a task."""
        with self._lock:
            self._tasks[id(task)] = task

    def remove(self, task: Task) -> None:
        """Strike a task out."""
        with self._lock:
            del self._tasks[id(task)]
            if not self._tasks:
                self._none.notify_all()

    def all(self) -> tuple[Task, ...]:
        """Every task under way, oldest first."""
        with self._lock:
            return tuple(self._tasks.values())

    def abort_all(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """Abort every task under way."""
        for task in self.all():
            task.abort(reason, mode)

    def wait_until_none(self, timeout_s: float) -> bool:
        """Wait until no task is under way; whether that came within `timeout_s` seconds."""
        with self._lock:
            return self._none.wait_for(lambda: not self._tasks, timeout_s)


def one_line(text: str) -> str:
    """A text as one line of at most 90 bytes that fits any frame: blanks for line ends."""
    line = " ".join(text.replace("\0", " ").split())
    data = line.encode("utf-8", "replace")[:_MAX_REASON]
    return data.decode("utf-8", "ignore")
