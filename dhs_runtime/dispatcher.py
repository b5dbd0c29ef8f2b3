"""`Dispatcher`: brings messages to handlers, in threads of their own.

The reading thread calls `feed`, which never runs user code and never waits:

- message handlers run one at a time, in wire order, in the thread `dispatcher`;
- operations run beside them, each in a worker. One starts behind the message handlers of
  everything that came before it; when none of those is pending, it goes straight to a worker and
  saves a change of threads;
- `stoh_abort_all` marks every operation under way before anything else happens.
"""

import functools
import logging
import queue
import threading
import time
from collections.abc import Callable

from dcs_codec import (
    MalformedMessage,
    Message,
    StohAbortAll,
    StohRegisterOperation,
    StohStartOperation,
    UnknownMessage,
)
from dhs_runtime.handlers import HandlerTable
from dhs_runtime.operation import ERROR, ActiveOperations, Operation
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.workers import Workers

logger = logging.getLogger(__name__)

MAX_RUNNING = 64
MAX_WAITING = 20_000
SLOW_HANDLER_S = 0.5

Send = Callable[[Message], None]
_Task = Callable[[], None]


class Dispatcher:
    """Dispatches the messages of one DHS, over as many connections as it lives through."""

    def __init__(self, handlers: HandlerTable, group: ThreadGroup) -> None:
        self.active = ActiveOperations()
        self._handlers = handlers
        self._workers = Workers(group, "operation", MAX_RUNNING, MAX_WAITING)
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards _pending
        self._pending = 0  # tasks put into the queue and not yet done
        self._closed = False
        self._unknown: set[str] = set()
        group.spawn("dispatcher", self._run_tasks)

    def feed(self, message: Message, send: Send) -> None:
        """Take one message from the reading thread; answers to it go out by `send`."""
        if isinstance(message, StohAbortAll):
            reason = f"{message.keyword} {message.abort_arg}".rstrip()
            logger.warning("%s: aborting %d operations", reason, len(self.active.find()))
            self.active.abort_all(reason)
        elif isinstance(message, StohStartOperation):
            self._start(message, send)
        else:
            self._note(message)
        for handler in self._handlers.message(type(message)):
            self._put(functools.partial(_call, handler, message))

    def lost_link(self, reason: str) -> None:
        """DCSS is gone: it has failed our operations itself, so what is under way should end."""
        self.active.abort_all(reason)

    def close(self) -> None:
        """Start nothing more, and end the threads behind what they are doing."""
        self._closed = True
        self._workers.close()
        self._tasks.put(None)

    # -- operations --------------------------------------------------------------------------

    def _start(self, message: StohStartOperation, send: Send) -> None:
        operation = Operation(message, send)
        self.active.add(operation)
        if self._closed:
            self._refuse(operation, "DHS is stopping")
            return
        with self._lock:
            straight = not self._pending
        if straight:
            self._hand_over(operation)
        else:
            self._put(functools.partial(self._hand_over, operation))

    def _hand_over(self, operation: Operation) -> None:
        if self._workers.submit(functools.partial(self._operate, operation)):
            return
        # Refused in the dispatcher's thread: sending may block, and this may be the reader.
        self._put(functools.partial(self._refuse, operation, "too many operations under way"))

    def _operate(self, operation: Operation) -> None:
        handler = self._handlers.operation(operation.name)
        if handler is None:
            known = " ".join(self._handlers.operation_names()) or "none"
            operation.log.error("no handler for this operation; this DHS has: %s", known)
            self._refuse(operation, f"no handler for operation {operation.name}")
            return
        try:
            operation.run(handler)
        finally:
            self.active.remove(operation)

    def _refuse(self, operation: Operation, reason: str) -> None:
        operation.end(ERROR, reason)
        self.active.remove(operation)

    # -- message handlers --------------------------------------------------------------------

    def _put(self, task: _Task) -> None:
        with self._lock:
            self._pending += 1
        self._tasks.put(task)

    def _run_tasks(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed:
            task()
            with self._lock:
                self._pending -= 1

    # -- what the log should know ------------------------------------------------------------

    def _note(self, message: Message) -> None:
        if isinstance(message, MalformedMessage):
            what = f"{message.field} {message.reason}".lstrip()
            logger.warning("malformed message, %s: %.200r", what, message.text)
        elif isinstance(message, UnknownMessage):
            keyword = message.received_keyword
            level = logging.DEBUG if keyword in self._unknown else logging.INFO
            logger.log(level, "no message class for %.80r; handlers do not see it", keyword)
            if len(self._unknown) < MAX_WAITING:
                self._unknown.add(keyword)
        elif isinstance(message, StohRegisterOperation):
            name = message.operation_name
            if self._handlers.operation(name) is None:
                logger.warning("DCSS's database gives us operation %s, which has no handler", name)


def _call(handler: Callable[[Message], None], message: Message) -> None:
    """Run one message handler; whatever it raises stays here."""
    started = time.monotonic()
    try:
        handler(message)
    except BaseException:  # sys.exit() in a handler must not silence the DHS
        logger.exception("handler of %s failed", message.keyword or type(message).__name__)
    took = time.monotonic() - started
    if took > SLOW_HANDLER_S:
        name = getattr(handler, "__qualname__", repr(handler))
        logger.warning("handler %s took %.1f s; messages behind it waited", name, took)
