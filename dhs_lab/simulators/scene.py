"""The picture of a sample camera: a pin, a fibre and a loop in front of a blurred background.

The pictures are drawn, but all show the same solid: the loop is thin when seen edge-on, the tip
swings about the axis, and the scratches of the pin move as it turns. A photograph from a beamline's
sample camera is the model.
"""

import io
from functools import lru_cache

import attrs
import numpy as np
from PIL import Image, ImageFilter

from dhs_lab.simulators import paint
from dhs_lab.simulators.mount import Mount, PixelBox, Truth

__all__ = ["PixelBox", "Scene", "Truth"]

_NOISE_STEPS = 64  # positions of the noise in x and in y


@attrs.frozen(kw_only=True)
class Scene(Mount):
    """A mounted sample and how it is photographed; equal scenes give equal pictures.

    Attributes:
        seed: Seed of background, scratches, the crystal's orientation and noise.
        brightness: Factor for the whole picture; 1 gives a background near 165 of 255.
        blur_px: Standard deviation of the soft focus.
        noise: Standard deviation of the sensor's noise in grey levels.
    """

    seed: int = 1
    brightness: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    blur_px: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))
    noise: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))

    def render(self, angle_deg: float) -> Image.Image:
        """The picture at `angle_deg`: RGB, `width_px` x `height_px`."""
        return self._frame(angle_deg).convert("RGB")

    def jpeg(self, angle_deg: float, quality: int = 85) -> bytes:
        """The picture at `angle_deg` as a JPEG file; the same bytes for the same arguments."""
        file = io.BytesIO()
        self._frame(angle_deg).save(file, "JPEG", quality=quality)
        return file.getvalue()

    def _frame(self, angle_deg: float) -> Image.Image:
        """The picture in YCbCr, which JPEG stores directly; this saves two conversions."""
        studio = _studio(self)
        light = studio.background.copy()
        if self.has_loop and self.pin_end_px < self.width_px:
            self._add_loop(light, angle_deg)
        if studio.pin is not None:
            studio.pin.blend_into(light, angle_deg)
        row, column = _noise_position(angle_deg)
        light = light * self.brightness
        light += studio.noise[row : row + self.height_px, column : column + self.width_px]
        grey = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
        return Image.merge("YCbCr", (grey, studio.blue, studio.red))

    def _add_loop(self, light: paint.Light, angle_deg: float) -> None:
        """Draw fibre and loop in a separate window, twice as fine, and blur only that."""
        window = paint.window_of(self, angle_deg)
        if window is None:
            return
        fine = paint.Fine.of(light, window)
        paint.draw_fibre(fine, self, angle_deg)
        depth_px = paint.draw_loop(fine, self, angle_deg, self.seed)
        # Parts far from the axis are out of focus; such lenses have a small depth of field.
        sigma = paint.SUPERSAMPLING * (self.blur_px + 0.012 * abs(depth_px))
        image = Image.fromarray(np.clip(fine.light, 0, 255).astype(np.uint8))
        image = image.filter(ImageFilter.GaussianBlur(sigma)).reduce(paint.SUPERSAMPLING)
        light[window.rows, window.columns] = np.asarray(image, dtype=np.float32)


@attrs.frozen(eq=False)
class _Studio:
    """The parts that are the same at every angle, computed once per scene."""

    background: paint.Light
    pin: paint.Pin | None
    noise: paint.Light
    blue: Image.Image
    red: Image.Image


@lru_cache(maxsize=16)
def _studio(scene: Scene) -> _Studio:
    source = np.random.default_rng(scene.seed)
    shape = (scene.height_px, scene.width_px)
    background = paint.background(shape, source)
    noise = paint.sensor_noise(
        (shape[0] + _NOISE_STEPS, shape[1] + _NOISE_STEPS), scene.noise, source
    )
    pin = paint.Pin.of(scene, scene.blur_px, source)
    blue, red = paint.chroma(background, pin)
    return _Studio(background, pin, noise, blue, red)


def _noise_position(angle_deg: float) -> tuple[int, int]:
    """Where to cut the noise of this picture; it depends only on the angle."""
    number = round(angle_deg * 1000) * 2654435761 % 2**32
    return number % _NOISE_STEPS, number // _NOISE_STEPS % _NOISE_STEPS
