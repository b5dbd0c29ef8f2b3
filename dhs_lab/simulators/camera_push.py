"""Posts pictures like an action rule of an Axis server.

`POST`, the raw JPEG as body, `Content-Type: image/jpeg` and the name in `Content-Disposition`;
Axis' own receivers read it there.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs

from dhs_lab.simulators.mount import Truth
from dhs_lab.simulators.view import CameraView
from dhs_runtime.lowlevel import (
    HTTP_PORT,
    ConfigError,
    StopToken,
    get_logger,
    is_quiet,
    read_url,
    shut,
)

logger = get_logger(__name__)

KEPT: Final = 1000  # frames and errors remembered per push: some 30 MB
_MAX_REPLY_BYTES = 65536


@attrs.frozen(kw_only=True)
class PushedFrame:
    """A picture that the receiver accepted.

    Attributes:
        sequence: Its number in the push, from 1; also in its file name.
        angle_deg: Angle of the sample in it.
        taken_s: When it was due, on `time.monotonic`.
        sent_s: When its answer arrived.
        truth: The true positions in it.
        jpeg: The bytes as sent.
    """

    sequence: int
    angle_deg: float
    taken_s: float
    sent_s: float
    truth: Truth
    jpeg: bytes = attrs.field(repr=False)


def _is_http_url(_: object, __: object, value: str) -> None:
    try:
        parts = read_url(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if parts.username is not None:
        raise ValueError("this camera cannot log in: leave the login out of the URL")


@attrs.frozen(kw_only=True)
class PushPlan:
    """The settings of a push.

    Attributes:
        url: The receiver, `http://host:port/path?query`; https is not supported.
        fps: Pictures per second.
        count: How many pictures; None: until it is stopped.
        quality: JPEG quality, 1..95.
        expect_continue: Whether to announce the body with `Expect: 100-continue`.
        cut_images: Numbers of pictures of which only half is sent before the connection closes.
        connect_timeout_s: For one connection.
        reply_timeout_s: For one answer.
    """

    url: str = attrs.field(validator=_is_http_url)
    fps: float = attrs.field(validator=[attrs.validators.gt(0), attrs.validators.le(1000)])
    count: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0))
    )
    quality: int = 85
    expect_continue: bool = False
    cut_images: Collection[int] = ()
    connect_timeout_s: float = 1.0
    reply_timeout_s: float = 5.0


class CameraPush:
    """A running push, in its own thread.

    Picture i is due i/fps seconds after the first, however long the others took. A late picture is
    sent late, with the angle of its due time, and never left out.
    """

    def __init__(
        self, plan: PushPlan, scene: CameraView, angle_at: Callable[[float], float]
    ) -> None:
        """A push of pictures of `scene`; `angle_at` gives the angle for a monotonic time."""
        self.plan = plan
        self._scene = scene
        self._angle_at = angle_at
        self._token = StopToken()
        self._done = threading.Event()
        url = urlsplit(plan.url)
        host, port = unquote(url.hostname or ""), url.port or HTTP_PORT
        self._connection = HTTPConnection(host, port, timeout=plan.connect_timeout_s)
        self._target = urlunsplit(("", "", url.path or "/", url.query, ""))
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()  # guards _sent and _errors
        self._sent: deque[PushedFrame] = deque(maxlen=KEPT)
        self._errors: deque[str] = deque(maxlen=KEPT)
        self._trouble = ""  # the last failure, until a picture is accepted; only its thread uses it

    @property
    def sent(self) -> tuple[PushedFrame, ...]:
        """The last `KEPT` pictures that the receiver accepted, in order."""
        with self._lock:
            return tuple(self._sent)

    @property
    def errors(self) -> tuple[str, ...]:
        """The failures, one line each: `image 3: answered 503`."""
        with self._lock:
            return tuple(self._errors)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is finished or stopped; False if that takes longer."""
        return self._done.wait(timeout_s)

    def stop(self) -> None:
        """End it, even in the middle of a picture; returns at once."""
        self._token.stop()
        sock = self._socket
        if sock is not None:
            shut(sock)

    def run(self, begin_s: float) -> None:
        """Take and send the pictures, the first at `begin_s` on `time.monotonic`; blocks."""
        try:
            index, due_s = 0, begin_s
            while index != self.plan.count and not self._token.wait(
                max(0.0, due_s - time.monotonic())
            ):
                index += 1
                self._send(index, due_s)
                due_s = begin_s + index / self.plan.fps  # not summed up, so there is no drift
        finally:
            self._connection.close()
            self._done.set()

    def _send(self, sequence: int, due_s: float) -> None:
        angle_deg = self._angle_at(due_s)
        jpeg = self._scene.jpeg(angle_deg, self.plan.quality)
        try:
            status = self._post(sequence, jpeg)
        except (OSError, HTTPException) as error:
            self._connection.close()
            if not self._token.is_stopping():
                self._note(sequence, f"{type(error).__name__}: {error}")
            return
        if not 200 <= status < 300:  # noqa: PLR2004 - success, in HTTP
            self._note(sequence, f"answered {status}")
            return
        if self._trouble:
            logger.warning("push to %s: image %d is accepted again", self.plan.url, sequence)
            self._trouble = ""
        frame = PushedFrame(
            sequence=sequence,
            angle_deg=angle_deg,
            taken_s=due_s,
            sent_s=time.monotonic(),
            truth=self._scene.truth(angle_deg),
            jpeg=jpeg,
        )
        with self._lock:
            self._sent.append(frame)

    def _post(self, sequence: int, jpeg: bytes) -> int:
        headers = {
            "Content-Type": "image/jpeg",
            "Content-Disposition": f'attachment; filename="image{sequence:04d}.jpg"',
            "Content-Length": str(len(jpeg)),
        }
        if self.plan.expect_continue:
            headers["Expect"] = "100-continue"
        connection = self._connection
        if connection.sock is not None and not is_quiet(connection.sock):
            connection.close()  # the receiver closed it
        if connection.sock is None:
            self._connect()
        connection.sock.settimeout(self.plan.reply_timeout_s)
        is_cut = sequence in self.plan.cut_images
        body = jpeg[: len(jpeg) // 2] if is_cut else jpeg
        connection.request("POST", self._target, body, headers)
        if is_cut:
            raise ConnectionAbortedError("cut short on purpose")
        with connection.getresponse() as response:
            # Read to the end so that the connection can be kept, but only up to a limit.
            response.read(_MAX_REPLY_BYTES)
            if not response.isclosed():
                connection.close()
            return response.status

    def _connect(self) -> None:
        self._connection.connect()
        self._socket = sock = self._connection.sock
        if self._token.is_stopping():  # stopped while connecting: nothing else would end it
            shut(sock)

    def _note(self, sequence: int, trouble: str) -> None:
        """Keep a failure; log it if it differs from that of the previous picture."""
        error = f"image {sequence}: {trouble}"
        if trouble != self._trouble:
            logger.warning("push to %s: %s", self.plan.url, error)
        self._trouble = trouble
        with self._lock:
            self._errors.append(error)
