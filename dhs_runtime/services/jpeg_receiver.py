"""Receives the pictures that cameras post (Axis event action "send images", HTTP recipient).

Cameras send in different ways that are hardly documented, so all of HTTP/1.1 is supported: bodies
with a length or in chunks, `Expect: 100-continue`, kept-alive connections. A picture comes in a
form, or raw with an image type or a type that says nothing; its first bytes show what it is.
"""

import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Self

import attrs

from dhs_runtime.addresses import HostPort
from dhs_runtime.errors import machine_error
from dhs_runtime.loggers import get_logger
from dhs_runtime.services.forms import filename_in, parts_of
from dhs_runtime.services.http_message import Refusal
from dhs_runtime.services.http_server import HttpHandler, serving_http
from dhs_runtime.services.listener import TcpListener

logger = get_logger(__name__)

MAX_IMAGE_BYTES = 8 * 1024 * 1024

MAX_NEWS = 1000  # refusals remembered, so that each is logged once

UNTOLD = (
    *("", "application/octet-stream", "binary/octet-stream"),
    "application/x-www-form-urlencoded",  # curl's default
)
"""Types that do not say what the bytes are."""

FORMS = ("multipart/form-data", "multipart/mixed", "multipart/related")
_BEGINNINGS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
TOO_MANY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections")

_Posted = tuple[bytes, str, str | None]
"""Content, type and file name."""


@attrs.frozen
class ReceivedImage:
    """A picture that a camera sent.

    Attributes:
        data: The file; its first bytes match its type, but it was not decoded.
        content_type: `image/jpeg` or `image/png`.
        filename: Name from the camera (Content-Disposition), without any folder.
        path: Path and query of the request; cameras can be configured to send parameters there.
        peer: IP address of the camera.
        sequence: Number of the picture, from 1, over all cameras of this receiver.
    """

    data: bytes = attrs.field(repr=False)
    content_type: str
    filename: str | None
    path: str
    peer: str
    sequence: int


class JpegReceiver:
    """An HTTP server that passes every posted picture to `on_image`.

    `on_image` runs in the thread of the camera's connection, for several cameras at the same time;
    the camera is answered when it returns: 200, or 500 if it raised. It may close the receiver.
    A receiver can be opened and closed any number of times.
    """

    def __init__(
        self,
        on_image: Callable[[ReceivedImage], None],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_image_bytes: int = MAX_IMAGE_BYTES,
        body_timeout_s: float = 5.0,
    ) -> None:
        """A receiver that is not open yet.

        Args:
            on_image: Called with every picture.
            host: Address to listen on; cameras can reach 127.0.0.1 only through a tunnel.
            port: Port; 0 picks a free one at the first `open` and keeps it.
            max_image_bytes: Larger pictures are refused.
            body_timeout_s: Time for one complete picture, and for the header of a request.
        """
        self._on_image = on_image
        self._host = host
        self._port = port
        self._max_image_bytes = max_image_bytes
        self._body_timeout_s = body_timeout_s
        self._lock = threading.Lock()  # guards all below; never held while on_image runs
        self._listener: TcpListener | None = None
        self._received = 0
        self._refused = 0
        self._told: set[tuple[str, int]] = set()
        self._last_refusal = ""

    @property
    def port(self) -> int:
        """The port; 0 before the first `open` if none was given."""
        return self._port

    @property
    def url(self) -> str:
        """The URL that cameras post to."""
        return HostPort(self._host, self._port).url

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self._listener is not None

    @property
    def received(self) -> int:
        """Number of pictures passed to `on_image` so far."""
        return self._received

    @property
    def refused(self) -> int:
        """Number of refused requests: too large, too slow, cut short, no picture, not HTTP."""
        return self._refused

    @property
    def last_refusal(self) -> str:
        """The last refusal since `open`, with peer and reason, in one line; "" if there is none."""
        return self._last_refusal

    def open(self) -> None:
        """Listen; does nothing when open.

        Raises:
            MachineError: The address is in use, or cannot be used now.
            ConfigError: This user may not listen on it.
        """
        with self._lock:
            if self._listener is not None:
                return
            listener: TcpListener = TcpListener(
                serving_http(lambda *accepted: _Handler(self, listener, *accepted)),
                name="jpeg-receiver",
                host=self._host,
                port=self._port,
                on_full=lambda peer: self._count_refusal(peer.host, TOO_MANY, listener),
            )
            self._told.clear()
            self._last_refusal = ""
            try:
                listener.open()
            except OSError as error:
                where = HostPort(self._host, self._port)
                raise machine_error(f"cannot listen on {where}", error) from error
            self._port = listener.port
            self._listener = listener

    def close(self, timeout_s: float = 1.0) -> tuple[str, ...]:
        """Stop at once, even while cameras send; idempotent.

        No call of `on_image` starts after this. Waits for those that are running.

        Returns:
            Names of threads that did not end within `timeout_s` seconds; empty if all did.
        """
        with self._lock:
            listener, self._listener = self._listener, None
        return () if listener is None else listener.close(timeout_s)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _deliver(
        self, posted: _Posted, path: str, peer: str, listener: TcpListener
    ) -> HTTPStatus | None:
        """Pass on a picture that came through `listener`; None if that listener was closed."""
        with self._lock:
            if self._listener is not listener:
                return None
            self._received += 1
            image = ReceivedImage(*posted, path, peer, self._received)
        try:
            self._on_image(image)
        except Exception:
            logger.exception("on_image failed for picture %d from %s", image.sequence, image.peer)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return HTTPStatus.OK

    def _count_refusal(self, peer: str, refusal: Refusal, listener: TcpListener) -> None:
        text = f"refused a picture from {peer}: {refusal.reason}"
        key = peer, refusal.status
        with self._lock:
            if self._listener is not listener:
                return  # our own close cut it short
            self._refused += 1
            self._last_refusal = text
            is_news = key not in self._told and len(self._told) < MAX_NEWS
            if is_news:
                self._told.add(key)
        # A wrong setting of a camera is logged once, not thirty times a second.
        logger.log(logging.WARNING if is_news else logging.DEBUG, "%s", text)


