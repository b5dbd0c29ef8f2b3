"""`TcpTransport`: the one place that touches the socket to DCSS and maps its errors."""

import contextlib
import errno
import os
import selectors
import socket
import struct
import threading

from dhs_runtime.clock import Deadline
from dhs_runtime.errors import TransportError
from dhs_runtime.listener import shut

_READ_SIZE = 1 << 16


class TcpTransport:
    """A client's TCP connection that another thread can interrupt at any moment.

    One thread connects and reads; writing is for one thread at a time (the owner has a lock).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _socket and _interrupted; held for no I/O
        self._socket: socket.socket | None = None
        self._interrupted = False

    def connect(self, host: str, port: int, timeout_s: float) -> None:
        """Connect to the first address of `host` that answers.

        Raises:
            TransportError: The name is unknown, nobody listens, no answer within `timeout_s`
                seconds in all, or `interrupt()` was called.
        """
        deadline = Deadline.after(timeout_s)
        where = f"{host}:{port}"
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TransportError(f"cannot resolve {host!r}: {error}") from None
        failure = "no address"
        for tried, (family, kind, proto, _, address) in enumerate(addresses):
            # Each address its share of what is left, or a silent first would use up all.
            share = Deadline.after(deadline.remaining() / (len(addresses) - tried))
            try:
                sock = socket.socket(family, kind, proto)
            except OSError as error:  # a family the system lacks, or no descriptor left
                failure = error.strerror or str(error)
                continue
            try:
                self._connect_one(sock, address, share)
                sock.setblocking(True)
                _tune(sock)
            except OSError as error:
                sock.close()
                failure = error.strerror or str(error)
                continue
            return
        raise TransportError(f"cannot connect to {where}: {failure}")

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

    @property
    def has_socket(self) -> bool:
        """Whether a connection is there or being made."""
        return self._socket is not None

    def set_read_timeout(self, timeout_s: float | None) -> None:
        """Let `read` fail after so many seconds without a byte; None waits for ever."""
        self._connected().settimeout(timeout_s)

    def read(self) -> bytes:
        """The next bytes, b"" at the end of the stream.

        Raises:
            TransportError: The connection broke, or nothing came within the read timeout.
        """
        try:
            return self._connected().recv(_READ_SIZE)
        except TimeoutError:
            raise TransportError("nothing received in time") from None
        except OSError as error:
            raise TransportError(error.strerror or str(error)) from None

    def write(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            TransportError: The connection broke or the peer does not read. Part of `data` may
                have gone out: the connection is of no further use.
        """
        sock = self._connected()
        try:
            sock.sendall(data)
        except BlockingIOError:
            raise TransportError("the peer does not read") from None
        except OSError as error:
            raise TransportError(error.strerror or str(error)) from None

    def set_write_timeout(self, timeout_s: float) -> None:
        """Let `write` fail when the peer takes no byte for so many seconds."""
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
        if sock is None:
            raise TransportError("not connected")
        return sock


def _tune(sock: socket.socket) -> None:
    """Short messages go out at once; a DCSS machine that lost power is noticed in a minute.

    DCS has no keep-alive of its own, in either direction.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with contextlib.suppress(AttributeError, OSError):  # not every system has these
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
