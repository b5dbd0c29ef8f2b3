"""HTTP client for cameras and inference servers: limited in time and memory; closed at any time.

`requests` makes a request, `http.client` writes it and reads the reply, a `TcpTransport` connects.
Each wait ends at the deadline of the call, or when the transport is interrupted. Every exception
becomes a `ServiceError` here. Only a GET is sent again, and what the caller allows.
"""

import contextlib
import io
import json
import math
import queue
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final, Self, TypedDict, Unpack
from urllib.parse import quote, unquote

import attrs
from requests import PreparedRequest, Request
from requests.auth import AuthBase

from dhs_runtime.addresses import HTTP_PORT, HTTPS_PORT, HostPort, read_url, without_password
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    ConfigError,
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    TransportError,
)
from dhs_runtime.loggers import get_logger
from dhs_runtime.services.http_login import DigestLogin, Login, as_auth
from dhs_runtime.services.http_message import Headers
from dhs_runtime.services.http_reply import HttpReply
from dhs_runtime.services.tls import tls_context
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import Resolver, TcpTransport, is_quiet

__all__ = ["CallOptions", "HttpClient", "HttpReply", "Login"]

logger = get_logger(__name__)

PAUSES_S: Final = (0.05, 0.1)  # at least, before a call is tried again where that is allowed
PIECE_BYTES: Final = 64 * 1024
FRAMING_BYTES: Final = 64 * 1024
HEADERS: Final = {"User-Agent": "dhs-runtime", "Accept": "*/*", "Accept-Encoding": "identity"}
OCTETS: Final = "application/octet-stream"
_PATH_SIGNS: Final = "/:@!$&'()*+,;=~%?"

_resolver = Resolver(ThreadGroup())  # at most one thread per host name, even if it hangs


