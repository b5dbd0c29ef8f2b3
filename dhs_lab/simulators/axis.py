"""A simulated Axis video server that shows a scene: snapshots, and pictures posted to a URL.

Facts: VAPIX, `GET /axis-cgi/jpg/image.cgi` with `resolution`, `camera` and `compression`; Digest
authentication with the realm `AXIS_<serial>`.
"""

import io
import re
import threading
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

import attrs
from PIL import Image

from dhs_lab.simulators.camera_push import CameraPush, PushedFrame, PushPlan
from dhs_lab.simulators.digest import Admission, DigestGuard
from dhs_lab.simulators.http_faults import FaultyHandler, HttpFaults
from dhs_lab.simulators.http_simulator import HttpSimulator
from dhs_lab.simulators.scene import Scene
from dhs_lab.simulators.view import CameraView
from dhs_runtime.lowlevel import Deadline, Refusal, ThreadGroup, get_logger

__all__ = ["CameraPush", "PushedFrame", "SimulatedAxis"]

logger = get_logger(__name__)

IMAGE_PATH: Final = "/axis-cgi/jpg/image.cgi"
QUALITY: Final = 85
PAGE: Final = (
    b"<html><head><title>Simulated camera</title></head>"
    b'<body><img src="/axis-cgi/jpg/image.cgi"></body></html>\n'
)
"""The page at `/`; the heartbeat of pydhsfw requests it."""
# Names of the NTSC video sizes, which the beamlines' video servers use.
RESOLUTIONS: Final = {
    "4CIF": (704, 480),
    "D1": (720, 480),
    "2CIF": (704, 240),
    "CIF": (352, 240),
    "QCIF": (176, 120),
}
_SMALLEST_PX, _LARGEST_PX = 16, 4096
_RESOLUTION = re.compile(r"(\d{1,4})x(\d{1,4})\Z", re.ASCII)


@attrs.frozen
class _Motion:
    """A rotation at constant speed from one angle to another."""

    start_deg: float
    stop_deg: float
    begin_s: float
    duration_s: float

    def at(self, time_s: float) -> float:
        done = (time_s - self.begin_s) / self.duration_s if self.duration_s > 0 else 1.0
        angle_deg = self.start_deg + (self.stop_deg - self.start_deg) * min(1.0, max(0.0, done))
        return round(angle_deg, 6)  # a clock that has run for weeks is not more precise


@attrs.frozen
class SnapshotQuery:
    """The parameters of a snapshot request.

    Attributes:
        size_px: Width and height; None for the scene's own.
        quality: JPEG quality, 10..95.
    """

    size_px: tuple[int, int] | None = None
    quality: int = QUALITY

    @classmethod
    def parse(cls, query: str, cameras: int) -> "SnapshotQuery":
        """Read the query of a URL; unknown parameters are ignored, because models differ.

        Raises:
            ValueError: A known parameter has an invalid value; the text names both.
        """
        values = {name: texts[-1] for name, texts in parse_qs(query, max_num_fields=64).items()}
        camera = values.get("camera", "1")
        if camera not in map(str, range(1, cameras + 1)):
            raise ValueError(f"camera={camera}")
        quality = QUALITY
        if "compression" in values:
            compression = values["compression"]
            if not re.fullmatch(r"\d{1,2}|100", compression, re.ASCII):
                raise ValueError(f"compression={compression}")
            quality = 95 - int(compression) * 85 // 100
        return cls(_size(values["resolution"]) if "resolution" in values else None, quality)


def _size(resolution: str) -> tuple[int, int]:
    if resolution.upper() in RESOLUTIONS:
        return RESOLUTIONS[resolution.upper()]
    match = _RESOLUTION.match(resolution)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(_SMALLEST_PX <= side <= _LARGEST_PX for side in size):
        raise ValueError(f"resolution={resolution}")
    return size


