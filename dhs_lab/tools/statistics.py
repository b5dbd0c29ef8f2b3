"""Statistics of messages: counts, sizes, rates, and latencies.

A start has a completion: `stoh_start_operation` and `htos_operation_completed` with the same
handle; `stoh_start_motor_move` or `stoh_start_oscillation` and `htos_motor_move_completed` of the
same motor. The latency is the time between them. An operation that is completed twice is an error
of its DHS. A completion without a start counts as unasked: a motor was turned by hand, or the
recording begins in the middle.
"""

import math
from collections import Counter, OrderedDict
from typing import Final

import attrs

from dcs_codec import (
    Direction,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    MalformedMessage,
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    UnknownMessage,
)
from dhs_lab.tools.sightings import Damage, Found, Sighting

_REMEMBERED: Final = 100_000  # completed operations, to recognise a second completion

PairKey = tuple[str, str, str]


@attrs.define(kw_only=True)
class KeywordStats:
    """Messages of one keyword.

    Attributes:
        bytes: Bytes of all messages.
        smallest: Bytes of the smallest.
        largest: Bytes of the largest.
        odd: How many are unknown or malformed.
    """

    keyword: str
    direction: Direction | None
    count: int = 0
    bytes: int = 0
    smallest: int = 0
    largest: int = 0
    odd: int = 0

    def add(self, found: Sighting) -> None:
        """Count one message."""
        self.smallest = min(self.smallest, found.size) if self.count else found.size
        self.largest = max(self.largest, found.size)
        self.count += 1
        self.bytes += found.size
        self.odd += isinstance(found.message, UnknownMessage | MalformedMessage)


@attrs.define(kw_only=True)
class TaskStats:
    """Runs of one operation, or moves of one motor.

    Attributes:
        kind: `operation` or `move`.
        statuses: How often each status ended one.
        latencies: Seconds from start to completion, if both times are known and the clock was not
            set back between them.
        unfinished: Started, and not completed by the end.
        replaced: Started again before the completion (a motor whose completion is missing).
        doubles: Second completions.
        unasked: Completions without a known start.
    """

    kind: str
    name: str
    started: int = 0
    completed: int = 0
    statuses: Counter[str] = attrs.Factory(Counter)
    latencies: list[float] = attrs.Factory(list)
    unfinished: int = 0
    replaced: int = 0
    doubles: int = 0
    unasked: int = 0

    def percentile(self, percent: float) -> float | None:
        """A percentile of the latencies, None if none is known."""
        if not self.latencies:
            return None
        ordered = sorted(self.latencies)
        return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class Statistics:
    """Adds up sightings."""

    def __init__(self) -> None:
        self.keywords: dict[tuple[str, Direction | None], KeywordStats] = {}
        self.tasks: dict[tuple[str, str], TaskStats] = {}
        self.damages = 0
        self.first: float | None = None
        self.last: float | None = None
        self.connections: set[str] = set()
        self._open: dict[PairKey, float | None] = {}
        self._done: OrderedDict[PairKey, None] = OrderedDict()
        self._seconds: Counter[int] = Counter()

    def add(self, found: Found) -> None:
        """Add a finding; repeated lines of a log are counted once."""
        if isinstance(found, Damage):
            self.damages += 1
            return
        if found.is_again:
            return
        key = found.keyword, found.direction
        if key not in self.keywords:
            self.keywords[key] = KeywordStats(keyword=key[0], direction=key[1])
        self.keywords[key].add(found)
        if found.connection:
            self.connections.add(found.connection)
        if found.time is not None:
            self.first = found.time if self.first is None else min(self.first, found.time)
            self.last = found.time if self.last is None else max(self.last, found.time)
            self._seconds[math.floor(found.time)] += 1
        self._follow(found)

    @property
    def count(self) -> int:
        """Number of messages."""
        return sum(each.count for each in self.keywords.values())

    @property
    def bytes(self) -> int:
        """Number of bytes in all messages."""
        return sum(each.bytes for each in self.keywords.values())

    @property
    def span_s(self) -> float | None:
        """Seconds between the first and the last message; None without times."""
        return None if self.first is None or self.last is None else self.last - self.first

    @property
    def busiest(self) -> int | None:
        """Messages in the busiest second, None without times."""
        return max(self._seconds.values(), default=None)

    def rate(self, count: int) -> float | None:
        """This count per second of the whole time; None without times."""
        span_s = self.span_s
        return count / span_s if span_s else None

    def _follow(self, found: Sighting) -> None:
        match found.message:
            case StohStartOperation() as message:
                self._start("operation", message.operation_name, message.operation_handle, found)
            case StohStartMotorMove() | StohStartOscillation() as message:
                self._start("move", message.motor_name, "", found)
            case HtosOperationCompleted() as message:
                name, handle = message.operation_name, message.operation_handle
                self._complete("operation", name, handle, message.operation_status, found)
            case HtosMotorMoveCompleted() as message:
                self._complete("move", message.motor_name, "", message.status, found)
            case _:
                pass

    def _task(self, kind: str, name: str) -> TaskStats:
        key = kind, name
        if key not in self.tasks:
            self.tasks[key] = TaskStats(kind=kind, name=name)
        return self.tasks[key]

    def _start(self, kind: str, name: str, handle: str, found: Sighting) -> None:
        task = self._task(kind, name)
        key = found.conversation, name, handle
        task.started += 1
        if key in self._open:
            task.replaced += 1
        else:
            task.unfinished += 1
        self._open[key] = found.time
        self._done.pop(key, None)

    def _complete(self, kind: str, name: str, handle: str, status: str, found: Sighting) -> None:
        task = self._task(kind, name)
        key = found.conversation, name, handle
        if key not in self._open:
            is_double = key in self._done and kind == "operation"
            task.doubles += is_double
            task.unasked += not is_double
            return
        began = self._open.pop(key)
        task.unfinished -= 1
        task.completed += 1
        task.statuses[status] += 1
        if began is not None and found.time is not None and found.time >= began:
            task.latencies.append(found.time - began)
        self._done[key] = None
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
