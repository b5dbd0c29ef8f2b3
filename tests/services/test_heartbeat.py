import logging
import queue
import threading

import pytest

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_runtime import ServiceUnavailableError
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.heartbeat import Heartbeat, ServiceState

DEADLINE_S = 20.0


def test_a_watch_recovers_by_itself_and_tells_of_changes_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = SimulatedAutoML()
    with server:
        port = server.port
    told: queue.SimpleQueue[tuple[str, ServiceState]] = queue.SimpleQueue()
    with (
        caplog.at_level(logging.INFO),
        AutoMLClient(f"http://127.0.0.1:{port}") as client,
        Heartbeat(
            "automl",
            client.available,
            every_s=0.01,
            on_change=lambda name, state: told.put((name, state)),
        ) as heartbeat,
    ):
        assert told.get(timeout=DEADLINE_S) == ("automl", ServiceState.DISCONNECTED)
        with SimulatedAutoML(port=port):
            assert told.get(timeout=DEADLINE_S) == ("automl", ServiceState.CONNECTED)
            assert heartbeat.wait_for(ServiceState.CONNECTED, DEADLINE_S)
        assert told.get(timeout=DEADLINE_S) == ("automl", ServiceState.DISCONNECTED)
        assert heartbeat.state is ServiceState.DISCONNECTED
    assert told.empty()
    assert "automl can be used" in caplog.text
    assert "automl cannot be used" in caplog.text


@pytest.mark.parametrize("error", [ServiceUnavailableError("refused"), ValueError("odd")])
def test_a_probe_that_raises_is_a_no(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    answers = [error, None]

    def probe() -> bool:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is not None:
            raise answer
        return True

    seen: queue.SimpleQueue[ServiceState] = queue.SimpleQueue()

    def on_change(name: str, state: ServiceState) -> None:
        seen.put(state)
        raise RuntimeError("the author's fault")

    with Heartbeat("x", probe, every_s=0.001, on_change=on_change):
        assert seen.get(timeout=DEADLINE_S) is ServiceState.DISCONNECTED
        assert seen.get(timeout=DEADLINE_S) is ServiceState.CONNECTED
    assert "on_change of x failed" in caplog.text


def test_a_probe_that_hangs_is_named_by_the_stop() -> None:
    begun, release = threading.Event(), threading.Event()

    def probe() -> bool:
        begun.set()
        return release.wait(DEADLINE_S)

    heartbeat = Heartbeat("slow", probe)
    heartbeat.start()
    assert begun.wait(DEADLINE_S)
    assert heartbeat.stop() == ("heartbeat-slow",)
    release.set()
    assert heartbeat.state is ServiceState.UNKNOWN
