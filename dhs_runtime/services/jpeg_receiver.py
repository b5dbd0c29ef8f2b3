"""Receives the pictures that cameras post (Axis event action "send images", HTTP recipient).

The cameras' ways of sending differ and are hardly documented, so all of HTTP/1.1 is understood:
bodies with a length or in chunks, `Expect: 100-continue`, kept-alive connections. Pictures come
raw as `image/jpeg`; Axis' own receivers take no multipart forms either.
"""

import io
import logging
import re
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Self

import attrs

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import machine_error
from dhs_runtime.services.chunked import BodyTooLargeError, read_chunked, read_sized
from dhs_runtime.services.http_server import IDLE_TIMEOUT_S, HttpHandler, HttpListener

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 8 * 1024 * 1024

_SIGNATURES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_FILENAME = re.compile(r'(?:^|[;\s])filename\s*=\s*(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)


@attrs.frozen
class ReceivedImage:
    """A picture that a camera sent.

    Attributes:
        data: The file; it begins as its type does, but was not decoded.
        content_type: `image/jpeg` or `image/png`.
        filename: Name the camera gave it (Content-Disposition), without any folder.
        path: Path and query of the request; cameras can be set to send parameters there.
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
    """An HTTP server that hands every posted picture to `on_image`.

    `on_image` runs in the thread of the camera's connection, for several cameras at the same time;
    the camera is answered when it returns: 200, or 500 if it raised. It may close the receiver.
    `open` and `close` may follow each other any number of times.
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
            host: Address to listen on; cameras can reach 127.0.0.1 only by a tunnel.
            port: Port; 0 picks a free one at the first `open`, which is kept afterwards.
            max_image_bytes: Larger pictures are refused.
            body_timeout_s: For one whole picture to arrive, and for the header of a request.
        """
        self._on_image = on_image
        self._host = host
        self._port = port
        self._max_image_bytes = max_image_bytes
        self._body_timeout_s = body_timeout_s
        self._lock = threading.Lock()  # guards all below; never held while on_image runs
        self._listener: HttpListener | None = None
        self._received = 0
        self._refused = 0
        self._last_refusal = ""

    @property
    def port(self) -> int:
        """Port that is listened on; 0 before the first `open` if none was given."""
        return self._port

    @property
    def url(self) -> str:
        """Where cameras post to."""
        return HostPort(self._host, self._port).url

    @property
    def is_open(self) -> bool:
        """Whether pictures are received."""
        return self._listener is not None

    @property
    def received(self) -> int:
        """Pictures handed to `on_image` so far."""
        return self._received

    @property
    def refused(self) -> int:
        """Pictures that were not: too large, too slow, cut short, or none at all."""
        return self._refused

    def open(self) -> None:
        """Listen; does nothing when open.

        Raises:
            MachineError: The address cannot be listened on for now, as it is taken.
            ConfigError: It cannot be listened on by this user.
        """
        with self._lock:
            if self._listener is not None:
                return

            class Handler(_Handler):
                receiver = self

            listener = HttpListener(Handler, name="jpeg-receiver", host=self._host, port=self._port)
            Handler.listener = listener
            try:
                listener.open()
            except OSError as error:
                where = HostPort(self._host, self._port)
                raise machine_error(f"cannot listen on {where}", error) from error
            self._port = listener.port
            self._listener = listener

    def close(self, timeout_s: float = 1.0) -> tuple[str, ...]:
        """Stop at once, whatever the cameras are doing; idempotent.

        No call of `on_image` begins after this; those that run are waited for.

        Returns:
            Names of threads that outlived `timeout_s` seconds; empty when all is well.
        """
        with self._lock:
            listener, self._listener = self._listener, None
        return () if listener is None else listener.close(timeout_s)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _deliver(self, image: ReceivedImage, listener: HttpListener) -> HTTPStatus | None:
        """Hand over a picture that came in by `listener`; None if that one was closed."""
        with self._lock:
            if self._listener is not listener:
                return None
            self._received += 1
            image = attrs.evolve(image, sequence=self._received)
        try:
            self._on_image(image)
        except Exception:
            logger.exception("picture %d of %s was not handled", image.sequence, image.peer)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return HTTPStatus.OK

    def _count_refusal(self, peer: str, reason: str, listener: HttpListener) -> None:
        text = f"refused a picture of {peer}: {reason}"
        with self._lock:
            if self._listener is not listener:
                return  # it was cut short by our own close
            self._refused += 1
            news, self._last_refusal = text != self._last_refusal, text
        # A camera that is set up wrongly is news once, not thirty times a second.
        logger.log(logging.WARNING if news else logging.DEBUG, "%s", text)


class _Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that is answered with `status` and ends its connection."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class _TimedReader(io.RawIOBase):
    """Reads a socket until a deadline, which begins with the first byte unless set before.

    A timeout of the socket alone would start again with every byte.
    """

    def __init__(self, connection: socket.socket, limit_s: float) -> None:
        self._connection = connection
        self._limit_s = limit_s
        self._deadline: Deadline | None = None

    def start(self) -> None:
        """Give what follows the whole time."""
        self._deadline = Deadline.after(self._limit_s)

    def idle(self) -> None:
        """Wait for the next request, with patience."""
        self._deadline = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if self._deadline is None:
            self._connection.settimeout(IDLE_TIMEOUT_S)
            count = self._connection.recv_into(buffer)
            self.start()
            return count
        if self._deadline.passed:
            raise TimeoutError
        self._connection.settimeout(max(0.001, self._deadline.remaining()))
        return self._connection.recv_into(buffer)


class _Handler(HttpHandler):
    """One connection of a camera."""

    receiver: ClassVar[JpegReceiver]
    listener: ClassVar[HttpListener]

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._wire = _TimedReader(self.connection, self.receiver._body_timeout_s)
        self.rfile = io.BufferedReader(self._wire)

    def handle_one_request(self) -> None:
        self._wire.idle()
        super().handle_one_request()

    def handle_expect_100(self) -> bool:
        """Ask for the body, unless the header alone tells that it is not wanted."""
        if self.command in ("POST", "PUT"):
            try:
                self._read_header()
            except _Refusal as refusal:
                self._refuse(refusal)
                return False
        return super().handle_expect_100()

    def do_GET(self) -> None:
        """What the Test button of a camera, or a person, asks for."""
        self.reply(HTTPStatus.OK, b"Ready: POST pictures here, raw, as image/jpeg.\n")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Take a picture."""
        try:
            content_type, data = self._read_picture()
        except _Refusal as refusal:
            self._refuse(refusal)
            return
        except EOFError as error:
            self.receiver._count_refusal(
                self._peer, f"it ended early, after {error}", self.listener
            )
            self.close_connection = True
            return
        image = ReceivedImage(data, content_type, self._filename(), self.path, self._peer, 0)
        status = self.receiver._deliver(image, self.listener)
        if status is None:
            self.close_connection = True
            return
        self.reply(status)

    do_PUT = do_POST

    @property
    def _peer(self) -> str:
        return str(self.client_address[0])

    def _read_picture(self) -> tuple[str, bytes]:
        content_type, length = self._read_header()
        data = self._read_body(length)
        if not data.startswith(_SIGNATURES[content_type]):
            raise _Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this does not begin like {content_type}"
            )
        return content_type, data

    def _read_header(self) -> tuple[str, int | None]:
        """Type and length of the picture to come; no length means chunks."""
        if self.headers.get("Expect", "100-continue").strip().lower() != "100-continue":
            raise _Refusal(HTTPStatus.EXPECTATION_FAILED, "Expect can only be 100-continue")
        content_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type not in _SIGNATURES:
            raise _Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "send the raw picture as image/jpeg or image/png, not as "
                f"{content_type or 'something without a type'}",
            )
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if not codings:
            return content_type, self._length(lengths)
        if lengths:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "both a length and a transfer coding")
        if [coding.strip().lower() for coding in codings] != ["chunked"]:
            raise _Refusal(HTTPStatus.NOT_IMPLEMENTED, "the only transfer coding is chunked")
        return content_type, None

    def _length(self, lengths: list[str]) -> int:
        if not lengths:
            raise _Refusal(HTTPStatus.LENGTH_REQUIRED, "say Content-Length, or send chunks")
        digits = lengths[0].strip()
        if len({each.strip() for each in lengths}) > 1 or not (
            digits.isascii() and digits.isdigit()
        ):
            raise _Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is not one number")
        limit = self.receiver._max_image_bytes
        # Compared as text first: Python refuses to read thousands of digits.
        if len(digits.lstrip("0")) > len(str(limit)) or int(digits[-20:]) > limit:
            raise self._too_large()
        return int(digits[-20:])

    def _too_large(self) -> _Refusal:
        return _Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"pictures of more than {self.receiver._max_image_bytes} bytes are not taken",
        )

    def _read_body(self, length: int | None) -> bytes:
        self._wire.start()
        try:
            if length is None:
                return read_chunked(self.rfile, self.receiver._max_image_bytes)
            return read_sized(self.rfile, length)
        except BodyTooLargeError as error:
            raise self._too_large() from error
        except ValueError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        except TimeoutError as error:
            raise _Refusal(
                HTTPStatus.REQUEST_TIMEOUT,
                f"the picture took more than {self.receiver._body_timeout_s:g} s",
            ) from error

    def _filename(self) -> str | None:
        match = _FILENAME.search(self.headers.get("Content-Disposition", ""))
        if match is None:
            return None
        name = (match[1] or match[2] or "").replace("\\", "/").rpartition("/")[2]
        return None if name in ("", ".", "..") else name

    def _refuse(self, refusal: _Refusal) -> None:
        self.receiver._count_refusal(self._peer, refusal.text, self.listener)
        self.close_connection = True
        self.reply(refusal.status, f"{refusal.text}\n".encode())
        self.linger()