class CallOptions(TypedDict, total=False):
    """Options of a call, as far as possible those of `requests`."""

    params: Mapping[str, str] | None
    """The query."""
    data: bytes | Mapping[str, str]
    """The body: bytes of any kind, or the fields of a form."""
    json: object
    """A value to send as JSON in its place."""
    content_type: str
    """Type of `data`, if that is bytes."""
    total_timeout_s: float
    """Time limit of this call."""
    repeat: bool
    """Whether it may be sent again if a kept connection was closed before a byte of the reply came;
    by default only a GET may. A GET is also sent again where 429 or 503 say when (Retry-After)."""


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpClient:
    """Calls to one HTTP server, from any number of threads; nothing is sent before the first.

    Each call in flight has its own kept-alive connection. A refused connection is tried again; a
    request is sent once, unless it may be repeated, all within the call's time. Redirects are not
    followed. Proxies, cookies and `.netrc` are not used, because beamline hosts are local.
    `auth` is for a server that wants a login.

    Raises:
        ConfigError: `base_url` is not such a URL, or contains a password; `ca` cannot be read.
    """

    base_url: str = attrs.field(kw_only=False)
    """`http://camera:80` or `https://server/prefix`; its path is put before that of each call."""
    _auth: AuthBase | None = attrs.field(default=None, converter=as_auth)
    connect_timeout_s: float = 3.0
    """For one connection to be made, TLS included."""
    total_timeout_s: float = 10.0
    """For a whole call: waiting, connecting, retries and the reply."""
    max_reply_bytes: int = 16 * 1024 * 1024
    """Larger replies are refused, already by their header if it gives the size."""
    pool_size: int = 4
    """Most calls in flight; further calls wait."""
    verify: bool = True
    """Whether the certificate of an https server must be trusted."""
    ca: str | Path | None = None
    """File with the CA certificates for that; None for those of the system."""
    _server: HostPort = attrs.field(init=False)
    _host: str = attrs.field(init=False)
    _tls: ssl.SSLContext | None = attrs.field(init=False)
    _lines: list["_Line"] = attrs.field(init=False)
    _free: "queue.LifoQueue[_Line]" = attrs.field(init=False, factory=queue.LifoQueue)
    """The one used last, whose connection is open, is taken first."""
    _closed: threading.Event = attrs.field(init=False, factory=threading.Event)

    def __attrs_post_init__(self) -> None:
        url, parts = without_password(self.base_url), read_url(self.base_url, ("http", "https"))
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ConfigError(f"{url!r} is no plain URL: it has a password, a query or a fragment")
        try:
            Request("GET", self.base_url).prepare()
        except ValueError as error:
            raise ConfigError(f"{url!r} is not a URL that can be called: {error}") from None
        self._tls = tls_context(self.ca, verify=self.verify) if parts.scheme == "https" else None
        default_port = HTTP_PORT if self._tls is None else HTTPS_PORT
        self._server = HostPort(unquote(parts.hostname or ""), parts.port or default_port)
        self._host = self._server.host.partition("%")[0]  # the zone of an IPv6 address is our own
        self._lines = [_Line() for _ in range(self.pool_size)]
        for line in self._lines:
            self._free.put(line)

    def get(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """GET `path`.

        Raises:
            ServiceError: No whole reply; any status is a reply.
            TypeError, ValueError: The value of `json` has no such form (NaN has none).
        """
        return self._call("GET", path, **options)

    def post(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """POST to `path`; errors as in `get`."""
        return self._call("POST", path, **options)

    def put(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """PUT to `path`; errors as in `get`."""
        return self._call("PUT", path, **options)

    def delete(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """DELETE `path`; errors as in `get`."""
        return self._call("DELETE", path, **options)

    def close(self) -> None:
        """Make every call raise ServiceUnavailableError, now and later; close the connections."""
        self._closed.set()
        for line in self._lines:
            line.transport.interrupt()
        for line in tuple(self._free.queue):  # the others are closed by their calls
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _call(self, method: str, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        if unknown := options.keys() - CallOptions.__optional_keys__:
            raise TypeError(f"a call has no option {' or '.join(unknown)}")
        url = f"{self.base_url.rstrip('/')}/{quote(path.lstrip('/'), safe=_PATH_SIGNS)}"
        data, kind = options.get("data", b""), options.get("content_type", OCTETS)
        if "json" in options:
            data, kind = json.dumps(options["json"], allow_nan=False).encode(), "application/json"
        headers = HEADERS | {"Content-Type": kind} if data and isinstance(data, bytes) else HEADERS
        query, may_repeat = options.get("params"), options.get("repeat", method == "GET")
        request = Request(method, url, headers, data=data, params=query, auth=self._auth)
        total_s = options.get("total_timeout_s", self.total_timeout_s)
        deadline = Deadline.after(total_s)
        try:
            line = self._free.get(timeout=deadline.remaining())
        except queue.Empty:
            waited = f"no turn within {total_s:g} s: are the calls before it stuck?"
            raise ServiceTimeoutError(f"{url}: {waited}") from None
        try:
            return _Call(self, line, url, total_s, deadline, may_repeat).answer(request)
        except BaseException:
            line.close()
            raise
        finally:
            self._free.put(line)
            if self._closed.is_set():
                line.close()


@attrs.define(eq=False)
class _Line:
    """A connection to a server, which is kept from call to call."""

    transport: TcpTransport = attrs.Factory(lambda: TcpTransport(_resolver))
    sock: socket.socket | None = None  # a duplicate of the transport's, in TLS if wanted

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()
        self.transport.close()


@attrs.define(eq=False)
class _Call:
    """One call over a line."""

    client: HttpClient
    line: _Line
    url: str  # without its query
    total_timeout_s: float
    deadline: Deadline
    may_repeat: bool  # where a kept connection is dropped before a byte of the reply came
    pauses_s: Iterator[float] = attrs.Factory(lambda: iter(PAUSES_S))

    def answer(self, request: Request) -> HttpReply:
        """The reply to a request, after a login if it asks for that and a wait if it names one."""
        login, logins = request.auth, 0
        while True:
            reply = self.send(request.prepare())
            may_wait = self.may_repeat and request.method == "GET"
            if isinstance(login, DigestLogin) and login.answers(reply, logins):
                logins += 1
            elif not (may_wait and self.try_again(reply.retry_after_s)):
                return reply

    def try_again(self, wait_s: float = 0.0) -> bool:
        """Wait for the next try; False if there is none, or no time for it."""
        wait_s = max(wait_s, next(self.pauses_s, math.inf))
        if wait_s >= self.deadline.remaining():
            return False
        logger.debug("trying again in %g s: %s", wait_s, self.url)
        self.pause(wait_s)
        return True

    def pause(self, seconds: float) -> None:
        """Sleep; raises ServiceUnavailableError if the client is closed."""
        if self.client._closed.wait(seconds):
            raise ServiceUnavailableError(f"{self.url}: cancelled, the client was closed")

    def left_s(self) -> float:
        """Seconds that the next step on the socket may take."""
        if self.deadline.passed:
            raise TimeoutError
        return max(0.001, self.deadline.remaining())

    def limit(self, size: int) -> None:
        """Raise ServiceReplyError if a size is over the limit."""
        most = self.client.max_reply_bytes
        if size > most:
            raise ServiceReplyError(f"{self.url} sent more than {most} bytes")

    def connect(self) -> socket.socket:
        """A new connection."""
        line, tls = self.line, self.client._tls
        line.close()
        line.transport = TcpTransport(_resolver)
        self.pause(0)  # after that, so that `HttpClient.close` finds either of them
        deadline = Deadline.after(min(self.client.connect_timeout_s, self.deadline.remaining()))
        line.transport.connect(*self.client._server, deadline.remaining())
        line.sock = line.transport.duplicate()
        if tls is not None:
            line.sock.settimeout(max(0.001, deadline.remaining()))
            line.sock = tls.wrap_socket(line.sock, server_hostname=self.client._host)
        return line.sock

    def send(self, request: PreparedRequest) -> HttpReply:
        """The reply to a request; it is sent again if it cannot have been received, or may be."""
        sock, stream = self.line.sock, None
        is_kept = sock is not None and is_quiet(sock)
        try:
            stream = _ReplyBytes(sock if sock and is_kept else self.connect(), self)
            return self.exchange(request, stream)
        except (OSError, HTTPException, TransportError, ValueError) as error:
            self.pause(0)
            cause = error.__cause__ if isinstance(error, TransportError) else error
            is_lost = stream is None or (is_kept and self.may_repeat and not stream.received)
            if not (is_lost and isinstance(cause, ConnectionError) and self.try_again()):
                raise self.failure(cause, stream) from cause
        self.line.close()
        return self.send(request)

    def exchange(self, request: PreparedRequest, stream: "_ReplyBytes") -> HttpReply:
        """Send a request once, and read its reply."""
        stream.sock.settimeout(self.left_s())
        http = HTTPConnection(self.client._host, self.client._server.port)
        http.default_port = HTTP_PORT if self.client._tls is None else HTTPS_PORT
        http.sock = stream.sock
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered
            http.request(str(request.method), request.path_url, request.body, request.headers)
        reply = HTTPResponse(stream, method=request.method)  # type: ignore[arg-type]  # it only calls makefile
        reply.begin()
        if stream.has_ended:  # in its header fields, which http.client accepts
            raise ConnectionResetError
        coding = reply.getheader("Content-Encoding", "identity").strip().lower()
        if coding != "identity":  # a few bytes could expand to gigabytes
            raise ServiceReplyError(f"{self.url} sent a compressed reply ({coding}), unasked")
        self.limit(reply.length or 0)
        body = bytearray()
        while piece := reply.read(PIECE_BYTES):  # http.client keeps a list of the chunks of each
            body += piece
            self.limit(len(body))
        if reply.length:
            raise ConnectionResetError
        self.pause(0)  # a reply that ends with its connection looks whole when cancelled
        if reply.will_close:
            self.line.close()
        headers = Headers(reply.getheaders())
        return HttpReply(reply.status, headers.get("Content-Type"), bytes(body), self.url, headers)

    def failure(self, error: BaseException | None, stream: "_ReplyBytes | None") -> ServiceError:
        """What an error means, and what to check."""
        is_late = isinstance(error, TimeoutError)
        kind: type[ServiceError] = ServiceTimeoutError if is_late else ServiceUnavailableError
        if stream is None:
            what = _unreachable_text(error)
        elif is_late:
            did = f"sent only {stream.received} bytes" if stream.received else "did not answer"
            what = f"{did} within {self.total_timeout_s:g} s in all: is it hung or overloaded?"
        elif stream.has_ended or isinstance(error, OSError):
            when = "in the middle of its reply" if stream.received else "before it answered"
            what = f"dropped the connection {when}"
        else:
            kind, name = ServiceReplyError, type(error).__name__
            what = f"sent what is not HTTP ({name}): is the port right, is it to be https?"
        return kind(f"{self.url} {what}")


class _ReplyBytes(io.RawIOBase):
    """The bytes of one reply, in the form of a socket with `makefile`."""

    received = 0  # with header fields and chunk sizes
    has_ended = False  # the server closed the connection then

    def __init__(self, sock: socket.socket, call: _Call) -> None:
        self.sock, self._call = sock, call

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.sock.settimeout(self._call.left_s())
        count = self.sock.recv_into(buffer)
        self.received += count
        self.has_ended = not count
        # This only limits memory: the framing of small chunks can be as long as the body itself.
        self._call.limit((self.received - FRAMING_BYTES) // 2)
        return count


def _unreachable_text(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}): name the file that "
            "vouches for it (ca), or do not verify it (verify: false)"
        )
    if isinstance(error, ssl.SSLError):
        return f"does no TLS ({error.reason or error}): does it speak plain http on this port?"
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection: is the service started, is the port right?"
    reason = (isinstance(error, OSError) and error.strerror) or error
    return f"cannot be reached ({reason}): is it on and in this network, is its name right?"
