"""The one HTTP server of this package: receiver, status port, page and simulators use it.

We do not use `http.server`: it is slower (it parses headers like e-mail), does not read bodies and
answers in two packets. h11 is slower still; see the decision record 0017. All refusals go through
one place, so that every one is counted.
"""

import contextlib
import functools
import io
import json
import logging
import select
import socket
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.loggers import get_logger
from dhs_runtime.services.chunked import BodyTooLargeError, read_chunked, read_sized
from dhs_runtime.services.http_message import Headers, Refusal, read_request_head
from dhs_runtime.services.listener import Serve

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = get_logger(__name__)

IDLE_TIMEOUT_S: Final = 30.0
LINGER_S = 1.0
LINGER_BYTES: Final = 64 << 20
PIECE_BYTES: Final = 1 << 16
BUFFER_BYTES: Final = 1 << 16
"""Enough to read most pictures of 704 x 480 and their headers in one piece."""

TEXT: Final = "text/plain; charset=utf-8"

_TLS_HANDSHAKE: Final = b"\x16"
_MAX_DIGITS: Final = 20


class _Wire(io.RawIOBase):
    """Reads and writes a socket with deadlines; the first byte read starts the one for reading.

    A socket timeout would start again with every byte, and cost more: it needs two system calls for
    each piece, and lets another thread run in between.
    """

    def __init__(self, connection: socket.socket, idle_s: float, limit_s: float) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._idle_s = idle_s
        self._limit_s = limit_s
        self._deadline: Deadline | None = None
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)

    def start(self) -> None:
        """Give the rest of the request the full time."""
        self._deadline = Deadline.after(self._limit_s)

    def idle(self) -> None:
        """Wait for the next request, with the longer limit."""
        self._deadline = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while self._deadline is None or not self._deadline.passed:
            try:
                count = self._connection.recv_into(buffer)
            except BlockingIOError:
                wait_s = self._idle_s if self._deadline is None else self._deadline.remaining()
                if not self._readable.poll(wait_s * 1000):
                    break
            else:
                if self._deadline is None:
                    self.start()
                return count
        raise TimeoutError

    def send(self, data: bytes) -> None:
        deadline, rest = Deadline.after(self._idle_s), memoryview(data)
        while rest and not deadline.passed:
            try:
                rest = rest[self._connection.send(rest) :]
            except BlockingIOError:
                writable = select.poll()
                writable.register(self._connection, select.POLLOUT)
                writable.poll(deadline.remaining() * 1000)
        if rest:
            raise TimeoutError


