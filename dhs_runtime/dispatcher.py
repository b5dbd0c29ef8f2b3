"""`Dispatcher`: brings messages to handlers, in threads of their own.

The reading thread calls `feed`, which never runs user code and never waits:

- message handlers run one at a time, in wire order, in the thread `dispatcher`;
- operations run beside them, each in a worker. One starts behind the message handlers of
  everything that came before it; when none of those is pending, it goes straight to a worker and
  saves a change of threads;
- messages about a device go to the device, which has an order of its own (see `devices`);
- an abort marks what is under way before anything else happens.
"""

import functools
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from dcs_codec import (
    AbortMode,
    MalformedMessage,
    Message,
    StohAbortAll,
    StohRegisterOperation,
    StohStartOperation,
    UnknownMessage,
)
from dhs_runtime.clock import Deadline
from dhs_runtime.devices.base import Wiring
from dhs_runtime.devices.table import device_name
from dhs_runtime.handlers import HandlerTable
from dhs_runtime.lane import Job
from dhs_runtime.operation import Operation, OperationEntry
from dhs_runtime.signatures import name_of
from dhs_runtime.task import ERROR, LATE, ActiveTasks, Send
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.timers import Timers
from dhs_runtime.workers import Workers

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_RUNNING = 64
MAX_WAITING = 20_000
SLOW_HANDLER_S = 0.5


