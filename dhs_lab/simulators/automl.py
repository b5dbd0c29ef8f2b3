"""A simulated inference server with the REST API of TensorFlow Serving, as in AutoML Edge.

It finds pin and loop by image processing, without a model. You may give it another detector.
"""

import functools
import json
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from PIL import Image

from dhs_lab.simulators import automl_wire as wire
from dhs_lab.simulators.detector import PixelDetection
from dhs_lab.simulators.detector import detect as built_in
from dhs_lab.simulators.http_faults import FaultyHandler, HttpFaults
from dhs_lab.simulators.http_simulator import HttpSimulator
from dhs_runtime.lowlevel import MountFrom, Refusal, get_logger

logger = get_logger(__name__)

MAX_BODY_BYTES: Final = 32 * 2**20

Detect = Callable[[Image.Image], Sequence[PixelDetection]]


class AutoMLFaults(HttpFaults):
    """HTTP faults, and a model that is not ready.

    Attributes:
        model_state: START, LOADING, AVAILABLE, UNLOADING or END; predictions need AVAILABLE.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model_state = "AVAILABLE"

    def clear(self) -> None:
        """End all faults; hanging requests are answered."""
        super().clear()
        self.model_state = "AVAILABLE"


class SimulatedAutoML(HttpSimulator):
    """Answers `POST /v1/models/<model>:predict` and `GET /v1/models/<model>`.

    Errors are answered as `{"error": "..."}`: 400 for an invalid request, 404 for another model or
    one that is not available, 411 without a Content-Length, 413 if it is too large, 500 if the
    detector raises.

    Attributes:
        faults: Its faults; may be changed while it runs.
    """

    name = "simulated-automl"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        model: str = "default",
        mount_from: MountFrom = "any",
        detect: Detect | None = None,
    ) -> None:
        """A server; port 0 picks a free port at `start`.

        Args:
            host: Address to listen on.
            port: Port to listen on.
            model: Name of the model in the URL.
            mount_from: Side of the picture that the mount comes from; `any` finds it.
            detect: Called with an RGB picture, from several threads; labels: nylon, mitegen, pin.
                None: the built-in detector.
        """

        class Handler(_Handler):
            server_side = self

        super().__init__(Handler, host, port)
        self.faults = AutoMLFaults()
        self.model_path = f"/v1/models/{model}"
        self.detect = detect or functools.partial(built_in, mount_from=mount_from)
        self._lock = threading.Lock()  # guards _served
        self._served = 0

    @property
    def served(self) -> int:
        """Number of pictures answered with a prediction."""
        with self._lock:
            return self._served

    def count(self, pictures: int) -> None:
        """Add to `served`."""
        with self._lock:
            self._served += pictures


class _Handler(FaultyHandler):
    server_side: SimulatedAutoML

    def do_GET(self) -> None:
        """State of the model."""
        server = self.server_side
        if self._is_reset():
            return
        if urlsplit(self.path).path == server.model_path:
            self.reply_json(HTTPStatus.OK, wire.model_status(server.faults.model_state))
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, f"Could not find any versions at {self.path}")

    def do_POST(self) -> None:
        """Answer a request for predictions."""
        server = self.server_side
        body = self.read_body(MAX_BODY_BYTES, takes_chunks=False)
        if self._is_reset():
            return
        if urlsplit(self.path).path != f"{server.model_path}:predict":
            raise Refusal(HTTPStatus.NOT_FOUND, f"Malformed request: POST {self.path}")
        if server.faults.model_state != "AVAILABLE":
            raise Refusal(HTTPStatus.NOT_FOUND, "Servable not found for request")
        self._predict(body)

    def _predict(self, body: bytes) -> None:
        server = self.server_side
        try:
            predictions = []
            for instance in wire.read_instances(body):
                image = wire.decode_image(instance.data)
                found = server.detect(image)
                predictions.append(wire.prediction(instance.key, image.size, found))
        except wire.BadRequestError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        except Exception as error:  # the detector may be any code
            logger.exception("the detector failed")
            reason = f"{type(error).__name__}: {error}"
            raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, reason) from None
        server.count(len(predictions))  # before the answer, so that the client sees it counted
        self.reply_json(HTTPStatus.OK, {"predictions": predictions})

    def error_page(self, refusal: Refusal) -> tuple[bytes, str]:
        """The error in the form of TensorFlow Serving."""
        return json.dumps({"error": refusal.reason}).encode(), "application/json"

    def _is_reset(self) -> bool:
        """Apply the next fault; returns whether the connection is gone."""
        server = self.server_side
        if self.take_fault(server.faults, server.token):
            return True
        if self.fault.status is not None:
            raise Refusal(self.fault.status, "Timed out waiting for notification")
        return False
