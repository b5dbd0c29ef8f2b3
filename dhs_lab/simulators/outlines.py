"""Outlines of pieces: upper and lower edge, column by column, and the bulge that is a loop.

Everything is seen with the mount at the left. `Turn` turns a picture with the mount at another side
into such a view, and back.
"""

from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
import scipy

from dhs_lab.simulators.contrast import Mask, Scalar
from dhs_runtime.lowlevel import MountSide

OutlineBox: TypeAlias = tuple[float, float, float, float]
Point: TypeAlias = tuple[float, float]
Lengths: TypeAlias = npt.NDArray[np.float64]

_SMOOTHED = 0.02  # part of the size: shorter dents and hairs are removed from outlines
_BLUNT = 0.025  # part of the size: a neck is not this close to the far end
_THINNEST = 0.012  # part of the size: a loop is at least this wide
_FALLEN = 0.75  # the bulge ends where the width has fallen to this part of its largest
_RISES = (1.3, 0.12)  # the neck is before the width grows by this factor again
_STARTS = (0.12, 0.3)  # the loop begins where the width is this part of the way to the largest
_CUT = 0.88  # the border cuts a loop if its width there is less than this part of the width


@attrs.frozen
class Turn:
    """Converts between a picture and its view with the mount at the left.

    Attributes:
        mount: Where the mount is in the picture.
        shape: Rows and columns of the picture.
    """

    mount: MountSide
    shape: tuple[int, int]

    @property
    def view_shape(self) -> tuple[int, int]:
        """Rows and columns of the view."""
        rows, columns = self.shape
        return (rows, columns) if self.mount in {"left", "right"} else (columns, rows)

    def view(self, values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """An array of the picture, or a part of it, in the view; not a copy."""
        match self.mount:
            case "left":
                return values
            case "right":
                return values[:, ::-1]
            case "above":
                return values.T
            case "below":
                return values[::-1].T

    def corner(self, row: int, column: int, part: tuple[int, int]) -> tuple[int, int]:
        """First row and column of a part of the picture, in the view."""
        match self.mount:
            case "left":
                return row, column
            case "right":
                return row, self.shape[1] - column - part[1]
            case "above":
                return column, row
            case "below":
                return column, self.shape[0] - row - part[0]

    def point_back(self, x: float, y: float) -> Point:
        """A point of the view, in the picture."""
        match self.mount:
            case "left":
                return x, y
            case "right":
                return self.shape[1] - x, y
            case "above":
                return y, x
            case "below":
                return y, self.shape[0] - x

    def box_back(self, box: OutlineBox) -> OutlineBox:
        """A box of the view, in the picture."""
        (x, y), (other_x, other_y) = self.point_back(*box[:2]), self.point_back(*box[2:])
        return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


@attrs.frozen(eq=False)
class Outline:
    """Upper and lower edge of a piece in each of its columns.

    Attributes:
        first_px: Its first column.
        top_px: First row of each column.
        bottom_px: Row after the last of each column.
        tip_y_px: Middle of the last two columns, before anything was smoothed.
    """

    first_px: int
    top_px: Lengths
    bottom_px: Lengths
    tip_y_px: float

    @property
    def stop_px(self) -> int:
        """The column after the last."""
        return self.first_px + self.top_px.size

    @property
    def width_px(self) -> Lengths:
        """Rows between the edges in each column."""
        return self.bottom_px - self.top_px


def outline_of(mask: Mask, row: int, column: int, size_px: int) -> Outline | None:
    """The outline of `mask`, whose corner is at `row`, `column`; None if it is empty."""
    filled: Mask = np.any(mask, axis=0)
    places = np.flatnonzero(filled)
    if not places.size:
        return None
    span = slice(int(places[0]), int(places[-1]) + 1)
    mask, filled = mask[:, span], filled[span]
    top = mask.argmax(axis=0).astype(np.float64)
    bottom = mask.shape[0] - mask[::-1].argmax(axis=0).astype(np.float64)
    if not filled.all():
        x = np.arange(filled.size)
        top, bottom = (np.interp(x, x[filled], edge[filled]) for edge in (top, bottom))
    tip_y = row + 0.5 * float(np.mean(top[-2:] + bottom[-2:]))
    window = max(1, round(_SMOOTHED * size_px)) | 1
    top, bottom = (
        scipy.ndimage.median_filter(edge, window, mode="nearest") for edge in (top, bottom)
    )
    return Outline(column + span.start, top + row, bottom + row, tip_y)


@attrs.frozen
class Bulge:
    """The far end of an outline that may be a loop.

    Attributes:
        start: Its first column, counted from the outline's.
        widest_px: Its greatest width.
        neck_px: The width where it leaves the fibre, or at the border that cuts it.
        cut: Whether the border at the mount's side cuts it.
    """

    start: int
    widest_px: float
    neck_px: float
    cut: bool


def bulge_of(outline: Outline, size_px: int) -> Bulge | None:
    """The first bulge from the far end; None if there is no bulge.

    The first, not the largest: it is the ring of a micromount, not its base or pin.
    """
    back = outline.width_px[::-1]
    largest = np.maximum.accumulate(back)
    fallen: Mask = (back <= _FALLEN * largest) & (largest >= _THINNEST * size_px)
    fallen[: max(2, round(_BLUNT * size_px))] = False
    places = np.flatnonzero(fallen)
    if not places.size:
        return _cut_bulge(outline, float(largest[-1]), size_px)
    end = int(places[0])
    widest_px = float(largest[end])
    rest = back[end:]
    lowest = np.minimum.accumulate(rest)
    risen = np.flatnonzero(rest > np.maximum(_RISES[0] * lowest, lowest + _RISES[1] * widest_px))
    neck = end + int(rest[: risen[0] if risen.size else rest.size].argmin())
    neck_px = float(back[neck])
    widest = int(back[:end].argmax())
    low, high = (
        _first_below(back, widest, neck, neck_px + part * (widest_px - neck_px) + 0.5)
        for part in _STARTS
    )
    # The fibre's unevenness hides the neck: extrapolate with the slope above it.
    length = min(neck, low + (low - high) // 4)
    return Bulge(max(0, back.size - length), widest_px, neck_px, cut=False)


def _cut_bulge(outline: Outline, widest_px: float, size_px: int) -> Bulge | None:
    at_border = float(np.median(outline.width_px[: max(1, size_px // 80)]))
    if outline.first_px or widest_px < _THINNEST * size_px or at_border > _CUT * widest_px:
        return None
    return Bulge(0, widest_px, at_border, cut=True)


def _first_below(values: Lengths, start: int, stop: int, limit: float) -> int:
    """The first place from `start` on with a value up to `limit`; `stop` if there is none."""
    places = np.flatnonzero(values[start : stop + 1] <= limit)
    return start + int(places[0]) if places.size else stop
