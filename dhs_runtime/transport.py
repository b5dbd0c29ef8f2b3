"""`TcpTransport`: the one place that touches the socket to DCSS and maps its errors.

`Resolver` looks up names in its own threads, because a lookup cannot be interrupted.
"""

import contextlib
import errno
import os
import select
import selectors
import socket
import struct
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

from dhs_runtime.addresses import HostPort, is_ip
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import TransportError
from dhs_runtime.forks import Birthplace, close_in_children
from dhs_runtime.threads import ThreadGroup, fulfil

_READ_SIZE = 1 << 16
_WRITE_SIZE = 1 << 16
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_UNACKNOWLEDGED_MS = 50_000
_MOMENT_US = 4000
_ONCE = 2  # even: the one that waits goes out, and later ones wait for an answer again

AddressInfo = tuple[int, int, int, str, Any]
"""What `socket.getaddrinfo` gives for each address of a name."""


def shut(sock: socket.socket) -> None:
    """Wake the threads that read or write `sock`; the owner closes it."""
    with contextlib.suppress(OSError):  # the peer may have gone first
        sock.shutdown(socket.SHUT_RDWR)


def is_quiet(sock: socket.socket) -> bool:
    """Whether nothing came over `sock`, not even its end."""
    poll = select.poll()  # `select.select` knows only the first 1024 descriptors
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


class Resolver:
    """Looks up host names in daemon threads: nothing can interrupt `getaddrinfo`.

    There is at most one thread per name. While it hangs, another request for that name waits for
    the same answer, so that a dead name server costs one thread and not one per try. An IP address
    needs no thread: no name server is asked.
    """

    def __init__(self, threads: ThreadGroup) -> None:
        """A resolver whose threads belong to `threads`, which names them when they hang."""
        self._threads = threads
        self._lock = threading.Lock()  # guards _pending; free while names are looked up
        self._pending: dict[tuple[str, int], Future[list[AddressInfo]]] = {}

    def look_up(self, host: str, port: int) -> Future[list[AddressInfo]]:
        """The addresses of `host` for TCP, when they are known; the future has what was raised.

        Raises:
            RuntimeError: The system has no thread left.
        """
        key = (host, port)
        future: Future[list[AddressInfo]] = Future()
        if is_ip(host):
            fulfil(future, partial(_addresses, key))
            return future
        with self._lock:
            pending = self._pending.get(key)
            if pending is not None:
                return pending
            self._threads.spawn(f"look-up-{host}", partial(fulfil, future, partial(self._ask, key)))
            self._pending[key] = future
        return future

    def _ask(self, key: tuple[str, int]) -> list[AddressInfo]:
        try:
            return _addresses(key)
        finally:
            with self._lock:
                del self._pending[key]


def _addresses(key: tuple[str, int]) -> list[AddressInfo]:
    return list(socket.getaddrinfo(*key, type=socket.SOCK_STREAM))


