"""Small HTTP servers on `TcpListener`: the JPEG receiver and the simulators stand on this."""

import contextlib
import json
import logging
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final
from urllib.parse import urlsplit

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.services.listener import MAX_CONNECTIONS, TcpListener

logger = logging.getLogger(__name__)

IDLE_TIMEOUT_S = 30.0
LINGER_S = 1.0
LINGER_BYTES: Final = 1 << 20
PIECE_BYTES: Final = 1 << 16
BODILESS: Final = ("GET", "HEAD")
"""Methods whose requests have no body that means anything (RFC 9110, section 9.3.1)."""


class HttpHandler(BaseHTTPRequestHandler):
    """One HTTP/1.1 connection; a subclass adds `do_GET`, `do_POST`...

    Keep-alive and `Expect: 100-continue` come with HTTP/1.1 from the standard library. A handler
    that leaves a request body unread must set `close_connection`, or the rest of the body would be
    read as the next request.
    """

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        """As the base; a target that is no URL is refused, a body that nobody reads ends it all."""
        self._has_unread_body = False
        if not super().parse_request():
            return False
        try:
            urlsplit(self.path)
        except ValueError as error:  # `http://[`
            self.send_error(HTTPStatus.BAD_REQUEST, f"the target is no URL: {error}")
            return False
        if self.command in BODILESS:
            length = self.headers.get("Content-Length", "0").strip()
            self._has_unread_body = length != "0" or "Transfer-Encoding" in self.headers
            self.close_connection |= self._has_unread_body  # or it would be the next request
        return True

    def finish(self) -> None:
        """As the base; an unread body is read, or the close would take the answer away."""
        super().finish()
        if getattr(self, "_has_unread_body", False):
            self.linger()

    def linger(self) -> None:
        """Read on for a moment: a close with unread bytes could take the answer from the peer."""
        deadline, left = Deadline.after(LINGER_S), LINGER_BYTES
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and not deadline.passed:
                self.connection.settimeout(max(0.001, deadline.remaining()))
                count = len(self.connection.recv(PIECE_BYTES))
                if not count:
                    return
                left -= count

    def reply(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "text/plain; charset=utf-8",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send a whole response; the body of a HEAD request is counted but not sent."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, status: int, value: object) -> None:
        """Send `value` as JSON."""
        self.reply(status, json.dumps(value).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Requests are logged at debug level: thirty pictures a second are no news."""
        logger.debug("%s " + format, self.address_string(), *args)


class HttpListener(TcpListener):
    """A `TcpListener` that serves HTTP with a fresh `handler` per connection."""

    def __init__(
        self,
        handler: type[HttpHandler],
        *,
        name: str,
        host: str = "127.0.0.1",
        port: int = 0,
        max_connections: int = MAX_CONNECTIONS,
        ends_oldest: bool = False,
    ) -> None:
        """A listener; arguments as of `TcpListener`."""
        super().__init__(
            self._serve_http,
            name=name,
            host=host,
            port=port,
            max_connections=max_connections,
            ends_oldest=ends_oldest,
        )
        self._handler = handler
        # The base class of handlers asks for a server object but uses nothing of it.
        self._unbound = HTTPServer((host, 0), handler, bind_and_activate=False)
        self._unbound.socket.close()

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:9000`."""
        return HostPort(self.host, self.port).url

    def _serve_http(self, connection: socket.socket, address: HostPort) -> None:
        try:
            self._handler(connection, address, self._unbound)
        except OSError as error:  # the peer went away or stalled; nothing is owed to it
            logger.debug("%s ended: %s", address, error)
