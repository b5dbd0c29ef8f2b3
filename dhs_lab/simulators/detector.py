"""Finds the pin and the loops in a picture by image processing.

A mount comes from one side of the picture: the pin is thick, the fibre is thin, and the loop is the
first bulge from the far end. It needs no training and no model, and takes a few milliseconds; the
embedded inference server uses it. The score says how sure it is: at 0.5 and above it was right in
nearly every test photograph; do not trust it below 0.25 (docs/explanations/detector.md has the
tables).
"""

from collections.abc import Iterator
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from dhs_lab.simulators.contrast import Contrast, Mask, Picture, Piece, contrast_of, pieces_of
from dhs_lab.simulators.outlines import (
    Bulge,
    Outline,
    OutlineBox,
    Point,
    Turn,
    bulge_of,
    outline_of,
)
from dhs_runtime.lowlevel import MOUNT_SIDES, MountFrom, MountSide

__all__ = ["LOOP", "PIN", "Finding", "PixelDetection", "detect", "find"]

LOOP: Final = "nylon"
PIN: Final = "pin"
_LOWEST_SCORE = 0.02
_HIGHEST_SCORE = 0.99
_ALONE = 0.25  # factor of the score if only one outline shows the loop: makes it untrusted


@attrs.frozen
class PixelDetection:
    """One detected object.

    Attributes:
        label: `"nylon"` (a loop) or `"pin"`, the names of the beamline's model.
        score: 0..1; contrast, sharpness and shape together.
        box_px: `(min_x, min_y, max_x, max_y)`; pixel i covers i..i+1, y grows downwards.
        tip_px: `(x, y)` of a loop's far end; None for a pin.
    """

    label: str
    score: float
    box_px: OutlineBox
    tip_px: Point | None = None


@attrs.frozen
class Finding:
    """The detections of one picture.

    Attributes:
        detections: The objects, highest score first.
    """

    detections: tuple[PixelDetection, ...]

    @property
    def tip_px(self) -> Point | None:
        """The tip of the best loop, None without a loop."""
        return next((each.tip_px for each in self.detections if each.label == LOOP), None)


def detect(picture: Picture, mount_from: MountFrom = "any") -> tuple[PixelDetection, ...]:
    """Pin and loops in `picture`, highest score first.

    Args:
        picture: A Pillow image, or an array of uint8, (h, w) or (h, w, 3); of any size.
        mount_from: The side of the picture that the mount comes from; `any` finds it.

    Raises:
        ValueError: The array is of another shape or type.
    """
    return find(picture, mount_from).detections


def find(picture: Picture, mount_from: MountFrom = "any") -> Finding:
    """Like `detect`, with the tip of the best loop."""
    contrast = contrast_of(picture)
    loops: list[PixelDetection] = []
    pins: list[PixelDetection] = []
    for piece in pieces_of(contrast):
        sights = tuple(_sights(piece, contrast, mount_from))
        found = [(loop, sight) for sight in sights if (loop := _loop_in(sight)) is not None]
        if found:
            best, sight = max(found, key=lambda each: each[0].score)
            if best.score >= _LOWEST_SCORE:
                loops.append(best)
                sights = (sight,)
        pins += [pin for sight in sights if (pin := _pin_in(sight)) is not None]
    pins.sort(key=lambda pin: -pin.score)
    all_found = sorted(_apart(loops) + pins[:1], key=lambda each: -each.score)
    return Finding(tuple(_enlarged(each, contrast.scale) for each in all_found))


def _enlarged(detection: PixelDetection, scale: float) -> PixelDetection:
    min_x, min_y, max_x, max_y = detection.box_px
    box = (min_x * scale, min_y * scale, max_x * scale, max_y * scale)
    tip = detection.tip_px
    return attrs.evolve(
        detection, box_px=box, tip_px=None if tip is None else (tip[0] * scale, tip[1] * scale)
    )


def _apart(loops: list[PixelDetection]) -> list[PixelDetection]:
    """The loops, highest score first, without those inside the box of a better one."""
    kept: list[PixelDetection] = []
    for loop in sorted(loops, key=lambda each: -each.score):
        if all(_common(loop.box_px, other.box_px) < 0.5 * _area(loop.box_px) for other in kept):
            kept.append(loop)
    return kept


@attrs.frozen(eq=False)
class _Sight:
    """A piece, seen with one side of the picture turned to the left.

    Attributes:
        piece: The piece.
        contrast: The picture it is in.
        turn: Which side is turned to the left.
        outlines: The outlines of its faint and of its firm pixels.
        touch: Its pixels at this border as a part of those at all borders; None if there are none.
    """

    piece: Piece
    contrast: Contrast
    turn: Turn
    outlines: tuple[Outline, Outline]
    touch: float | None


