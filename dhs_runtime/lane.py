"""`Lane`: jobs that run one at a time and in order, in whichever worker is free."""

import collections
import logging
import threading
from collections.abc import Callable
from typing import Protocol

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class Submit(Protocol):
    """Runs a job in a worker, or where there is none, the other job elsewhere; never blocks."""

    def __call__(self, job: Job, instead: Job) -> None:
        """Take both."""


class Lane:
    """A queue of jobs with a worker of its own while there are any, and none else."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._lock = threading.Lock()  # guards the two below; free while a job runs
        self._jobs: collections.deque[Job] = collections.deque()
        self._running = False

    def put(self, job: Job) -> None:
        """Run a job behind those put before; returns at once."""
        with self._lock:
            self._jobs.append(job)
            if self._running:
                return
            self._running = True
        self._submit(self._run, self._run)

    def beside(self, job: Job, instead: Job) -> None:
        """Run a job in a worker of its own, behind what was put before; returns at once."""
        with self._lock:
            busy = self._running
        if busy:
            self.put(lambda: self._submit(job, instead))
        else:
            self._submit(job, instead)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running = False
                    return
                job = self._jobs.popleft()
            try:
                job()
            except BaseException:  # sys.exit() in a handler must not silence its device
                logger.exception("a job failed")