class _Handler(HttpHandler):
    """One connection of a camera."""

    def __init__(
        self,
        receiver: JpegReceiver,
        listener: TcpListener,
        connection: socket.socket,
        peer: HostPort,
    ) -> None:
        self.request_timeout_s = receiver._body_timeout_s
        super().__init__(connection, peer)
        self._receiver, self._listener = receiver, listener

    def do_GET(self) -> None:
        """Answer the Test button of a camera, or a person."""
        self.reply(HTTPStatus.OK, b"Ready: POST pictures here, as image/jpeg.\n")

    def do_POST(self) -> None:
        """Receive a picture, or the pictures in a form."""
        kind = self.headers.content_type
        if not (kind.startswith("image/") or kind in UNTOLD or kind in FORMS):
            raise _unsupported(f"send the picture as image/jpeg, not {kind}")
        coding = self.headers.get("Content-Encoding", "identity").lower()
        if coding != "identity":
            raise _unsupported(f"send the picture without Content-Encoding: {coding}")
        body = self.read_body(self._receiver._max_image_bytes)
        answer = HTTPStatus.OK
        for posted in self._pictures_of_form(body) if kind in FORMS else [self._picture(body)]:
            status = self._receiver._deliver(posted, self.path, self.peer.host, self._listener)
            if status is None:
                self.close_connection = True
                return
            answer = max(answer, status)
        self.reply(answer)

    do_PUT = do_POST

    def on_refusal(self, refusal: Refusal) -> None:
        """Count it, and log it."""
        self._receiver._count_refusal(self.peer.host, refusal, self._listener)

    def _picture(self, body: bytes) -> _Posted:
        content_type = _type_of(body)
        if not content_type:
            begins = f"no JPEG or PNG: it begins with {body[:8]!r}"
            raise _unsupported(begins if body else "an empty body, no picture")
        disposition = self.headers.get("Content-Disposition")
        return body, content_type, filename_in(disposition) if disposition else None

    def _pictures_of_form(self, body: bytes) -> list[_Posted]:
        try:
            parts = list(parts_of(self.headers.get("Content-Type"), body))
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        found = [
            (content, kind, filename_in(disposition))
            for disposition, content in parts
            if (kind := _type_of(content))
        ]
        if not found:
            raise _unsupported(f"no JPEG or PNG in the {len(parts)} parts of the form")
        return found


def _unsupported(reason: str) -> Refusal:
    return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)


def _type_of(data: bytes) -> str:
    return next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), "")
