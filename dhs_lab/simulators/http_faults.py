"""Faults of a simulated HTTP server, for tests of its clients."""

import enum
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs
from attrs.validators import ge, optional

from dhs_lab.simulators.fault_grammar import parse_fault
from dhs_runtime.lowlevel import Deadline, HttpHandler, StopToken, reset

_POLL_S: Final = 0.005
_PIECES_A_SECOND: Final = 20  # between pieces of a slow body
_STATUSES: Final = range(400, 600)
_FIELDS: Final[Mapping[str, Callable[[str], object]]] = {"every": int, "count": int}


@attrs.frozen
class Misbehaviour:
    """The fault of one answer.

    Attributes:
        status: Answer this status instead; None for the normal answer.
        cut_short: Send only half of the body, then close the connection.
        is_reset: Reset the connection (RST) instead of an answer.
        bytes_per_s: Send the body at this rate; None: at once.
    """

    status: int | None = None
    cut_short: bool = False
    is_reset: bool = False
    bytes_per_s: float | None = None


class HttpFaultKind(enum.StrEnum):
    """The kinds of faults, by their words on the command line."""

    STATUS = "status"
    """An error status is answered."""
    HANG = "hang"
    """No answer comes."""
    LATE = "late"
    """The answer comes late."""
    TRUNCATE = "truncate"
    """The body is cut, then the connection ends."""
    SLOW = "slow"
    """The body comes slowly."""
    RESET = "reset"
    """The connection is reset instead."""


DEFAULT_VALUES: Final[Mapping[HttpFaultKind, tuple[float | None, str]]] = {
    HttpFaultKind.STATUS: (503, "HTTP status, 400 to 599"),
    HttpFaultKind.HANG: (None, "seconds, or until it is cleared"),
    HttpFaultKind.LATE: (0.5, "seconds"),
    HttpFaultKind.SLOW: (1000, "bytes of the body per second"),
}
"""The default value of each kind, and its meaning; other kinds have no value."""


@attrs.frozen(kw_only=True)
class HttpFault:
    """An active fault.

    Attributes:
        kind: The kind of fault.
        value: See `DEFAULT_VALUES`; None for the default.
        every: Affect every n-th answer.
        count: End after this many answers; None: no end.
    """

    kind: HttpFaultKind = attrs.field(kw_only=False)
    value: float | None = attrs.field(default=None, kw_only=False, validator=optional(ge(0)))
    every: int = attrs.field(default=1, validator=ge(1))
    count: int | None = attrs.field(default=None, validator=optional(ge(1)))

    def __attrs_post_init__(self) -> None:
        if self.value is not None and self.kind not in DEFAULT_VALUES:
            raise ValueError(f"{self.kind} takes no value")
        if self.kind is HttpFaultKind.STATUS and self.amount not in _STATUSES:
            raise ValueError("the status must be 400 to 599")
        if self.kind is HttpFaultKind.SLOW and not self.amount:
            raise ValueError("slow 0 would never end; use `hang`")

    @classmethod
    def parse(cls, text: str) -> "HttpFault":
        """Read `KIND [VALUE] [every=N] [count=N]`, such as `status 503 count=3`.

        Raises:
            ConfigError: The text is wrong; the error names the wrong word.
        """
        return parse_fault(text, cls, HttpFaultKind, _FIELDS)

    @property
    def amount(self) -> float | None:
        """The value, or the default of its kind."""
        return DEFAULT_VALUES.get(self.kind, (None, ""))[0] if self.value is None else self.value


@attrs.define
class _Standing:
    """A fault, and how often it was checked and applied."""

    fault: HttpFault
    seen: int = 0
    hits: int = 0

    def affects(self) -> bool:
        self.seen += 1
        hit = self.seen % self.fault.every == 0
        self.hits += hit
        return hit

    @property
    def is_over(self) -> bool:
        return self.fault.count is not None and self.hits >= self.fault.count


