"""Small HTTP servers on `TcpListener`: the JPEG receiver and the simulators stand on this."""

import json
import logging
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer

from dhs_runtime.addresses import HostPort
from dhs_runtime.services.listener import TcpListener

logger = logging.getLogger(__name__)

IDLE_TIMEOUT_S = 30.0


class HttpHandler(BaseHTTPRequestHandler):
    """One HTTP/1.1 connection; a subclass adds `do_GET`, `do_POST`...

    Keep-alive and `Expect: 100-continue` come with HTTP/1.1 from the standard library. A handler
    that leaves a request body unread must set `close_connection`, or the rest of the body would be
    read as the next request.
    """

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True

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
    ) -> None:
        super().__init__(self._serve_http, name=name, host=host, port=port)
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
