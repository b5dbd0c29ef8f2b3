"""Pictures for people: each frame with its boxes, and the plot over the angle."""

import io
from typing import Final

from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from dhs_lab.demo.evaluation import Evaluation, FrameResult
from dhs_lab.simulators.mount import PixelBox
from dhs_runtime.loop.drawing import captioned, draw_marks

TRUTH: Final = (255, 255, 255)
DASH_PX: Final = 7


def draw_frame(frame: FrameResult) -> Image.Image:
    """The picture with what was found drawn in, and a line of figures below."""
    picture = opened(frame.jpeg)
    draw_marks(picture, loop=frame.found_px, pin=frame.pin_px, tip=frame.tip_px)
    if frame.truth_px is not None:
        dashed(ImageDraw.Draw(picture), frame.truth_px)
    words = f"#{frame.index:03}  {frame.angle_deg:5.1f}°  IoU {frame.iou:.2f}"
    return captioned(picture, f"{words}   loop green, pin blue, tip yellow, truth dashed")


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


def opened(jpeg: bytes) -> Image.Image:
    """A picture in RGB, from its file."""
    with Image.open(io.BytesIO(jpeg)) as file:
        return file.convert("RGB")


def dashed(draw: ImageDraw.ImageDraw, box: PixelBox) -> None:
    """Draw a dashed box: where something is."""
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
