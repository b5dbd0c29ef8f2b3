"""The calls of `HttpClient`: `requests` over connections that are limited and can be interrupted.

`requests` makes the request and logs in, `http.client` writes and reads, a `TcpTransport` connects.
Every wait ends at the deadline of the call or by interrupting the transport. All exceptions become
`ServiceError`s here.
"""

import contextlib
import io
import socket
import ssl
import threading
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final

import attrs
from requests import PreparedRequest, Request, Response
from requests.hooks import dispatch_hook

from dhs_runtime.addresses import HTTP_PORT, HTTPS_PORT, HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import (
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    TransportError,
)
from dhs_runtime.services.http_message import Headers
from dhs_runtime.services.http_reply import HttpReply
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import Resolver, TcpTransport, is_quiet

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES: Final = 64 * 1024
FRAMING_BYTES: Final = 64 * 1024
TLS_RECORD: Final = ("\x15\x03", "\x16\x03")

_resolver = Resolver(ThreadGroup())  # at most one thread per host name, even if it hangs


@attrs.define(eq=False)
class HttpLine:
    """A connection to one server, which is kept, and the call that uses it."""

    server: HostPort
    tls: ssl.SSLContext | None
    connect_timeout_s: float
    max_reply_bytes: int
    closed: threading.Event  # set when the client is closed
    url: str = ""  # of the call, without its query
    total_timeout_s: float = 0.0  # of the call, for messages
    deadline: Deadline = attrs.field(init=False)  # of the call
    is_connecting: bool = False  # the last try got no further
    is_reused: bool = False  # the last try began on a kept-alive connection
    received: int = 0  # bytes of its reply, with header fields and chunk sizes
    has_ended: bool = False  # the server closed the connection then
    transport: TcpTransport = attrs.Factory(lambda: TcpTransport(_resolver))
    _sock: socket.socket | None = None  # a duplicate of the transport's, in TLS if wanted

    def answer(self, request: Request) -> HttpReply:
        """The reply to a request; if it asks for a login, the reply to the request with a login.

        Raises:
            ServiceError: No whole reply, or the client was closed. The line is to be closed.
        """
        prepared = request.prepare()
        try:
            response = dispatch_hook("response", prepared.hooks, self.send(prepared))  # type: ignore[no-untyped-call]
        except (OSError, HTTPException, TransportError, ValueError) as error:
            self.pause(0)
            cause = error.__cause__ if isinstance(error, TransportError) else error
            raise self._service_error(cause) from cause
        headers = Headers(response.headers.items())
        kind = headers.get("Content-Type")
        return HttpReply(response.status_code, kind, response.content, self.url, headers)

    def send(self, request: PreparedRequest) -> Response:
        """Send a request once, and read its reply; the login by Digest calls it, too."""
        self.received, self.has_ended = 0, False
        method, response, sock = str(request.method), Response(), self._sock
        self.is_reused = sock is not None and is_quiet(sock)
        if sock is None or not self.is_reused:
            sock = self._connect()
        sock.settimeout(self.left_s())
        http = HTTPConnection(self._host, self.server.port)
        http.default_port = HTTP_PORT if self.tls is None else HTTPS_PORT
        http.sock = sock
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered
            http.request(method, request.path_url, request.body, request.headers)
        reply = HTTPResponse(_ReplyBytes(sock, self), method=method)  # type: ignore[arg-type]  # it only calls makefile
        reply.begin()
        response.raw = io.BytesIO(self._body(reply))
        response.status_code = reply.status
        response.headers.update((name, reply.getheader(name, "")) for name in reply.headers)
        response.request = request
        response.connection = self  # type: ignore[assignment]  # to log in, which only sends
        if reply.will_close:
            self.close()
        return response

    def pause(self, seconds: float) -> None:
        """Sleep; raises ServiceUnavailableError if the client is closed."""
        if self.closed.wait(seconds) if seconds else self.closed.is_set():  # which is faster
            raise ServiceUnavailableError(f"{self.url}: cancelled, the client was closed")

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
        self.transport.close()

    def left_s(self) -> float:
        """Seconds that the next step on the socket may take."""
        if self.deadline.passed:
            raise TimeoutError
        return max(0.001, self.deadline.remaining())

    def limit(self, size: int) -> None:
        """Raise ServiceReplyError if a size is over the limit."""
        if size > self.max_reply_bytes:
            raise ServiceReplyError(f"{self.url} sent more than {self.max_reply_bytes} bytes")

    @property
    def _host(self) -> str:
        return self.server.host.partition("%")[0]

    def _connect(self) -> socket.socket:
        self.close()
        self.is_connecting = True
        deadline = Deadline.after(min(self.connect_timeout_s, self.deadline.remaining()))
        self.transport = TcpTransport(_resolver)
        self.pause(0)  # after that, so that `HttpClient.close` finds either of them
        self.transport.connect(*self.server, deadline.remaining())
        sock = self._sock = self.transport.duplicate()
        if self.tls is not None:
            sock.settimeout(max(0.001, deadline.remaining()))
            sock = self._sock = self.tls.wrap_socket(sock, server_hostname=self._host)
        self.is_connecting = False
        return sock

    def _body(self, reply: HTTPResponse) -> bytes:
        if self.has_ended:  # in its header fields, which http.client accepts
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
        return bytes(body)

    def _service_error(self, error: BaseException | None) -> ServiceError:
        """What an error means, and what to check."""
        if self.is_connecting:
            is_late = isinstance(error, TimeoutError)
            kind = ServiceTimeoutError if is_late else ServiceUnavailableError
            return kind(f"{self.url} {_unreachable_text(error)}")
        if isinstance(error, TimeoutError):
            did = f"sent only {self.received} bytes" if self.received else "did not answer"
            within = f"within {self.total_timeout_s:g} s in all"
            return ServiceTimeoutError(f"{self.url} {did} {within}: is it hung or overloaded?")
        if self.has_ended or isinstance(error, ConnectionError | ssl.SSLError):
            when = "in the middle of its reply" if self.received else "before it answered"
            return ServiceUnavailableError(f"{self.url} dropped the connection {when}")
        if str(error).startswith(TLS_RECORD):
            return ServiceReplyError(f"{self.url} speaks TLS on this port: is it to be https?")
        return ServiceReplyError(f"{self.url} sent what is not HTTP ({type(error).__name__})")


class _ReplyBytes(io.RawIOBase):
    """The reply that comes over a line, in the form of a socket with `makefile`."""

    def __init__(self, sock: socket.socket, line: HttpLine) -> None:
        self._sock, self._line = sock, line

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        line = self._line
        self._sock.settimeout(line.left_s())
        count = self._sock.recv_into(buffer)
        line.received += count
        line.has_ended = not count
        # This only limits memory: the framing of small chunks can be as long as the body itself.
        line.limit((line.received - FRAMING_BYTES) // 2)
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
    reason = error.strerror if isinstance(error, OSError) else None
    return (
        f"cannot be reached ({reason or error}): is it on and in this network, is its name right?"
    )
