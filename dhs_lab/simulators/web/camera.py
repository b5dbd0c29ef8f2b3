"""The picture on the page, and what the built-in detector finds in it.

`Camera` gets it from a simulated Axis camera in this process, `RemoteCamera` from any Axis camera.
"""

import hashlib
import io
import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

import attrs

from dhs_lab.simulators.dcss import Entry, PseudoMotorEntry, RealMotorEntry
from dhs_lab.simulators.web.views import JsonObject
from dhs_runtime.lowlevel import SNAPSHOT_PATH, AxisClient, ConfigError, DhsError, Services

if TYPE_CHECKING:
    from dhs_lab.simulators.axis import SimulatedAxis

DIGITS: Final = 4
FRESH_S: Final = 0.2  # a picture of a remote camera is reused for this time


@attrs.frozen
class CameraPicture:
    """One picture and what was found in it.

    Attributes:
        tag: Identifies it: equal for equal pictures.
        jpeg: The file.
        facts: `angle_deg`, `size_px`, and `found`: a list of objects with `label`, `score`, `box`
            (`[min_x, min_y, max_x, max_y]`) and `tip` (a loop's far end as `[x, y]`, null for a
            pin). Box and tip are in fractions of the picture's width and height.
    """

    tag: str
    jpeg: bytes = attrs.field(repr=False)
    facts: JsonObject


class PageCamera(Protocol):
    """What the page needs from a camera."""

    def follow(self, devices: Mapping[str, Entry]) -> None:
        """Turn the sample to the position of its motor."""

    def picture(self) -> CameraPicture:
        """The current picture; raises DhsError if there is none."""

    def start(self) -> None:
        """Called before the page is served."""

    def close(self) -> None:
        """Called when the page stops: ends requests in progress."""


class Camera:
    """Takes pictures on request; a picture at the same angle is taken once."""

    def __init__(self, axis: "SimulatedAxis", turns_with: str | None = None) -> None:
        """A camera that looks at the scene of `axis`.

        Args:
            axis: The simulated camera; it need not be started.
            turns_with: Motor whose position is the angle of the sample, None for no motor.
        """
        self._axis = axis
        self._turns_with = turns_with
        self._position: float | None = None
        self._lock = threading.Lock()  # guards _last, and lets one picture be taken at a time
        self._last: CameraPicture | None = None

    def follow(self, devices: Mapping[str, Entry]) -> None:
        """Turn the sample only if its motor has turned, because others may turn it, too."""
        motor = devices.get(self._turns_with or "")
        if isinstance(motor, (RealMotorEntry, PseudoMotorEntry)):
            if motor.position != self._position:
                self._axis.angle_deg = motor.position
            self._position = motor.position

    def picture(self) -> CameraPicture:
        """The picture at the current angle."""
        angle_deg = self._axis.angle_deg
        tag = f'"{angle_deg!r}"'
        with self._lock:
            if self._last is None or self._last.tag != tag:
                self._last = self._taken(angle_deg, tag)
            return self._last

    def start(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""

    def _taken(self, angle_deg: float, tag: str) -> CameraPicture:
        return looked_at(self._axis.scene.jpeg(angle_deg), tag, angle_deg)


class RemoteCamera:
    """Requests pictures from an Axis camera, at most a few a second for all browsers together."""

    def __init__(self, url: str) -> None:
        """A camera; nothing is requested yet.

        Args:
            url: `http://HOST:PORT`, also `https` and with a login, or the URL of its pictures.

        Raises:
            ConfigError: It is not such a URL.
        """
        base = url.partition("?")[0].removesuffix(SNAPSHOT_PATH)
        scheme, separator, rest = base.partition("://")
        schemes = {"http": "axis", "https": "axis+https"}
        if scheme not in schemes:
            raise ConfigError(f"camera: {url!r} is not a URL of the form http://HOST:PORT")
        self._url = f"{schemes[scheme]}{separator}{rest}"
        self._client().close()  # refuses a wrong URL now
        self._services = Services()
        self._lock = threading.Lock()  # guards _last, and lets one picture be taken at a time
        self._last: CameraPicture | None = None
        self._taken_s = 0.0

    def start(self) -> None:
        """Make the HTTP client."""
        self._services = Services()
        self._services.add("camera", self._client())

    def close(self) -> None:
        """Close the HTTP client, which ends requests in progress."""
        self._services.close()

    def follow(self, devices: Mapping[str, Entry]) -> None:
        """Does nothing: the page cannot turn this sample."""

    def picture(self) -> CameraPicture:
        """The current picture.

        Raises:
            DhsError: The camera does not answer or sent no picture, or the page is stopped.
        """
        camera = self._services.get("camera", AxisClient)
        with self._lock:
            if self._last is None or time.monotonic() - self._taken_s > FRESH_S:
                jpeg = camera.snapshot().data
                tag = f'"{hashlib.sha256(jpeg).hexdigest()[:32]}"'
                if self._last is None or self._last.tag != tag:
                    self._last = looked_at(jpeg, tag, None)
                self._taken_s = time.monotonic()
            return self._last

    def _client(self) -> AxisClient:
        return cast("AxisClient", Services().open("camera", self._url))


def looked_at(jpeg: bytes, tag: str, angle_deg: float | None) -> CameraPicture:
    """A picture with what the built-in detector finds; raises DhsError if it is not a JPEG."""
    # Needs the extra `sim`; a page without a camera does not.
    from PIL import Image  # noqa: PLC0415

    from dhs_lab.simulators.detector import detect  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            width, height = image.size
            found = detect(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DhsError(f"the camera sent a JPEG that cannot be read: {error}") from None
    facts: JsonObject = {
        "angle_deg": angle_deg,
        "size_px": [width, height],
        "found": [
            {
                "label": one.label,
                "score": round(one.score, 2),
                "box": _fractions(one.box_px, width, height),
                "tip": None if one.tip_px is None else _fractions(one.tip_px, width, height),
            }
            for one in found
        ],
    }
    return CameraPicture(tag, jpeg, facts)


def _fractions(numbers: Sequence[float], width: int, height: int) -> list[float]:
    """Pixels, alternately x and y, as fractions of the picture."""
    sides = itertools.cycle((width, height))
    return [round(number / side, DIGITS) for number, side in zip(numbers, sides, strict=False)]