class TcpTransport:
    """A client's TCP connection that another thread can interrupt at any moment.

    One thread connects and reads; writing is for one thread at a time (the owner has a lock).
    """

    def __init__(self, resolver: Resolver | None = None) -> None:
        """A transport that is not connected; `resolver` may be shared with the ones after it."""
        self._resolver = Resolver(ThreadGroup()) if resolver is None else resolver
        self._lock = threading.Lock()  # guards _socket and _interrupted; held for no I/O
        self._socket: socket.socket | None = None
        self._interrupted = False
        self._birthplace = Birthplace()
        self._wake = threading.Event()  # an answer of the resolver, or interrupt()
        self._written = 0
        self.is_impatient = False

    def connect(self, host: str, port: int, timeout_s: float) -> None:
        """Connect to the first address of `host` that answers.

        Raises:
            TransportError: The name is unknown, the port is closed, no answer within `timeout_s`
                seconds in all, or `interrupt()` was called.
        """
        deadline = Deadline.after(timeout_s)
        where = HostPort(host, port)
        addresses = self._look_up(host, port, deadline)
        failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        for tried, (family, kind, proto, _, address) in enumerate(addresses):
            # Each address gets a share of the remaining time: a silent first may not use it up.
            share = Deadline.after(deadline.remaining() / (len(addresses) - tried))
            try:
                sock = socket.socket(family, kind, proto)
                close_in_children(sock)
            except OSError as error:  # a family the system lacks, or no descriptor left
                failure = error
                continue
            try:
                self._connect_one(sock, address, share)
                sock.setblocking(True)
                _tune(sock)
            except OSError as error:
                sock.close()
                failure = error
                continue
            return
        raise TransportError(
            f"cannot connect to {where}: {failure.strerror or failure}"
        ) from failure

    def _look_up(self, host: str, port: int, deadline: Deadline) -> list[AddressInfo]:
        try:
            future = self._resolver.look_up(host, port)
            future.add_done_callback(lambda _: self._wake.set())
            self._wake.wait(deadline.remaining())
            if self._interrupted:
                raise InterruptedError(errno.EINTR, "interrupted")
            if not future.done():
                raise socket.gaierror(socket.EAI_AGAIN, "no answer in time")
            return future.result()
        except (OSError, UnicodeError, RuntimeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            raise TransportError(f"cannot resolve {host!r}: {reason}") from error

    def _connect_one(self, sock: socket.socket, address: object, deadline: Deadline) -> None:
        sock.setblocking(False)
        with self._lock:  # from here on interrupt() finds a socket that it can shut
            if self._interrupted:
                raise InterruptedError(errno.EINTR, "interrupted")
            self._socket = sock
            code = sock.connect_ex(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        if code == errno.EINPROGRESS:
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_WRITE)
                if not selector.select(deadline.remaining()):
                    raise TimeoutError(errno.ETIMEDOUT, "no answer in time")
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if self._interrupted:
            raise InterruptedError(errno.EINTR, "interrupted")
        if code:
            raise OSError(code, os.strerror(code))

    def duplicate(self) -> socket.socket:
        """Another handle of the connection, for a library; `interrupt` ends its waits, too."""
        return self._connected().dup()

    def set_read_timeout(self, timeout_s: float | None) -> None:
        """Let `read` fail after this many seconds without a byte; None waits forever."""
        self._connected().settimeout(timeout_s)

    def read(self) -> bytes:
        """The next bytes, b"" at the end of the stream.

        Raises:
            TransportError: The connection broke, or nothing came within the read timeout.
        """
        sock = self._socket  # in no child of a fork: its one thread is another
        if sock is None:
            raise TransportError("not connected")
        try:
            return sock.recv(_READ_SIZE)
        except BlockingIOError:  # quiet since `acknowledge_later`
            self.acknowledge()
            self._set_impatient(False)
            return self.read()
        except TimeoutError:
            raise TransportError("nothing received in time") from None
        except OSError as error:
            raise TransportError(error.strerror or str(error)) from None

    @property
    def written(self) -> int:
        """Bytes that the system took so far; it grows while a long `write` is under way."""
        return self._written

    @property
    def is_read(self) -> bool:
        """Whether the peer reads, so that a short `write` would not have to wait."""
        selector = selectors.DefaultSelector()
        with selector, contextlib.suppress(TransportError, OSError, ValueError):  # it ends now
            selector.register(self._connected(), selectors.EVENT_WRITE)
            return bool(selector.select(0))
        return False

    def write(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            TransportError: The connection broke or the peer does not read. Part of `data` may
                have gone out: the connection is of no further use.
        """
        sock = self._connected()
        try:
            count = sock.send(data[:_WRITE_SIZE])
            self._written += count
            if count < len(data):
                rest = memoryview(data)[count:]
                while rest:  # in pieces, so that other threads see progress
                    count = sock.send(rest[:_WRITE_SIZE])
                    self._written += count
                    rest = rest[count:]
        except BlockingIOError:
            raise TransportError("the peer does not read") from None
        except OSError as error:
            raise TransportError(error.strerror or str(error)) from None

    def acknowledge(self) -> None:
        """Acknowledge what was read at once, where the system can; it forgets each time.

        dcss sends the header and the text of a v2 frame in two parts without TCP_NODELAY: the
        second waits for the acknowledgement of the first, which would be delayed by 40 ms.
        """
        if _QUICK_ACK is not None:
            with contextlib.suppress(OSError):  # the peer may be gone; the next read says so
                self._connected().setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, _ONCE)

    def acknowledge_later(self) -> None:
        """Acknowledge what was read when nothing more comes for a moment.

        A separate acknowledgement costs each exchange one more packet and a switch of threads; an
        answer that comes soon carries it.
        """
        self._set_impatient(True)

    def _set_impatient(self, impatient: bool) -> None:
        """Let `recv` come back after a moment without a byte, or never."""
        if _QUICK_ACK is not None:
            moment = struct.pack("ll", 0, _MOMENT_US if impatient else 0)
            with contextlib.suppress(OSError):
                self._connected().setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, moment)
                self.is_impatient = impatient

    def set_write_timeout(self, timeout_s: float) -> None:
        """Let `write` fail if the peer takes no byte for this many seconds."""
        seconds = int(timeout_s)
        micros = int((timeout_s - seconds) * 1e6)
        self._connected().setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", seconds, micros)
        )

    def interrupt(self) -> None:
        """Make `connect`, `read` and `write` of other threads fail at once, now and later."""
        with self._lock:
            self._interrupted = True
            sock = self._socket
        self._wake.set()
        if sock is not None:
            shut(sock)

    def close(self) -> None:
        """Release the socket; for the thread that connected, after its last `read`."""
        with self._lock:
            sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def _connected(self) -> socket.socket:
        sock = self._socket
        if sock is None or sock.fileno() < 0:  # as in a forked child, where it is closed
            self._birthplace.check("the connection to DCSS")
            raise TransportError("not connected")
        return sock


def _tune(sock: socket.socket) -> None:
    """Short messages go out at once; a DCSS machine that lost power is noticed in a minute.

    DCS has no keep-alive in either direction. TCP's own works while the link is idle;
    TCP_USER_TIMEOUT while data is on its way.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with contextlib.suppress(AttributeError, OSError):  # not every system has these
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
