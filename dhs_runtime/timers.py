"""`Timers`: calls at a later moment, all from one thread that lives only while there are any."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import ThreadGroup

logger = logging.getLogger(__name__)


class Timers:
    """Short calls that are due at deadlines; for the runtime's own ends, not for waiting code."""

    def __init__(self, group: ThreadGroup) -> None:
        self._group = group
        self._changed = threading.Condition()  # guards the rest; free while a call runs
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._counter = itertools.count()  # calls of one moment in their order, never compared
        self._started = False
        self._closed = False

    def at(self, deadline: Deadline, call: Callable[[], None]) -> None:
        """Make the call when the deadline passes, unless `close` comes first."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._due, (deadline.at, next(self._counter), call))
            self._changed.notify()
            if not self._started:
                self._started = True
                self._group.spawn("timers", self._run)

    def close(self) -> None:
        """Make no more calls and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except BaseException:  # the other deadlines are still to be kept
                logger.exception("a timed call failed")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                if not self._due:
                    self._changed.wait()
                elif (left := Deadline(self._due[0][0]).remaining()) > 0:
                    self._changed.wait(left)
                else:
                    return heapq.heappop(self._due)[2]
            return None