class SimulatedAxis(HttpSimulator):
    """Serves pictures of `scene` at the current angle, and posts them on request.

    Attributes:
        scene: The scene in front of the camera; may be replaced at any time.
        faults: Its faults for snapshots; they may be changed while it runs.
    """

    name = "simulated-axis"

    def __init__(
        self,
        scene: CameraView | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str = "",
        serial: str = "00408C000000",
        cameras: int = 1,
    ) -> None:
        """A camera; port 0 picks a free port at `start`.

        Args:
            scene: The scene; None for the default scene.
            host: Address to listen on.
            port: Port to listen on.
            user: User name for Digest authentication; None: no login is needed.
            password: Of that user.
            serial: Part of the realm.
            cameras: Number of inputs; all show the same.
        """

        class Handler(_Handler):
            camera = self

        super().__init__(Handler, host, port)
        self.scene: CameraView = Scene() if scene is None else scene
        self.faults = HttpFaults()
        self.cameras = cameras
        self.guard = None if user is None else DigestGuard(user, password, f"AXIS_{serial}")
        self._motion = _Motion(0.0, 0.0, 0.0, 0.0)  # replaced as a whole, so it needs no lock
        self._threads = ThreadGroup()
        self._lock = threading.Lock()  # guards _pushes and _number
        self._pushes: list[CameraPush] = []
        self._number = 0

    @property
    def angle_deg(self) -> float:
        """Current angle of the sample; setting it ends a rotation."""
        return self._motion.at(time.monotonic())

    @angle_deg.setter
    def angle_deg(self, angle_deg: float) -> None:
        self._motion = _Motion(angle_deg, angle_deg, 0.0, 0.0)

    def rotate(self, start_deg: float, stop_deg: float, duration_s: float) -> None:
        """Start to turn at constant speed; returns at once."""
        self._motion = _Motion(start_deg, stop_deg, time.monotonic(), duration_s)

    def _stop_more(self, deadline: Deadline) -> tuple[str, ...]:
        with self._lock:
            pushes, self._pushes = self._pushes, []
        for push in pushes:
            push.stop()
        return self._threads.join(deadline)

    def push(
        self,
        url: str,
        fps: float,
        *,
        duration_s: float | None = None,
        max_images: int | None = None,
        rotate: tuple[float, float] | None = None,
        expect_continue: bool = False,
        cut_images: tuple[int, ...] = (),
    ) -> CameraPush:
        """Start to post pictures to `url`; returns at once. It works without `start`.

        Args:
            url: The receiver, `http://...`.
            fps: Pictures per second.
            duration_s: End after this many seconds ...
            max_images: ... or this many pictures, whichever is first; if both are None, at `stop`.
            rotate: Start and end angle of a rotation during the push; picture i of n shows
                `start + (end - start) * i / n`.
            expect_continue: Announce each body with `Expect: 100-continue`.
            cut_images: Numbers (from 1) of pictures of which only half is sent.

        Raises:
            ValueError: Not an http URL, no positive rate or count, or a rotation without an end.
            RuntimeError: The system has no thread left.
        """
        counts = [] if max_images is None else [max_images]
        if duration_s is not None:
            counts.append(max(1, round(duration_s * fps)))
        plan = PushPlan(
            url=url,
            fps=fps,
            count=min(counts, default=None),
            quality=QUALITY,
            expect_continue=expect_continue,
            cut_images=frozenset(cut_images),
        )
        begin_s = time.monotonic()
        motion = None
        if rotate is None:
            push = CameraPush(plan, self.scene, self._angle_at)
        elif plan.count is None:
            raise ValueError("a rotation needs duration_s or max_images")
        else:
            motion = _Motion(*rotate, begin_s, plan.count / fps)
            push = CameraPush(plan, self.scene, motion.at)
        with self._lock:
            self._number += 1
            name = f"axis-push-{self._number}"
            self._threads.spawn(name, lambda: push.run(begin_s))
            self._pushes = [each for each in self._pushes if not each.wait(0)]
            self._pushes.append(push)
        self._motion = self._motion if motion is None else motion
        return push

    def snapshot(self, query: SnapshotQuery) -> bytes:
        """The picture at the current angle as a JPEG file."""
        if query.size_px is None:
            return self.scene.jpeg(self.angle_deg, query.quality)
        image = self.scene.render(self.angle_deg).resize(query.size_px, Image.Resampling.BILINEAR)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=query.quality)
        return file.getvalue()

    def _angle_at(self, time_s: float) -> float:
        """The angle at a time, by the current motion."""
        return self._motion.at(time_s)


class _Handler(FaultyHandler):
    camera: SimulatedAxis

    def do_GET(self) -> None:
        """Serve the page at `/`, or a snapshot; HEAD does the same without a body.

        Raises:
            Refusal: There is no such path, the query is wrong, or a login is needed.
        """
        camera = self.camera
        if self.take_fault(camera.faults, camera.token):
            return
        if self.fault.status is not None:
            raise Refusal(self.fault.status, "simulated fault")
        self._admit()
        target = urlsplit(self.path)
        if target.path == "/":
            self.reply(HTTPStatus.OK, PAGE, "text/html; charset=utf-8")
            return
        if target.path != IMAGE_PATH:
            raise Refusal(HTTPStatus.NOT_FOUND, target.path)
        try:
            query = SnapshotQuery.parse(target.query, camera.cameras)
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        self.reply(HTTPStatus.OK, camera.snapshot(query), "image/jpeg")

    do_HEAD = do_GET

    def error_page(self, refusal: Refusal) -> tuple[bytes, str]:
        """An HTML page, as from the camera's own web server."""
        phrase = f"{refusal.status} {_phrase(refusal.status)}"
        # The reason may contain text from the client: show it as text, never as markup.
        text = "".join(c if c.isalnum() or c in " =/._-" else "?" for c in refusal.reason)
        page = f"<html><head><title>{phrase}</title></head><body>{phrase}: {text}</body></html>\n"
        return page.encode(), "text/html; charset=utf-8"

    def _admit(self) -> None:
        guard = self.camera.guard
        if guard is None:
            return
        verdict = guard.check(self.command, self.path, self.headers.get("Authorization"))
        if verdict is not Admission.ADMITTED:
            challenge = guard.challenge(stale=verdict is Admission.STALE)
            raise Refusal(HTTPStatus.UNAUTHORIZED, "log in", {"WWW-Authenticate": challenge})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a fault may have any number
        return "Error"
