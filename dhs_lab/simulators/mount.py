"""A pin, its fibre and its loop as one solid that rotates about the horizontal axis.

Lengths are pixels of the picture. At angle 0 the body's own y points down in the picture; a point
at distance r and direction d from the axis is seen at `axis_y_px + r * cos(angle - d)`.
The proportions are those of a photograph from a sample camera (704x480, nylon loop).
"""

from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

PixelBox: TypeAlias = tuple[float, float, float, float]
Floats: TypeAlias = npt.NDArray[np.float64]

_WIDEST = 0.73  # where along a nylon loop its outline is widest, measured in the photograph
_OUTLINE_POINTS = 241


@attrs.frozen
class Truth:
    """Positions in the picture, in pixels; pixel i covers i..i+1, y grows downwards.

    Attributes:
        loop_px: `(min_x, min_y, max_x, max_y)` of the visible part of the loop; None if there is
            none.
        pin_px: The same for the pin.
        tip_px: `(x, y)` of the loop's right-most point; None if it is out of view.
    """

    loop_px: PixelBox | None
    pin_px: PixelBox | None
    tip_px: tuple[float, float] | None


@attrs.frozen(kw_only=True)
class Silhouette:
    """The outline of fibre and loop along x at one angle; all arrays have the same shape.

    Attributes:
        x_px: Columns.
        centre_px: y of the centre line.
        half_px: Half the apparent height.
        half_depth_px: Half the extent along the line of sight.
        depth_px: How far the centre line is in front of the axis (towards the camera).
    """

    x_px: Floats
    centre_px: Floats
    half_px: Floats
    half_depth_px: Floats
    depth_px: Floats


def _smoothstep(value: Floats) -> Floats:
    value = np.clip(value, 0.0, 1.0)
    return value * value * (3.0 - 2.0 * value)


def _teardrop(along: Floats, sharpness: float) -> Floats:
    """Half width of a teardrop, 0..1, at `along` 0 (neck) ... 1 (tip)."""
    rise = np.sin(0.5 * np.pi * np.clip(along / _WIDEST, 0.0, 1.0)) ** sharpness
    cap = np.sqrt(np.clip(1.0 - (np.clip(along - _WIDEST, 0.0, 1.0) / (1.0 - _WIDEST)) ** 2, 0, 1))
    return np.where(along < _WIDEST, rise, cap)


