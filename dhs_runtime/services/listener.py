"""A TCP listener with one thread per connection, which closes in milliseconds.

The standard library's servers poll to notice a shutdown, and do not close open connections. A DHS
must stop at once and cannot wait for either.
"""

import contextlib
import errno
import itertools
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import partial

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.forks import close_in_children
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import shut

logger = get_logger(__name__)

MAX_CONNECTIONS = 128  # more than any beamline's cameras; bounds threads, not throughput

ACCEPT_PAUSE_S = 0.1

Serve = Callable[[socket.socket, HostPort], None]


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at a name or an IPv4 or IPv6 address; `::` accepts IPv4 as well.

    Args:
        host: If a name has several addresses, an IPv4 address is preferred.
        port: 0 picks a free one.

    Raises:
        OSError: The address is unknown, in use, not ours, or not allowed.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is not a host name") from None
    family, _, _, _, address = min(found, key=lambda info: info[0] is not socket.AF_INET)
    both = family is socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
    try:
        listening = socket.create_server(address[:2], family=family, dualstack_ipv6=both)
    except OSError as error:  # without the address that Python adds to the text
        raise OSError(error.errno, os.strerror(error.errno or 0)) from None
    close_in_children(listening)  # a child that outlives the DHS would keep the port
    return listening


def _peer(address: tuple[str, int, *tuple[int, ...]]) -> HostPort:
    """The address of a client; an IPv4 client of an IPv6 socket gets its IPv4 address."""
    return HostPort(address[0].removeprefix("::ffff:"), address[1])


def reset(sock: socket.socket) -> None:
    """Close `sock` so that the peer sees a reset (RST), as when a process is killed.

    A thread that reads from it wakes; the system sends the reset only after that.
    """
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RD)
    sock.close()


class TcpListener:
    """Listens on `host`:`port` and calls `serve(socket, address)` in a thread per connection.

    `serve` need not clean up: the socket is closed when it returns, and shut down (which ends its
    reads) when the listener closes. A listener can be opened and closed any number of times.
    """

    def __init__(
        self,
        serve: Serve,
        *,
        name: str,
        host: str = "127.0.0.1",
        port: int = 0,
        max_connections: int = MAX_CONNECTIONS,
        ends_oldest: bool = False,
        on_full: Callable[[HostPort], None] | None = None,
    ) -> None:
        """A listener; port 0 picks a free port at the first `open` and keeps it.

        A connection beyond `max_connections` is closed at once, and `on_full` is called (or a line
        is logged). With `ends_oldest`, the oldest connection is closed instead, so that idle
        clients cannot block the listener.
        """
        self._serve = serve
        self._name = name
        self._host = host
        self._port = port
        self._max_connections = max_connections
        self._ends_oldest = ends_oldest
        self._on_full = on_full or self._log_full
        self._lock = threading.Lock()  # guards _socket and _connections; never held over I/O waits
        self._socket: socket.socket | None = None
        self._connections: dict[socket.socket, None] = {}  # oldest first
        self._threads = ThreadGroup()

    @property
    def host(self) -> str:
        """The address."""
        return self._host

    @property
    def port(self) -> int:
        """The port; 0 before the first `open` if none was given."""
        return self._port

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:9000`, if it serves HTTP."""
        return HostPort(self._host, self._port).url

    @property
    def is_open(self) -> bool:
        """Whether new connections are accepted."""
        return self._socket is not None

    def open(self) -> None:
        """Listen and accept; does nothing if it is open.

        Raises:
            OSError: The address cannot be bound (in use, not ours, not allowed), or the system
                has no thread left.
        """
        with self._lock:
            if self._socket is not None:
                return
            sock = bound(self._host, self._port)
            try:
                self._threads.spawn(f"{self._name}-accept", lambda: self._accept(sock))
            except RuntimeError as error:
                sock.close()
                raise OSError(errno.EAGAIN, str(error)) from error
            self._socket = sock
            self._port = sock.getsockname()[1]

    def close(self, timeout_s: float = 1.0) -> tuple[str, ...]:
        """Stop listening, end all connections and join their threads; idempotent.

        Returns:
            Names of threads that did not end within `timeout_s` seconds; empty if all did.
        """
        with self._lock:
            sock, self._socket = self._socket, None
            connections = tuple(self._connections)
        if sock is not None:
            shut(sock)  # wakes accept on Linux
            with contextlib.suppress(OSError):  # ... and elsewhere a last connection does
                socket.create_connection(sock.getsockname()[:2], timeout=0.1).close()
            sock.close()
        for connection in connections:
            shut(connection)
        return self._threads.join(Deadline.after(timeout_s))

    def _accept(self, listening: socket.socket) -> None:
        for number in itertools.count(1):
            accepted = self._next(listening)
            if accepted is None:
                return
            connection, address = accepted
            self._start(f"{self._name}-{number}", listening, connection, address)

    def _next(self, listening: socket.socket) -> tuple[socket.socket, HostPort] | None:
        """The next connection, already known to `close`; None if `listening` is closed."""
        while True:
            try:
                connection, address = listening.accept()
            except OSError as error:
                if not self._is_current(listening):
                    return None
                logger.warning("%s: cannot accept: %s", self._name, error)
                time.sleep(ACCEPT_PAUSE_S)  # for example no free descriptor, which does not last
                continue
            close_in_children(connection)
            with self._lock:
                is_current = self._socket is listening
                if is_current and self._has_room():
                    self._connections[connection] = None
                    return connection, _peer(address)
            connection.close()
            if not is_current:
                return None
            self._on_full(_peer(address))

    def _log_full(self, peer: HostPort) -> None:
        logger.warning("%s: refused %s, too many connections", self._name, peer)

    def _start(
        self, name: str, listening: socket.socket, connection: socket.socket, address: HostPort
    ) -> None:
        """Serve a connection in its own thread, as soon as the system has one.

        Until then this connection waits, and later ones are not accepted.
        """
        is_told = False
        while self._is_current(listening):
            try:
                self._threads.spawn(name, partial(self._serve_one, connection, address))
            except RuntimeError as error:  # the system has no thread left, which does not last
                if not is_told:
                    logger.warning("%s: %s has to wait: %s", self._name, address, error)
                is_told = True
                time.sleep(ACCEPT_PAUSE_S)
            else:
                return
        self._end(connection)

    def _has_room(self) -> bool:
        """Whether one more is accepted; may close the oldest. The caller holds the lock."""
        if len(self._connections) < self._max_connections:
            return True
        if self._ends_oldest:
            oldest = next(iter(self._connections))
            del self._connections[oldest]
            shut(oldest)  # its thread closes it
        return self._ends_oldest

    def _is_current(self, listening: socket.socket) -> bool:
        with self._lock:  # waits for the end of `open`
            return self._socket is listening

    def _serve_one(self, connection: socket.socket, address: HostPort) -> None:
        try:
            self._serve(connection, address)
        finally:
            self._end(connection)

    def _end(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.pop(connection, None)
        connection.close()