class HttpHandler:
    """One HTTP/1.1 connection; a subclass adds `do_GET`, `do_POST` ..., which reply or raise.

    Attributes:
        idle_timeout_s: Longest pause between two requests, and longest wait to send.
        request_timeout_s: Time for the head of a request, and again for its body.
        connection: The socket.
        peer: Address of the client.
        command: Method of the request.
        path: Target of the request, with the query.
        headers: Header fields of the request.
        close_connection: Whether the connection ends with this request.
    """

    idle_timeout_s = IDLE_TIMEOUT_S
    request_timeout_s = IDLE_TIMEOUT_S

    def __init__(self, connection: socket.socket, peer: HostPort) -> None:
        self.connection = connection
        self.peer = peer
        self.command = ""
        self.path = ""
        self.version = (1, 1)
        self.headers = Headers()
        self.close_connection = False
        self._has_unread_body = False
        self._wire = _Wire(connection, self.idle_timeout_s, self.request_timeout_s)
        self._stream = io.BufferedReader(self._wire, BUFFER_BYTES)

    def serve(self) -> None:
        """Answer requests until one side ends the connection.

        Raises:
            OSError: The peer disconnected, or reads nothing.
        """
        while not self.close_connection and self._await_request():
            self._serve_one()
        if self._has_unread_body:
            self._linger()

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        getattr(self, "do_GET", self._do_not)()

    # -- for subclasses ----------------------------------------------------------------------

    def read_body(self, max_bytes: int, *, takes_chunks: bool = True) -> bytes:
        """The whole body, at most `max_bytes`; sends `100 Continue` if the peer waits for it.

        Raises:
            Refusal: There is no body, or it is too large, too slow, or does not match its header.
            EOFError: The peer disconnected in the middle.
        """
        length = self._body_length(max_bytes, takes_chunks=takes_chunks)
        if "Expect" in self.headers:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._wire.start()
        try:
            if length is None:
                body = read_chunked(self._stream, max_bytes)
            else:
                body = read_sized(self._stream, length)
        except BodyTooLargeError:
            raise self._too_large(max_bytes) from None
        except TimeoutError:
            limit_s = self.request_timeout_s
            reason = f"the body took more than {limit_s:g} s"
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, reason) from None
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        self._has_unread_body = False
        return body

    def reply(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = TEXT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole response; the body of a HEAD request is counted but not sent."""
        first = {"Content-Type": content_type, "Content-Length": str(len(body))}
        head = self._head(status, {**first, **(headers or {})})
        self.transmit(head, b"" if self.command == "HEAD" else body)

    def reply_json(self, status: int, value: object) -> None:
        """Send `value` as JSON."""
        self.reply(status, json.dumps(value).encode(), "application/json")

    def start_reply(self, status: int, content_type: str) -> bool:
        """Start a response that ends with the connection; returns whether to `send` its body."""
        self.close_connection = True
        self.send(self._head(status, {"Content-Type": content_type}))
        return self.command != "HEAD"

    def send(self, data: bytes) -> None:
        """Send bytes unchanged.

        Raises:
            OSError: The peer disconnected, or reads nothing for `idle_timeout_s`.
        """
        self._wire.send(data)

    def transmit(self, head: bytes, body: bytes) -> None:
        """Send a response in one packet; a subclass may override this to add faults."""
        self.send(head + body)

    def error_page(self, refusal: Refusal) -> tuple[bytes, str]:
        """Body and type of the answer to a refused request."""
        return f"{refusal.reason}\n".encode("utf-8", "replace"), TEXT

    def fields(self) -> Mapping[str, str]:
        """Header fields of every answer."""
        return {}

    def on_refusal(self, refusal: Refusal) -> None:
        """Called for each refused request, even if the peer has disconnected."""
        logger.debug("%s: refused with %d: %s", self.peer, refusal.status, refusal.reason)

    # -- one request -------------------------------------------------------------------------

    def _await_request(self) -> bool:
        """Wait for the next request; empty lines before it are ignored (RFC 9112, 2.2)."""
        while True:
            self._wire.idle()
            first = self._stream.peek(1)[:1]
            if first not in (b"\r", b"\n"):
                return bool(first)
            self._stream.read(1)

    def _serve_one(self) -> None:
        self._wire.start()
        try:
            self._read_head()
            getattr(self, f"do_{self.command}", self._do_not)()
        except Refusal as refusal:
            self._refuse(refusal)
        except EOFError as error:
            self.close_connection = True
            reason = f"the request ended early, after {error}"
            self.on_refusal(Refusal(HTTPStatus.BAD_REQUEST, reason))
        self.close_connection |= self._has_unread_body

    def _read_head(self) -> None:
        self.command = self.path = ""
        self._has_unread_body = self.close_connection = True  # until the head is read
        if self._stream.peek(1)[:1] == _TLS_HANDSHAKE:
            raise Refusal(HTTPStatus.BAD_REQUEST, "it speaks TLS; set it to http, not https")
        try:
            self.command, self.path, self.version, self.headers = read_request_head(self._stream)
        except TimeoutError:
            raise EOFError(f"{self.request_timeout_s:g} s without a whole header") from None
        self._has_unread_body = (
            self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers
        )
        if self.path.startswith("//"):
            self.path = "/" + self.path.lstrip("/")
        try:
            urlsplit(self.path)
        except ValueError as error:  # `http://[`
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the target is not a URL: {error}") from None
        if self.headers.get("Expect", "100-continue").lower() != "100-continue":
            raise Refusal(HTTPStatus.EXPECTATION_FAILED, "Expect can only be 100-continue")
        said = self.headers.get("Connection", "").lower()
        self.close_connection = "close" in said or (
            self.version == (1, 0) and "keep-alive" not in said
        )

    def _do_not(self) -> None:
        """Refuse a method, known or not (RFC 9110, sections 15.5.6 and 15.6.2)."""
        if self.command not in HTTPMethod.__members__:
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, f"{self.command[:20]} is not supported here")
        served = {HTTPMethod.HEAD: "do_GET"}
        allowed = [each for each in HTTPMethod if hasattr(self, served.get(each, f"do_{each}"))]
        allow = ", ".join(sorted(allowed))
        reason = f"{self.command} is not allowed here, only {allow}"
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, reason, {"Allow": allow})

    def _body_length(self, max_bytes: int, *, takes_chunks: bool) -> int | None:
        """Length of the body in bytes; None if it comes in chunks."""
        lengths = self.headers.get_list("Content-Length")
        codings = [
            coding
            for coding in self.headers.get_list("Transfer-Encoding")
            if coding.lower() != "identity"
        ]
        if not (lengths or codings) or (codings and not takes_chunks):
            self._has_unread_body = True  # the bytes that follow could be taken for a request
            wanted = "a Content-Length, or chunks" if takes_chunks else "a Content-Length"
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, f"a body is needed: send {wanted}")
        if codings:
            if [coding.lower() for coding in codings] != ["chunked"]:
                raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "the only transfer coding is chunked")
            self.close_connection |= bool(lengths)  # the coding counts (RFC 9112, 6.1)
            return None
        digits = lengths[0]
        if len(set(lengths)) > 1 or not (digits.isascii() and digits.isdigit()):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is not one number")
        # Compared as text first: Python refuses to read thousands of digits.
        if len(digits.lstrip("0")) > _MAX_DIGITS or int(digits[-_MAX_DIGITS:]) > max_bytes:
            raise self._too_large(max_bytes)
        return int(digits[-_MAX_DIGITS:])

    def _too_large(self, max_bytes: int) -> Refusal:
        reason = f"the body is larger than {max_bytes} bytes"
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)

    def _refuse(self, refusal: Refusal) -> None:
        self.on_refusal(refusal)
        body, content_type = self.error_page(refusal)
        self.reply(refusal.status, body, content_type, refusal.headers)

    def _head(self, status: int, fields: dict[str, str]) -> bytes:
        fields.update(self.fields())
        if self.close_connection or self._has_unread_body:
            fields["Connection"] = "close"
        elif self.version == (1, 0):
            fields["Connection"] = "keep-alive"
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s: %s %s: %d", self.peer, self.command, self.path, status)
        return f"{_status_line(status)}Date: {_now(int(time.time()))}\r\n{lines}\r\n".encode(
            "latin-1", "replace"
        )

    def _linger(self) -> None:
        """Read for a moment more: a close with unread bytes could destroy the answer."""
        deadline, left = Deadline.after(LINGER_S), LINGER_BYTES
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and not deadline.passed:
                self.connection.settimeout(max(0.001, deadline.remaining()))
                count = len(self.connection.recv(PIECE_BYTES))
                if not count:
                    return
                left -= count


@functools.cache
def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:  # a simulated fault may have any number
        phrase = "Error"
    return f"HTTP/1.1 {status} {phrase}\r\n"


@functools.lru_cache(1)
def _now(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def serving_http(handler: Callable[[socket.socket, HostPort], HttpHandler]) -> Serve:
    """What a `TcpListener` calls to serve HTTP, with a new handler for each connection."""

    def serve(connection: socket.socket, peer: HostPort) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            handler(connection, peer).serve()
        except OSError as error:  # the peer disconnected or stalled: there is nothing to answer
            logger.debug("%s ended: %s", peer, error)

    return serve
