"""Checks that the camera, the inference server and the receiver of a configuration work."""

from dhs_runtime.addresses import HostPort
from dhs_runtime.errors import ConfigError, MachineError, ServiceError, ServiceReplyError
from dhs_runtime.loop.clients import automl_client, axis_client
from dhs_runtime.loop.config import LoopConfig
from dhs_runtime.process.probe import Peer, probe
from dhs_runtime.services.axis import AxisSnapshotRequest
from dhs_runtime.services.http_client import HttpClient
from dhs_runtime.services.jpeg_receiver import JpegReceiver


def probe_camera(config: LoopConfig) -> Peer:
    """Take one picture."""
    axis = config.axis
    address = HostPort(axis.host, axis.port)

    def ask() -> str:
        with axis_client(axis) as client:
            image = client.snapshot(AxisSnapshotRequest(camera=axis.camera))
        return f"a picture of {len(image.data)} bytes"

    return probe("camera", str(address), ask)


def probe_inference(config: LoopConfig) -> Peer:
    """Ask for the state of the model."""
    automl = config.automl
    address = HostPort(automl.host, automl.port)

    def ask() -> str:
        with automl_client(automl) as client:
            status = client.model_status()
        if not status.available:
            raise ServiceReplyError(f"model {automl.model} is {status.state}")
        return f"model {automl.model} is {status.state}"

    return probe("inference server", str(address), ask)


def probe_receiver(config: LoopConfig) -> Peer:
    """Open the receiver for a moment, and send it a request."""
    where = config.jpeg_receiver
    address = HostPort(where.host, where.port)

    def ask() -> str:
        receiver = JpegReceiver(lambda _: None, host=where.host, port=where.port)
        try:
            receiver.open()
        except (ConfigError, MachineError) as error:
            raise ServiceError(str(error)) from None
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where.host, where.host)  # noqa: S104 - read
        with receiver, HttpClient(HostPort(own, receiver.port).url) as client:
            status = client.get("/").status
        return f"it listens, and answers {status}"

    return probe("JPEG receiver", str(address), ask)
