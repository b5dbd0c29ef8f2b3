"""Makes the clients of the loop DHS from its configuration."""

from dhs_runtime.addresses import HostPort
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.axis import AxisClient


def automl_client(automl: AutoMLConfig) -> AutoMLClient:
    """A client of the inference server."""
    return AutoMLClient(
        _url(automl),
        model=automl.model,
        total_timeout_s=automl.timeout_s,
        max_detections=automl.scan_n_results,
        verify=automl.verify,
        ca=automl.ca,
        pool_size=automl.in_flight,
    )


def axis_client(axis: AxisConfig) -> AxisClient:
    """A client of the video server."""
    return AxisClient(
        _url(axis),
        user=axis.user or None,
        password=axis.password or None,
        auth=axis.auth,
        verify=axis.verify,
        ca=axis.ca,
        total_timeout_s=axis.timeout_s,
    )


def _url(service: AutoMLConfig | AxisConfig) -> str:
    url = HostPort(service.host, service.port).url
    return url.replace("http", "https", 1) if service.https else url
