"""The parts of `HttpClient`: connections, the limits of one call, cancelling, errors.

`http.client` reads replies. What it leaves open is closed here, at the socket: every wait ends at
the deadline of the call it works for, and cancelling shuts all sockets of a client, which ends
their waits at once. The exceptions of `http.client`, `ssl` and `socket` become `ServiceError`s here
(`service_error`) and nowhere else.
"""

import contextlib
import http.client
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import attrs

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from dhs_runtime.services.http_message import Headers
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import AddressInfo, Resolver, is_quiet

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEADER_BYTES: Final = 64 * 1024
TLS_RECORD: Final = ("\x15\x03", "\x16\x03")

_resolver = Resolver(ThreadGroup())  # at most one thread per host name, even if it hangs


@attrs.define
class Call:
    """One call: its limits and its state."""

    url: str
    in_flight: "InFlight"
    connect_timeout_s: float
    read_timeout_s: float
    total_timeout_s: float
    max_reply_bytes: int
    deadline: Deadline
    connecting: bool = False
    reused: bool = False  # this try began on a kept-alive connection
    received: int = 0  # bytes of this try's reply, with headers and chunk sizes
    ended: bool = False  # the server closed the connection

    def check(self) -> None:
        """Raise ServiceUnavailableError if the client was cancelled."""
        if self.in_flight.cancelled:
            raise ServiceUnavailableError(f"{self.url}: cancelled")

    def patience_s(self) -> float:
        """Seconds that the next step on the socket may take."""
        if self.deadline.passed:
            raise TimeoutError
        return max(0.001, min(self.read_timeout_s, self.deadline.remaining()))

    def took(self, count: int) -> None:
        """Count `count` received bytes (0: the end); raises the error of `too_large`."""
        self.received += count
        self.ended = count == 0
        # This only limits memory: the framing of small chunks can be as long as the body itself.
        if self.received > 2 * self.max_reply_bytes + MAX_HEADER_BYTES:
            raise self.too_large()

    def too_large(self) -> ServiceReplyError:
        """The error for a reply over the limit."""
        return ServiceReplyError(f"{self.url} sent more than {self.max_reply_bytes} bytes")

    @property
    def was_stale(self) -> bool:
        """Whether a kept connection ended before the first byte of the reply."""
        return self.reused and not self.received and not self.deadline.passed


class InFlight:
    """The calls and the connections of one client."""

    def __init__(self, limit: int) -> None:
        self._changed = threading.Condition()  # guards all below
        self._free = limit
        self._sockets: set[socket.socket] = set()
        self._idle: list[socket.socket] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    @contextlib.contextmanager
    def turn(self, call: Call) -> Iterator[None]:
        """Wait until fewer calls than the limit are running, then run this one in this thread.

        Raises:
            ServiceTimeoutError: The deadline of the call passed first.
            ServiceUnavailableError: The client was cancelled.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._cancelled or self._free > 0, call.deadline.remaining()
            )
            call.check()
            if self._free == 0:
                raise ServiceTimeoutError(
                    f"{call.url}: no turn within {call.total_timeout_s:g} s: "
                    "are the calls before it stuck?"
                )
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def pause(self, seconds: float) -> None:
        """Sleep; a cancel ends it."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled, seconds)

    def wait(self, future: Future[list[AddressInfo]], seconds: float) -> None:
        """Wait for a future; a cancel ends the wait."""

        def wake(_: object) -> None:
            with self._changed:
                self._changed.notify_all()

        future.add_done_callback(wake)
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or future.done(), seconds)

    def watch(self, sock: socket.socket) -> None:
        """Let `cancel` shut this socket."""
        with self._changed:
            self._sockets.add(sock)

    def drop(self, sock: socket.socket) -> None:
        """Close a socket."""
        with self._changed:  # `cancel` must not use a closed descriptor: it may be another's
            self._sockets.discard(sock)
            sock.close()

    def keep(self, sock: socket.socket) -> None:
        """Keep a connection for the next call."""
        with self._changed:
            self._idle.append(sock)

    def kept(self) -> socket.socket | None:
        """A kept connection that is still open and has received nothing since."""
        while True:
            with self._changed:
                if not self._idle:
                    return None
                sock = self._idle.pop()
            if is_quiet(sock):
                return sock
            self.drop(sock)

    def cancel(self) -> None:
        """Shut all sockets, end all waits, and start no more calls."""
        with self._changed:
            self._cancelled = True
            for sock in self._sockets:
                with contextlib.suppress(OSError):  # the plain socket's; TLS would write first
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
            self._changed.notify_all()

    def close(self) -> None:
        """Cancel, and close the kept connections."""
        self.cancel()
        while (sock := self.kept()) is not None:
            self.drop(sock)


class _ReplyBytes(io.RawIOBase):
    """The reply of one call, in the form of a socket with `makefile`, for `http.client`."""

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self._sock = sock
        self._call = call

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._sock.settimeout(self._call.patience_s())
        count = self._sock.recv_into(buffer)
        self._call.took(count)
        return count


