"""`Camera`: the picture of a simulated Axis camera, and what the built-in detector sees in it."""

import io
import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from dhs_lab.simulators.dcss import Entry, PseudoMotorEntry, RealMotorEntry
from dhs_lab.simulators.web.views import JsonObject

if TYPE_CHECKING:
    from dhs_lab.simulators.axis import SimulatedAxis

DIGITS: Final = 4


@attrs.frozen
class CameraPicture:
    """One picture and what was found in it.

    Attributes:
        tag: Tells it from others: the same for the same angle.
        jpeg: The file.
        facts: `angle_deg`, `size_px`, and `found`: a list of objects with `label`, `score`, `box`
            (`[min_x, min_y, max_x, max_y]`) and `tip` (a loop's far end as `[x, y]`, null of a
            pin). Box and tip are in fractions of the picture's width and height.
    """

    tag: str
    jpeg: bytes = attrs.field(repr=False)
    facts: JsonObject


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
        """Turn the sample where its motor turned; only then, as others may turn it as well."""
        motor = devices.get(self._turns_with or "")
        if isinstance(motor, (RealMotorEntry, PseudoMotorEntry)):
            if motor.position != self._position:
                self._axis.angle_deg = motor.position
            self._position = motor.position

    def picture(self) -> CameraPicture:
        """The picture at the present angle."""
        angle_deg = self._axis.angle_deg
        tag = f'"{angle_deg!r}"'
        with self._lock:
            if self._last is None or self._last.tag != tag:
                self._last = self._taken(angle_deg, tag)
            return self._last

    def _taken(self, angle_deg: float, tag: str) -> CameraPicture:
        # With the extra `sim`, as the camera itself; the page does without it where there is none.
        from PIL import Image  # noqa: PLC0415

        from dhs_lab.simulators.detector import detect  # noqa: PLC0415

        jpeg = self._axis.scene.jpeg(angle_deg)
        with Image.open(io.BytesIO(jpeg)) as image:
            width, height = image.size
            found = detect(image)
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
    """Pixels, x and y by turns, as fractions of the picture."""
    sides = itertools.cycle((width, height))
    return [round(number / side, DIGITS) for number, side in zip(numbers, sides, strict=False)]
