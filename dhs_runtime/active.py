"""`ActiveTasks`: the tasks under way."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from dcs_codec import AbortMode
from dhs_runtime.scheduling import Timer
from dhs_runtime.task import Task

K = TypeVar("K", bound=Task)

SLOW_INLINE_S: Final = 0.05


class ActiveTasks:
    """The tasks under way, from DCSS's command to the end of their handler.

    Adding and removing are single operations of a dict, which need no lock.
    """

    def __init__(self, cancel: Callable[[Timer], None] = lambda _: None) -> None:
        """No task; `cancel` lets go of the timer of one that ended."""
        self._tasks: dict[Task, None] = {}
        self._cancel = cancel
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

    def run(self, task: K, handler: Callable[[K], None]) -> None:
        """Run a task that was added, and remove it."""
        try:
            task._run(handler)
        finally:
            self.remove(task)

    def run_inline(self, task: K, handler: Callable[[K], None]) -> None:
        """As `run`, in the reading thread; say when that took long."""
        started = time.monotonic()
        self.run(task, handler)
        took = time.monotonic() - started
        if took > SLOW_INLINE_S:
            task.log.warning("inline handler took %.0f ms; nothing was read meanwhile", took * 1e3)

    def refuse(self, task: Task, status: str, reason: str) -> None:
        """Answer a task that was added with a failure, and remove it."""
        task._end(status, reason)
        self.remove(task)

    def all(self) -> tuple[Task, ...]:
        """Every task under way, oldest first."""
        return tuple(self._tasks)

    def abort_all(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """Abort every task under way."""
        for task in self.all():
            task.abort(reason, mode)

    def wait_until_none(self, timeout_s: float) -> bool:
        """Wait until no task is under way; whether that came within `timeout_s` seconds."""
        self._none = none = threading.Event()
        return not self._tasks or none.wait(timeout_s)
