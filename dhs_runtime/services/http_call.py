"""What `HttpClient` puts below `requests`: limits of one call at the socket, cancelling, errors.

Every wait of a socket ends at the deadline of the call it works for. Cancelling shuts all sockets
of a client, which ends their waits at once. The exceptions of `requests`, `urllib3`, `http.client`
and `socket` become `ServiceError`s here (`service_error`) and nowhere else.
"""

import contextlib
import errno
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    InvalidChunkLength,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)
from urllib3.response import BaseHTTPResponse, HTTPResponse
from urllib3.util.retry import Retry

from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import AddressInfo, Resolver, shut

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAX_HEADER_BYTES = 64 * 1024

_resolver = Resolver(ThreadGroup())  # one thread per host name at most, whatever hangs


@attrs.define
class Call:
    """One call: its limits, and what has happened to it so far."""

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

    def begin_try(self, *, reused: bool) -> None:
        """A request is about to be sent, for the first time or again."""
        self.check()
        self.reused, self.received, self.ended = reused, 0, False

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
        """Account for `count` received bytes (0: the end); raises the error of `too_large`."""
        self.received += count
        self.ended = count == 0
        # Only a guard of memory: the framing of small chunks can be as long as the body itself.
        if self.received > 2 * self.max_reply_bytes + MAX_HEADER_BYTES:
            raise self.too_large()

    def too_large(self) -> ServiceReplyError:
        """The error for a reply over the limit."""
        return ServiceReplyError(f"{self.url} sent more than {self.max_reply_bytes} bytes")

    def may_retry(self, error: Exception) -> bool:
        """Whether the server cannot have begun to answer, and there is time left."""
        if self.in_flight.cancelled or self.deadline.passed:
            return False
        if isinstance(error, NewConnectionError):
            return not isinstance(error, NameResolutionError)
        return isinstance(error, ProtocolError) and self.reused and self.received == 0


# The call that the current thread works for. Connections outlive calls in the pool of urllib3,
# so a call cannot be handed to them when they are made.
_this_call: ContextVar[Call] = ContextVar("_this_call")


