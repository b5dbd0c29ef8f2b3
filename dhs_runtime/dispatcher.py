"""`Dispatcher`: brings messages to handlers.

The reading thread calls `feed`, which never waits. The only handlers it runs itself are inline
handlers:

- message handlers and hooks run one at a time, in wire order, in a lane;
- operations run beside them, each in a worker. An operation starts after the message handlers of
  all earlier messages; if no handler is pending, it goes straight to a worker;
- messages about a device go to the device, which keeps its own order (see `devices`);
- an abort marks the tasks under way before anything else happens;
- a refused command is answered in another thread, because sending may block.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from dcs_codec import (
    AbortMode,
    Codec,
    MalformedMessage,
    Message,
    StohAbortAll,
    StohRegisterOperation,
    StohStartOperation,
    UnknownMessage,
    readable,
)
from dhs_runtime.active import STOPPING, ActiveTasks
from dhs_runtime.answers import ERROR
from dhs_runtime.clock import Deadline
from dhs_runtime.declaring import HandlerTable, Repeated, call_hook
from dhs_runtime.devices.base import Device, Wiring
from dhs_runtime.devices.read_hook import ReadableDevice
from dhs_runtime.loggers import get_logger
from dhs_runtime.operation import Operation
from dhs_runtime.scheduling import Job, Lane, Timers, Workers
from dhs_runtime.secrets import mask_reason
from dhs_runtime.signatures import name_of
from dhs_runtime.task import LATE, Outlet
from dhs_runtime.threads import ThreadGroup

logger = get_logger(__name__)

MAX_RUNNING: Final = 64
MAX_REFUSED: Final = 200_000
"""The most refusals that wait while DCSS does not read; one more, and the link is given up."""
MAX_UNKNOWN: Final = 1000
PHASES: Final = 8
"""Polls run in this many groups: all at once need a thread each, one by one more wake-ups."""
SHOWN_KEYWORD: Final = 80
SHOWN: Final = 200
"""Most characters of a malformed message in the log."""
SLOW_HANDLER_S: Final = 0.5


class Dispatcher:
    """Dispatches the messages of one DHS, over all its connections.

    Attributes:
        active: The tasks under way.
        aborts: How many `stoh_abort_all` came.
        workers: Run operations, moves, counts and calls.
        answers: Sends refusals and, in a stop, the last answers; one thread.
    """

    def __init__(
        self,
        handlers: HandlerTable,
        codec: Codec,
        group: ThreadGroup,
        outlet: Outlet,
        on_overload: Callable[[], None] = lambda: None,
    ) -> None:
        """A dispatcher; one thread of each kind is there from now on, or none at all.

        Args:
            handlers: Handlers and devices.
            codec: Reads the names in commands that are cut short.
            group: For its threads.
            outlet: Sends on the present connection.
            on_overload: Called by `feed` when too much waits for a handler that is stuck, or for a
                DCSS that does not read.

        Raises:
            RuntimeError: The system has no thread left.
        """
        self._handlers = handlers
        self._codec = codec
        self._on_overload = on_overload
        self._timers = Timers(group)
        self.aborts = 0
        self.workers = Workers(group, "operation", MAX_RUNNING)
        self.active = ActiveTasks(self.workers, self._answer, self._timers.cancel)
        self.answers = Workers(group, "answer", 1, MAX_REFUSED)
        self._closed = False
        self._online = False
        self._unknown: set[str] = set()
        self._found: dict[type[Message], tuple[Callable[[Any], None], ...]] = {}
        devices = len(handlers.devices.all())
        lanes = MAX_RUNNING + devices + len(handlers.repeated)
        self._wiring = Wiring(
            lanes=Workers(group, "lane", lanes),
            readers=Workers(group, "reader", devices + 1),  # this many reads may hang
            outlet=outlet,
            active=self.active,
            find=handlers.devices.find,
            tell=handlers.devices.tell,
        )
        self._inbox = Lane(self._wiring.lanes)
        try:
            for workers in (self.workers, self.answers, self._wiring.lanes):
                workers.make_ready()
        except RuntimeError:
            self.close()
            raise
        handlers.devices.wire(self._wiring)

    def feed(self, message: Message, outlet: Outlet) -> None:
        """Take one message from the reading thread; answers to it go out by `outlet`."""
        if isinstance(message, StohStartOperation):
            self._start(message, outlet)
        elif isinstance(message, StohAbortAll):
            self._abort_all(message)
        elif isinstance(message, MalformedMessage):
            self._salvage(message, outlet)
        else:
            self._to_device(message, outlet)
        handlers = self._found.get(type(message))
        for handler in self._find(type(message)) if handlers is None else handlers:
            if not self._inbox.put(partial(_call, handler, message)) and not self._closed:
                # Dropping one would leave a wrong state; a new connection starts anew.
                logger.error("too many messages wait for a handler; giving the link up")
                self._on_overload()
                return

    def _find(self, message_class: type[Message]) -> tuple[Callable[[Any], None], ...]:
        """The handlers of a message class: its own first, then those of its bases."""
        table = self._handlers.messages
        found = tuple(each for base in message_class.__mro__ for each in table.get(base, ()))
        self._found[message_class] = found
        return found

    def start(self) -> None:
        """Call the start hooks; when they have returned, start the repeated functions."""
        hooks = self._handlers.start_hooks
        for hook in hooks:
            self._inbox.put(partial(call_hook, hook))
        if not (hooks and self._inbox.put(self._repeat)):
            self._repeat()

    def _repeat(self) -> None:
        for each in self._handlers.repeated:
            lane = Lane(self._wiring.lanes)
            self._timers.every(each.seconds, partial(self._tick, each, lane))
        for number, device in enumerate(self._handlers.devices.all()):
            if isinstance(device, ReadableDevice) and device.on_read.every_s is not None:
                hook, phase = device.on_read, number % PHASES / PHASES
                self._timers.every(device.on_read.every_s, hook.poll, phase)

    def _tick(self, repeated: Repeated, lane: Lane) -> None:
        """It is time to call a function again; skipped while its last call still runs."""
        if not lane.busy and (repeated.while_offline or self._online):
            lane.put(repeated.call)

    def new_link(self) -> None:
        """The handshake is done; no later message has been read yet."""
        self._online = True
        for hook in self._handlers.connected_hooks:
            self._inbox.put(partial(call_hook, hook))

    def lost_link(self, reason: str) -> None:
        """DCSS is gone: it has failed our tasks itself, so the tasks under way must end."""
        self._online = False
        self.active.abort_all(reason)
        for hook in self._handlers.disconnected_hooks:
            self._inbox.put(partial(call_hook, hook, reason))

    def stuck_handler(self, longer_than_s: float) -> str | None:
        """Name of the message handler that has run for longer than this, or None."""
        running = self._inbox.current
        if running is None or time.monotonic() - running[1] <= longer_than_s:
            return None
        return _name_of(running[0])

    def retire(self) -> None:
        """Start nothing more; each thread ends after its present job, only `answers` go on."""
        self._closed = True
        self.workers.close()
        self._wiring.lanes.close()
        self._wiring.readers.close()
        self._timers.close()

    def close(self) -> None:
        """As `retire`; `answers` take no more, too."""
        self.retire()
        self.answers.close()

    def _to_device(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        if self._closed:
            refusal = STOPPING
        devices = self._handlers.devices
        kind = devices.kind_of(type(message))
        if kind is None:
            self._note(message)
            return
        name = kind._named_in(message)[0]  # of several the first, by which dcss picks the owner
        device = devices.find(name)
        if device is not None and isinstance(device, kind):
            device._accept(message, outlet, refusal)
        elif not self._has_handlers_of(kind):
            devices.turn_away(kind, name, message, outlet)
            known = " ".join(device.name for device in devices.all()) or "none"
            what = f"{message.keyword} {name}"
            logger.warning("%s: this DHS declares no such device; it has: %s", what, known)

    def _has_handlers_of(self, kind: type[Device]) -> bool:
        """Whether a handler answers messages about such devices; one of all messages does not."""
        theirs = (*kind.registrations, *kind.commands)
        return any(issubclass(each, theirs) for each in self._handlers.messages)

    def _salvage(self, malformed: MalformedMessage, outlet: Outlet) -> None:
        """Answer a command that cannot be read in full, if its name can."""
        message = readable(malformed, self._codec)
        what = f"{malformed.field} {malformed.reason}".lstrip()
        if isinstance(message, StohStartOperation):
            self.active.refuse(Operation(message, outlet), f"cannot be read: {what}")
        elif message is not None:
            self._to_device(message, outlet, f"cannot be read: {what}")
        logger.warning("malformed message, %s: %r", what, mask_reason(malformed.text, most=SHOWN))

    def _abort_all(self, message: StohAbortAll) -> None:
        """Abort everything; hard, unless the word is `soft` (dhs_motor_messages.cc:538).

        When another DHS is lost, dcss sends one of these for each of its motors.
        """
        self.aborts += 1
        reason = f"{message.keyword} {message.abort_arg}".rstrip()
        mode = AbortMode.SOFT if message.abort_arg == AbortMode.SOFT else AbortMode.HARD
        fresh = self.active.abort_all(reason, mode)
        level = logging.WARNING if fresh else logging.INFO
        logger.log(level, "%s: aborting %d tasks", reason, fresh)

    # -- operations --------------------------------------------------------------------------

    def _start(self, message: StohStartOperation, outlet: Outlet) -> None:
        operation = Operation(message, outlet)
        entry = self._handlers.operations.get(operation.name)
        if self._closed:
            self.active.refuse(operation, STOPPING)
            return
        if entry is None:
            self.active.refuse(operation, f"no handler for operation {operation.name}")
            operation.log.error("no handler for this operation; this DHS has: %s", self._names())
            return
        entry.started += 1
        most = entry.max_active
        if most is not None and self._count(operation.name) >= most:
            self.active.refuse(operation, f"at most {most} may be under way")
        else:
            if entry.timeout_s is not None:
                operation.deadline = Deadline.after(entry.timeout_s)
                expire = partial(self._expire, operation)
                operation._timer = self._timers.at(operation.deadline, expire)
            if entry.inline and not self._inbox.busy:
                self.active.run_inline(operation, entry.handler)
            else:
                self.active.start(operation, entry.handler, self._inbox)

    def _count(self, name: str) -> int:
        """Operations of this name that are not completed."""
        return sum(
            isinstance(task, Operation) and task.name == name and not task.finished
            for task in self.active.all()
        )

    def _expire(self, operation: Operation) -> None:
        """A deadline has passed; another thread sends the answer, because sending may block."""
        if not operation.finished:
            operation._expire()
            self._answer(partial(operation._end, ERROR, LATE))
            operation.log.warning(LATE)

    def _answer(self, job: Job) -> None:
        """Send a refusal in another thread, because this one may be the reading thread."""
        if self.answers.submit(job):
            return
        if not self._closed:
            logger.error("DCSS does not read the answers to what it asks; giving the link up")
            self._on_overload()
        job()  # without a link it cannot block

    # -- what the log should know ------------------------------------------------------------

    def _names(self) -> str:
        return " ".join(self._handlers.operations) or "none"

    def _note(self, message: Message) -> None:
        if isinstance(message, UnknownMessage):
            keyword = message.received_keyword[:SHOWN_KEYWORD]
            level = logging.DEBUG if keyword in self._unknown else logging.INFO
            if len(self._unknown) < MAX_UNKNOWN:
                self._unknown.add(keyword)
            logger.log(level, "no message class for %r; handlers do not see it", keyword)
        elif isinstance(message, StohRegisterOperation):
            name = message.operation_name
            if name not in self._handlers.operations:
                logger.warning(
                    "DCSS's database gives us operation %s, which has no handler; this DHS has: %s",
                    name,
                    self._names(),
                )


def _name_of(job: Job) -> str:
    """The handler that a job runs, for logs."""
    inner: object = job
    while isinstance(inner, partial):
        inner = inner.args[0] if inner.args else inner.func
    return name_of(inner) if callable(inner) else repr(inner)


def _call(handler: Callable[[Message], None], message: Message) -> None:
    """Run one message handler; an exception is logged and goes no further."""
    started = time.monotonic()
    try:
        handler(message)
    except BaseException:  # sys.exit() in a handler must not silence the DHS
        logger.exception("handler of %s failed", message.keyword or type(message).__name__)
    took = time.monotonic() - started
    if took > SLOW_HANDLER_S:
        name = name_of(handler)
        logger.warning("handler %s took %.1f s; messages after it waited", name, took)
