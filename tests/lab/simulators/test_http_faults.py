"""Faults of the simulated camera and inference server, as their clients see them."""

import functools
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.http_faults import HttpFault, HttpFaultKind, HttpFaults
from dhs_lab.simulators.http_simulator import HttpSimulator
from dhs_runtime import ConfigError
from dhs_runtime.errors import ServiceError
from dhs_runtime.services.axis import AxisClient
from tests.runtime.peers import AT_ONCE_S, eventually

TIMEOUT_S = 20.0
SOON_S = 0.15


class Asked:
    """A server with faults, and how to ask it."""

    def __init__(self, server: HttpSimulator, faults: HttpFaults, path: str) -> None:
        self.server = server
        self.faults = faults
        self._path = path

    def ask(self, timeout_s: float = TIMEOUT_S) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(self.server.url + self._path, timeout=timeout_s)

    def raw(self) -> bytes:
        """All bytes until the connection ends; raises its error."""
        with socket.create_connection((self.server.host, self.server.port), TIMEOUT_S) as sock:
            sock.sendall(f"GET {self._path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while piece := sock.recv(65536):
                answer += piece
            return answer


@pytest.fixture(params=["axis", "automl"])
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    if request.param == "axis":
        with SimulatedAxis() as camera:
            yield Asked(camera, camera.faults, "/axis-cgi/jpg/image.cgi")
    else:
        with SimulatedAutoML() as server:
            yield Asked(server, server.faults, "/v1/models/default")


def test_status_is_answered_instead(asked: Asked) -> None:
    asked.faults.add("status 500 count=2")
    assert [asked.ask().status_code for _ in range(3)] == [500, 500, 200]
    asked.faults.add("status")
    assert asked.ask().status_code == 503


def test_reset_is_an_rst(asked: Asked) -> None:
    asked.faults.add("reset count=1")
    with pytest.raises(ConnectionResetError):
        asked.raw()
    asked.faults.reset_next()
    with pytest.raises(requests.ConnectionError):
        asked.ask()
    assert asked.ask().status_code == 200


def test_truncate_sends_half_of_what_was_announced(asked: Asked) -> None:
    whole = asked.ask().content
    asked.faults.add("truncate count=1")
    head, _, body = asked.raw().partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole)}".encode() in head
    assert len(body) == len(whole) // 2
    asked.faults.add("truncate count=1")
    with pytest.raises(requests.RequestException):
        asked.ask()
    assert asked.ask().status_code == 200


def test_late_answers_come_late(asked: Asked) -> None:
    asked.faults.add(f"late {SOON_S} count=1")
    began = time.monotonic()
    assert asked.ask().status_code == 200
    assert time.monotonic() - began >= SOON_S


def test_hang_answers_nothing(asked: Asked) -> None:
    asked.faults.add("hang count=1")
    with pytest.raises(requests.ReadTimeout):
        asked.ask(SOON_S)
    eventually(lambda: not asked.faults._standing)  # the hang may begin after who asked has left
    assert asked.ask().status_code == 200
    asked.faults.add(f"hang {SOON_S} count=1")
    began = time.monotonic()
    assert asked.ask().status_code == 200
    assert time.monotonic() - began >= SOON_S


def test_slow_bodies_trickle(asked: Asked) -> None:
    size = len(asked.ask().content)
    asked.faults.add(f"slow {size / SOON_S} count=1")
    began = time.monotonic()
    assert len(asked.ask().content) == size
    assert time.monotonic() - began > SOON_S / 2


@pytest.mark.parametrize("fault", ["hang", "slow 1", "late 60"])
def test_a_fault_ends_with_its_server(asked: Asked, fault: str) -> None:
    asked.faults.add(fault)
    with pytest.raises(requests.RequestException):
        asked.ask(SOON_S)
    began = time.monotonic()
    asked.server.stop()
    assert time.monotonic() - began < AT_ONCE_S


@pytest.mark.parametrize("fault", ["status", "reset", "truncate", "hang", "slow 200"])
def test_the_client_of_a_dhs_lives(fault: str) -> None:
    with SimulatedAxis() as camera:
        camera.faults.add(fault)
        with AxisClient(camera.url, total_timeout_s=1.5) as client:
            client_fails(client)
            camera.faults.clear()
            eventually(functools.partial(answers, client))


def client_fails(client: AxisClient) -> None:
    with pytest.raises(ServiceError):
        client.snapshot()


def answers(client: AxisClient) -> bool:
    """Whether a picture comes in the client's short time."""
    try:
        return bool(client.snapshot().data)
    except ServiceError:
        return False


# -- which answers, and as text --------------------------------------------------------------


def test_every_n_th_and_clear() -> None:
    with SimulatedAutoML() as server:
        asked = Asked(server, server.faults, "/v1/models/default")
        asked.faults.add(HttpFault(HttpFaultKind.STATUS, 500, every=2))
        assert [asked.ask().status_code for _ in range(4)] == [200, 500, 200, 500]
        asked.faults.clear()
        assert [asked.ask().status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no fault ''; there are status, hang"),
        ("explode", "no fault 'explode'"),
        ("status soon", "'soon' is not a number, every= or count="),
        ("status count=x", "'count=x' is not a number"),
        ("status how=1", "'how=1' is not a number"),
        ("status 200", "the status must be 400 to 599"),
        ("reset 3", "reset takes no value"),
        ("slow 0", "slow 0 would never end; use `hang`"),
        ("late -1", "must be >= 0"),
    ],
)
def test_what_is_no_fault_is_named(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpFault.parse(text)
    assert reason in str(caught.value)
