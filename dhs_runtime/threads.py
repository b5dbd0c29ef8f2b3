"""Threads that are named, watched and joined, and the token that tells them to stop."""

import logging
import threading
from collections.abc import Callable

from dhs_runtime.clock import Deadline

logger = logging.getLogger(__name__)


class StopToken:
    """Says "stop" once to everything that shares it.

    Anybody may call `stop()`, from any thread, a handler or a signal handler, and more than once.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def stop(self) -> None:
        """Ask everything that shares this token to stop; returns at once."""
        self._event.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop()` was called."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds for the stop; whether it has come."""
        return self._event.wait(timeout)


class ThreadGroup:
    """Daemon threads with names, joined together under one deadline.

    They are daemons so that a handler stuck in somebody's C code cannot keep the interpreter
    alive, and they are joined all the same: `join` names those that did not end.
    """

    def __init__(self, on_crash: Callable[[], None] | None = None) -> None:
        """A group; `on_crash` is called (in the thread) after an exception ended a thread."""
        self._on_crash = on_crash
        self._lock = threading.Lock()  # guards _threads only
        self._threads: set[threading.Thread] = set()

    def spawn(self, name: str, target: Callable[[], None]) -> threading.Thread:
        """Start `target` in a new thread called `name`."""

        def run() -> None:
            try:
                target()
            except Exception:
                logger.exception("thread %s crashed", name)
                if self._on_crash is not None:
                    self._on_crash()
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        return thread

    def join(self, deadline: Deadline) -> tuple[str, ...]:
        """Wait for all threads until the deadline; the names of those that still live.

        The calling thread is left out: a handler may stop the very app it runs in.
        """
        with self._lock:
            threads = [
                thread for thread in self._threads if thread is not threading.current_thread()
            ]
        for thread in threads:
            thread.join(deadline.remaining())
        return tuple(sorted(thread.name for thread in threads if thread.is_alive()))
