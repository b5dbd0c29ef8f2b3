import pytest

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_runtime import ConfigError
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.axis import AxisClient, AxisSnapshotRequest
from dhs_runtime.services.directory import Services
from dhs_runtime.services.heartbeat import ServiceState
from dhs_runtime.services.http_client import HttpClient
from dhs_runtime.services.jpeg_receiver import JpegReceiver

DEADLINE_S = 20.0


class Gate:
    """A service of a site's own."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_services_are_opened_by_scheme_and_found_by_name() -> None:
    services = Services()
    services.register("gate", lambda url: Gate(url.hostname or ""))
    with SimulatedAxis() as axis, SimulatedAutoML() as automl:
        services.open("camera", f"axis://127.0.0.1:{axis.port}")
        services.open("inference", f"automl://127.0.0.1:{automl.port}/default")
        services.open("other", f"http://127.0.0.1:{axis.port}")
        services.open("door", "gate://hutch")
        receiver = JpegReceiver(lambda image: None)
        services.add("pictures", receiver)
        receiver.open()
        assert services.names() == ("camera", "inference", "other", "door", "pictures")
        image = services.get("camera", AxisClient).snapshot(AxisSnapshotRequest())
        assert image.data.startswith(b"\xff\xd8")
        inference = services.get("inference", AutoMLClient)
        assert services.get("other", HttpClient) is not None
        door = services.get("door", Gate)
        assert services.state("inference") is ServiceState.UNKNOWN
        watch = services.watch("inference", inference.available, every_s=0.01)
        assert watch.wait_for(ServiceState.CONNECTED, DEADLINE_S)
        assert services.state("inference") is ServiceState.CONNECTED
        services.watch("inference", inference.available)  # in place of the other
        services.close()
    assert door.closed
    assert not receiver.is_open
    assert services.names() == ()


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("x", "ftp://host", "is not automl://HOST:PORT or axis://HOST:PORT or http://HOST:PORT"),
        ("x", "host:80", "is not automl://HOST:PORT"),
        ("x", "http://:80", "is not automl://HOST:PORT"),
        ("x", "http://host:99999", "its host or port cannot be read"),
        ("x", "http://host:port", "its host or port cannot be read"),
        ("x", "http://host/a?b=1", "has a query"),
        ("taken", "http://host:80", "there is a service 'taken' already"),
    ],
)
def test_what_cannot_be_opened_is_said(name: str, url: str, reason: str) -> None:
    services = Services()
    services.open("taken", "http://host:80")
    with pytest.raises(ConfigError, match=reason):
        services.open(name, url)
    services.close()


def test_a_name_that_is_not_there_or_of_another_kind_is_said() -> None:
    services = Services()
    services.open("camera", "axis://[::1]")
    with pytest.raises(ConfigError, match="there is no service 'automl'"):
        services.get("automl", AutoMLClient)
    with pytest.raises(ConfigError, match="'camera' is of the class AxisClient, not AutoMLClient"):
        services.get("camera", AutoMLClient)
    services.close()


def test_a_service_that_does_not_close_costs_the_others_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stuck(Gate):
        def close(self) -> None:
            raise OSError("stuck")

    services = Services()
    services.register("stuck", lambda url: Stuck(""))
    services.register("gate", lambda url: Gate(""))
    services.open("one", "stuck://x")
    services.open("two", "gate://x")
    door = services.get("two", Gate)
    services.close()
    assert door.closed
    assert "closing one failed" in caplog.text
