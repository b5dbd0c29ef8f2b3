"""Running simulators."""

from collections.abc import Iterator

import pytest
import requests

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from tests.lab.simulators.receivers import Receiver
from tests.runtime.peers import DEADLINE_S


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client that knows no proxies."""
    with requests.Session() as client:
        client.trust_env = False
        yield client


@pytest.fixture
def automl() -> Iterator[SimulatedAutoML]:
    with SimulatedAutoML() as server:
        yield server


@pytest.fixture
def axis() -> Iterator[SimulatedAxis]:
    with SimulatedAxis() as camera:
        yield camera


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    server.listener.open()
    yield server
    assert server.listener.close(DEADLINE_S) == ()
