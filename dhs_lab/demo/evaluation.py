"""Compares what DCSS received about each picture with what the picture shows."""

import statistics
from collections.abc import Sequence
from typing import Final

import attrs

from dcs_codec import OperationStatus
from dhs_lab.simulators.axis import PushedFrame
from dhs_lab.simulators.mount import PixelBox
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.services.automl import Box

LEAST_IOU: Final = 0.6
LEAST_MEAN_IOU: Final = 0.75


@attrs.frozen(kw_only=True)
class FrameResult:
    """One picture.

    Attributes:
        index: Its number in the `LOOP_INFO` updates.
        angle_deg: Angle of the sample.
        jpeg: The picture.
        size_px: Its width and height.
        found_px: The loop's box as sent to DCSS, None if DCSS was told that there is none.
        pin_px: The pin's box as found, None if there was none.
        truth_px: The loop's box as drawn, None if it is out of view.
        tip_px: The loop's tip `(x, y)` as sent to DCSS, None if there was no loop.
        tip_truth_px: The loop's tip as drawn.
        score: The detection's score.
    """

    index: int
    angle_deg: float
    jpeg: bytes = attrs.field(repr=False)
    size_px: tuple[int, int]
    found_px: PixelBox | None
    pin_px: PixelBox | None
    truth_px: PixelBox | None
    tip_px: tuple[float, float] | None
    tip_truth_px: tuple[float, float] | None
    score: float

    @property
    def iou(self) -> float:
        """Intersection over union of the two boxes of the loop, 0..1."""
        if self.found_px is None or self.truth_px is None:
            return 0.0
        return iou(self.found_px, self.truth_px)


@attrs.frozen
class Evaluation:
    """All pictures of one collection, in order."""

    frames: tuple[FrameResult, ...]
    pushed: int

    @property
    def least_iou(self) -> float:
        """Smallest IoU, 0 without pictures."""
        return min((frame.iou for frame in self.frames), default=0.0)

    @property
    def mean_iou(self) -> float:
        """Mean IoU, 0 without pictures."""
        return statistics.fmean(frame.iou for frame in self.frames) if self.frames else 0.0

    @property
    def good(self) -> bool:
        """Whether every picture was answered and every box is where the loop is."""
        return (
            len(self.frames) == self.pushed > 0
            and self.least_iou >= LEAST_IOU
            and self.mean_iou >= LEAST_MEAN_IOU
        )


def evaluate(
    updates: Sequence[str],
    pushed: Sequence[PushedFrame],
    collected: Sequence[CollectedImage],
    size_px: tuple[int, int],
) -> Evaluation:
    """Match what DCSS received with what the camera sent.

    Args:
        updates: Texts of the operation's updates.
        pushed: What the camera sent.
        collected: What the DHS received; its bytes show which picture an index means.
        size_px: Width and height of the pictures.
    """
    by_bytes = {frame.jpeg: frame for frame in pushed}
    by_index = {image.index: image for image in collected}
    frames = []
    for update in updates:
        words = update.split()
        if words[:1] != ["LOOP_INFO"]:
            continue
        image = by_index[int(words[1])]
        sent = by_bytes[image.data]
        pin = None if image.info is None else image.info.pin
        frames.append(
            FrameResult(
                index=image.index,
                angle_deg=sent.angle_deg,
                jpeg=image.data,
                size_px=size_px,
                found_px=_told_box(words, size_px),
                pin_px=None if pin is None else _in_px(pin, size_px),
                truth_px=sent.truth.loop_px,
                tip_px=_told_tip(words, size_px),
                tip_truth_px=sent.truth.tip_px,
                score=float(words[15]),
            )
        )
    return Evaluation(tuple(sorted(frames, key=lambda frame: frame.index)), len(pushed))


def iou(one: PixelBox, other: PixelBox) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - common
    return common / both if both > 0 else 0.0


def _told_box(words: Sequence[str], size_px: tuple[int, int]) -> PixelBox | None:
    """The box in `LOOP_INFO index status tipX tipY pinBaseX fiberWidth loopWidth boxMinX ...`."""
    if words[2] != OperationStatus.NORMAL:
        return None
    min_x, max_x, min_y, max_y = map(float, words[8:12])
    return _in_px(Box(min_x, min_y, max_x, max_y), size_px)


def _told_tip(words: Sequence[str], size_px: tuple[int, int]) -> tuple[float, float] | None:
    if words[2] != OperationStatus.NORMAL:
        return None
    return float(words[3]) * size_px[0], float(words[4]) * size_px[1]


def _in_px(box: Box, size_px: tuple[int, int]) -> PixelBox:
    width, height = size_px
    return (box.min_x * width, box.min_y * height, box.max_x * width, box.max_y * height)
