"""`Changes`: wakes the views that show what a simulated DCSS knows."""

import threading
from collections.abc import Callable

from dhs_runtime.lowlevel import Deadline


class Changes:
    """Counts what happens: a message, a DHS that comes or goes, a new configuration.

    Safe for any thread. A change is marked after it can be read.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards _count
        self._count = 0

    def mark(self) -> None:
        """Count a change, and wake all waiting threads."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float | None = None) -> int:
        """Wait until the count is no longer `seen`, at most `timeout_s` seconds; returns it."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, timeout_s)
            return self._count

    def wait_for(self, happened: Callable[[], bool], timeout_s: float) -> bool:
        """Ask `happened` now and after each change, until it is true or the time is over."""
        deadline = Deadline.after(timeout_s)
        while True:
            seen, is_late = self._count, deadline.passed
            if happened():
                return True
            if is_late:
                return False
            self.wait(seen, deadline.remaining())
