"""Who runs what: `Workers` (threads), `Lane` (jobs in order), `Timers` (jobs at a moment)."""

import collections
import contextlib
import heapq
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, NamedTuple, TypeVar

from dhs_runtime.clock import Deadline
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import ThreadGroup, fulfil

logger = get_logger(__name__)

T = TypeVar("T")

Job = Callable[[], object]

MAX_WAITING: Final = 20_000
_ONCE: Final = (1).to_bytes(8, sys.byteorder)
"""The value that one call writes to an `eventfd`, and reads from it."""


class Bell(NamedTuple):
    """How one thread wakes another: each ring ends one wait, also one that begins later."""

    ring: Callable[[], object]
    wait: Callable[[], object]


class Worker:
    """One thread of `Workers`, and how it is woken.

    Each thread has its own bell. Threads that wait at one queue would wake each other: each `get`
    of `queue.SimpleQueue` wakes the next that waits, which finds nothing.

    If all other threads wait too, the bell is an `eventfd`: writing to it releases the GIL, so the
    woken thread finds it free. That takes four changes of threads less than a lock. If others work,
    the bell is a lock, because they would take the GIL from the thread that rings.
    """

    __slots__ = ("_bell", "_descriptor", "_event", "_job", "_lock")

    def __init__(self) -> None:
        self._job: Job | None = None
        lock = threading.Lock()
        lock.acquire()
        self._lock = self._event = self._bell = Bell(lock.release, lock.acquire)
        self._descriptor: int | None = None
        with contextlib.suppress(AttributeError, OSError):  # not Linux, or no descriptor left
            number = self._descriptor = os.eventfd(0)
            self._event = Bell(partial(os.write, number, _ONCE), partial(os.read, number, 8))

    def choose_bell(self, *, is_quiet: bool) -> None:
        """Get ready for the next `wait`, before anybody can `call`."""
        self._bell = self._event if is_quiet else self._lock

    def call(self, job: Job) -> None:
        """Wake the thread for a job; for the one who took this from the idle workers."""
        self._job = job
        self._bell.ring()

    def wait(self) -> Job:
        """Wait, in the thread itself, for the next `call`."""
        self._bell.wait()
        while self._job is None:  # a child that C code forked has rung
            self._bell.wait()
        job, self._job = self._job, None  # or the last operation would live until the next comes
        return job

    def close(self) -> None:
        """Give the descriptor back, at the end of the thread."""
        if self._descriptor is not None:
            os.close(self._descriptor)


