"""Whether the camera and the inference server of a configuration are of use."""

from dhs_runtime.addresses import HostPort
from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.loop.config import LoopConfig
from dhs_runtime.process.probe import Peer, probe
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.axis import AxisClient, AxisSnapshotRequest


def probe_camera(config: LoopConfig) -> Peer:
    """Take one picture."""
    axis = config.axis
    address = HostPort(axis.host, axis.port)

    def ask() -> str:
        with AxisClient(
            address.url,
            user=axis.user or None,
            password=axis.password or None,
            read_timeout_s=axis.timeout_s,
            total_timeout_s=axis.timeout_s,
        ) as client:
            image = client.snapshot(AxisSnapshotRequest(camera=axis.camera))
        return f"a picture of {len(image.data)} bytes"

    return probe("camera", str(address), ask)


def probe_inference(config: LoopConfig) -> Peer:
    """Ask for the state of the model."""
    automl = config.automl
    address = HostPort(automl.host, automl.port)

    def ask() -> str:
        with AutoMLClient(address.url, model=automl.model) as client:
            status = client.model_status()
        if not status.available:
            raise ServiceReplyError(f"model {automl.model} is {status.state}")
        return f"model {automl.model} is {status.state}"

    return probe("inference server", str(address), ask)
