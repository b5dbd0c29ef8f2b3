"""`Outbox`: sends to one client; no caller waits for a slow client."""

import contextlib
import socket
import threading
from typing import Final

from dhs_runtime.lowlevel import Deadline, ThreadGroup, shut

_PIECE: Final = 1 << 16


class Outbox:
    """The sending half of a connection, for any thread.

    Bytes that the system does not take at once wait, and a separate thread sends them; a client
    with too many waiting bytes is cut off.

    Attributes:
        has_overflowed: Whether it was cut off.
    """

    def __init__(self, sock: socket.socket, name: str, limit: int, threads: ThreadGroup) -> None:
        """The sending half of `sock`.

        Args:
            sock: The connection, blocking.
            name: Name of the thread that sends waiting bytes.
            limit: How many bytes may wait; a frame that is larger may wait alone.
            threads: The group of that thread.
        """
        self._socket = sock
        self._name = name
        self._limit = limit
        self._threads = threads
        self._changed = threading.Condition()  # guards what follows; nothing waits while it is held
        self._waiting = bytearray()
        self._is_draining = False  # whether the thread runs; it ends when nothing waits
        self._is_closed = False
        self.has_overflowed = False  # set once: too many bytes waited

    def put(self, data: bytes, *, spares: bool = False) -> bool:
        """Send, or let it wait; False if the client is cut off.

        Args:
            data: Whole frames.
            spares: Whether to ignore the limit, as for a client that has just logged in.
        """
        with self._changed:
            if self._is_closed:
                return False
            sent = 0 if self._waiting else self._try(data)
            is_late = bool(self._waiting) and not spares
            if is_late and len(self._waiting) + len(data) > self._limit:
                self.has_overflowed = self._is_closed = True
            if sent < len(data) and not self._is_closed:
                self._waiting += data[sent:]
                if not self._is_draining:
                    self._threads.spawn(self._name, self._drain)
                    self._is_draining = True
            if self._is_closed:
                self._end()
            return not self._is_closed

    def wait_room(self, timeout_s: float) -> None:
        """Wait until few bytes wait to be sent, or the time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or len(self._waiting) < self._limit // 2, timeout_s
            )

    def finish(self, deadline: Deadline) -> None:
        """Wait until nothing waits to be sent, or the time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or not self._waiting, deadline.remaining()
            )

    def close(self) -> None:
        """Send no more, and close the connection."""
        with self._changed:
            self._is_closed = True
            self._end()

    def _try(self, data: bytes) -> int:
        """How many bytes the system takes at once; the lock is held."""
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._is_closed = True
            return 0

    def _end(self) -> None:
        self._waiting.clear()
        self._changed.notify_all()
        with contextlib.suppress(OSError):
            shut(self._socket)

    def _drain(self) -> None:
        while piece := self._piece():
            try:
                sent = self._socket.send(piece)  # blocks; `shut` ends it
            except OSError:
                self.close()
                return
            with self._changed:
                del self._waiting[:sent]
                self._changed.notify_all()

    def _piece(self) -> bytes:
        with self._changed:
            self._is_draining = bool(self._waiting)
            return bytes(self._waiting[:_PIECE])
