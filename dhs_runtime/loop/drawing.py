"""Draws a kept collection: each picture with its boxes, and two plots (extra `plots`).

It draws the values that DCSS got: loop and pin as boxes, the tip as a cross.
"""

import math
import statistics
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from dhs_runtime.errors import ConfigError
from dhs_runtime.loop.run_folder import KeptResult, picture_name, read_results
from dhs_runtime.services.automl import Box

Colour: TypeAlias = tuple[int, int, int]
Corners: TypeAlias = tuple[float, float, float, float]
PixelPoint: TypeAlias = tuple[float, float]

LOOP: Final[Colour] = (64, 220, 120)
PIN: Final[Colour] = (90, 170, 255)
TIP: Final[Colour] = (255, 220, 60)
NONE: Final[Colour] = (240, 140, 60)
SHADE: Final[Colour] = (24, 26, 30)
LIGHT: Final[Colour] = (240, 240, 240)
BOXES: Final = "bboxes"
WIDTHS: Final = "plot_loop_widths.png"
SCORES: Final = "plot_automl_scores.png"
QUALITY: Final = 88
CAPTION_PX: Final = 26
MAX_PIXELS: Final = 25_000_000
_LEAST_TURN_DEG: Final = 90.0
_LEAST_LOOPS: Final = 5


@attrs.frozen
class Drawn:
    """The result of drawing a collection.

    Attributes:
        pictures: How many pictures were drawn.
        troubles: One line for each picture that cannot be read.
    """

    pictures: int
    troubles: tuple[str, ...]


def draw_collection(folder: Path) -> Drawn:
    """Draw the pictures of `folder` into its `bboxes/`, and the plots into `folder` itself.

    Raises:
        ConfigError: `folder` is not a kept collection, or has no pictures.
        OSError: `folder` cannot be written to.
    """
    results = read_results(folder)
    if not results:
        raise ConfigError(f"{folder} has no pictures: its table is empty")
    boxes = folder / BOXES
    boxes.mkdir(exist_ok=True)
    troubles = []
    for result in results:
        source = folder / picture_name(result.index)
        try:
            picture = _read(source)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            troubles.append(f"{source} is not drawn: {error}")
            continue
        draw_result(picture, result).save(boxes / f"automl_{source.name}", quality=QUALITY)
    plot_widths(results).savefig(folder / WIDTHS)
    plot_scores(results).savefig(folder / SCORES)
    return Drawn(len(results) - len(troubles), tuple(troubles))


