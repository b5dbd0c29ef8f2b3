"""The calls of `HttpClient`: `requests` over connections that can be limited and cancelled.

`requests` writes the request and logs in, `http.client` reads the reply, a `TcpTransport` connects.
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
from requests.adapters import BaseAdapter
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


@attrs.define
class Call:
    """One call: its limits and its state."""

    url: str
    total_timeout_s: float
    deadline: Deadline
    connect_timeout_s: float
    read_timeout_s: float
    max_reply_bytes: int
    connecting: bool = False
    reused: bool = False  # this try began on a kept-alive connection
    received: int = 0  # bytes of this try's reply, with headers and chunk sizes
    ended: bool = False  # the server closed the connection

    def patience_s(self) -> float:
        """Seconds that the next step on the socket may take."""
        if self.deadline.passed:
            raise TimeoutError
        return max(0.001, min(self.read_timeout_s, self.deadline.remaining()))

    def limit(self, size: int) -> None:
        """Raise ServiceReplyError if a size is over the limit."""
        if size > self.max_reply_bytes:
            raise ServiceReplyError(f"{self.url} sent more than {self.max_reply_bytes} bytes")


class HttpLine(BaseAdapter):
    """A connection to one server, which is kept, for one call at a time."""

    call: Call

    def __init__(
        self, server: HostPort, tls: ssl.SSLContext | None, cancelled: threading.Event
    ) -> None:
        super().__init__()
        self._server, self._tls, self._cancelled = server, tls, cancelled
        self._host = server.host.partition("%")[0]
        self._transport = TcpTransport(_resolver)
        self._sock: socket.socket | None = None  # a duplicate of the transport's, in TLS if wanted

    def answer(self, request: Request) -> HttpReply:
        """The reply to a request; if it asks for a login, the reply to the request with a login.

        Raises:
            ServiceError: No whole reply, or the client was cancelled.
        """
        prepared = request.prepare()
        try:
            response = dispatch_hook("response", prepared.hooks, self.send(prepared))  # type: ignore[no-untyped-call]
        except (OSError, HTTPException, TransportError, ValueError) as error:
            self.pause(0)
            cause = error.__cause__ if isinstance(error, TransportError) else error
            raise _service_error(self.call, cause) from cause
        headers = Headers(response.headers.items())
        kind = headers.get("Content-Type")
        return HttpReply(response.status_code, kind, response.content, self.call.url, headers)

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        """Send a request over the kept connection or a new one; the reply with its whole body."""
        call, method, response = self.call, str(request.method), Response()
        call.received, call.ended = 0, False
        call.reused = self._sock is not None and is_quiet(self._sock)
        try:
            sock = self._sock if self._sock is not None and call.reused else self._connect()
            sock.settimeout(call.patience_s())
            http = HTTPConnection(self._host, self._server.port)
            http.default_port = HTTP_PORT if self._tls is None else HTTPS_PORT
            http.sock = sock
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered
                http.request(method, request.path_url, request.body, request.headers)
            with contextlib.closing(HTTPResponse(_ReplyBytes(sock, call), method=method)) as reply:  # type: ignore[arg-type]  # a socket's makefile is all it uses
                reply.begin()
                response.raw = io.BytesIO(self._body(reply))
        except BaseException:
            self.close()
            raise
        if reply.will_close:
            self.close()
        response.status_code, response.url = reply.status, str(request.url)
        response.headers.update((name, reply.getheader(name, "")) for name in reply.headers)
        response.request = request
        response.connection = self  # type: ignore[assignment]  # which need not be an HTTPAdapter
        return response

    def pause(self, seconds: float) -> None:
        """Sleep; raises ServiceUnavailableError if the client is cancelled."""
        if self._cancelled.wait(seconds):
            raise ServiceUnavailableError(f"{self.call.url}: cancelled")

    def interrupt(self) -> None:
        """End the wait for the server in another thread; the client was cancelled."""
        self._transport.interrupt()

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        self._transport.close()

    def _connect(self) -> socket.socket:
        call = self.call
        deadline = Deadline.after(min(call.connect_timeout_s, call.deadline.remaining()))
        self.close()
        call.connecting = True
        self._transport = TcpTransport(_resolver)
        self.pause(0)  # after that, so that a cancel finds either of them
        self._transport.connect(*self._server, deadline.remaining())
        sock = self._sock = self._transport.duplicate()
        if self._tls is not None:
            sock.settimeout(max(0.001, deadline.remaining()))
            sock = self._sock = self._tls.wrap_socket(sock, server_hostname=self._host)
        call.connecting = False
        return sock

    def _body(self, reply: HTTPResponse) -> bytes:
        call = self.call
        if call.ended:  # it ended in its headers, which http.client accepts
            raise ConnectionResetError
        coding = reply.getheader("Content-Encoding", "identity").strip().lower()
        if coding != "identity":  # a few bytes could expand to gigabytes
            raise ServiceReplyError(f"{call.url} sent a compressed reply ({coding}), unasked")
        call.limit(reply.length or 0)
        body = bytearray()
        while piece := reply.read(PIECE_BYTES):
            body += piece
            call.limit(len(body))
        if reply.length:
            raise ConnectionResetError
        self.pause(0)  # a reply that ends with its connection looks whole when cancelled
        return bytes(body)


class _ReplyBytes(io.RawIOBase):
    """The reply of one call, in the form of a socket with `makefile`, for `http.client`."""

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self._sock, self._call = sock, call

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        call = self._call
        self._sock.settimeout(call.patience_s())
        count = self._sock.recv_into(buffer)
        call.received += count
        call.ended = not count
        # This only limits memory: the framing of small chunks can be as long as the body itself.
        call.limit((call.received - FRAMING_BYTES) // 2)
        return count


def _service_error(call: Call, error: BaseException | None) -> ServiceError:
    """What an error means, and what to check."""
    if isinstance(error, TimeoutError):
        return ServiceTimeoutError(f"{call.url} {_timeout_text(call)}")
    if call.connecting:
        return ServiceUnavailableError(f"{call.url} {_unreachable_text(error)}")
    if call.ended or isinstance(error, ConnectionError | ssl.SSLError):
        when = "in the middle of its reply" if call.received else "before it answered"
        return ServiceUnavailableError(f"{call.url} dropped the connection {when}")
    if str(error).startswith(TLS_RECORD):
        return ServiceReplyError(f"{call.url} speaks TLS on this port: is it to be https?")
    return ServiceReplyError(f"{call.url} sent what is not HTTP ({type(error).__name__})")


def _timeout_text(call: Call) -> str:
    if call.connecting:
        within = f"within {min(call.connect_timeout_s, call.total_timeout_s):g} s"
        return f"did not accept the connection {within}: is it on, is the address right?"
    if call.deadline.passed:
        return f"took more than {call.total_timeout_s:g} s in all: is it overloaded?"
    return f"was silent for {call.read_timeout_s:g} s: is it hung or overloaded?"


def _unreachable_text(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}): name the file that "
            "vouches for it (ca), or do not verify it (verify: false)"
        )
    if isinstance(error, ssl.SSLError):
        return f"does no TLS ({error.reason or error}): does it speak plain http on this port?"
    if isinstance(error, socket.gaierror):
        return "cannot be reached, there is no address for this host: is its name right?"
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection: is the service started, is the port right?"
    reason = error.strerror if isinstance(error, OSError) else None
    return f"cannot be reached ({reason or error}): is it on and in this network?"