def _sights(piece: Piece, contrast: Contrast, mount_from: MountFrom) -> Iterator[_Sight]:
    """The piece seen from the borders that it touches, or from all four if it touches none."""
    rows, columns = contrast.levels.shape
    height, width = piece.firm.shape
    ends: dict[MountSide, Mask | None] = {
        "left": piece.firm[:, 0] if piece.column == 0 else None,
        "right": piece.firm[:, -1] if piece.column + width == columns else None,
        "above": piece.firm[0] if piece.row == 0 else None,
        "below": piece.firm[-1] if piece.row + height == rows else None,
    }
    pixels = {side: 0 if end is None else int(np.count_nonzero(end)) for side, end in ends.items()}
    total = sum(pixels.values())
    touched = tuple(side for side in MOUNT_SIDES if pixels[side]) or MOUNT_SIDES
    for side in touched if mount_from == "any" else (mount_from,):
        turn = Turn(side, (rows, columns))
        row, column = turn.corner(piece.row, piece.column, (height, width))
        faint, firm = (
            outline_of(turn.view(mask), row, column, contrast.size_px)
            for mask in (piece.faint, piece.firm)
        )
        if faint is not None and firm is not None:
            yield _Sight(
                piece, contrast, turn, (faint, firm), pixels[side] / total if total else None
            )


def _loop_in(sight: _Sight) -> PixelDetection | None:
    """The loop on which faint and firm outline agree, else the better one with a lower score."""
    found = [each for outline in sight.outlines if (each := _loop_of(outline, sight)) is not None]
    if not found:
        return None
    best = max(found, key=lambda each: each.score)
    agreement = 0.0
    if len(found) == len(sight.outlines):
        one, other = found
        (x, y), (other_x, other_y) = one.tip, other.tip
        apart = float(np.hypot(x - other_x, y - other_y)) / sight.contrast.size_px
        agreement = _ramp(_overlap(one.box, other.box), 0.5, 0.8) * _falling(apart, 0.01, 0.03)
        if agreement:
            best = _Loop(
                best.score,
                _middle(one.box, other.box) if agreement > 0.5 else best.box,  # noqa: PLR2004
                ((x + other_x) / 2, (y + other_y) / 2),
            )
    score = _HIGHEST_SCORE * best.score * (_ALONE + (1.0 - _ALONE) * agreement)
    turn = sight.turn
    return PixelDetection(LOOP, score, turn.box_back(best.box), turn.point_back(*best.tip))


@attrs.frozen
class _Loop:
    """A loop in the view of one sight."""

    score: float
    box: OutlineBox
    tip: Point


def _loop_of(outline: Outline, sight: _Sight) -> _Loop | None:
    """The loop at the far end of one outline; None if there is none or the border cuts it."""
    size = sight.contrast.size_px
    bulge = bulge_of(outline, size) if outline.top_px.size >= 0.03 * size else None
    if bulge is None or outline.top_px.size - bulge.start < 0.02 * size:
        return None
    if outline.stop_px >= sight.turn.view_shape[1]:
        last = float(outline.width_px[-1])
        contact = float(np.median(outline.width_px[:3])) if outline.first_px == 0 else 0.0
        if last > 0.25 * bulge.widest_px or last > contact:
            return None  # the tip is outside the picture
    columns = slice(bulge.start, None)
    first_px = float(outline.first_px + bulge.start)
    box = (
        first_px,
        float(outline.top_px[columns].min()),
        float(outline.stop_px),
        float(outline.bottom_px[columns].max()),
    )
    score = (
        _shape_score(outline, bulge)
        * _place_score(outline, bulge, sight)
        * _edge_score(outline, columns, sight)
    )
    return _Loop(score, box, (box[2], outline.tip_y_px))


