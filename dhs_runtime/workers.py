"""`Workers`: threads that run operations and other calls, made when needed and used again.

Not `concurrent.futures.ThreadPoolExecutor`: its threads keep the interpreter alive at exit, and
its shutdown cannot give up on a handler that never returns.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dhs_runtime.threads import ThreadGroup

logger = logging.getLogger(__name__)

T = TypeVar("T")

Job = Callable[[], None]


class Workers:
    """Up to `max_threads` threads, each running one job at a time; more jobs wait their turn."""

    def __init__(self, group: ThreadGroup, name: str, max_threads: int, max_waiting: int) -> None:
        self._group = group
        self._name = name
        self._max_threads = max_threads
        self._max_waiting = max_waiting
        self._lock = threading.Lock()  # guards the counters; never held while a job runs
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = 0
        self._waiting = 0
        self._closed = False

    @property
    def idle(self) -> int:
        """Threads that wait for a job."""
        return self._idle

    def submit(self, job: Job) -> bool:
        """Run `job` in a worker, soon; False when too many wait already, or after `close`."""
        with self._lock:
            if self._closed:
                return False
            if self._idle:
                self._idle -= 1
            elif self._threads < self._max_threads:
                return self._spawn(job)
            elif self._waiting < self._max_waiting:
                self._waiting += 1
            else:
                return False
            self._jobs.put(job)
            return True

    def call(self, function: Callable[[], T]) -> Future[T]:
        """The future of `function()`, run in a worker; cancelled where `submit` says False."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - the future carries it to who waits
                future.set_exception(error)

        if not self.submit(job):
            future.cancel()
        return future

    def close(self) -> None:
        """Take no more jobs and end the threads after those they have."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._jobs.put(None)

    def _spawn(self, job: Job) -> bool:
        try:
            self._group.spawn(f"{self._name}-{self._threads + 1}", lambda: self._work(job))
        except RuntimeError:
            logger.exception("no thread for %s", self._name)
            return False
        self._threads += 1
        return True

    def _work(self, first: Job) -> None:
        job: Job | None = first
        while job is not None:
            try:
                job()
            except BaseException:  # sys.exit() in a job must not cost its thread
                logger.exception("%s-*: a job failed", self._name)
            del job  # or the last operation would live until the next comes
            with self._lock:
                if self._waiting:
                    self._waiting -= 1
                else:
                    self._idle += 1
            job = self._jobs.get()
