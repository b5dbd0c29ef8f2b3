"""Threads that are named, watched and joined, and the token that tells them to stop."""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dhs_runtime.clock import Deadline
from dhs_runtime.forks import Birthplace
from dhs_runtime.loggers import EXIT_S, flush_handlers, get_logger

T = TypeVar("T")

logger = get_logger(__name__)


class StopToken:
    """Says "stop" once to everything that shares it.

    `stop()` may be called from any thread, a handler or a signal handler, and more than once.
    A `threading.Event` would not do: its lock is not reentrant, so a signal that arrives while the
    main thread is about to wait would block that thread for ever. A plain lock held until the stop
    avoids this.
    """

    def __init__(self) -> None:
        self._stopping = False
        self._closed = threading.Lock()
        self._closed.acquire()

    def stop(self) -> None:
        """Ask everything that shares this token to stop; returns at once."""
        self._stopping = True
        self._open()

    def is_stopping(self) -> bool:
        """Whether `stop()` was called."""
        return self._stopping

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait up to `timeout_s` seconds for the stop; whether it has come."""
        if not self._stopping and self._closed.acquire(
            timeout=-1 if timeout_s is None else timeout_s
        ):
            self._open()  # for the next thread that waits
        return self._stopping

    def _open(self) -> None:
        with contextlib.suppress(RuntimeError):  # open already
            self._closed.release()


def fulfil(future: Future[T], function: Callable[[], T]) -> None:
    """Call the function for a future that somebody still waits for."""
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 - the future has it
            future.set_exception(error)


class ThreadGroup:
    """Daemon threads with names, joined together under one deadline.

    Attributes:
        birthplace: The process whose threads they are.

    They are daemons so that a handler stuck in somebody's C code cannot keep the interpreter
    alive, and they are joined all the same: `join` names those that did not end.
    """

    def __init__(self, on_crash: Callable[[str, BaseException], None] | None = None) -> None:
        """A group; a thread that crashes calls `on_crash` with its name and exception."""
        self._on_crash = on_crash
        self.birthplace = Birthplace()
        self._lock = threading.Lock()  # guards _threads only
        self._threads: set[threading.Thread] = set()

    def spawn(self, name: str, target: Callable[[], None]) -> threading.Thread:
        """Start `target` in a new thread called `name`.

        Raises:
            RuntimeError: The system has no thread left.
            ForkedError: This is a forked child, which must not do the work of the group.
        """
        if (
            not self._threads
        ):  # the group was made before a fork (of a daemon) and is used for the first time
            self.birthplace = Birthplace()
        self.birthplace.check(f"thread {name}")

        def run() -> None:
            try:
                target()
            except BaseException as error:  # nothing above would report it
                logger.exception("thread %s crashed", name)
                if self._on_crash is not None:
                    self._on_crash(name, error)
            finally:
                self.end_child()
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:  # held over the start: join() must not find a thread that has not started
            thread.start()
            self._threads.add(thread)
        return thread

    def end_child(self) -> None:
        """End this process if a handler forked it and returned. Threads call this after each job.

        Such a child has the one thread that forked: it must not do the jobs of its parent again.
        """
        if self.birthplace.is_elsewhere:
            logger.error("a handler returned in a child that it forked; the child is ended")
            flush_handlers(EXIT_S)
            os._exit(1)

    def join(self, deadline: Deadline) -> tuple[str, ...]:
        """Wait for all threads until the deadline; returns the names of those still running.

        The calling thread is left out: a handler may stop the very app it runs in.
        """
        with self._lock:
            threads = [
                thread for thread in self._threads if thread is not threading.current_thread()
            ]
        for thread in threads:
            thread.join(deadline.remaining())
        return tuple(sorted(thread.name for thread in threads if thread.is_alive()))
