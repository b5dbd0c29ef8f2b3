"""Compares boxes, and applies JPEG to pictures."""

import io

import numpy as np
from PIL import Image

from dhs_lab.simulators.detector import Finding, PixelDetection
from dhs_lab.simulators.mount import PixelBox


def iou(one: PixelBox, other: PixelBox) -> float:
    """Intersection over union, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def best(finding: Finding, label: str) -> PixelDetection:
    """The detection of that label with the highest score."""
    return next(found for found in finding.detections if found.label == label)


def overlap(finding: Finding, label: str, truth: PixelBox | None) -> float:
    """IoU of the best detection of a label with the truth; 0 without a detection."""
    labels = [found.label for found in finding.detections]
    assert truth is not None
    return iou(best(finding, label).box_px, truth) if label in labels else 0.0


def grey(image: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Grey levels, [y, x]."""
    levels = np.asarray(image.convert("L"), dtype=np.float64)
    return levels.reshape(image.height, image.width)


def open_jpeg(data: bytes) -> Image.Image:
    """The picture in a JPEG file, unpacked."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.load()
        return image


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture as it looks after JPEG compression."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return open_jpeg(file.getvalue())
