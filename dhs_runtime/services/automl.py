"""Object detection by an AutoML Edge container (TensorFlow Serving 1.14, REST).

`POST /v1/models/<model>:predict` takes pictures as base64 with a key each; the reply carries, per
picture, arrays padded to a fixed length. `GET /v1/models/<model>` tells whether a model is loaded.
"""

import base64
import logging
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Self
from urllib.parse import quote

import attrs

from dhs_runtime.errors import ConfigError, ServiceError, ServiceReplyError
from dhs_runtime.services.http_client import HttpClient, HttpReply, Login, Repeat
from dhs_runtime.services.json_values import as_dict, as_list, as_number, as_text, member, short

MAX_REPLY_BYTES = 8 * 1024 * 1024  # 40 boxes make 7 KB
MAX_ERROR_CHARS = 200
ROUNDING = 1e-6  # of a side at the edge, in single precision
IN_PIXELS = 2.0  # a larger side can be no fraction

logger = logging.getLogger(__name__)


@attrs.frozen
class PredictRequest:
    """One picture (JPEG or PNG) under a key of the caller's choice, which comes back with it."""

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
    """One object that the model sees.

    Attributes:
        score: How sure it is, 0..1.
        label: What it is.
        box: Where it is.
        tip: `(x, y)` of a loop's far end in fractions, where the server says it (member
            `detection_tips`: the embedded detector does, AutoML does not).
    """

    score: float
    label: str
    box: Box
    tip: tuple[float, float] | None = None


@attrs.frozen
class Prediction:
    """All that the model sees in one picture, surest first; it may be nothing.

    Attributes:
        key: Of the request.
        detections: What it sees.
        refused: Why rows of the answer were left out, a line each.
        trouble: Why there is no answer for this picture, "" where there is one.
    """

    key: str
    detections: tuple[Detection, ...]
    refused: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def top(self) -> Detection | None:
        """The surest detection of all."""
        return self.best()

    def best(self, *labels: str, threshold: float = 0.0) -> Detection | None:
        """The surest detection with one of `labels` (none: any) and a score of `threshold` up."""
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
        """Whether the model takes requests."""
        return self.state == "AVAILABLE"


class AutoMLClient:
    """Sends pictures to one inference server, from any number of threads, four at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str = "default",
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 35.0,
        total_timeout_s: float = 40.0,
        status_timeout_s: float = 5.0,
        max_detections: int | None = None,
        max_reply_bytes: int = MAX_REPLY_BYTES,
        auth: Login | None = None,
        verify: bool = True,
        ca: str | Path | None = None,
        pool_size: int = 4,
    ) -> None:
        """A client; nothing is sent yet.

        Args:
            base_url: Such as `http://inference:5000`.
            model: Name of the model.
            connect_timeout_s: For one connection to be made.
            read_timeout_s: Longest silence; the server itself gives up after 30 s.
            total_timeout_s: For a whole prediction.
            status_timeout_s: For a whole question for the status.
            max_detections: Most detections per picture. It is sent along, as servers of the
                Cloud API understand it, and enforced here, as others do not.
            max_reply_bytes: Larger replies are refused.
            auth: Name and password, where a proxy wants them.
            verify: Whether the certificate of an https server must be trusted.
            ca: File with the certificates that vouch for it.
            pool_size: Most calls in flight.

        Raises:
            ConfigError: `base_url` is not a plain URL, `ca` cannot be read, or `max_detections` is
                below 1.
        """
        if max_detections is not None and max_detections < 1:
            raise ConfigError(f"max_detections: 1 or more wanted, got {max_detections}")
        self._path = f"/v1/models/{quote(model, safe='')}"
        self._status_timeout_s = status_timeout_s
        self._max_detections = max_detections
        self._http = HttpClient(
            base_url,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            total_timeout_s=total_timeout_s,
            max_reply_bytes=max_reply_bytes,
            auth=auth,
            verify=verify,
            ca=ca,
            pool_size=pool_size,
        )

    def predict(self, request: PredictRequest) -> Prediction:
        """What the model sees in one picture.

        Raises:
            ServiceError: No answer, an error of the server, or an answer that makes no sense.
        """
        return self.predict_batch((request,))[0]

    def predict_batch(self, requests: Sequence[PredictRequest]) -> tuple[Prediction, ...]:
        """What the model sees in several pictures, sent in one request; in their order.

        A picture whose answer makes no sense has `trouble`; the others are not affected.

        Raises:
            ServiceError: No answer, an error of the server, or no answer that makes sense.
            ValueError: Two requests have the same key.
        """
        keys = [request.key for request in requests]
        if len(set(keys)) < len(keys):
            raise ValueError(f"pictures with the same key: {keys}")
        if not keys:
            return ()
        reply = self._http.post_json(
            f"{self._path}:predict", self._question(requests), repeat=Repeat.IF_LOST
        )
        found, unknown = _predictions(_result(reply, "predictions"), reply.url)
        answered = [prediction.key for prediction in found]
        by_key = {prediction.key: prediction for prediction in found}
        mixed_up = f"{reply.url} answered for {short(answered)}, but was asked for {short(keys)}"
        if len(by_key) < len(found) or not by_key.keys() <= set(keys):
            raise ServiceReplyError(mixed_up)
        unanswered = unknown[0] if unknown else mixed_up
        ordered = [by_key.get(key) or Prediction(key, (), (), unanswered) for key in keys]
        if all(prediction.trouble for prediction in ordered):
            raise ServiceReplyError(ordered[0].trouble)
        return tuple(
            attrs.evolve(each, detections=each.detections[: self._max_detections])
            for each in ordered
        )

    def model_status(self) -> ModelStatus:
        """State of the model; of its versions, one that is available is preferred.

        Raises:
            ServiceError: No answer, no such model, or an answer that makes no sense.
        """
        reply = self._http.get(self._path, total_timeout_s=self._status_timeout_s)
        versions = _result(reply, "model_version_status")
        states = [_status(value, reply.url) for value in as_list(versions, "versions", reply.url)]
        if not states:
            raise ServiceReplyError(f"{reply.url} knows no version of the model")
        return next((state for state in states if state.available), states[0])

    def available(self) -> bool:
        """Whether the server answers and its model takes requests; never raises ServiceError."""
        try:
            return self.model_status().available
        except ServiceError:
            return False

    def cancel(self) -> None:
        """Make all calls, those in flight and later ones, raise ServiceUnavailableError."""
        self._http.cancel()

    def close(self) -> None:
        """Cancel, and close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _question(self, requests: Sequence[PredictRequest]) -> dict[str, object]:
        instances = [
            {"image_bytes": {"b64": base64.b64encode(each.image).decode()}, "key": each.key}
            for each in requests
        ]
        if self._max_detections is None:
            return {"instances": instances}
        params = [{"max_bounding_box_count": str(self._max_detections)}]
        return {"instances": instances, "params": params}


