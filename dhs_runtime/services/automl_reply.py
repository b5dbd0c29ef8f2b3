"""Reads the replies of an AutoML Edge container: predictions, and the state of a model.

Each row of a reply is checked: an invalid row is left out, with the reason.
"""

from http import HTTPStatus

import attrs

from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.loggers import get_logger
from dhs_runtime.secrets import mask_reason
from dhs_runtime.services.http_client import HttpReply
from dhs_runtime.services.json_values import as_dict, as_list, as_number, as_text, member, short

MAX_ERROR_CHARS = 200
ROUNDING = 1e-6  # how far single precision may put a score or a side outside 0..1
IN_PIXELS = 2.0  # a larger side cannot be a fraction

logger = get_logger(__name__)


@attrs.frozen
class PredictRequest:
    """One picture (JPEG or PNG), with a key that the reply repeats."""

    key: str
    image: bytes = attrs.field(repr=False)


@attrs.frozen
class Box:
    """A rectangle in fractions (0..1) of the picture's width and height, origin upper left."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float

    @property
    def width(self) -> float:
        """Fraction of the picture's width."""
        return self.max_x - self.min_x

    @property
    def height(self) -> float:
        """Fraction of the picture's height."""
        return self.max_y - self.min_y


@attrs.frozen
class Detection:
    """One object found by the model.

    Attributes:
        score: How sure the model is, 0..1.
        label: What the object is.
        box: Where the object is.
        tip: `(x, y)` of a loop's far end in fractions, if the server gives it (member
            `detection_tips`: the embedded detector does, AutoML does not).
    """

    score: float
    label: str
    box: Box
    tip: tuple[float, float] | None = None


@attrs.frozen
class Prediction:
    """All objects found in one picture, the highest score first; may be empty.

    Attributes:
        key: Key of the request.
        detections: The objects.
        refused: Why rows of the answer were left out, one line each; padding does not count.
        trouble: Why there is no answer for this picture, "" if there is one.
    """

    key: str
    detections: tuple[Detection, ...]
    refused: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def top(self) -> Detection | None:
        """The detection with the highest score."""
        return self.best()

    def best(self, *labels: str, threshold: float = 0.0) -> Detection | None:
        """The best detection with one of `labels` (empty: any) and at least this score."""
        for detection in self.detections:
            if detection.score < threshold:
                return None
            if not labels or detection.label in labels:
                return detection
        return None


@attrs.frozen
class ModelStatus:
    """State of a model: START, LOADING, AVAILABLE, UNLOADING or END."""

    state: str
    version: str
    error_code: str
    error_message: str

    @property
    def available(self) -> bool:
        """Whether the model accepts requests."""
        return self.state == "AVAILABLE"


def result_of(reply: HttpReply, name: str) -> object:
    """Member `name` of a reply.

    Raises:
        ServiceReplyError: The reply is an error, or has no such member.
    """
    if reply.status != HTTPStatus.OK:
        try:
            value = reply.json()
        except ServiceReplyError:  # a proxy's page
            value = None
        text = (
            f": {_error_text(value['error'])}"
            if isinstance(value, dict) and "error" in value
            else ""
        )
        raise ServiceReplyError(f"{reply.trouble}{text}", reply.status)
    members = as_dict(reply.json(), "the reply", reply.url)
    if members.get("error"):  # null and "" say that all is well
        raise ServiceReplyError(
            f"{reply.url} answered: {_error_text(members['error'])}", reply.status
        )
    return member(members, name, "the reply", reply.url)


def predictions_of(value: object, url: str) -> tuple[list[Prediction], list[str]]:
    """The prediction for each key, and the faults of entries whose key cannot be read.

    Raises:
        ServiceReplyError: `value` is not a list.
    """
    found, unknown = [], []
    for index, entry in enumerate(as_list(value, "predictions", url)):
        where = f"predictions[{index}]"
        try:
            members = as_dict(entry, where, url)
            key = as_text(member(members, "key", where, url), f"{where}.key", url)
        except ServiceReplyError as error:
            unknown.append(str(error))
            continue
        try:
            found.append(_prediction(key, members, where, url))
        except ServiceReplyError as error:
            found.append(Prediction(key, (), (), str(error)))
    return found, unknown


