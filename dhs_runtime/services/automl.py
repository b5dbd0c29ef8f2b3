"""Object detection by an AutoML Edge container (TensorFlow Serving 1.14, REST).

`POST /v1/models/<model>:predict` takes pictures as base64, each with a key. The reply has, for each
picture, arrays padded to a fixed length. `GET /v1/models/<model>` says whether a model is loaded.
"""

import base64
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import attrs

from dhs_runtime.errors import ConfigError, ServiceError, ServiceReplyError
from dhs_runtime.services.automl_reply import (
    Box,
    Detection,
    ModelStatus,
    Prediction,
    PredictRequest,
    predictions_of,
    result_of,
    status_of,
)
from dhs_runtime.services.http_client import HttpClient
from dhs_runtime.services.json_values import as_list, short

__all__ = ["AutoMLClient", "Box", "Detection", "ModelStatus", "PredictRequest", "Prediction"]

STATUS_TIMEOUT_S: Final = 5.0


@attrs.define(eq=False, repr=False, kw_only=True)
class AutoMLClient(HttpClient):
    """Sends pictures to one inference server, from any thread, by default four at a time.

    The other options are those of `HttpClient`.

    Raises:
        ConfigError: `base_url` is not a plain URL, `ca` cannot be read, or `max_detections` is
            below 1.
    """

    model: str = "default"
    """Name of the model."""
    max_detections: int | None = None
    """Most detections per picture. It is sent with the request, for servers of the Cloud API, and
    enforced here, because others ignore it."""
    total_timeout_s: float = 40.0
    """For a whole call; the server gives up after 30 s."""
    max_reply_bytes: int = 8 * 1024 * 1024
    """Larger replies are refused."""

    def __attrs_post_init__(self) -> None:
        if self.max_detections is not None and self.max_detections < 1:
            raise ConfigError(f"max_detections: 1 or more wanted, got {self.max_detections}")
        super().__attrs_post_init__()

    @property
    def _path(self) -> str:
        return f"/v1/models/{quote(self.model, safe='')}"

    def predict(self, request: PredictRequest) -> Prediction:
        """What the model finds in one picture.

        Raises:
            ServiceError: No answer, an error of the server, or an invalid answer.
        """
        return self.predict_batch((request,))[0]

    def predict_batch(self, requests: Sequence[PredictRequest]) -> tuple[Prediction, ...]:
        """What the model finds in several pictures, in their order; sent in one request.

        If the answer for a picture is invalid, its prediction says so in `trouble`.

        Raises:
            ServiceError: No answer, an error of the server, or no valid answer.
            ValueError: Two requests have the same key.
        """
        keys = [request.key for request in requests]
        if len(set(keys)) < len(keys):
            raise ValueError(f"pictures with the same key: {keys}")
        if not keys:
            return ()
        reply = self.post(f"{self._path}:predict", json=self._question(requests), repeat=True)
        found, unknown = predictions_of(result_of(reply, "predictions"), reply.url)
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
            attrs.evolve(each, detections=each.detections[: self.max_detections])
            for each in ordered
        )

    def model_status(self) -> ModelStatus:
        """State of the model; if it has several versions, of one that is available.

        Raises:
            ServiceError: No answer, no such model, or an invalid answer.
        """
        reply = self.get(self._path, total_timeout_s=STATUS_TIMEOUT_S)
        versions = result_of(reply, "model_version_status")
        states = [status_of(value, reply.url) for value in as_list(versions, "versions", reply.url)]
        if not states:
            raise ServiceReplyError(f"{reply.url} knows no version of the model")
        return next((state for state in states if state.available), states[0])

    def available(self) -> bool:
        """Whether the server answers and its model accepts requests; never raises ServiceError."""
        try:
            return self.model_status().available
        except ServiceError:
            return False

    def _question(self, requests: Sequence[PredictRequest]) -> dict[str, object]:
        instances = [
            {"image_bytes": {"b64": base64.b64encode(each.image).decode()}, "key": each.key}
            for each in requests
        ]
        if self.max_detections is None:
            return {"instances": instances}
        params = [{"max_bounding_box_count": str(self.max_detections)}]
        return {"instances": instances, "params": params}