def _result(reply: HttpReply, name: str) -> object:
    """Member `name` of a reply, unless it is an error."""
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
    if "error" in members:
        raise ServiceReplyError(
            f"{reply.url} answered: {_error_text(members['error'])}", reply.status
        )
    return member(members, name, "the reply", reply.url)


def _predictions(value: object, url: str) -> tuple[list[Prediction], list[str]]:
    """What was found for each key, and what is wrong with entries whose key cannot be read."""
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
    """What was found in one picture; a row that makes no sense is left out.

    Raises:
        ServiceReplyError: It makes no sense, or such a row might have been all that was found.
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
    detections, refused, trouble = [], [], ""
    for index in range(count):
        try:
            row = scores[index], labels[index], boxes[index], tips[index]
            detections.append(_detection(row, where, index, url))
        except ServiceReplyError as error:
            refused.append(str(error))
            trouble = trouble or (str(error) if scores[index] != 0 else "")
    if trouble and not any(each.score for each in detections):
        raise ServiceReplyError(trouble)
    if refused:
        logger.debug("%d rows left out, the first because %s", len(refused), refused[0])
    return Prediction(key, tuple(sorted(detections, key=lambda each: -each.score)), tuple(refused))


def _count(value: object, length: int, where: str, url: str) -> int:
    """How many entries are meant; those after them only pad the arrays."""
    number = as_number(value, f"{where}.num_detections", url)
    if not (number.is_integer() and 0 <= number <= length):
        raise ServiceReplyError(f"{url}: {where} has {number:g} detections in arrays of {length}")
    return int(number)


def _detection(
    row: tuple[object, object, object, object], where: str, index: int, url: str
) -> Detection:
    score = _score(row[0], f"{where}.detection_scores[{index}]", url)
    label = as_text(row[1], f"{where}.detection_classes_as_text[{index}]", url)
    box = _box(row[2], f"{where}.detection_boxes[{index}]", url)
    if score and not (box.width and box.height):
        raise ServiceReplyError(f"{url}: {where}.detection_boxes[{index}] has no size")
    tip = _tip(row[3], f"{where}.detection_tips[{index}]", url)
    return Detection(score, label, box, tip)


def _score(value: object, where: str, url: str) -> float:
    score = as_number(value, where, url)
    if not 0 <= score <= 1:
        raise ServiceReplyError(f"{url}: {where} is not 0 to 1 but {score:g}")
    return score


def _box(value: object, where: str, url: str) -> Box:
    """A box from `[min_y, min_x, max_y, max_x]` in fractions of the picture."""
    numbers = [as_number(each, where, url) for each in as_list(value, where, url)]
    if len(numbers) != 4:  # noqa: PLR2004 - the sides of a box
        raise ServiceReplyError(f"{url}: {where} is not 4 numbers but {len(numbers)}")
    if not all(-ROUNDING <= number <= 1 + ROUNDING for number in numbers):
        in_pixels = max(numbers) > IN_PIXELS
        what = "in pixels, not in fractions of it" if in_pixels else "outside the picture"
        raise ServiceReplyError(f"{url}: {where} is {what}: {numbers}")
    min_y, min_x, max_y, max_x = (min(max(number, 0.0), 1.0) for number in numbers)
    if min_y > max_y or min_x > max_x:  # Vertex has another order of the four
        raise ServiceReplyError(f"{url}: {where} is not [min_y, min_x, max_y, max_x]: {numbers}")
    return Box(min_x, min_y, max_x, max_y)


def _tip(value: object, where: str, url: str) -> tuple[float, float] | None:
    """A point from `[y, x]`; None of null, as a pin has no tip."""
    if value is None:
        return None
    numbers = [as_number(each, where, url) for each in as_list(value, where, url)]
    if len(numbers) != 2 or not all(0 <= number <= 1 for number in numbers):  # noqa: PLR2004
        raise ServiceReplyError(f"{url}: {where} is not [y, x] in 0..1: {short(value)}")
    y, x = numbers
    return x, y


def _status(value: object, url: str) -> ModelStatus:
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
    """What a server says is wrong, as one line that is not too long."""
    if not isinstance(error, str):
        return short(error)
    text = "".join(char if char.isprintable() else " " for char in error[:MAX_ERROR_CHARS])
    return " ".join(text.split())