def _read(path: Path) -> Image.Image:
    """The picture; its size is read from the header and checked before it is unpacked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as file:
            if file.width * file.height > MAX_PIXELS:
                raise ValueError(f"{file.width} x {file.height} pixels are more than {MAX_PIXELS}")
            return file.convert("RGB")


def draw_result(picture: Image.Image, result: KeptResult) -> Image.Image:
    """The picture with its boxes and tip, and a line of figures below it."""
    size = picture.size
    draw_marks(
        picture,
        loop=in_px(result.box, size),
        pin=in_px(result.pin, size),
        tip=None if result.tip is None else (result.tip[0] * size[0], result.tip[1] * size[1]),
    )
    words = f"#{result.index:04}  {result.angle_deg:.1f}°  score {result.score:.2f}"
    if result.tip is None:
        return captioned(picture, f"{words}  no loop", NONE)
    x, y = result.tip
    return captioned(picture, f"{words}  {result.label}  tip {x:.3f} {y:.3f}")


def draw_marks(
    picture: Image.Image,
    *,
    loop: Corners | None = None,
    pin: Corners | None = None,
    tip: PixelPoint | None = None,
    loop_colour: Colour = LOOP,
) -> None:
    """Draw boxes and tip, in pixels, into the picture; larger pictures get thicker lines."""
    draw = ImageDraw.Draw(picture)
    thick = max(2, round(picture.width / 350))
    for box, colour in ((pin, PIN), (loop, loop_colour)):
        if box is not None:
            draw.rectangle(box, outline=colour, width=thick)
    if tip is not None:
        (x, y), arm = tip, 6 * thick
        draw.line((x - arm, y, x + arm, y), fill=TIP, width=thick)
        draw.line((x, y - arm, x, y + arm), fill=TIP, width=thick)


def captioned(picture: Image.Image, words: str, colour: Colour = LIGHT) -> Image.Image:
    """The picture with a line of words below it."""
    canvas = Image.new("RGB", (picture.width, picture.height + CAPTION_PX), SHADE)
    canvas.paste(picture, (0, 0))
    font = ImageFont.load_default(14)
    ImageDraw.Draw(canvas).text((6, picture.height + 4), words, fill=colour, font=font)
    return canvas


def in_px(box: Box | None, size_px: tuple[int, int]) -> Corners | None:
    """The left, upper, right and lower side of a box, in pixels of a picture; None for None."""
    if box is None:
        return None
    width, height = size_px
    return box.min_x * width, box.min_y * height, box.max_x * width, box.max_y * height


@attrs.frozen(kw_only=True)
class WidthFit:
    """The loop's height in the picture over the angle, for a flat loop that turns.

    The square of the height is `mean + swing * cos(2 * (angle - face))`, as for an ellipse that
    turns about its long axis.

    Attributes:
        mean: Mean of the square.
        swing: Amplitude of the square; 0 or more.
        face_deg: Angle, 0..180, at which the loop is seen face-on; 90 degrees from edge-on.
    """

    mean: float
    swing: float
    face_deg: float

    def at(self, angle_deg: float) -> float:
        """The height at an angle."""
        turn = math.radians(2 * (angle_deg - self.face_deg))
        return math.sqrt(max(0.0, self.mean + self.swing * math.cos(turn)))


def fit_widths(angles_deg: Sequence[float], heights: Sequence[float]) -> WidthFit | None:
    """The fit; None for less than a quarter turn, fewer than five loops, or a constant height."""
    if len(angles_deg) < _LEAST_LOOPS or max(angles_deg) - min(angles_deg) < _LEAST_TURN_DEG:
        return None
    turns = np.radians(2 * np.asarray(angles_deg))
    squares = np.square(np.asarray(heights, dtype=np.float64))
    terms = np.column_stack((np.ones_like(turns), np.cos(turns), np.sin(turns)))
    (mean, cosine, sine), *_ = np.linalg.lstsq(terms, squares, rcond=None)
    swing = math.hypot(cosine, sine)
    off = float(np.std(squares - terms @ np.array([mean, cosine, sine])))
    if swing <= off or swing <= 1e-9:  # noqa: PLR2004 - nothing but rounding
        return None
    face_deg = math.degrees(math.atan2(sine, cosine)) / 2 % 180
    return WidthFit(mean=float(mean), swing=swing, face_deg=face_deg)


def plot_widths(results: Sequence[KeptResult]) -> Figure:
    """The loop's width over the angle, with the face-on and edge-on angles."""
    figure = Figure(figsize=(8, 6), dpi=100, layout="constrained")
    axes = figure.subplots()
    found = [(result.angle_deg, result.box.height) for result in results if result.box]
    angles, heights = [angle for angle, _ in found], [height for _, height in found]
    axes.plot(angles, heights, "o", color="tab:green", ms=4, label="as sent to DCSS")
    fit = fit_widths(angles, heights)
    if fit is not None:
        first, last = min(angles), max(angles)
        line = [first + (last - first) * i / 200 for i in range(201)]
        axes.plot(line, [fit.at(angle) for angle in line], color="0.5", label="fit")
        for name, face_deg in (("face", fit.face_deg), ("edge", fit.face_deg + 90)):
            at_deg = face_deg % 180
            while at_deg < first:
                at_deg += 180
            if at_deg <= last:
                axes.plot([at_deg], [fit.at(at_deg)], "D", color="tab:red", ms=9)
                label = f"{name} {at_deg:.1f}°"
                place = (at_deg, fit.at(at_deg))
                axes.annotate(label, place, xytext=(10, 8), textcoords="offset points")
    _mark_failed(axes, results)
    axes.set(
        title="Width of the loop",
        xlabel="angle since the oscillation began (°)",
        ylabel="loopWidth (part of the picture's height)",
    )
    axes.margins(y=0.15)
    axes.grid(visible=True, alpha=0.25)
    axes.legend(loc="best")
    return figure


def plot_scores(results: Sequence[KeptResult]) -> Figure:
    """Score, tip and pin over the angle, and how often each score occurred."""
    figure = Figure(figsize=(8, 9), dpi=100, layout="constrained")
    above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": (3, 2)})
    angles = [result.angle_deg for result in results]
    scores = [result.score for result in results]
    above.plot(angles, scores, "o", ms=4, color="tab:purple", label="loopScore")
    found = [result for result in results if result.box and result.tip]
    for name, colour, values in (
        ("tipX", "tab:red", [result.tip[0] for result in found if result.tip]),
        ("pinBaseX", "tab:blue", [result.pin_base_x for result in found]),
        ("loopWidthX", "tab:green", [result.box.width for result in found if result.box]),
    ):
        above.plot([result.angle_deg for result in found], values, ".", color=colour, label=name)
    _mark_failed(above, results)
    above.set(
        title="Scores and places",
        xlabel="angle since the oscillation began (°)",
        ylabel="score; part of the picture's width",
        ylim=(-0.02, 1.05),
    )
    above.grid(visible=True, alpha=0.25)
    above.legend(loc="best")
    below.hist(scores, bins=20, range=(0, 1), color="tab:purple")
    figures = (
        f"mean {statistics.fmean(scores):.3f}   median {statistics.median(scores):.3f}   "
        f"standard deviation {statistics.pstdev(scores):.3f}"
    )
    below.set(title=figures, xlabel="loopScore", ylabel="pictures")
    return figure


def _mark_failed(axes: Axes, results: Sequence[KeptResult]) -> None:
    """Mark each picture without a loop at the bottom."""
    angles = [result.angle_deg for result in results if result.box is None]
    if angles:
        axes.plot(
            angles,
            [0.01] * len(angles),
            "|",
            color="tab:orange",
            transform=axes.get_xaxis_transform(),
            label="no loop",
        )