def exchange(
    call: Call, server: HostPort, tls: ssl.SSLContext | None, method: str, request: bytes
) -> tuple[int, Headers, bytes]:
    """Send a request over a kept connection or a new one; status, headers and body of the reply.

    Raises:
        ServiceError: The client was cancelled, or the reply is too large.
        OSError, HTTPException: The reply is incomplete; see `service_error`.
    """
    call.check()
    call.received, call.ended = 0, False
    sock = call.in_flight.kept()
    call.reused = sock is not None
    if sock is None:
        sock = _connect(call, server, tls)
    is_reusable = False
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # there may be an answer
            sock.settimeout(call.patience_s())
            sock.sendall(request)
        reply = http.client.HTTPResponse(_ReplyBytes(sock, call), method=method)  # type: ignore[arg-type]  # a socket's makefile is all it uses
        with contextlib.closing(reply):
            reply.begin()
            headers = Headers(reply.getheaders())
            body = _read_body(call, reply, headers)
        call.check()  # a reply that ends with its connection looks whole when cancelled
        is_reusable = not (reply.will_close or call.ended)
    finally:
        if is_reusable:
            call.in_flight.keep(sock)
        else:
            call.in_flight.drop(sock)
    return reply.status, headers, body


def _read_body(call: Call, reply: http.client.HTTPResponse, headers: Headers) -> bytes:
    if call.ended:  # it ended in its headers, which http.client accepts
        raise ConnectionResetError
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity":  # a few bytes could expand to gigabytes
        raise ServiceReplyError(f"{call.url} sent a compressed reply ({coding}), unasked")
    if (reply.length or 0) > call.max_reply_bytes:
        raise call.too_large()
    body = reply.read()
    if len(body) > call.max_reply_bytes:
        raise call.too_large()
    return body


def _connect(call: Call, server: HostPort, tls: ssl.SSLContext | None) -> socket.socket:
    """Connect to the first address of the host that answers, all within the connect timeout."""
    call.connecting = True
    deadline = Deadline.after(min(call.connect_timeout_s, call.deadline.remaining()))
    failure: OSError = TimeoutError()
    for family, kind, proto, _, address in _look_up(call, server, deadline):
        sock = socket.socket(family, kind, proto)
        call.in_flight.watch(sock)
        try:
            call.check()  # after the socket is watched, so that a cancel finds either of them
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(0.001, deadline.remaining()))
            sock.connect(address)
            if tls is not None:
                sock = _secured(call, sock, tls, server.host, deadline)
        except OSError as error:
            call.in_flight.drop(sock)
            failure = error
        except BaseException:
            call.in_flight.drop(sock)
            raise
        else:
            call.connecting = False
            return sock
    raise failure


def _secured(
    call: Call, sock: socket.socket, tls: ssl.SSLContext, host: str, deadline: Deadline
) -> ssl.SSLSocket:
    # It takes over the descriptor, so it is watched in place of the plain socket.
    secured = tls.wrap_socket(
        sock, server_hostname=host.partition("%")[0], do_handshake_on_connect=False
    )
    call.in_flight.drop(sock)
    call.in_flight.watch(secured)
    try:
        call.check()
        secured.settimeout(max(0.001, deadline.remaining()))
        secured.do_handshake()
    except BaseException:
        call.in_flight.drop(secured)
        raise
    return secured


def _look_up(call: Call, server: HostPort, deadline: Deadline) -> list[AddressInfo]:
    try:
        future = _resolver.look_up(*server)
    except RuntimeError as error:  # no thread left
        raise OSError(None, str(error)) from error
    call.in_flight.wait(future, deadline.remaining())
    call.check()
    if not future.done():
        raise socket.gaierror(socket.EAI_AGAIN, "no answer in time")
    return future.result()


def service_error(call: Call, error: Exception) -> ServiceError:
    """The ServiceError for an error of the socket or http.client; it says what to check."""
    if call.in_flight.cancelled:
        return ServiceUnavailableError(f"{call.url}: cancelled")
    if isinstance(error, TimeoutError):
        return ServiceTimeoutError(_timeout_text(call))
    if call.connecting:
        return ServiceUnavailableError(_unreachable_text(call, error))
    if call.ended or isinstance(error, ConnectionError | ssl.SSLError):
        when = "in the middle of its reply" if call.received else "before it answered"
        return ServiceUnavailableError(f"{call.url} dropped the connection {when}")
    if str(error).startswith(TLS_RECORD):
        return ServiceReplyError(f"{call.url} speaks TLS on this port: is it to be https?")
    return ServiceReplyError(f"{call.url} sent what is not HTTP ({type(error).__name__})")


def _tls_text(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}): name the file that vouches "
            "for it (ca), or do not verify it (verify: false)"
        )
    return f"no TLS with it ({error.reason or error}): does it speak plain http on this port?"


def _unreachable_text(call: Call, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{call.url}: {_tls_text(error)}"
    if isinstance(error, socket.gaierror):
        return f"{call.url}: no address for this host: is its name right?"
    if isinstance(error, ConnectionRefusedError):
        return f"{call.url} refused the connection: is the service started, is the port right?"
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{call.url} cannot be reached ({reason or error}): is it on and in this network?"


def _timeout_text(call: Call) -> str:
    if call.connecting:
        limit_s = min(call.connect_timeout_s, call.total_timeout_s)
        return (
            f"{call.url} did not accept the connection within {limit_s:g} s: "
            "is it on, is the address right?"
        )
    if call.deadline.passed:
        return f"{call.url} took more than {call.total_timeout_s:g} s in all: is it overloaded?"
    return f"{call.url} was silent for {call.read_timeout_s:g} s: is it hung or overloaded?"
