"""TCP segments of one direction into its bytes, in order, each once.

Segments may come out of order, twice, or overlap; of bytes that came twice the first are taken.
Bytes that never come are a gap: it is reported when so much waits behind it that it will not be
filled any more, or at the end.
"""

from collections.abc import Iterator
from typing import Final

import attrs

_SPACE: Final = 1 << 32
_HALF: Final = 1 << 31
_MAX_WAITING: Final = 256  # segments behind a gap; a window full of large ones
_MAX_WAITING_BYTES: Final = 1 << 22
_SETTLE: Final = 16  # segments of a stream without a beginning, before the first is called so


@attrs.frozen
class Bytes:
    """Bytes that follow those before."""

    data: bytes
    time: float | None


@attrs.frozen
class Gap:
    """Bytes that are missing here."""

    size: int


@attrs.define
class _Waiting:
    sequence: int
    data: bytes
    time: float | None


class HalfStream:
    """One direction of a connection."""

    def __init__(self) -> None:
        self._next: int | None = None  # number of the next byte
        self._first: int | None = None  # and of the first
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._end: int | None = None  # number of the FIN

    @property
    def is_finished(self) -> bool:
        """Whether the end of the stream was seen, and every byte before it."""
        return self._end is not None and self._next == self._end

    def begin(self, sequence: int) -> bool:
        """Tell the number of the first byte, from a SYN; False where it contradicts what came."""
        if self._first is None:
            self._first = self._next = sequence
        return self._first == sequence

    def end(self, sequence: int) -> None:
        """Tell the number behind the last byte, from a FIN."""
        self._end = sequence

    def add(self, sequence: int, data: bytes, time: float | None) -> Iterator[Bytes | Gap]:
        """Add a segment; what can be said in order now."""
        if data:
            self._waiting.append(_Waiting(sequence, data, time))
            self._waiting_bytes += len(data)
        if self._next is None:
            if len(self._waiting) < _SETTLE:
                return
            self._settle()
        yield from self._drain()
        while len(self._waiting) > _MAX_WAITING or self._waiting_bytes > _MAX_WAITING_BYTES:
            yield from self._give_up()

    def finish(self) -> Iterator[Bytes | Gap]:
        """Tell the end of the capture; all that is left, gaps in between."""
        if self._next is None:
            self._settle()
        yield from self._drain()
        while self._waiting:
            yield from self._give_up()

    def _settle(self) -> None:
        """Take the lowest number for the beginning: the capture began in the middle."""
        if self._waiting:
            first = self._waiting[0].sequence
            lowest = min(_distance(first, each.sequence) for each in self._waiting)
            self._first = self._next = (first + lowest) % _SPACE

    def _drain(self) -> Iterator[Bytes]:
        if self._next is None or not self._waiting:
            return
        start = self._next
        if len(self._waiting) > 1:
            self._waiting.sort(key=lambda each: _distance(start, each.sequence))
        used = 0
        for each in self._waiting:
            known = -_distance(self._next, each.sequence)  # bytes of it that came before
            if known < 0:
                break
            used += 1
            self._waiting_bytes -= len(each.data)
            if known < len(each.data):
                self._next = (each.sequence + len(each.data)) % _SPACE
                yield Bytes(each.data[known:], each.time)
        del self._waiting[:used]

    def _give_up(self) -> Iterator[Bytes | Gap]:
        """Go on behind a gap."""
        if self._next is not None and self._waiting:
            nearest = self._waiting[0].sequence
            yield Gap(_distance(self._next, nearest))
            self._next = nearest
            yield from self._drain()


def _distance(start: int, other: int) -> int:
    """How far a number is behind another, negative where it is before it; they wrap around."""
    return (other - start + _HALF) % _SPACE - _HALF
