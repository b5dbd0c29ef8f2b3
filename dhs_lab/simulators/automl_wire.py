"""The JSON of the inference server: reads requests, makes replies.

It is TensorFlow Serving's REST API as in the AutoML Edge container; names, order and lengths of a
reply's members are those of a recorded reply.
"""

import base64
import io
import json
import struct
import zlib
from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from PIL import Image, UnidentifiedImageError

from dhs_lab.simulators.detector import PixelDetection

MAX_INSTANCES: Final = 64
MAX_PIXELS: Final = 25_000_000
PADDED_TO: Final = 40
LABELS: Final = ("background", "nylon", "mitegen", "pin")  # the position is the class number
IMAGE_INFO: Final = (320, 320, 1, 0, 320, 320)  # size of the model's scaled input

_FORMATS = ("JPEG", "PNG", "GIF", "BMP")  # the formats that TensorFlow decodes
# The exceptions of Pillow's plugins for damaged files.
_DECODE_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class BadRequestError(ValueError):
    """The request is invalid; the text says why."""


@attrs.frozen
class Instance:
    """One picture of a request.

    Attributes:
        key: Returned with the prediction.
        data: The picture as a file.
    """

    key: str
    data: bytes = attrs.field(repr=False)


def read_instances(body: bytes) -> tuple[Instance, ...]:
    """The pictures of `{"instances": [{"image_bytes": {"b64": "..."}, "key": "..."}, ...]}`.

    Raises:
        BadRequestError: It is not JSON, has another form, or has over `MAX_INSTANCES`.
    """
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"JSON Parse error: {error}") from None
    instances = value.get("instances") if isinstance(value, dict) else None
    if not isinstance(instances, list) or not instances:
        raise BadRequestError("Missing 'instances': a list of at least one object is needed")
    if len(instances) > MAX_INSTANCES:
        raise BadRequestError(f"{len(instances)} instances; the limit is {MAX_INSTANCES}")
    return tuple(_instance(each, index) for index, each in enumerate(instances))


def _instance(value: object, index: int) -> Instance:
    where = f"instances[{index}]"
    members = value if isinstance(value, dict) else {}
    image = members.get("image_bytes")
    text = image.get("b64") if isinstance(image, dict) else None
    if not isinstance(text, str):
        raise BadRequestError(f"{where} is missing 'image_bytes': {{'b64': ...}}")
    key = members.get("key", "")
    if not isinstance(key, str):
        raise BadRequestError(f"{where}: 'key' is not a string")
    try:
        return Instance(key, base64.b64decode(text, validate=True))
    except ValueError:
        raise BadRequestError(f"{where}: Unable to base64 decode 'image_bytes'") from None


def decode_image(data: bytes) -> Image.Image:
    """The picture as RGB; its size is checked in the header, before its pixels are unpacked.

    Raises:
        BadRequestError: It is damaged, of another format, or has over `MAX_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            pixels = image.width * image.height
            if pixels <= MAX_PIXELS:
                return _eight_bits(image).convert("RGB")
    except UnidentifiedImageError:
        raise BadRequestError(f"Invalid image: it is not {' or '.join(_FORMATS)}") from None
    except _DECODE_ERRORS as error:
        # Pillow itself refuses pictures that are far too large; its text names the pixels.
        raise BadRequestError(f"Invalid image: {error}") from None
    raise BadRequestError(f"Invalid image: {pixels} pixels; the limit is {MAX_PIXELS}")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale a picture of 16 bits, as TensorFlow does; Pillow would clip values over 255."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def prediction(
    key: str, size_px: tuple[int, int], found: Sequence[PixelDetection]
) -> dict[str, object]:
    """One entry of `predictions`: the best `PADDED_TO` detections, then rows of score 0.

    `detection_tips` is our addition: `[y, x]` of a loop's far end, each 0..1, or null.

    Raises:
        ValueError: A label is not one of the model's (`LABELS`).
    """
    best = sorted(found, key=lambda detection: -detection.score)[:PADDED_TO]
    classes = [_class_number(detection.label) for detection in best]
    padding = PADDED_TO - len(best)
    rows = [
        [detection.score if number == column else 0.0 for column in range(len(LABELS))]
        for detection, number in zip(best, classes, strict=True)
    ]
    padded_classes = classes + [1] * padding
    return {
        "key": key,
        "detection_multiclass_scores": rows + [[0.0] * len(LABELS)] * padding,
        "detection_classes": [float(number) for number in padded_classes],
        "num_detections": float(PADDED_TO),
        "image_info": list(IMAGE_INFO),
        "detection_boxes": [_box(each, size_px) for each in best] + [[0.0] * 4] * padding,
        "detection_tips": [_tip(each, size_px) for each in best] + [None] * padding,
        "detection_scores": [detection.score for detection in best] + [0.0] * padding,
        "detection_classes_as_text": [LABELS[number] for number in padded_classes],
    }


def _class_number(label: str) -> int:
    if label not in LABELS:
        raise ValueError(f"the model has no class {label!r}")
    return LABELS.index(label)


def _box(detection: PixelDetection, size_px: tuple[int, int]) -> list[float]:
    """`[ymin, xmin, ymax, xmax]`, each 0..1."""
    min_x, min_y, max_x, max_y = detection.box_px
    width, height = size_px
    sides = (min_y / height, min_x / width, max_y / height, max_x / width)
    return [min(1.0, max(0.0, side)) for side in sides]


def _tip(detection: PixelDetection, size_px: tuple[int, int]) -> list[float] | None:
    if detection.tip_px is None:
        return None
    (x, y), (width, height) = detection.tip_px, size_px
    return [min(1.0, max(0.0, y / height)), min(1.0, max(0.0, x / width))]


def model_status(state: str) -> dict[str, object]:
    """The answer to `GET /v1/models/<name>`."""
    status = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": "1", "state": state, "status": status}]}