def _shape_score(outline: Outline, bulge: Bulge) -> float:
    """1 for a bulge with a thin neck, smooth outline and blunt end; less for a stub or a rod."""
    width = outline.width_px[bulge.start :]
    end = float(width[-max(1, width.size // 8) :].mean()) / bulge.widest_px
    rough = float(np.abs(np.diff(width)).sum()) / bulge.widest_px
    slender = width.size / bulge.widest_px
    return (
        _ramp(1.0 - bulge.neck_px / bulge.widest_px, 0.15, 0.55)
        * _falling(rough, 3.0, 6.0)
        * _ramp(slender, 0.4, 0.9)
        * _falling(slender, 8.0, 16.0)
        * (0.65 if bulge.cut else 1.0)
        * (0.5 + 0.5 * _ramp(end, 0.1, 0.2))  # pointed: it may hang there on an unseen stem
    )


def _place_score(outline: Outline, bulge: Bulge, sight: _Sight) -> float:
    """1 if it is connected to the mount's side, complete, and a large part of all contrast."""
    if sight.touch is not None:
        joined = 0.3 + 0.7 * _ramp(sight.touch, 0.3, 0.7)
    else:
        joined = 0.25 + 0.75 * _ramp(_corridor(outline, bulge, sight), 0.25, 0.8)
    margin = max(1, round(0.004 * sight.contrast.size_px))
    top, bottom = outline.top_px[bulge.start :], outline.bottom_px[bulge.start :]
    inside = (top > margin) & (bottom < sight.turn.view_shape[0] - margin)
    return joined * float(inside.mean()) * _ramp(sight.piece.part, 0.02, 0.2)


def _corridor(outline: Outline, bulge: Bulge, sight: _Sight) -> float:
    """The part of the columns between piece and mount's side that have contrast."""
    middle = 0.5 * float(outline.top_px[0] + outline.bottom_px[0])
    half = max(bulge.widest_px, 0.04 * sight.contrast.size_px)
    rows = slice(max(0, int(middle - half)), int(middle + half) + 1)
    between = sight.turn.view(sight.contrast.clear)[rows, : outline.first_px]
    return float(between.any(axis=0).mean()) if between.size else 1.0


def _edge_score(outline: Outline, columns: slice, sight: _Sight) -> float:
    """1 for an outline in focus and above the noise; low for shadows, clouds and halos."""
    contrast = sight.contrast
    rise, step = _across(outline, columns, sight)
    if not rise.size:
        return 0.0
    levels = float(np.median(step))
    return (
        _ramp(float(np.median(rise)), 0.04, 0.2)
        * _ramp(float(np.mean(rise > 0.04)), 0.3, 0.8)  # noqa: PLR2004 - as the ramp before
        * _ramp(levels, 4.0, 12.0)
        * _ramp(levels / max(contrast.noise, 0.3), 4.0, 12.0)
        * _falling(contrast.noise, 4.0, 14.0)
    )


def _across(
    outline: Outline, columns: slice, sight: _Sight
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The steps of contrast and of light, in grey levels, across 2 pixels at the outline."""
    reach = 2
    light, levels = (
        sight.turn.view(each) for each in (sight.contrast.light, sight.contrast.levels)
    )
    last = light.shape[0] - 1
    x = outline.first_px + np.arange(outline.top_px.size)[columns]
    rises: list[npt.NDArray[np.float32]] = []
    steps: list[npt.NDArray[np.float32]] = []
    for edge, inward in ((outline.top_px[columns], 1), (outline.bottom_px[columns] - 1, -1)):
        rows = edge.astype(np.intp)
        seen = (rows >= reach) & (rows < last + 1 - reach)
        rows, at = rows[seen], x[seen]
        inside = np.clip(rows + inward * reach, 0, last)
        just_inside = np.clip(rows + inward, 0, last)  # for a thin wire
        outside = np.clip(rows - inward * reach, 0, last)
        most = np.maximum(levels[inside, at], levels[just_inside, at])
        rises.append(most - levels[outside, at])
        steps.append(np.abs(light[inside, at] - light[outside, at]))
    return np.concatenate(rises), np.concatenate(steps)


def _pin_in(sight: _Sight) -> PixelDetection | None:
    """The pin: the straight, thick part from the mount's border to half its thickness."""
    outline = sight.outlines[1]
    size = sight.contrast.size_px
    width = outline.width_px
    at_border = float(np.median(width[:3]))
    if outline.first_px > 0.01 * size or at_border < 0.03 * size:
        return None
    thin = np.flatnonzero(width < 0.5 * at_border)
    end = int(thin[0]) if thin.size else width.size
    if not end:
        return None
    top = float(np.median(outline.top_px[:end]))
    bottom = float(np.median(outline.bottom_px[:end]))
    shaft = width[: max(1, end * 3 // 4)]  # its end may be round
    uneven = float(np.mean(np.abs(shaft - (bottom - top)))) / (bottom - top)
    inside = (outline.top_px[:end] > 0) & (outline.bottom_px[:end] < sight.turn.view_shape[0])
    score = (
        _HIGHEST_SCORE
        * _ramp(at_border / size, 0.025, 0.04)
        * _falling(uneven, 0.05, 0.2)
        * _edge_score(outline, slice(0, end), sight)
        * max(0.3, float(inside.mean()))
    )
    if score < _LOWEST_SCORE:
        return None
    box = sight.turn.box_back((0.0, top, float(outline.first_px + end), bottom))
    return PixelDetection(PIN, score, box)


def _ramp(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, straight in between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _falling(value: float, low: float, high: float) -> float:
    """1 below `low`, 0 above `high`, straight in between."""
    return 1.0 - _ramp(value, low, high)


def _area(box: OutlineBox) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common(one: OutlineBox, other: OutlineBox) -> float:
    """The area of the intersection of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _overlap(one: OutlineBox, other: OutlineBox) -> float:
    """Intersection over union of two boxes that are not empty, 0..1."""
    common = _common(one, other)
    return common / (_area(one) + _area(other) - common)


def _middle(one: OutlineBox, other: OutlineBox) -> OutlineBox:
    a, b, c, d = ((first + second) / 2 for first, second in zip(one, other, strict=True))
    return a, b, c, d
