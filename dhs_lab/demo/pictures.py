"""Pictures for people: each frame with its boxes, a contact sheet, and the plot over the angle."""

import io
from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from dhs_lab.demo.evaluation import Evaluation, FrameResult

LOOP: Final = (64, 220, 120)
PIN: Final = (90, 170, 255)
TIP: Final = (255, 220, 60)
TRUTH: Final = (255, 255, 255)
SHADE: Final = (24, 26, 30)
CAPTION_PX: Final = 26
SHEET_COLUMNS: Final = 4
SHEET_ROWS: Final = 4
TILE_PX: Final = (360, 240)
GAP_PX: Final = 6
MARGIN_PX: Final = 120
CROSS_PX: Final = 12
DASH_PX: Final = 7


def draw_frame(frame: FrameResult) -> Image.Image:
    """The picture with what was found drawn in, and a line of figures below."""
    return _captioned(_annotated(frame), frame)


def contact_sheet(frames: Sequence[FrameResult]) -> Image.Image:
    """Sixteen of the pictures, spread over the turn, each cut to what matters."""
    count = min(len(frames), SHEET_COLUMNS * SHEET_ROWS)
    chosen = [frames[round(i * (len(frames) - 1) / max(1, count - 1))] for i in range(count)]
    window = _window(frames)
    tiles = [
        _captioned(_annotated(frame).crop(window).resize(TILE_PX, Image.Resampling.LANCZOS), frame)
        for frame in chosen
    ]
    width, height = tiles[0].size
    rows = -(-count // SHEET_COLUMNS)
    sheet = Image.new(
        "RGB",
        (SHEET_COLUMNS * (width + GAP_PX) + GAP_PX, rows * (height + GAP_PX) + GAP_PX),
        SHADE,
    )
    for number, tile in enumerate(tiles):
        row, column = divmod(number, SHEET_COLUMNS)
        corner = (GAP_PX + column * (width + GAP_PX), GAP_PX + row * (height + GAP_PX))
        sheet.paste(tile, corner)
    return sheet


def plot(evaluation: Evaluation) -> bytes:
    """A PNG of loop width and tip against the angle: points as DCSS was told, lines as drawn."""
    figure = Figure(figsize=(9, 9), dpi=110, layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, gridspec_kw={"height_ratios": (3, 3, 1.5, 1.5)})
    told = [frame for frame in evaluation.frames if frame.found_px and frame.tip_px]
    drawn = [frame for frame in evaluation.frames if frame.truth_px and frame.tip_truth_px]
    curves = (
        (
            "loop width (px)",
            "tab:green",
            [box[3] - box[1] for frame in drawn if (box := frame.truth_px)],
            [box[3] - box[1] for frame in told if (box := frame.found_px)],
        ),
        (
            "tip y (px)",
            "tab:blue",
            [tip[1] for frame in drawn if (tip := frame.tip_truth_px)],
            [tip[1] for frame in told if (tip := frame.tip_px)],
        ),
        (
            "tip x (px)",
            "tab:red",
            [tip[0] for frame in drawn if (tip := frame.tip_truth_px)],
            [tip[0] for frame in told if (tip := frame.tip_px)],
        ),
    )
    for axes, (label, colour, truth, found) in zip(panels, curves, strict=False):
        axes.plot([frame.angle_deg for frame in drawn], truth, color="0.6", label="as drawn")
        angles = [frame.angle_deg for frame in told]
        axes.plot(angles, found, ".", color=colour, label="as DCSS was told")
        axes.set(ylabel=label)
        axes.margins(y=0.15)
    panels[0].legend(loc="upper center")
    panels[0].set(title="The loop while the sample turns")
    angles = [frame.angle_deg for frame in evaluation.frames]
    panels[3].plot(angles, [frame.iou for frame in evaluation.frames], color="tab:purple")
    panels[3].set(xlabel="angle (°)", ylabel="IoU", ylim=(0, 1.05))
    for axes in panels:
        axes.grid(visible=True, alpha=0.25)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _annotated(frame: FrameResult) -> Image.Image:
    with Image.open(io.BytesIO(frame.jpeg)) as file:
        picture = file.convert("RGB")
    draw = ImageDraw.Draw(picture)
    if frame.pin_px is not None:
        draw.rectangle(frame.pin_px, outline=PIN, width=2)
    if frame.found_px is not None:
        draw.rectangle(frame.found_px, outline=LOOP, width=2)
    if frame.truth_px is not None:
        _dashed(draw, frame.truth_px)
    if frame.tip_px is not None:
        x, y = frame.tip_px
        draw.line((x - CROSS_PX, y, x + CROSS_PX, y), fill=TIP, width=2)
        draw.line((x, y - CROSS_PX, x, y + CROSS_PX), fill=TIP, width=2)
    return picture


def _captioned(picture: Image.Image, frame: FrameResult) -> Image.Image:
    canvas = Image.new("RGB", (picture.width, picture.height + CAPTION_PX), SHADE)
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)
    y = picture.height + 4
    words = f"#{frame.index:03}  {frame.angle_deg:5.1f}°  IoU {frame.iou:.2f}"
    draw.text((6, y), words, fill=TRUTH, font=font)
    x = picture.width - 6.0
    for word, colour in (("truth", TRUTH), ("tip", TIP), ("pin", PIN), ("loop", LOOP)):
        x -= draw.textlength(word, font=font)
        draw.text((x, y), word, fill=colour, font=font)
        x -= 8
    return canvas


def _window(frames: Sequence[FrameResult]) -> tuple[int, int, int, int]:
    """The part of the pictures that holds every loop and the end of the pin, 4:3."""
    width, height = frames[0].size_px
    boxes = [box for frame in frames for box in (frame.found_px, frame.truth_px) if box]
    if not boxes:
        return (0, 0, width, height)
    left = min(box[0] for box in boxes) - MARGIN_PX
    right = max(box[2] for box in boxes) + MARGIN_PX / 2
    middle = (min(box[1] for box in boxes) + max(box[3] for box in boxes)) / 2
    half = (right - left) * TILE_PX[1] / TILE_PX[0] / 2
    return (round(left), round(middle - half), round(right), round(middle + half))


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
            stop = min(at + DASH_PX / 2, length)
            first, last = (
                (
                    start[0] + (end[0] - start[0]) * part / length,
                    start[1] + (end[1] - start[1]) * part / length,
                )
                for part in (at, stop)
            )
            draw.line((first, last), fill=TRUTH)
            at += DASH_PX
