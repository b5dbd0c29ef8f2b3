"""Finds the pin and the loop in a picture by classical image processing.

A pin is thick from the left edge on, a fibre is thin, and the loop is where the silhouette grows
clearly thicker than the fibre, up to its right end. No training, no model: the embedded inference
server answers with this, and it takes a few milliseconds.
"""

from collections.abc import Iterable

import attrs
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from dhs_lab.simulators.silhouettes import Contrast, Picture, Piece, contrast_of, pieces_of

LOOP = "nylon"
PIN = "pin"
_LOWEST_SCORE = 0.02
_MOST_LOOPS = 8

Lengths = npt.NDArray[np.float64]


@attrs.frozen
class Detection:
    """Something found.

    Attributes:
        label: `"nylon"` (a loop) or `"pin"`, the names of the beamline's model.
        score: 0..1; contrast, sharpness and shape together.
        box_px: `(min_x, min_y, max_x, max_y)`; pixel i covers i..i+1, y grows downwards.
    """

    label: str
    score: float
    box_px: tuple[float, float, float, float]


@attrs.frozen
class Finding:
    """The detections of one picture and the tip of the best loop.

    Attributes:
        detections: Sorted by falling score.
        tip_px: `(x, y)` of the right-most point of the loop with the highest score, or None.
    """

    detections: tuple[Detection, ...]
    tip_px: tuple[float, float] | None


@attrs.frozen
class _Loop:
    detection: Detection
    tip_px: tuple[float, float]


def detect(picture: Picture) -> tuple[Detection, ...]:
    """Pin and loops in `picture`, sorted by falling score.

    Args:
        picture: A Pillow image, or an array of uint8, (h, w) or (h, w, 3); of any size.

    Raises:
        ValueError: The array is of another shape or type.
    """
    return find(picture).detections


