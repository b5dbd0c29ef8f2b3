"""Pictures for people: each frame with its boxes, a contact sheet, and the plot over the angle."""

import io
from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from dhs_runtime.demo.evaluation import Evaluation, FrameResult

LOOP: Final = (64, 220, 120)
PIN: Final = (90, 170, 255)
TIP: Final = (255, 220, 60)
TRUTH: Final = (255, 255, 255)
SHADE: Final = (24, 26, 30)
CAPTION_PX: Final = 26
SHEET_COLUMNS: Final = 4
SHEET_ROWS: Final = 4
_CROSS_PX: Final = 12
_DASH_PX: Final = 7


def draw_frame(frame: FrameResult) -> Image.Image:
    """The picture with what was found drawn in, and a line of figures below."""
    with Image.open(io.BytesIO(frame.jpeg)) as file:
        picture = file.convert("RGB")
    canvas = Image.new("RGB", (picture.width, picture.height + CAPTION_PX), SHADE)
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    if frame.truth_px is not None:
        _dashed(draw, frame.truth_px)
    if frame.pin_px is not None:
        draw.rectangle(frame.pin_px, outline=PIN, width=2)
    if frame.found_px is not None:
        draw.rectangle(frame.found_px, outline=LOOP, width=2)
    if frame.tip_px is not None:
        x, y = frame.tip_px
        draw.line((x - _CROSS_PX, y, x + _CROSS_PX, y), fill=TIP, width=2)
        draw.line((x, y - _CROSS_PX, x, y + _CROSS_PX), fill=TIP, width=2)
    font = ImageFont.load_default(15)
    figures = (
        f"#{frame.index:03}  {frame.angle_deg:6.1f}°  score {frame.score:.2f}  IoU {frame.iou:.2f}"
    )
    draw.text((8, picture.height + 4), figures, fill=TRUTH, font=font)
    x = picture.width - 8.0
    legend = (("truth", TRUTH), ("tip", TIP), ("pin", PIN), ("loop", LOOP))
    for word, colour in legend:
        x -= draw.textlength(word, font=font)
        draw.text((x, picture.height + 4), word, fill=colour, font=font)
        x -= 14
    return canvas


def contact_sheet(frames: Sequence[FrameResult]) -> Image.Image:
    """Sixteen of the pictures, spread over the turn, at half size."""
    count = min(len(frames), SHEET_COLUMNS * SHEET_ROWS)
    chosen = [frames[round(i * (len(frames) - 1) / max(1, count - 1))] for i in range(count)]
    tiles = [draw_frame(frame).reduce(2) for frame in chosen]
    width, height = tiles[0].size
    rows = -(-count // SHEET_COLUMNS)
    gap = 6
    sheet = Image.new(
        "RGB", (SHEET_COLUMNS * (width + gap) + gap, rows * (height + gap) + gap), SHADE
    )
    for number, tile in enumerate(tiles):
        row, column = divmod(number, SHEET_COLUMNS)
        sheet.paste(tile, (gap + column * (width + gap), gap + row * (height + gap)))
    return sheet


def plot(evaluation: Evaluation) -> bytes:
    """A PNG of loop width and tip against the angle: points as DCSS was told, lines as drawn."""
    figure = Figure(figsize=(9, 8), dpi=110, layout="constrained")
    width_axes, tip_axes, iou_axes = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (3, 3, 1.4)}
    )
    told = [frame for frame in evaluation.frames if frame.found_px and frame.tip_px]
    drawn = [frame for frame in evaluation.frames if frame.truth_px and frame.tip_truth_px]
    angles = [frame.angle_deg for frame in told]
    angles_drawn = [frame.angle_deg for frame in drawn]

    width_axes.plot(
        angles_drawn,
        [box[3] - box[1] for frame in drawn if (box := frame.truth_px)],
        color="0.6",
        label="as drawn",
    )
    width_axes.plot(
        angles,
        [box[3] - box[1] for frame in told if (box := frame.found_px)],
        ".",
        color="tab:green",
        label="as DCSS was told",
    )
    width_axes.set(ylabel="loop width (px)", title="Loop and tip while the sample turns")
    for part, colour, name in ((0, "tab:red", "x"), (1, "tab:blue", "y")):
        tip_axes.plot(
            angles_drawn,
            [tip[part] for frame in drawn if (tip := frame.tip_truth_px)],
            color="0.6",
            label="as drawn" if part else None,
        )
        tip_axes.plot(
            angles,
            [tip[part] for frame in told if (tip := frame.tip_px)],
            ".",
            color=colour,
            label=f"tip {name} as DCSS was told",
        )
    tip_axes.set(ylabel="tip (px)")
    iou_axes.plot(
        [frame.angle_deg for frame in evaluation.frames],
        [frame.iou for frame in evaluation.frames],
        color="tab:purple",
    )
    iou_axes.set(xlabel="angle (°)", ylabel="IoU", ylim=(0, 1.05))
    for axes in (width_axes, tip_axes):
        axes.legend(loc="best", fontsize="small")
    for axes in (width_axes, tip_axes, iou_axes):
        axes.grid(visible=True, alpha=0.25)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _dashed(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    for start, end in (
        ((left, top), (right, top)),
        ((left, bottom), (right, bottom)),
        ((left, top), (left, bottom)),
        ((right, top), (right, bottom)),
    ):
        length = abs(end[0] - start[0]) + abs(end[1] - start[1])
        at = 0.0
        while at < length:
            stop = min(at + _DASH_PX / 2, length)
            first, last = (
                (
                    start[0] + (end[0] - start[0]) * part / length,
                    start[1] + (end[1] - start[1]) * part / length,
                )
                for part in (at, stop)
            )
            draw.line((first, last), fill=TRUTH)
            at += _DASH_PX