class InFlight:
    """The calls and the sockets of one client."""

    def __init__(self, limit: int) -> None:
        self._changed = (
            threading.Condition()
        )  # guards all below; re-entered by `end` in a garbage collection
        self._free = limit
        self._sockets: set[socket.socket] = set()
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    @contextlib.contextmanager
    def turn(self, call: Call) -> Iterator[None]:
        """Wait until fewer calls than the limit run, and run this one in the current thread.

        Raises:
            ServiceTimeoutError: The deadline of the call came first.
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
        token = _this_call.set(call)
        try:
            yield
        finally:
            _this_call.reset(token)
            with self._changed:
                self._free += 1
                self._changed.notify()

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond a cancel."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled, seconds)

    def wait(self, future: Future[list[AddressInfo]], seconds: float) -> None:
        """Wait for a future, but not beyond a cancel."""

        def wake(_: object) -> None:
            with self._changed:
                self._changed.notify_all()

        future.add_done_callback(wake)
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or future.done(), seconds)

    def watch(self, sock: socket.socket) -> None:
        """Have `cancel` shut this socket."""
        with self._changed:
            self._sockets.add(sock)

    def end(self, sock: socket.socket, close: Callable[[], None]) -> None:
        """Close a socket, which outlives the first `close` while a reply is read from it."""
        with self._changed:
            close()
            if sock.fileno() < 0:
                self._sockets.discard(sock)

    def cancel(self) -> None:
        """Shut all sockets, end all waits, and let no further call begin."""
        with self._changed:  # `end` waits for it: a closed descriptor may be somebody else's
            self._cancelled = True
            for sock in tuple(self._sockets):
                shut(sock)
            self._changed.notify_all()


class _Socket(socket.socket):
    """A socket that waits no longer than the current call may."""

    def __init__(self, family: int, kind: int, proto: int, in_flight: InFlight) -> None:
        super().__init__(family, kind, proto)
        self._in_flight = in_flight
        in_flight.watch(self)

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        self.settimeout(_this_call.get().patience_s())
        super().sendall(data, flags)

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        call = _this_call.get()
        self.settimeout(call.patience_s())
        count = super().recv_into(buffer, nbytes, flags)
        call.took(count)
        return count

    def close(self) -> None:
        self._in_flight.end(self, super().close)


def _open_socket(call: Call, host: str, port: int) -> _Socket:
    """Connect to the first address of `host` that answers, within the connect timeout in all."""
    deadline = Deadline.after(min(call.connect_timeout_s, call.deadline.remaining()))
    failure: OSError = TimeoutError()
    for family, kind, proto, _, address in _look_up(call, host, port, deadline):
        sock = _Socket(family, kind, proto, call.in_flight)
        try:
            call.check()  # after it is watched, so that a cancel finds one or the other
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(0.001, deadline.remaining()))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _look_up(call: Call, host: str, port: int, deadline: Deadline) -> list[AddressInfo]:
    try:
        future = _resolver.look_up(host, port)
    except RuntimeError as error:  # no thread left
        raise OSError(errno.EAGAIN, str(error)) from error
    call.in_flight.wait(future, deadline.remaining())
    call.check()
    if not future.done():
        raise socket.gaierror(socket.EAI_AGAIN, "no answer in time")
    return future.result()


class _Connection(HTTPConnection):
    """A connection on a `_Socket`, which refuses large replies by their headers."""

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        _this_call.get().begin_try(reused=self.sock is not None)
        super().putrequest(method, url, skip_host, skip_accept_encoding)

    def connect(self) -> None:
        call = _this_call.get()
        call.connecting = True
        try:
            self.sock = _open_socket(call, self.host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        call.connecting = False

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own
        call = _this_call.get()
        response = super().getresponse()
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if coding != "identity":  # a few bytes could unfold to gigabytes
            response.close()
            raise ServiceReplyError(f"{call.url} sent a compressed reply ({coding}), unasked")
        if (response.length_remaining or 0) > call.max_reply_bytes:
            response.close()
            raise call.too_large()
        return response


class Pool(HTTPConnectionPool):
    """A pool of connections that keep the limits of the current call."""

    ConnectionCls = _Connection


class SafeRetry(Retry):
    """Tries again only where `Call.may_retry`, and sleeps no longer than the call may."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """The retries left after `error`; raises it where it must not be tried again."""
        if error is not None and not _this_call.get().may_retry(error):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:  # noqa: ARG002 - the base's
        """Wait before the next try."""
        call = _this_call.get()
        call.in_flight.pause(min(self.get_backoff_time(), call.deadline.remaining()))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def service_error(call: Call, error: Exception) -> ServiceError:
    """What `error`, of requests or below, means to the caller; one line that says what to check."""
    causes = tuple(_causes(error))
    if call.in_flight.cancelled:
        return ServiceUnavailableError(f"{call.url}: cancelled")
    if _among(causes, TimeoutError):
        return ServiceTimeoutError(_timeout_text(call))
    if call.connecting:
        return ServiceUnavailableError(_unreachable_text(call, causes))
    garbled = _among(causes, http.client.BadStatusLine, InvalidChunkLength)
    if isinstance(garbled, ConnectionError):  # http.client calls an end where a reply should
        garbled = None  # begin a bad status line as well
    if garbled is None and (call.ended or _among(causes, ConnectionError)):
        when = "in the middle of its reply" if call.received else "before it answered"
        return ServiceUnavailableError(f"{call.url} dropped the connection {when}")
    return ServiceReplyError(f"{call.url} sent what is not HTTP ({type(causes[-1]).__name__})")


def _among(causes: tuple[BaseException, ...], *kinds: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)


def _unreachable_text(call: Call, causes: tuple[BaseException, ...]) -> str:
    if _among(causes, socket.gaierror):
        return f"{call.url}: no address for this host: is its name right?"
    if _among(causes, ConnectionRefusedError):
        return f"{call.url} refused the connection: is the service started, is the port right?"
    root = causes[-1]
    reason = root.strerror if isinstance(root, OSError) else None
    return f"{call.url} cannot be reached ({reason or root}): is it on and in this network?"


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
