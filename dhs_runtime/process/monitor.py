"""`Monitor`: follows a running DHS, for systemd and the status port.

It asks the DHS five times a second and never the other way round, so that nothing of it can hold up
the DHS.
"""

import collections
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

import attrs

from dcs_codec import StohAbortAll, StohStartOperation
from dhs_runtime.app import Dhs
from dhs_runtime.clock import Deadline
from dhs_runtime.link import LinkState
from dhs_runtime.process.systemd import READY, STOPPING, WATCHDOG, Notifier
from dhs_runtime.threads import StopToken, ThreadGroup

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.2
STUCK_S: Final = 10.0
"""How long a message handler may take where systemd does not say."""


@attrs.frozen(kw_only=True)
class UnderWay:
    """An operation under way; its arguments stay out of it, as they may hold a session id.

    Attributes:
        name: Its name.
        handle: Its handle.
        state: How far it has come.
        seconds: Since when, to `LOOK_S`.
    """

    name: str
    handle: str
    state: str
    seconds: float


@attrs.frozen(kw_only=True)
class Snapshot:
    """A DHS at one moment.

    Attributes:
        name: What DCSS knows it as.
        pretend: Whether it is a rehearsal.
        link: State of the link to DCSS.
        link_since: Since when it is in that state, to `LOOK_S`.
        started: When the process began to run it.
        operations: What is under way, oldest first.
        operations_started: How many operations DCSS has started, by name.
        aborts: How often DCSS said `stoh_abort_all`.
        log_messages: Lines logged, by level.
        threads: Names of the threads of the process.
        trouble: Why it is not alive; "" when it is.
    """

    name: str
    pretend: bool
    link: LinkState
    link_since: datetime
    started: datetime
    operations: tuple[UnderWay, ...]
    operations_started: dict[str, int]
    aborts: int
    log_messages: dict[str, int]
    threads: tuple[str, ...]
    trouble: str

    @property
    def status(self) -> str:
        """All of it in one line."""
        count = len(self.operations)
        operations = f", {count} operation{'s' * (count > 1)} under way" if count else ""
        rehearsal = "REHEARSAL, " if self.pretend else ""
        return f"{rehearsal}{self.name} {self.trouble or self.link.value + operations}"


class _LogCounter(logging.Handler):
    """Counts lines by level."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: collections.Counter[str] = collections.Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.counts[record.levelname.lower()] += 1


class Monitor:
    """Follows one DHS from before its start to behind its end; for `with`."""

    def __init__(self, dhs: Dhs, notifier: Notifier, *, pretend: bool = False) -> None:
        self._dhs = dhs
        self._notifier = notifier
        self._pretend = pretend
        watchdog_s = notifier.watchdog_s
        self._ping_s = None if watchdog_s is None else watchdog_s / 4
        self._stuck_s = STUCK_S if watchdog_s is None else watchdog_s / 2
        self._token = StopToken()
        self._threads = ThreadGroup()
        self._log = _LogCounter()
        self._lock = threading.Lock()  # guards what follows
        self._started = datetime.now(UTC)
        self._link = (dhs.state, self._started)
        self._seen: dict[tuple[str, str], float] = {}
        self._trouble = ""
        self._stopping = False
        self._operations: collections.Counter[str] = collections.Counter()
        self._aborts = 0
        # Not on all messages: a handler of a device's messages would count as its author's.
        dhs.on(StohStartOperation)(self._count_operation)
        dhs.on(StohAbortAll)(self._count_abort)
        dhs.on_stop(self._say_stopping)

    def __enter__(self) -> "Monitor":
        logging.getLogger().addHandler(self._log)
        self._threads.spawn("monitor", self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._token.stop()
        self._threads.join(Deadline.after(1.0))
        logging.getLogger().removeHandler(self._log)

    def snapshot(self) -> Snapshot:
        """How the DHS stands now; from any thread."""
        self._look()
        operations = self._dhs.active_operations()
        now = time.monotonic()
        with self._lock:
            return Snapshot(
                name=self._dhs.name,
                pretend=self._pretend,
                link=self._link[0],
                link_since=self._link[1],
                started=self._started,
                operations=tuple(
                    UnderWay(
                        name=one.name,
                        handle=one.handle,
                        state=one.state.value,
                        seconds=round(now - self._seen.get((one.name, one.handle), now), 1),
                    )
                    for one in operations
                ),
                operations_started=dict(self._operations),
                aborts=self._aborts,
                log_messages=dict(self._log.counts),
                threads=tuple(sorted(thread.name for thread in threading.enumerate())),
                trouble=self._trouble,
            )

    def _run(self) -> None:
        said, pinged = "", 0.0
        while not self._token.wait(LOOK_S):
            if self._dhs.state in (LinkState.STOPPED, LinkState.OFFLINE):  # not started, or over
                continue
            if self._stopping:
                continue
            self._judge()
            status = self.snapshot().status
            if not said:
                self._notifier.tell(READY)
            if status != said:
                self._notifier.tell(f"STATUS={status}")
                said = status
            now = time.monotonic()
            if self._ping_s is not None and now - pinged >= self._ping_s and not self._trouble:
                self._notifier.tell(WATCHDOG)
                pinged = now

    def _judge(self) -> None:
        """See whether the DHS is alive, and log when that changes."""
        handler = self._dhs.stuck_handler(self._stuck_s)
        trouble = f"message handler {handler} does not return" if handler else ""
        before, self._trouble = self._trouble, trouble
        if self._trouble and not before:
            logger.error("%s", self._trouble)
        elif before and not self._trouble:
            logger.warning("alive again")

    def _look(self) -> None:
        state = self._dhs.state
        keys = {(one.name, one.handle) for one in self._dhs.active_operations()}
        with self._lock:
            if state is not self._link[0]:
                self._link = (state, datetime.now(UTC))
            now = time.monotonic()
            self._seen = {key: self._seen.get(key, now) for key in keys}

    def _count_operation(self, message: StohStartOperation) -> None:
        with self._lock:
            self._operations[message.operation_name] += 1

    def _count_abort(self, _: StohAbortAll) -> None:
        with self._lock:
            self._aborts += 1

    def _say_stopping(self) -> None:
        self._stopping = True
        self._notifier.tell(STOPPING, f"STATUS={self._dhs.name} is stopping")