def find(picture: Picture) -> Finding:
    """Like `detect`, with the tip of the best loop."""
    contrast = contrast_of(picture)
    pieces = pieces_of(contrast)
    pin, pin_piece, pin_end = _find_pin(pieces, contrast)
    rest = [piece for piece in pieces if piece is not pin_piece]
    if pin_piece is not None:
        rest.append(_right_of(pin_piece, pin_end, contrast.size_px // 30))
    candidates = (_find_loop(piece, pin, contrast) for piece in rest)
    loops = sorted(
        (loop for loop in candidates if loop is not None),
        key=lambda loop: -loop.detection.score,
    )[:_MOST_LOOPS]
    found = [loop.detection for loop in loops]
    if pin is not None:
        found.append(pin)
    found.sort(key=lambda detection: -detection.score)
    return Finding(
        tuple(_enlarged(detection, contrast.scale) for detection in found),
        (loops[0].tip_px[0] * contrast.scale, loops[0].tip_px[1] * contrast.scale)
        if loops
        else None,
    )


def _enlarged(detection: Detection, scale: float) -> Detection:
    min_x, min_y, max_x, max_y = detection.box_px
    box = (min_x * scale, min_y * scale, max_x * scale, max_y * scale)
    return attrs.evolve(detection, box_px=box)


def _ramp(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, straight in between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _find_pin(
    pieces: Iterable[Piece], contrast: Contrast
) -> tuple[Detection | None, Piece | None, int]:
    """The pin, the piece it belongs to and its number of columns."""
    size = contrast.size_px
    at_edge = [piece for piece in pieces if piece.first_px <= 0.01 * size]
    best: tuple[Detection | None, Piece | None, int] = (None, None, 0)
    for piece in at_edge:
        thickness = piece.thickness_px
        width = float(np.median(thickness[:3]))
        thin = np.flatnonzero(thickness < 0.5 * width)
        end = int(thin[0]) if thin.size else thickness.size
        if width < 0.03 * size:
            continue
        top = float(np.median(piece.top_px[:end]))
        bottom = float(np.median(piece.bottom_px[:end])) + 1
        shaft = thickness[: max(1, end * 3 // 4)]  # its end may be round
        uneven = float(np.mean(np.abs(shaft - (bottom - top)))) / (bottom - top)
        score = (
            _ramp(piece.level, 0.15, 0.35)
            * _ramp(width / size, 0.025, 0.04)
            * (1.0 - _ramp(uneven, 0.05, 0.2))
            * _ramp(_sharpness(piece, slice(0, end), contrast), 0.1, 0.3)
            * max(0.3, _whole(piece, slice(0, end), contrast))
        )
        detection = Detection(PIN, 0.99 * score, (0.0, top, float(piece.first_px + end), bottom))
        if score > _LOWEST_SCORE and (best[0] is None or detection.score > best[0].score):
            best = (detection, piece, end)
    return best


def _right_of(piece: Piece, columns: int, corner: int) -> Piece:
    """What follows the pin, without the last of its rounded end (at most `corner` columns)."""
    falling = np.diff(piece.thickness_px[columns : columns + corner]) < 0
    columns += int(np.append(falling, False).argmin())
    return attrs.evolve(
        piece,
        first_px=piece.first_px + columns,
        top_px=piece.top_px[columns:],
        bottom_px=piece.bottom_px[columns:],
    )


def _sharpness(piece: Piece, columns: slice, contrast: Contrast) -> float:
    """How much of the contrast is gained within 5 pixels across the outline, 0..1.

    Low for shadows and clouds, which may be as dark as a loop but are never in focus.
    """
    step = 2
    top, bottom = piece.top_px[columns], piece.bottom_px[columns]
    x = piece.first_px + np.arange(piece.top_px.size)[columns]
    last = contrast.dark.shape[0] - 1
    rises: list[npt.NDArray[np.float32]] = []
    for rows, inward in ((top, 1), (bottom, -1)):
        seen = (rows >= step) & (rows <= last - step)
        inside = np.clip(rows[seen] + inward * step, 0, last)
        outside = rows[seen] - inward * step
        rises.append(contrast.dark[inside, x[seen]] - contrast.dark[outside, x[seen]])
    both = np.concatenate(rises)
    return float(np.median(both)) / piece.level if both.size else 0.0


def _find_loop(piece: Piece, pin: Detection | None, contrast: Contrast) -> _Loop | None:
    """The bulge of `piece`, if it has one."""
    size = contrast.size_px
    thickness = piece.thickness_px
    if thickness.size < 0.015 * size or (pin is not None and piece.first_px < pin.box_px[2] - 1):
        return None
    smooth = ndimage.median_filter(thickness, size=5, mode="nearest")
    widest = int(smooth.argmax())
    most = float(smooth[widest])
    fibre = _fibre_thickness(smooth[:widest], most)
    start = _bulge_start(smooth, widest, fibre)
    stop = thickness.size
    columns = slice(start, stop)
    length = stop - start
    score = (
        _ramp(piece.level, 0.15, 0.35)
        * _ramp(_sharpness(piece, columns, contrast), 0.1, 0.3)
        * _ramp(most / size, 0.012, 0.02)
        * _ramp(length / size, 0.015, 0.04)
        * _ramp(length / most, 0.4, 0.9)
        * (1.0 - _ramp(length / most, 12.0, 20.0))
        * (1.0 - _ramp(fibre / most, 0.6, 0.8))
        * _roundness(smooth[columns], most)
        * _tapered(smooth[columns], most, cut=piece.first_px + start == 0)
        * _in_line(piece, columns, pin)
        * _whole(piece, columns, contrast)
    )
    if score < _LOWEST_SCORE:
        return None
    box = (
        float(piece.first_px + start),
        float(piece.top_px[columns].min()),
        float(piece.first_px + stop),
        float(piece.bottom_px[columns].max()) + 1,
    )
    end = slice(max(start, stop - 3), stop)
    tip_y = 0.5 * float(np.mean(piece.top_px[end] + piece.bottom_px[end] + 1))
    return _Loop(Detection(LOOP, 0.99 * score, box), (box[2], tip_y))


def _fibre_thickness(left: Lengths, most: float) -> float:
    """Thickness of the fibre left of the bulge; 0 when none is in view."""
    if not left.size:
        return 0.0
    fibre = float(np.quantile(left, 0.2))
    return fibre if fibre < most else 0.0


def _bulge_start(smooth: Lengths, widest: int, fibre: float) -> int:
    """The first column of the bulge around `widest`."""
    grown = float(smooth[widest]) - fibre

    def last_below(part: float) -> int:
        below = np.flatnonzero(smooth[:widest] <= fibre + part * grown + 0.5)
        return int(below[-1]) + 1 if below.size else 0

    low, high = last_below(0.12), last_below(0.3)
    # The neck is drowned in the fibre's own unevenness: go on as steep as it came out of it.
    return max(0, low - (high - low) // 2)


def _roundness(thickness: Lengths, most: float) -> float:
    """1 for an outline that swells and falls once, less for a ragged one."""
    climb = float(np.abs(np.diff(thickness)).sum())
    return 1.0 - _ramp(climb / most, 3.0, 6.0)


def _tapered(thickness: Lengths, most: float, *, cut: bool) -> float:
    """1 for what begins as a thin neck, or left of the picture; little for a blunt beam stop."""
    neck = float(thickness[: max(1, thickness.size // 20)].mean())
    return 1.0 if cut else 1.0 - 0.9 * _ramp(neck / most, 0.6, 0.85)


def _whole(piece: Piece, columns: slice, contrast: Contrast) -> float:
    """Part of the columns that the picture's upper or lower edge does not cut off.

    A dark border of the picture has an outline on one side only; a loop has two.
    """
    last = contrast.dark.shape[0] - 1
    inside = (piece.top_px[columns] > 0) & (piece.bottom_px[columns] < last)
    return float(inside.mean())


def _in_line(piece: Piece, columns: slice, pin: Detection | None) -> float:
    """1 for what can sit on this pin, less far above or below it."""
    if pin is None:
        return 0.9
    _, top, _, bottom = pin.box_px
    middle = float(np.mean(piece.top_px[columns] + piece.bottom_px[columns])) / 2
    away = abs(middle - 0.5 * (top + bottom)) / (bottom - top)
    return 1.0 - 0.7 * _ramp(away, 1.2, 2.5)