@attrs.frozen(kw_only=True)
class Mount:
    """Geometry of a mounted sample; lengths in px, angles in degrees.

    Attributes:
        width_px: Picture width.
        height_px: Picture height.
        axis_y_px: y of the rotation axis, which is also the pin's centre line.
        pin_end_px: x where the pin ends; 0 or less puts it out of view.
        pin_diameter_px: Thickness of the pin.
        fibre_length_px: From the pin's end to the loop's neck.
        thread_px: Diameter of one nylon thread; the fibre is two of them twisted.
        loop_length_px: From neck to tip.
        loop_width_px: Greatest height of the loop seen face-on.
        loop_thickness_px: Its height seen edge-on: the thread and its film of liquid.
        face_deg: Angle at which the loop is seen face-on (and again 180 degrees later).
        root_offset_px: Distance of the fibre from the axis at the pin's end.
        tip_offset_px: Distance of the tip from the axis.
        offset_deg: Angle at which these offsets point straight down.
        tilt_deg: Angle between the loop's long axis and the rotation axis, in the loop's plane.
        crystal_px: Length of the crystal in the loop; 0 for an empty loop.
        has_loop: False for a bare pin, without fibre and loop.
    """

    width_px: int = attrs.field(default=704, validator=attrs.validators.in_(range(32, 4097)))
    height_px: int = attrs.field(default=480, validator=attrs.validators.in_(range(32, 4097)))
    axis_y_px: float = 281.0
    pin_end_px: float = 305.0
    pin_diameter_px: float = attrs.field(default=85.0, validator=attrs.validators.gt(0))
    fibre_length_px: float = attrs.field(default=70.0, validator=attrs.validators.gt(0))
    thread_px: float = attrs.field(default=3.2, validator=attrs.validators.gt(0))
    loop_length_px: float = attrs.field(default=112.0, validator=attrs.validators.gt(0))
    loop_width_px: float = attrs.field(default=54.0, validator=attrs.validators.gt(0))
    loop_thickness_px: float = attrs.field(default=16.0, validator=attrs.validators.gt(0))
    face_deg: float = 0.0
    root_offset_px: float = 5.0
    tip_offset_px: float = 22.0
    offset_deg: float = 30.0
    tilt_deg: float = 3.0
    crystal_px: float = 17.0
    has_loop: bool = True

    @property
    def neck_px(self) -> float:
        """X where the fibre ends and the loop begins."""
        return self.pin_end_px + self.fibre_length_px

    @property
    def tip_x_px(self) -> float:
        """X of the tip."""
        return self.neck_px + self.loop_length_px

    def silhouette(self, angle_deg: float, x_px: Floats) -> Silhouette:
        """The outline at `angle_deg` in the columns `x_px` (pin's end ... tip)."""
        turn = np.radians(angle_deg - self.face_deg)
        swing = np.radians(angle_deg - self.offset_deg)
        run = np.clip((x_px - self.pin_end_px) / (self.tip_x_px - self.pin_end_px), 0.0, 1.0)
        offset = self.root_offset_px + (self.tip_offset_px - self.root_offset_px) * run
        # The tilt rotates the loop about its tip; the fibre bends to meet the neck.
        bend = _smoothstep((x_px - self.pin_end_px) / self.fibre_length_px)
        lean = np.tan(np.radians(self.tilt_deg)) * bend
        lean = lean * (np.maximum(x_px, self.neck_px) - self.tip_x_px)
        along = np.clip((x_px - self.neck_px) / self.loop_length_px, 0.0, 1.0)
        half_width = 0.5 * self.loop_width_px * _teardrop(along, 1.0)
        half_thick = 0.5 * self.loop_thickness_px * _teardrop(along, 0.6)
        neck = self.thread_px**2 * (1.0 - along)  # the two threads side by side

        def extent(first: float, second: float) -> Floats:
            return np.sqrt((half_width * first) ** 2 + (half_thick * second) ** 2 + neck)

        cosine, sine = float(np.cos(turn)), float(np.sin(turn))
        return Silhouette(
            x_px=x_px,
            centre_px=self.axis_y_px + offset * np.cos(swing) + lean * cosine,
            half_px=extent(cosine, sine),
            half_depth_px=extent(sine, cosine),
            depth_px=offset * np.sin(swing) + lean * sine,
        )

    def truth(self, angle_deg: float) -> Truth:
        """Boxes and tip at `angle_deg`, cut off at the picture's edges."""
        radius = 0.5 * self.pin_diameter_px
        pin = self._clipped(0.0, self.axis_y_px - radius, self.pin_end_px, self.axis_y_px + radius)
        if not self.has_loop:
            return Truth(None, pin, None)
        x_px = np.linspace(self.neck_px, self.tip_x_px, _OUTLINE_POINTS)
        outline = self.silhouette(angle_deg, x_px)
        inside = (x_px >= 0) & (x_px <= self.width_px)
        if not inside.any():
            return Truth(None, pin, None)
        loop = self._clipped(
            float(x_px[inside][0]),
            float((outline.centre_px - outline.half_px)[inside].min()),
            float(x_px[inside][-1]),
            float((outline.centre_px + outline.half_px)[inside].max()),
        )
        tip = (self.tip_x_px, float(outline.centre_px[-1]))
        visible = 0 <= tip[0] <= self.width_px and 0 <= tip[1] <= self.height_px
        return Truth(loop, pin, tip if visible else None)

    def _clipped(self, min_x: float, min_y: float, max_x: float, max_y: float) -> PixelBox | None:
        box = (
            max(0.0, min_x),
            max(0.0, min_y),
            min(float(self.width_px), max_x),
            min(float(self.height_px), max_y),
        )
        return box if box[0] < box[2] and box[1] < box[3] else None
