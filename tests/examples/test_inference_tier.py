"""Two inference servers behind nginx, as `examples/inference/nginx.conf` has it."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from benchmarks.scale.inference import PICTURE, nginx
from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_runtime.services.automl import AutoMLClient, PredictRequest
from tests.runtime.peers import eventually

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@pytest.fixture
def servers() -> Iterator[list[SimulatedAutoML]]:
    with ExitStack() as stack:
        yield [stack.enter_context(SimulatedAutoML(detect=lambda _: [])) for _ in range(2)]


@pytest.fixture
def client(servers: list[SimulatedAutoML]) -> Iterator[AutoMLClient]:
    with nginx([server.port for server in servers]) as url, AutoMLClient(url) as client:
        yield client


def ask(client: AutoMLClient, count: int) -> int:
    """How many of so many pictures, four at a time, were answered."""
    requests = [PredictRequest(key=str(number), image=PICTURE) for number in range(count)]
    with ThreadPoolExecutor(4) as pool:
        return len(list(pool.map(client.predict, requests)))


def test_both_share_the_work(client: AutoMLClient, servers: list[SimulatedAutoML]) -> None:
    assert client.available()
    assert ask(client, 40) == 40
    served = [server.served for server in servers]
    assert sum(served) == 40
    assert min(served) > 0


def test_where_one_dies_the_other_answers(
    client: AutoMLClient, servers: list[SimulatedAutoML]
) -> None:
    servers[0].stop()
    assert ask(client, 20) == 20
    assert servers[1].served == 20
    servers[0].start()
    eventually(lambda: ask(client, 2) == 2 and servers[0].served > 0)


def test_where_one_fails_the_other_answers(
    client: AutoMLClient, servers: list[SimulatedAutoML]
) -> None:
    servers[0].faults.fail_next(503, count=20)
    assert ask(client, 20) == 20
    assert servers[1].served == 20