class Dispatcher:
    """Dispatches the messages of one DHS, over as many connections as it lives through."""

    def __init__(
        self,
        handlers: HandlerTable,
        group: ThreadGroup,
        send: Send,
        on_overload: Callable[[], None] = lambda: None,
    ) -> None:
        """A dispatcher.

        Args:
            handlers: Handlers and devices.
            group: For its threads.
            send: Sends on whatever connection there is.
            on_overload: Called by `feed` when too many messages wait for a handler that is stuck.
        """
        self._on_overload = on_overload
        self.active = ActiveTasks()
        self._handlers = handlers
        self._workers = Workers(group, "operation", MAX_RUNNING, MAX_WAITING)
        self._answers = Workers(group, "answer", 1, MAX_WAITING)
        self._timers = Timers(group)
        self._tasks: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards _pending
        self._pending = 0  # tasks put into the queue and not yet done
        self._running: tuple[Job, float] | None = None  # the task, and since when
        self._closed = False
        self._unknown: set[str] = set()
        handlers.devices.wire(Wiring(self._submit, send, self.active, handlers.devices.find))
        group.spawn("dispatcher", self._run_tasks)

    def feed(self, message: Message, send: Send) -> None:
        """Take one message from the reading thread; answers to it go out by `send`."""
        if isinstance(message, StohStartOperation):
            self._start(message, send)
        elif isinstance(message, StohAbortAll):
            self._abort_all(message)
        elif not self._handlers.devices.accept(message, send):
            self._note(message)
        handlers = self._handlers.message(type(message))
        if handlers and self._pending >= MAX_WAITING:
            # Dropping one in silence would leave wrong state; a new connection begins afresh.
            logger.error("%d messages wait for a handler; giving the link up", self._pending)
            self._on_overload()
            return
        for handler in handlers:
            self._put(functools.partial(_call, handler, message))

    def new_link(self) -> None:
        """The handshake is done, and no message behind it was read."""
        for hook in self._handlers.connected_hooks:
            self._put(functools.partial(_call_hook, hook))

    def lost_link(self, reason: str) -> None:
        """DCSS is gone: it has failed our tasks itself, so what is under way should end."""
        self.active.abort_all(reason)
        for hook in self._handlers.disconnected_hooks:
            self._put(functools.partial(_call_hook, functools.partial(hook, reason)))

    def stuck_handler(self, longer_than_s: float) -> str | None:
        """Name of the message handler that runs for longer than so many seconds, or None."""
        running = self._running
        if running is None or time.monotonic() - running[1] <= longer_than_s:
            return None
        return _name_of(running[0])

    def call(self, function: Callable[[], T]) -> Future[T]:
        """The future of `function()`, run in a worker; cancelled where there is none for it."""
        return self._workers.call(function)

    def close(self) -> None:
        """Start nothing more, and end the threads behind what they are doing."""
        self._closed = True
        self._workers.close()
        self._answers.close()
        self._timers.close()
        self._tasks.put(None)

    def _abort_all(self, message: StohAbortAll) -> None:
        """Abort everything; any word but `soft`, and none, means hard (dhs_motor_messages.cc:538).

        When another DHS is lost, dcss sends one of these for each of its motors.
        """
        reason = f"{message.keyword} {message.abort_arg}".rstrip()
        tasks = self.active.all()
        fresh = sum(not task.aborted for task in tasks)
        logger.log(
            logging.WARNING if fresh else logging.INFO, "%s: aborting %d tasks", reason, fresh
        )
        mode = AbortMode.SOFT if message.abort_arg == AbortMode.SOFT else AbortMode.HARD
        for task in tasks:
            task.abort(reason, mode)

    # -- operations --------------------------------------------------------------------------

    def _start(self, message: StohStartOperation, send: Send) -> None:
        operation = Operation(message, send)
        self.active.add(operation)
        entry = self._handlers.operation(operation.name)
        if self._closed:
            self._refuse(operation, "DHS is stopping")
            return
        if entry is not None:
            if entry.max_active is not None and self._count(operation.name) > entry.max_active:
                self._refuse_soon(operation, f"{entry.max_active} under way already, the most")
                return
            if entry.timeout_s is not None:
                operation.deadline = Deadline.after(entry.timeout_s)
                self._timers.at(operation.deadline, functools.partial(self._expire, operation))
        job = functools.partial(self._operate, operation, entry)
        refuse = functools.partial(self._refuse, operation, "too many operations under way")
        with self._lock:
            straight = not self._pending
        if straight:
            self._submit(job, refuse)
        else:
            self._put(functools.partial(self._submit, job, refuse))

    def _count(self, name: str) -> int:
        """Operations of this name that are not completed."""
        return sum(
            isinstance(task, Operation) and task.name == name and not task.finished
            for task in self.active.all()
        )

    def _submit(self, job: Job, instead: Job) -> None:
        """Run a job in a worker; where there is none, answer with the other.

        Not here: it may send, which may block, and this may be the reading thread. Nor behind
        handlers, which may be stuck.
        """
        if not self._workers.submit(job):
            self._answers.submit(instead)

    def _operate(self, operation: Operation, entry: OperationEntry | None) -> None:
        if entry is None:
            known = " ".join(self._handlers.operation_names()) or "none"
            operation.log.error("no handler for this operation; this DHS has: %s", known)
            self._refuse(operation, f"no handler for operation {operation.name}")
            return
        try:
            operation.run(entry.handler)
        finally:
            self.active.remove(operation)

    def _expire(self, operation: Operation) -> None:
        """A deadline has passed; the sending, which may block, is not for this thread."""
        if not operation.finished:
            operation.expire()
            self._answers.submit(functools.partial(operation.end, ERROR, LATE))

    def _refuse(self, operation: Operation, reason: str) -> None:
        operation.end(ERROR, reason)
        self.active.remove(operation)

    def _refuse_soon(self, operation: Operation, reason: str) -> None:
        self._answers.submit(functools.partial(self._refuse, operation, reason))

    # -- message handlers --------------------------------------------------------------------

    def _put(self, task: Job) -> None:
        with self._lock:
            self._pending += 1
        self._tasks.put(task)

    def _run_tasks(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed:
            self._running = task, time.monotonic()
            task()
            self._running = None
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
                known = " ".join(self._handlers.operation_names()) or "none"
                logger.warning(
                    "DCSS's database gives us operation %s, which has no handler; this DHS has: %s",
                    name,
                    known,
                )
        elif (name_of := device_name(message)) is not None and not self._handlers.message(
            type(message)
        ):
            known = " ".join(device.name for device in self._handlers.devices.all()) or "none"
            logger.warning(
                "%s %s: this DHS declares no such device; it has: %s",
                message.keyword,
                name_of,
                known,
            )


def _name_of(task: Job) -> str:
    """The author's function in a task, for logs."""
    inner: object = task
    while isinstance(inner, functools.partial):
        inner = inner.args[0] if inner.args else inner.func
    return name_of(inner) if callable(inner) else repr(inner)


def _call_hook(hook: Callable[[], None]) -> None:
    """Call a hook; whatever it raises stays here."""
    try:
        hook()
    except BaseException:  # sys.exit() in a hook must not silence the DHS
        logger.exception("hook %r failed", hook)


def _call(handler: Callable[[Message], None], message: Message) -> None:
    """Run one message handler; whatever it raises stays here."""
    started = time.monotonic()
    try:
        handler(message)
    except BaseException:  # sys.exit() in a handler must not silence the DHS
        logger.exception("handler of %s failed", message.keyword or type(message).__name__)
    took = time.monotonic() - started
    if took > SLOW_HANDLER_S:
        name = name_of(handler)
        logger.warning("handler %s took %.1f s; messages behind it waited", name, took)
