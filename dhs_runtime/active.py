"""`ActiveTasks`: the tasks under way; here each one starts, is refused or aborted, and ends."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from dcs_codec import AbortMode
from dhs_runtime.answers import ERROR
from dhs_runtime.scheduling import Job, Lane, Timer, Workers
from dhs_runtime.task import Task, TaskState

K = TypeVar("K", bound=Task)

SLOW_INLINE_S: Final = 0.05
STOPPING: Final = "DHS is stopping"


class ActiveTasks:
    """The tasks under way, from DCSS's command to the end of their handler.

    Adding and removing are single operations of a dict, which need no lock.

    Attributes:
        answer: Runs a job that answers in another thread, because sending may block.
    """

    def __init__(
        self,
        workers: Workers,
        answer: Callable[[Job], None],
        cancel: Callable[[Timer], None],
    ) -> None:
        """No task.

        Args:
            workers: Run the handlers.
            answer: As the attribute.
            cancel: Releases the timer of a task that ended.
        """
        self.answer = answer
        self._workers = workers
        self._cancel = cancel
        self._tasks: dict[Task, None] = {}
        self._none: threading.Event | None = None

    def add(self, task: Task) -> None:
        """Add a task."""
        self._tasks[task] = None

    def remove(self, task: Task) -> None:
        """Remove a task."""
        del self._tasks[task]
        if task._timer is not None:
            self._cancel(task._timer)
        if self._none is not None and not self._tasks:
            self._none.set()

    def start(self, task: K, handler: Callable[[K], object], lane: Lane | None = None) -> None:
        """Let a worker run a task, after the jobs in the lane; or refuse it."""
        self.add(task)
        if lane is None or not lane.busy:
            if not self._workers.submit(partial(self.run, task, handler)):
                self._turn_away(task, "too many operations under way")
        elif not lane.put(partial(self.start, task, handler)):
            self._turn_away(task)

    def queue(self, task: K, handler: Callable[[K], object], lane: Lane) -> None:
        """Run a task in a lane; or refuse it."""
        self.add(task)
        if not lane.put(partial(self.run, task, handler)):
            self._turn_away(task)

    def run(self, task: K, handler: Callable[[K], object]) -> None:
        """Run a task that was added, and remove it."""
        try:
            task._run(handler)
        finally:
            self.remove(task)

    def run_inline(self, task: K, handler: Callable[[K], object]) -> None:
        """Run a task in the reading thread; say when that took long."""
        self.add(task)
        started = time.monotonic()
        self.run(task, handler)
        took = time.monotonic() - started
        if took > SLOW_INLINE_S:
            task.log.warning("inline handler took %.0f ms; nothing was read meanwhile", took * 1e3)

    def _turn_away(self, task: Task, too_much: str = "too much under way") -> None:
        """Refuse a task that nobody takes, because there are too many or no workers any more."""
        self.refuse(task, STOPPING if self._workers.is_closed else too_much)

    def refuse(self, task: Task, reason: str, status: str = ERROR) -> None:
        """Answer a task with a failure and remove it, soon and in another thread."""
        self.add(task)
        self.answer(partial(self._refuse, task, status, reason))

    def _refuse(self, task: Task, status: str, reason: str) -> None:
        task._end(status, reason)
        self.remove(task)

    def all(self) -> tuple[Task, ...]:
        """Every task under way, oldest first."""
        return tuple(self._tasks)

    def abort(self, task: Task, reason: str, mode: AbortMode = AbortMode.SOFT) -> bool:
        """Abort a task; returns whether it was not aborted before.

        One whose handler has not begun is answered at once: what it waits for may never end.
        """
        before = task.aborted
        task.abort(reason, mode)
        if before or not task.aborted:
            return False
        if task.state is TaskState.WAITING:
            self.answer(task._drop)
        return True

    def abort_all(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> int:
        """Abort every task under way; returns how many were not aborted before."""
        return sum([self.abort(task, reason, mode) for task in self.all()])

    def wait_until_none(self, timeout_s: float) -> bool:
        """Wait until no task is under way; whether that came within `timeout_s` seconds."""
        self._none = none = threading.Event()
        return not self._tasks or none.wait(timeout_s)
