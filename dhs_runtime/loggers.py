"""The loggers of the runtime: a handler that raises or hangs costs its own lines, and no thread.

Handlers, filters and formatters belong to the author. A stream that nobody reads makes one hang; a
server that is gone makes one raise. So each handler has a queue of limited length, and a thread of
its own while records wait in it. A handler whose class says `returns_at_once = True` is called
directly.
"""

import atexit
import collections
import contextlib
import copy
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

MAX_WAITING: Final = 1_000
"""Most records that wait for one handler; more are dropped."""
EXIT_S: Final = 0.5
"""How long a process waits for its handlers when it ends."""
_NAME: Final = "log-handler"
_OF_TESTS: Final = ("_pytest.logging", "unittest._log")
"""Handlers of these modules keep records in memory, and a test looks at them at once."""


def get_logger(name: str) -> logging.Logger:
    """As `logging.getLogger`; no thread that logs waits for a handler, or ends because of one."""
    logger = logging.getLogger(name)
    logger.__class__ = RuntimeLogger
    return logger


def flush_handlers(timeout_s: float) -> bool:
    """Wait until the handlers have all records; False if that takes longer than `timeout_s`."""
    end = time.monotonic() + timeout_s
    return all([waiting.wait(end - time.monotonic()) for waiting in list(_queues)])  # noqa: C419


class RuntimeLogger(logging.Logger):
    """A logger whose methods never wait, and raise nothing that a handler or a filter raises."""

    def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802
        """As the base, also when the author's factory of records raises."""
        try:
            return super().makeRecord(*args, **kwargs)
        except Exception:  # noqa: BLE001 - of an author's; the line is not lost
            name, level, path, line, text, arguments, exc_info = args[:7]
            return logging.LogRecord(name, level, path, line, text, arguments, exc_info)

    def handle(self, record: logging.LogRecord) -> None:
        """As the base; the logger's own filters are called in another thread."""
        if self.filters:
            _queue_of(self).put(partial(_call, super().handle, logging.lastResort, record))
        else:
            super().handle(record)

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's
        """Hand the record to each handler's queue, or to a handler that returns at once."""
        for handler in self._all_handlers():
            if record.levelno < handler.level:
                continue
            if _returns_at_once(handler):
                handler.handle(record)
            else:
                own = copy.copy(record)  # formatters keep their results in it
                _queue_of(handler).put(partial(_call, handler.handle, handler, own))

    def _all_handlers(self) -> Iterator[logging.Handler]:
        found = False
        logger: logging.Logger | None = self
        while logger is not None:
            for handler in logger.handlers:
                found = True
                yield handler
            logger = logger.parent if logger.propagate else None
        if not found and logging.lastResort is not None:
            yield logging.lastResort


class _HandlerQueue:
    """What waits for one handler, and the thread that is there as long as something waits."""

    def __init__(self, owner: logging.Filterer) -> None:
        self._owner = owner
        self.reset()
        _queues.add(self)

    def reset(self) -> None:
        """Begin anew: a forked child has none of the threads."""
        # A condition's lock is reentrant: a destructor may log in the middle of `put`.
        self._changed = threading.Condition()
        self._calls: collections.deque[Callable[[], object]] = collections.deque()
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def put(self, call: Callable[[], object]) -> None:
        """Queue a call if there is room; what a handler logs itself is not given to it again."""
        with self._changed:
            if self._thread is threading.current_thread() or sys.is_finalizing():
                return
            if len(self._calls) >= MAX_WAITING:
                self._dropped += 1
                return
            self._calls.append(call)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=_NAME, daemon=True)
                with contextlib.suppress(RuntimeError):  # no thread is left; the next record tries
                    thread.start()
                    self._thread = thread

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing waits; whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, max(0.0, timeout_s))

    def leave_alone(self) -> None:
        """Keep `logging.shutdown`, which would wait for ever, from a handler that hangs."""
        for method in ("acquire", "flush", "close", "release"):
            setattr(self._owner, method, _nothing)

    def _run(self) -> None:
        while (call := self._next()) is not None:
            call()
            del call  # a record may hold the frames of an exception

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            if self._calls:
                return self._calls.popleft()
            if self._dropped:
                count, self._dropped = self._dropped, 0
                return partial(_tell_dropped, self._owner, count)
            self._thread = None
            self._changed.notify_all()
            return None


_queues: Final[weakref.WeakSet[_HandlerQueue]] = weakref.WeakSet()


def _queue_of(filterer: logging.Filterer) -> _HandlerQueue:
    # Kept in the object itself: it lives as long, and need not be hashable.
    found = filterer.__dict__.get(_NAME)
    if isinstance(found, _HandlerQueue):
        return found
    made: _HandlerQueue = filterer.__dict__.setdefault(_NAME, _HandlerQueue(filterer))
    return made


def _returns_at_once(handler: logging.Handler) -> bool:
    kind = type(handler)
    if isinstance(handler, logging.NullHandler) or kind.__module__ in _OF_TESTS:
        return True
    return getattr(kind, "returns_at_once", False) and not handler.filters


def _call(
    handle: Callable[[logging.LogRecord], object],
    handler: logging.Handler | None,
    record: logging.LogRecord,
) -> None:
    """Hand over a record; what is raised is shown as `logging` shows the errors of handlers."""
    try:
        handle(record)
    except BaseException:  # noqa: BLE001 - sys.exit(), too: it is not the thread's own
        with contextlib.suppress(BaseException):
            if handler is not None:
                handler.handleError(record)


def _tell_dropped(owner: logging.Filterer, count: int) -> None:
    text = "this handler was too slow: %d lines were dropped"
    if isinstance(owner, logging.Handler):
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (count,), None)
        _call(owner.handle, owner, record)


def _nothing() -> None:
    """Does nothing."""


def _reset_all() -> None:
    for each in list(_queues):
        each.reset()


def _end_all() -> None:
    flush_handlers(EXIT_S)
    for each in list(_queues):
        if not each.wait(0):
            each.leave_alone()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_reset_all)