class Workers:
    """Up to `max_threads` threads, each running one job at a time; more jobs wait their turn.

    Not `concurrent.futures.ThreadPoolExecutor`: its threads keep the interpreter alive at exit,
    and its shutdown cannot give up on a handler that never returns.
    """

    def __init__(
        self,
        group: ThreadGroup,
        name: str,
        max_threads: int,
        max_waiting: int | None = None,
    ) -> None:
        """Workers whose threads are made when needed.

        Args:
            group: For the threads.
            name: What they are called, with a number.
            max_threads: How many there may be.
            max_waiting: How many jobs may wait for one; None for `MAX_WAITING`.
        """
        self.group = group
        self._name = name
        self._max_threads = max_threads
        self._max_waiting = MAX_WAITING if max_waiting is None else max_waiting
        self._lock = threading.Lock()  # guards what follows; never held while a job runs
        self._waiting: collections.deque[Job] = collections.deque()
        self._idle: list[Worker] = []  # the last is the next: its stack is in the CPU's cache
        self._threads = 0
        self._lacks_thread = False
        self._closed = False

    def make_ready(self) -> None:
        """Make the first thread now, so that there is one when the system has no thread left.

        Raises:
            RuntimeError: It has none now.
        """
        first = self._spawn()
        if first is None:
            raise RuntimeError(f"the system has no thread for {self._name}")
        self._idle.append(first)

    @property
    def idle(self) -> int:
        """Threads that wait for a job."""
        return len(self._idle)

    @property
    def is_closed(self) -> bool:
        """Whether they take no more jobs."""
        return self._closed

    def submit(self, job: Job, *, quietly: bool = False) -> bool:
        """Queue `job` for a worker; False when too many jobs wait already, or after `close`.

        Args:
            job: What to do.
            quietly: Whether the caller, which holds a lock, logs a missing thread later, with
                `say_what_it_lacks`.

        Raises:
            ForkedError: This is a forked child, which has no workers.
        """
        self.group.birthplace.check("a job")
        with self._lock:
            if self._closed:
                return False
            worker = self._idle.pop() if self._idle else self._spawn()
            taken = worker is not None or (self._threads and len(self._waiting) < self._max_waiting)
            if worker is None and taken:
                self._waiting.append(job)
        if worker is not None:
            worker.call(job)
        elif not quietly:
            self.say_what_it_lacks()
        return bool(taken)

    def say_what_it_lacks(self) -> None:
        """Log that the system had no thread, if so."""
        if self._lacks_thread:
            self._lacks_thread = False
            logger.warning("the system has no thread for %s-%d", self._name, self._threads + 1)

    def call(self, function: Callable[[], T]) -> Future[T]:
        """The future of `function()`, run in a worker; cancelled where `submit` says False."""
        future: Future[T] = Future()
        if not self.submit(partial(fulfil, future, function)):
            future.cancel()
        return future

    def close(self) -> None:
        """Take no more jobs; the threads end when they have done the jobs that wait."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.call(_nothing)

    def _spawn(self) -> Worker | None:
        if self._threads >= self._max_threads:
            return None
        worker = Worker()
        name = f"{self._name}-{self._threads + 1}"
        try:
            self.group.spawn(name, partial(self._work, worker))
        except RuntimeError:  # the next job tries again
            self._lacks_thread = True
            worker.close()
            return None
        self._threads += 1
        return worker

    def _work(self, worker: Worker) -> None:
        job = worker.wait()
        while True:
            try:
                job()
            except BaseException:  # sys.exit() in a job must not cost its thread
                logger.exception("%s-*: a job failed", self._name)
            self.group.end_child()
            del job
            with self._lock:
                if self._waiting:
                    job = self._waiting.popleft()
                    continue
                if self._closed:
                    break
                worker.choose_bell(is_quiet=len(self._idle) == self._threads - 1)
                self._idle.append(worker)
            job = worker.wait()
        worker.close()


def _nothing() -> None:
    """The job of a worker that is to end."""


class Lane:
    """A job queue that occupies a worker only while it has jobs; they run one at a time."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._lock = threading.Lock()  # guards what follows; free while a job runs
        self._jobs: collections.deque[Job] = collections.deque()
        self.busy = False
        self.current: tuple[Job, float] | None = None
        """The job that runs, and since when (`time.monotonic()`)."""

    def put(self, job: Job) -> bool:
        """Queue a job; False when too many jobs wait, or after the close."""
        with self._lock:
            if len(self._jobs) >= MAX_WAITING:
                return False
            self._jobs.append(job)
            if not self.busy:  # no state before a step that may fail
                self.busy = self._workers.submit(self._run, quietly=True)
                if not self.busy:
                    self._jobs.pop()
            taken = self.busy
        self._workers.say_what_it_lacks()
        return taken

    def then(self, job: Job) -> bool:
        """Run a job here and now if nothing waits or runs, else as `put`.

        For one thread, which puts all jobs; the job must return at once.
        """
        if self.busy:
            return self.put(job)
        job()
        return True

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self.busy = False
                    return
                job = self._jobs.popleft()
            self.current = job, time.monotonic()
            try:
                job()
            except BaseException:  # sys.exit() in a handler must not silence its device
                logger.exception("a job failed")
            self._workers.group.end_child()
            self.current = None


class Timer:
    """One call of `Timers` that may be cancelled."""

    __slots__ = ("at", "call", "number")

    def __init__(self, at: float, number: int, call: Job) -> None:
        self.at = at
        self.number = number  # calls of one moment come in their order
        self.call: Job | None = call

    def __lt__(self, other: "Timer") -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Timers:
    """Runs short callbacks at deadlines, in one thread. Internal; callbacks must not block."""

    def __init__(self, group: ThreadGroup) -> None:
        """Timers whose thread starts now, so that it exists when the system has none left."""
        self._changed = threading.Condition()  # guards the rest; free while a call runs
        self._due: list[Timer] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._closed = False
        group.spawn("timers", self._run)

    def at(self, deadline: Deadline, call: Job) -> Timer:
        """Make the call when the deadline passes, unless `cancel` or `close` comes first."""
        with self._changed:
            timer = Timer(deadline.at, next(self._numbers), call)
            heapq.heappush(self._due, timer)
            if self._due[0] is timer:
                self._changed.notify()
        return timer

    def every(self, seconds: float, call: Job, phase: float = 0.0) -> None:
        """Make the call every `seconds` until `close`; missed calls are not made up for.

        The call must return at once. `phase`, from 0 to 1, delays all calls by that part of
        `seconds`, so that several repeated calls need not come together.
        """
        self._again(time.monotonic() + phase * seconds, seconds, call)

    def _again(self, before: float, seconds: float, call: Job) -> None:
        due = max(before + seconds, time.monotonic())

        def tick() -> None:
            try:
                call()
            finally:
                self._again(due, seconds, call)

        self.at(Deadline(due), tick)

    def cancel(self, timer: Timer) -> None:
        """Cancel a call. What it refers to is freed at once, its place in the queue later."""
        with self._changed:
            if timer.call is None:
                return
            timer.call = None
            self._cancelled += 1
            if self._cancelled > len(self._due) // 2:
                self._due = [each for each in self._due if each.call is not None]
                heapq.heapify(self._due)
                self._cancelled = 0

    def close(self) -> None:
        """Stop making calls and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except BaseException:  # the other deadlines are still to be kept
                logger.exception("a timed call failed")

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closed:
                if not self._due:
                    self._changed.wait()
                elif (left := self._due[0].at - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    timer = heapq.heappop(self._due)
                    call, timer.call = timer.call, None
                    if call is not None:
                        return call
                    self._cancelled -= 1
            return None
