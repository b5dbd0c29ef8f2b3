"""How a simulated HTTP server misbehaves on request, so that its clients can be tested."""

import threading
from collections import deque

import attrs

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import StopToken

_POLL_S = 0.005


@attrs.frozen
class Misbehaviour:
    """What is wrong with one answer.

    Attributes:
        status: Answer this status instead; None for the normal answer.
        cut_short: Send only half of the body, then close the connection.
    """

    status: int | None = None
    cut_short: bool = False


class HttpFaults:
    """Switches that may be thrown at any time, from any thread.

    Attributes:
        delay_s: Every answer comes this much later.
    """

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._lock = threading.Lock()  # guards what follows; never held while waiting
        self._next: deque[Misbehaviour] = deque()
        self._hang: threading.Event | Deadline | None = None

    def fail_next(self, status: int = 503, count: int = 1) -> None:
        """Answer the next `count` requests with the HTTP status `status`."""
        with self._lock:
            self._next.extend([Misbehaviour(status=status)] * count)

    def cut_next(self, count: int = 1) -> None:
        """Send half of the body that was announced in the next `count` answers."""
        with self._lock:
            self._next.extend([Misbehaviour(cut_short=True)] * count)

    def hang(self, until: threading.Event | float) -> None:
        """Answer nothing until the event is set or so many seconds have passed."""
        with self._lock:
            self._hang = until if isinstance(until, threading.Event) else Deadline.after(until)

    def clear(self) -> None:
        """Behave; requests that hang are answered."""
        with self._lock:
            self.delay_s = 0.0
            self._next.clear()
            self._hang = None

    def before_answer(self, stop: StopToken) -> Misbehaviour:
        """Wait as long as asked for, and take what the next answer shall be.

        Raises:
            ConnectionAbortedError: The server stopped meanwhile; there is nobody to answer.
        """
        wait_s = self.delay_s
        while wait_s > 0 or self._hanging():
            if stop.wait(max(wait_s, _POLL_S)):
                raise ConnectionAbortedError("the server stops")
            wait_s = 0.0
        with self._lock:
            return self._next.popleft() if self._next else Misbehaviour()

    def _hanging(self) -> bool:
        with self._lock:
            hang = self._hang
        if isinstance(hang, threading.Event):
            return not hang.is_set()
        return hang is not None and not hang.passed