def _prediction(key: str, members: dict[str, object], where: str, url: str) -> Prediction:
    """The prediction for one picture; an invalid row is left out.

    Raises:
        ServiceReplyError: The entry is invalid, or rows were left out and none with a score is
            left.
    """
    names = ("detection_scores", "detection_classes_as_text", "detection_boxes")
    scores, labels, boxes = (
        as_list(member(members, name, where, url), f"{where}.{name}", url) for name in names
    )
    if not len(scores) == len(labels) == len(boxes):
        raise ServiceReplyError(
            f"{url}: {where} has {len(scores)} scores, {len(labels)} labels, {len(boxes)} boxes"
        )
    count = _count(members.get("num_detections", len(scores)), len(scores), where, url)
    tips = as_list(members.get("detection_tips", [None] * count), f"{where}.detection_tips", url)
    if len(tips) < count:
        raise ServiceReplyError(f"{url}: {where} has {count} detections, but {len(tips)} tips")
    detections, refused = [], []
    for index in range(count):
        try:
            row = scores[index], labels[index], boxes[index], tips[index]
            detections.append(_detection(row, index, url))
        except ServiceReplyError as error:
            if scores[index] != 0:  # padding may be anything
                refused.append(str(error))
    if refused and not any(each.score for each in detections):
        raise ServiceReplyError(refused[0])
    if refused:
        logger.debug("%d invalid rows left out, first: %s", len(refused), refused[0])
    return Prediction(key, tuple(sorted(detections, key=lambda each: -each.score)), tuple(refused))


def _count(value: object, length: int, where: str, url: str) -> int:
    """The number of real entries; those after them only pad the arrays."""
    number = as_number(value, f"{where}.num_detections", url)
    if not (number.is_integer() and 0 <= number <= length):
        raise ServiceReplyError(f"{url}: {where} has {number:g} detections in arrays of {length}")
    return int(number)


def _detection(row: tuple[object, object, object, object], index: int, url: str) -> Detection:
    score = _score(row[0], f"detection_scores[{index}]", url)
    label = as_text(row[1], f"detection_classes_as_text[{index}]", url).strip()
    box = _box(row[2], f"detection_boxes[{index}]", url)
    if score and not (box.width and box.height):
        raise ServiceReplyError(f"{url}: detection_boxes[{index}] has no size")
    tip = _tip(row[3], f"detection_tips[{index}]", url)
    return Detection(score, label, box, tip)


def _score(value: object, where: str, url: str) -> float:
    score = as_number(value, where, url)
    if not -ROUNDING <= score <= 1 + ROUNDING:
        raise ServiceReplyError(f"{url}: {where} is not 0 to 1 but {score:g}")
    return min(max(score, 0.0), 1.0)


def _box(value: object, where: str, url: str) -> Box:
    """A box from `[min_y, min_x, max_y, max_x]` in fractions of the picture."""
    numbers = [as_number(each, where, url) for each in as_list(value, where, url)]
    if len(numbers) != 4:  # noqa: PLR2004 - the sides of a box
        raise ServiceReplyError(f"{url}: {where} is not 4 numbers but {len(numbers)}")
    if not all(-ROUNDING <= number <= 1 + ROUNDING for number in numbers):
        in_pixels = max(numbers) > IN_PIXELS
        what = "in pixels, not in fractions of 1" if in_pixels else "outside the picture"
        raise ServiceReplyError(f"{url}: {where} is {what}: {numbers}")
    min_y, min_x, max_y, max_x = (min(max(number, 0.0), 1.0) for number in numbers)
    if min_y > max_y or min_x > max_x:  # Vertex AI uses another order
        raise ServiceReplyError(f"{url}: {where} is not [min_y, min_x, max_y, max_x]: {numbers}")
    return Box(min_x, min_y, max_x, max_y)


def _tip(value: object, where: str, url: str) -> tuple[float, float] | None:
    """A point from `[y, x]`; None for null, because a pin has no tip."""
    if value is None:
        return None
    numbers = [as_number(each, where, url) for each in as_list(value, where, url)]
    if len(numbers) != 2 or not all(0 <= number <= 1 for number in numbers):  # noqa: PLR2004
        raise ServiceReplyError(f"{url}: {where} is not [y, x] in 0..1: {short(value)}")
    y, x = numbers
    return x, y


def status_of(value: object, url: str) -> ModelStatus:
    """One entry of `model_version_status`.

    Raises:
        ServiceReplyError: It is invalid.
    """
    where = "model_version_status"
    members = as_dict(value, where, url)
    status = as_dict(members.get("status", {}), f"{where}.status", url)
    return ModelStatus(
        state=as_text(member(members, "state", where, url), f"{where}.state", url),
        version=as_text(members.get("version", ""), f"{where}.version", url),
        error_code=as_text(status.get("error_code", ""), f"{where}.error_code", url),
        error_message=as_text(status.get("error_message", ""), f"{where}.error_message", url),
    )


def _error_text(error: object) -> str:
    """The error text of a server, as one line of limited length."""
    if not isinstance(error, str):
        return short(error)
    beginning = mask_reason(error, most=MAX_ERROR_CHARS)
    text = "".join(char if char.isprintable() else " " for char in beginning)
    return " ".join(text.split())
