"""`Monitor`: follows a running DHS, for systemd and the status port.

It only reads, five times a second. Events are counted where they happen, so watching adds no cost
to a message.
"""

import collections
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

import attrs

from dcs_codec import __version__
from dhs_runtime.app import Dhs
from dhs_runtime.clock import Deadline
from dhs_runtime.devices import Device, Encoder, PseudoMotor, Shutter
from dhs_runtime.link import LinkState
from dhs_runtime.loggers import get_logger
from dhs_runtime.process.logs import LogQueue
from dhs_runtime.process.systemd import READY, STOPPING, WATCHDOG, Notifier
from dhs_runtime.threads import StopToken, ThreadGroup

logger = get_logger(__name__)

LOOK_S: Final = 0.2
SHORTEST_S: Final = 0.01
"""Shortest time between two looks, even if systemd's watchdog asks for less."""
STUCK_S: Final = 10.0
"""How long a message handler may take if systemd sets no limit."""


@attrs.frozen(kw_only=True)
class UnderWay:
    """An operation under way, without its arguments, which may contain a session id.

    Attributes:
        name: Its name.
        handle: Its handle.
        state: Its state.
        seconds: How long it has been under way.
    """

    name: str
    handle: str
    state: str
    seconds: float


@attrs.frozen(kw_only=True)
class DeviceNow:
    """A device at one moment, without the contents of strings, which may be session ids.

    Attributes:
        kind: Its kind: `motor`, `shutter`, ...
        name: Its name.
        registered: Whether DCSS has registered it.
        position: Position of a motor (in its units) or an encoder; None for other kinds.
        state: `open` or `closed` for a shutter, `moving` or `idle` for a motor, "" for other kinds.
    """

    kind: str
    name: str
    registered: bool
    position: float | None
    state: str

    @classmethod
    def of(cls, device: Device) -> "DeviceNow":
        """The present state of a device."""
        position, state = None, ""
        if isinstance(device, PseudoMotor):
            position, state = device.position, "moving" if device.is_moving else "idle"
        elif isinstance(device, Encoder):
            position = device.position
        elif isinstance(device, Shutter):
            state = device.state.value
        return cls(
            kind=device.kind,
            name=device.name,
            registered=device.registered,
            position=position,
            state=state,
        )


@attrs.frozen(kw_only=True)
class Snapshot:
    """A DHS at one moment.

    Attributes:
        name: Its name in DCSS.
        version: Version of this software.
        pretend: Whether it is a rehearsal.
        dcss: `HOST:PORT` of DCSS, "" while the DHS does not run.
        link: State of the link to it.
        link_since: When the link entered that state, to within `LOOK_S`.
        started: When the process started to run the DHS.
        operations: The operations under way, oldest first.
        operations_started: How many operations DCSS has started, by name.
        aborts: How often DCSS sent `stoh_abort_all` in this run.
        devices: The devices, in the order of their declaration.
        log_messages: Lines logged, by level.
        log_lost: Lines of logs that were dropped or could not be written.
        threads: Names of the threads of the process.
        trouble: Why it is not alive; "" if it is.
    """

    name: str
    version: str
    pretend: bool
    dcss: str
    link: LinkState
    link_since: datetime
    started: datetime
    operations: tuple[UnderWay, ...]
    operations_started: dict[str, int]
    aborts: int
    devices: tuple[DeviceNow, ...]
    log_messages: dict[str, int]
    log_lost: int
    threads: tuple[str, ...]
    trouble: str

    @property
    def status(self) -> str:
        """The state in one line."""
        count = len(self.operations)
        operations = f", {count} operation{'s' * (count > 1)} under way" if count else ""
        rehearsal = "REHEARSAL, " if self.pretend else ""
        return f"{rehearsal}{self.name} {self.trouble or self.link.value + operations}"


class _LogCounter(logging.Handler):
    """Counts log lines by level."""

    returns_at_once = True

    def __init__(self) -> None:
        super().__init__()
        self.counts: collections.Counter[str] = collections.Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one line."""
        self.counts[record.levelname.lower()] += 1


class Monitor:
    """Follows one DHS from before its start to after its end; use it with `with`."""

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
        self._started = datetime.now(UTC)
        self._lock = threading.Lock()  # guards _link
        self._link = (dhs.state, self._started)
        self._trouble = ""
        self._stopping = False
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
        """The present state of the DHS; any thread may call this."""
        dhs = self._dhs
        link, link_since = self._look()
        now = time.monotonic()
        return Snapshot(
            name=dhs.name,
            version=__version__,
            pretend=self._pretend,
            dcss=dhs.dcss_address,
            link=link,
            link_since=link_since,
            started=self._started,
            operations=tuple(
                UnderWay(
                    name=one.name,
                    handle=one.handle,
                    state=one.state.value,
                    seconds=round(now - one.since, 1),
                )
                for one in dhs.active_operations()
            ),
            operations_started={
                name: count for name, count in dhs.operations_started().items() if count
            },
            aborts=dhs.aborts,
            devices=tuple(map(DeviceNow.of, dhs.devices())),
            log_messages=dict(self._log.counts),
            log_lost=_lost_lines(),
            threads=tuple(sorted(thread.name for thread in threading.enumerate())),
            trouble=self._trouble,
        )

    def _run(self) -> None:
        said, pinged = "", 0.0
        look_s = LOOK_S if self._ping_s is None else min(LOOK_S, max(self._ping_s, SHORTEST_S))
        while not self._token.wait(look_s):
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
        """Check whether the DHS is alive, and log changes."""
        handler = self._dhs.stuck_handler(self._stuck_s)
        trouble = f"message handler {handler} does not return" if handler else ""
        before, self._trouble = self._trouble, trouble
        if self._trouble and not before:
            logger.error("%s", self._trouble)
        elif before and not self._trouble:
            logger.warning("alive again: %s has ended", before.removesuffix(" does not return"))

    def _look(self) -> tuple[LinkState, datetime]:
        state = self._dhs.state
        with self._lock:
            if state is not self._link[0]:
                self._link = (state, datetime.now(UTC))
            return self._link

    def _say_stopping(self) -> None:
        self._stopping = True
        self._notifier.tell(STOPPING, f"STATUS={self._dhs.name} is stopping")


def _lost_lines() -> int:
    handlers = logging.getLogger().handlers
    return sum(one.lost for one in handlers if isinstance(one, LogQueue))
