"""The messages to and from hardware hosts, as text, for assertions and for people.

The scripting engine is the hardware host `self`.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import attrs

from dhs_lab.simulators.dcss.changes import Changes

MAX_LINES = 100_000


@attrs.frozen
class TrafficLine:
    """One message.

    Attributes:
        at_s: Seconds since the recording began.
        host: Hardware host it came from or went to, "?" before the handshake.
        arrow: `->` to the DHS, `<-` from it.
        text: Its text.
    """

    at_s: float
    host: str
    arrow: Literal["->", "<-"]
    text: str

    def __str__(self) -> str:
        return f"{self.at_s:9.3f} {self.host} {self.arrow} {self.text}"


class Traffic:
    """The last 100,000 messages, safe for any thread.

    A message of a DHS is here before DCSS reacts to it, so the cause of each effect is here. Only
    the waits wait until DCSS has reacted to it.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        """An empty record; `changes` is marked with each message."""
        self._changes = Changes() if changes is None else changes
        self._changed = threading.Condition()  # guards _lines, _count and _coming
        self._lines: deque[TrafficLine] = deque(maxlen=MAX_LINES)
        self._coming: dict[int, TrafficLine] = {}  # by id: DCSS reacts to these right now
        self._count = 0
        self._began = time.monotonic()

    @property
    def now_s(self) -> float:
        """Seconds since the recording began, as in `TrafficLine.at_s`."""
        return time.monotonic() - self._began

    def add(self, host: str, arrow: Literal["->", "<-"], text: str) -> None:
        """Record one message."""
        with self._changed:
            self._append(TrafficLine(self.now_s, host, arrow, text))
        self._changes.mark()

    @contextmanager
    def coming(self, host: str, text: str) -> Iterator[None]:
        """Record one message of a DHS; the body of the `with` is the reaction of DCSS to it."""
        coming = TrafficLine(self.now_s, host, "<-", text)
        with self._changed:
            self._append(coming)
            self._coming[id(coming)] = coming
        self._changes.mark()
        try:
            yield
        finally:
            with self._changed:
                del self._coming[id(coming)]
                self._changed.notify_all()
            self._changes.mark()

    def _append(self, line: TrafficLine) -> None:
        self._lines.append(line)
        self._count += 1
        self._changed.notify_all()

    def after(self, seen: int) -> tuple[int, tuple[TrafficLine, ...]]:
        """The total number of messages, and the messages after the first `seen` (if still kept).

        Pass the returned number as `seen` to get the newer ones with the next call.
        """
        with self._changed:
            fresh = itertools.islice(reversed(self._lines), max(0, self._count - seen))
            return self._count, tuple(fresh)[::-1]

    def lines(self, host: str | None = None, arrow: str | None = None) -> tuple[TrafficLine, ...]:
        """The messages of this host and direction, oldest first; None means any."""
        with self._changed:
            return tuple(
                line
                for line in self._lines
                if host in (None, line.host) and arrow in (None, line.arrow)
            )

    def texts(self, host: str | None = None, arrow: str | None = None) -> list[str]:
        """Their texts."""
        return [line.text for line in self.lines(host, arrow)]

    def wait_for(self, matches: Callable[[TrafficLine], bool], timeout_s: float) -> TrafficLine:
        """Wait for the first message that matches, until DCSS has reacted to it.

        Raises:
            TimeoutError: None came within `timeout_s` seconds; the text shows the last ones.
        """
        with self._changed:
            found: list[TrafficLine] = []

            def look() -> bool:
                found[:] = [line for line in self._lines if matches(line)][:1]
                return bool(found) and id(found[0]) not in self._coming

            if self._changed.wait_for(look, timeout_s):
                return found[0]
            last = "\n".join(map(str, list(self._lines)[-10:]))
        raise TimeoutError(f"no such message within {timeout_s} s; the last were:\n{last}")

    def wait_reacted(self, timeout_s: float) -> None:
        """Wait until DCSS has reacted to what has come so far, or the time is over."""
        with self._changed:
            coming = set(self._coming)
            self._changed.wait_for(lambda: coming.isdisjoint(self._coming), timeout_s)
