"""Reassembles the TCP segments of one direction into its bytes, in order, each once.

Segments may come out of order, twice, or overlap; if bytes are repeated, the first are used. Bytes
that are not in the capture are a gap. A gap is reported when the other side acknowledges it (the
bytes were delivered but not captured), when too much waits after it, or at the end.

A capture that begins in the middle has no SYN: its first segment is taken as the beginning. Bytes
from before it, or for a gap that was already reported, are returned separately.
"""

from collections.abc import Iterable
from typing import Final

import attrs

_SPACE: Final = 1 << 32
_HALF: Final = 1 << 31
WINDOW: Final = 1 << 24
"""How far a number may be off within a stream; more than systems buffer."""

_MAX_WAITING: Final = 256  # most segments after a gap; a window full of large ones
_MAX_WAITING_BYTES: Final = 1 << 22
_GAPS: Final = 16  # that are remembered


@attrs.define(eq=True)
class Bytes:
    """Bytes that continue the stream; if `is_late`, separate bytes."""

    data: bytes
    time: float | None
    is_late: bool = False


@attrs.frozen
class Gap:
    """Bytes that are missing here."""

    size: int


StreamPart = Bytes | Gap


@attrs.define
class Waiting:
    """A segment after bytes that are missing."""

    sequence: int
    data: bytes
    time: float | None


class HalfStream:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.next: int | None = None
        """Number of the next byte, None before the first."""
        self.first: int | None = None
        """Number of the first byte."""
        self.is_whole = False
        """Whether it began with a SYN."""
        self.acknowledged: int | None = None
        """The last acknowledgement of the other side."""
        self.waiting: list[Waiting] = []
        """Segments after bytes that are missing, the nearest first."""
        self._waiting_bytes = 0
        self._end: int | None = None  # number of the FIN
        self._gaps: list[tuple[int, int]] = []  # begin and size

    @property
    def is_finished(self) -> bool:
        """Whether the end of the stream and every byte before it were captured."""
        return self._end is not None and self.next == self._end

    def goes_on(self, sequence: int, size: int) -> bool:
        """Add a segment that continues the stream, if nothing waits and no end is known.

        Nearly all segments do; False for others, which go to `add`.
        """
        if self.waiting or self._end is not None or (size and sequence != self.next):
            return False
        self.next = (sequence + size) % _SPACE if size else self.next
        return True

    def begin(self, sequence: int) -> bool:
        """Set the number of the first byte, from a SYN; False if it contradicts the segments."""
        if self.first is None:
            self.first = self.next = sequence
            self.is_whole = True
        return self.first == sequence

    def end(self, sequence: int) -> None:
        """Set the number after the last byte, from a FIN."""
        self._end = sequence

    def is_far(self, sequence: int) -> bool:
        """Whether a number is so far off that it must belong to another stream."""
        return self.next is not None and abs(distance(self.next, sequence)) > WINDOW

    def add(self, sequence: int, data: bytes, time: float | None) -> Iterable[StreamPart]:
        """Add a segment; returns the pieces that are in order now."""
        if not data:
            return ()
        if self.next is None:
            self.first = self.next = sequence
        if sequence == self.next and not self.waiting:
            self.next = (sequence + len(data)) % _SPACE
            return (Bytes(data, time),)
        if self._fills(sequence, len(data)):
            return (Bytes(data, time, is_late=True),)
        self.waiting.append(Waiting(sequence, data, time))
        self._waiting_bytes += len(data)
        said: list[StreamPart] = self._drain()
        if self.acknowledged is not None:
            said += self.acknowledge(self.acknowledged)
        while len(self.waiting) > _MAX_WAITING or self._waiting_bytes > _MAX_WAITING_BYTES:
            said += self._give_up()
        return said

    def acknowledge(self, number: int) -> Iterable[StreamPart]:
        """Set the other side's acknowledgement; returns the pieces that need not wait any more."""
        said: list[StreamPart] = []
        self.acknowledged = number
        while self.waiting and self.next is not None:
            gap = _ahead(self.next, self.waiting[0].sequence)
            if not gap <= distance(self.next, number) <= WINDOW:
                break
            said += self._give_up()
        return said

    def finish(self) -> Iterable[StreamPart]:
        """Announce the end of the capture; returns the rest, with gaps."""
        said: list[StreamPart] = []
        while self.waiting:
            said += self._give_up()
        return said

    def _fills(self, sequence: int, size: int) -> bool:
        """Whether a segment is from before the first, or from a reported gap."""
        if self.first is not None and not self.is_whole:
            before = distance(sequence, self.first)
            if size <= before <= WINDOW:
                self.first = sequence
                return True
        for at, (begin, missing) in enumerate(self._gaps):
            offset = distance(begin, sequence)
            if 0 <= offset <= missing - size:
                del self._gaps[at]
                if offset:
                    self._gaps.append((begin, offset))
                if missing > offset + size:
                    self._gaps.append(((sequence + size) % _SPACE, missing - offset - size))
                return True
        return False

    def _drain(self) -> list[StreamPart]:
        said: list[StreamPart] = []
        if self.next is None:
            return said
        start = self.next
        if len(self.waiting) > 1:
            self.waiting.sort(key=lambda each: _ahead(start, each.sequence))
        used = 0
        for each in self.waiting:
            known = -_ahead(self.next, each.sequence)  # bytes of it that came before
            if known < 0:
                break
            used += 1
            self._waiting_bytes -= len(each.data)
            if known < len(each.data):
                self.next = (each.sequence + len(each.data)) % _SPACE
                said.append(Bytes(each.data[known:], each.time))
        del self.waiting[:used]
        return said

    def _give_up(self) -> list[StreamPart]:
        """Continue after a gap."""
        if self.next is None:
            return []
        nearest = self.waiting[0].sequence
        size = _ahead(self.next, nearest)
        self._gaps = [*self._gaps[1 - _GAPS :], (self.next, size)]
        self.next = nearest
        return [Gap(size), *self._drain()]


def distance(start: int, other: int) -> int:
    """How far a number is after another, negative if it is before; numbers wrap around."""
    return (other - start + _HALF) % _SPACE - _HALF


def _ahead(start: int, other: int) -> int:
    """The same, but far before counts as far after, because it cannot have come already."""
    return (other - start + WINDOW) % _SPACE - WINDOW