class HttpFaults:
    """Adds and removes faults, at any time, from any thread.

    Attributes:
        delay_s: Delay of every answer.
    """

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._lock = threading.Lock()  # guards what follows; never held while waiting
        self._next: deque[Misbehaviour] = deque()
        self._hang: threading.Event | Deadline | None = None
        self._standing: list[_Standing] = []
        self._cleared = 0

    def add(self, fault: HttpFault | str) -> None:
        """Add a fault, or a text for `HttpFault.parse`; raises as that does."""
        fault = HttpFault.parse(fault) if isinstance(fault, str) else fault
        with self._lock:
            self._standing.append(_Standing(fault))

    def fail_next(self, status: int = 503, count: int = 1) -> None:
        """Answer the next `count` requests with the HTTP status `status`."""
        self._queue(Misbehaviour(status=status), count)

    def cut_next(self, count: int = 1) -> None:
        """Send only half of the announced body in the next `count` answers."""
        self._queue(Misbehaviour(cut_short=True), count)

    def reset_next(self, count: int = 1) -> None:
        """Reset the connection instead of the next `count` answers."""
        self._queue(Misbehaviour(is_reset=True), count)

    def hang(self, until: threading.Event | float) -> None:
        """Answer nothing until the event is set or this many seconds have passed."""
        with self._lock:
            self._hang = until if isinstance(until, threading.Event) else Deadline.after(until)

    def clear(self) -> None:
        """End all faults; hanging requests are answered."""
        with self._lock:
            self.delay_s = 0.0
            self._next.clear()
            self._hang = None
            self._standing.clear()
            self._cleared += 1

    def before_answer(self, stop: StopToken) -> Misbehaviour:
        """Wait as the faults say, and return the fault of the next answer.

        Raises:
            ConnectionAbortedError: The server stopped meanwhile.
        """
        with self._lock:
            cleared = self._cleared
            hit = [each.fault for each in self._standing if each.affects()]
            self._standing = [each for each in self._standing if not each.is_over]
        late_s = sum(fault.amount or 0 for fault in hit if fault.kind is HttpFaultKind.LATE)
        wait_s = self.delay_s + late_s
        hangs = [fault.amount for fault in hit if fault.kind is HttpFaultKind.HANG]
        until = Deadline.after(max((float("inf") if s is None else s for s in hangs), default=0))
        while wait_s > 0 or self._hanging() or not (until.passed or self._cleared != cleared):
            if stop.wait(max(wait_s, _POLL_S)):
                raise ConnectionAbortedError("the server stops")
            wait_s = 0.0
        with self._lock:
            return self._next.popleft() if self._next else _misbehaviour(hit)

    def _queue(self, misbehaviour: Misbehaviour, count: int) -> None:
        with self._lock:
            self._next.extend([misbehaviour] * count)

    def _hanging(self) -> bool:
        with self._lock:
            hang = self._hang
        if isinstance(hang, threading.Event):
            return not hang.is_set()
        return hang is not None and not hang.passed


def _misbehaviour(faults: Iterable[HttpFault]) -> Misbehaviour:
    by_kind = {fault.kind: fault.amount for fault in faults}
    status = by_kind.get(HttpFaultKind.STATUS)
    return Misbehaviour(
        status=None if status is None else int(status),
        cut_short=HttpFaultKind.TRUNCATE in by_kind,
        is_reset=HttpFaultKind.RESET in by_kind,
        bytes_per_s=by_kind.get(HttpFaultKind.SLOW),
    )


class FaultyHandler(HttpHandler):
    """Applies faults to answers: call `take_fault` first, then `reply` as usual.

    Attributes:
        fault: The fault of the current answer.
    """

    fault = Misbehaviour()
    _stop = StopToken()

    def take_fault(self, faults: HttpFaults, stop: StopToken) -> bool:
        """Wait as the faults say; True if the connection was reset.

        Raises:
            ConnectionAbortedError: The server stops.
        """
        self._stop = stop
        self.fault = faults.before_answer(stop)
        if self.fault.is_reset:
            self.close_connection = True
            reset(self.connection)
        return self.fault.is_reset

    def transmit(self, head: bytes, body: bytes) -> None:
        """Send a response; a fault may cut its body short or slow it down."""
        fault = self.fault
        if not body or not (fault.cut_short or fault.bytes_per_s):
            super().transmit(head, body)
            return
        if fault.cut_short:
            self.close_connection = True
            body = body[: len(body) // 2]
        self.send(head)
        self._write_slowly(body, fault.bytes_per_s or float("inf"))

    def _write_slowly(self, body: bytes, bytes_per_s: float) -> None:
        size = int(max(1, min(bytes_per_s / _PIECES_A_SECOND, len(body))))
        for start in range(0, len(body), size):
            if start and self._stop.wait(size / bytes_per_s):
                raise ConnectionAbortedError("the server stops")
            self.send(body[start : start + size])
