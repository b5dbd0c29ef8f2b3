"""Pictures that are hard for a detector: a few photographs, and drawn scenes.

The photographs come from other projects; photographs/LICENCES.txt says from which.
"""

import io
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Final, TypeAlias

import attrs
import numpy as np
from PIL import Image, ImageFilter

from dhs_lab.simulators.mount import PixelBox
from dhs_lab.simulators.outlines import Point, Turn
from dhs_lab.simulators.scene import Scene
from dhs_runtime.lowlevel import MountSide

Spoil: TypeAlias = Callable[[Image.Image], Image.Image]

ANGLE_DEG: Final = 20.0
QUALITY: Final = 90
FROM_LEFT: Final[dict[MountSide, Image.Transpose]] = {
    "right": Image.Transpose.FLIP_LEFT_RIGHT,
    "above": Image.Transpose.TRANSPOSE,
    "below": Image.Transpose.ROTATE_90,
}
"""Transforms a picture with the mount on the left into one with the mount on this side."""


@attrs.frozen
class LoopPlace:
    """Where a loop is in a picture: its box and its tip, in pixels."""

    box_px: PixelBox
    tip_px: Point


@attrs.frozen(kw_only=True)
class HardPicture:
    """A picture and what it shows.

    Attributes:
        name: What makes it hard, in a few words.
        jpeg: The file.
        loops: The loops in it whose tip is in view.
        is_photograph: Whether it was photographed, and not drawn.
    """

    name: str
    jpeg: bytes = attrs.field(repr=False)
    loops: tuple[LoopPlace, ...]
    is_photograph: bool = False


def hard_pictures() -> Iterator[HardPicture]:
    """All hard pictures, the photographs first."""
    yield from photographs()
    yield from drawn_scenes()


def photographs() -> Iterator[HardPicture]:
    """The photographs that come with the package."""
    folder = files("dhs_lab.demo") / "photographs"
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    for file, label in labels.items():
        (min_x, min_y, max_x, max_y), (x, y) = label["loop"], label["tip"]
        yield HardPicture(
            name=label["name"],
            jpeg=(folder / file).read_bytes(),
            loops=(LoopPlace((min_x, min_y, max_x, max_y), (x, y)),),
            is_photograph=True,
        )


def drawn_scenes() -> Iterator[HardPicture]:
    """Drawn scenes that are harder than the usual ones."""
    yield _drawn("front light", _large(seed=22), spoil=_front_lit)
    yield _drawn("mount from the right", _large(seed=31, tilt_deg=-6), side="right")
    yield _drawn("mount from above", _large(seed=32, axis_y_px=350, pin_end_px=90), side="above")
    yield _drawn("out of focus", _large(seed=23), spoil=_blurred)
    yield _drawn("dim, with noise", _large(seed=33, brightness=0.35, noise=4))
    yield _drawn("dark corners", _large(seed=34, tilt_deg=8), spoil=_with_dark_corners)
    yield _two_specimens()
    yield _drawn("tip out of view", _large(seed=35, pin_end_px=460))
    yield _drawn("bare pin", Scene(seed=36, has_loop=False))
    yield _drawn("nothing there", Scene(seed=37, pin_end_px=0, has_loop=False))


def _large(
    *,
    seed: int,
    axis_y_px: float = 250.0,
    pin_end_px: float = 210.0,
    tilt_deg: float = 3.0,
    brightness: float = 1.0,
    noise: float = 1.0,
) -> Scene:
    """A scene nearer to the camera than usual."""
    return Scene(
        seed=seed,
        axis_y_px=axis_y_px,
        pin_end_px=pin_end_px,
        tilt_deg=tilt_deg,
        brightness=brightness,
        noise=noise,
        pin_diameter_px=110.0,
        thread_px=5.0,
        loop_length_px=190.0,
        loop_width_px=96.0,
        loop_thickness_px=26.0,
        crystal_px=32.0,
    )


def _drawn(
    name: str, scene: Scene, *, side: MountSide = "left", spoil: Spoil | None = None
) -> HardPicture:
    picture = scene.render(ANGLE_DEG)
    if side in FROM_LEFT:
        picture = picture.transpose(FROM_LEFT[side])
    truths = _truths(scene, Turn(side, (picture.height, picture.width)))
    return HardPicture(name=name, jpeg=_file(spoil(picture) if spoil else picture), loops=truths)


def _truths(scene: Scene, turn: Turn) -> tuple[LoopPlace, ...]:
    truth = scene.truth(ANGLE_DEG)
    if truth.loop_px is None or truth.tip_px is None:
        return ()
    return (LoopPlace(turn.box_back(truth.loop_px), turn.point_back(*truth.tip_px)),)


def _two_specimens() -> HardPicture:
    """One mount in the upper half, one in the lower."""
    upper, lower = (
        Scene(
            seed=24,
            axis_y_px=axis_y_px,
            pin_diameter_px=70,
            loop_length_px=length_px,
            loop_width_px=0.45 * length_px,
        )
        for axis_y_px, length_px in ((120.0, 130.0), (360.0, 190.0))
    )
    picture = upper.render(ANGLE_DEG)
    half = (0, picture.height // 2, picture.width, picture.height)
    picture.paste(lower.render(ANGLE_DEG).crop(half), half[:2])
    turn = Turn("left", (picture.height, picture.width))
    loops = (*_truths(upper, turn), *_truths(lower, turn))
    return HardPicture(name="two specimens", jpeg=_file(picture), loops=loops)


def _front_lit(picture: Image.Image) -> Image.Image:
    """As in front light: pin and loop bright on grey."""
    levels = 255 - np.asarray(picture.convert("L"), dtype=np.float32)
    return Image.fromarray((0.8 * levels).astype(np.uint8)).convert("RGB")


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(6))


def _with_dark_corners(picture: Image.Image) -> Image.Image:
    """Darken the corners, as a round window that is too small does."""
    levels = np.asarray(picture, dtype=np.float32)
    y, x = (np.linspace(-1, 1, count) for count in levels.shape[:2])
    dimmed = np.clip(1.25 - 0.75 * (x[None, :] ** 2 + y[:, None] ** 2), 0.08, 1.0)
    return Image.fromarray((levels * dimmed[:, :, None]).astype(np.uint8))


def _file(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
