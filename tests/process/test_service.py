"""The services around a running DHS: systemd, the status port; over real sockets."""

import json
import logging
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dcs_codec import Framing, StohAbortAll, __version__
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import Dhs, MachineError
from dhs_runtime.process import served
from dhs_runtime.process.status_port import NO_METRICS
from tests.faults.scene import at_work
from tests.process.managers import Manager
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("testDHS", operations=["nap", "echo"])]) as server:
        yield server


@pytest.fixture
def dhs() -> Dhs:
    dhs = Dhs("testDHS")
    dhs.operation("nap")(lambda op: op.sleep(60))
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    return dhs


def get(url: str | None, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}{path}", timeout=DEADLINE_S) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def status(url: str | None) -> dict[str, Any]:
    code, text = get(url, "/status")
    assert code == 200
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def under_way(url: str | None) -> list[tuple[str, str]]:
    """Names and states of the operations."""
    return [(each["name"], each["state"]) for each in status(url)["operations"]]


def test_nothing_happens_where_nobody_asks(dhs: Dhs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    threads = threading.active_count()
    with served(dhs) as url:
        assert url is None
        assert threading.active_count() == threads


def test_status_tells_what_is_going_on(dhs: Dhs, dcss: SimulatedDcss) -> None:
    with served(dhs, status_port=0) as url:
        assert status(url)["link"]["state"] == "stopped"
        with running(dhs, fast_config(dcss.port)):
            dcss.wait_online("testDHS", DEADLINE_S)
            dcss.start_operation("echo", "PRIVATEabc").wait(DEADLINE_S)
            run = dcss.start_operation("nap", "PRIVATEabc")
            eventually(lambda: under_way(url) == [("nap", "running")])
            now = status(url)
            assert (now["name"], now["pretend"], now["alive"]) == ("testDHS", False, True)
            assert now["link"]["state"] == "online"
            assert now["link"]["since"] >= now["started"][:19]
            (operation,) = now["operations"]
            assert (operation["name"], operation["handle"]) == ("nap", run.handle)
            assert operation["seconds"] >= 0
            assert now["counts"]["operations_started"] == {"echo": 1, "nap": 1}
            assert {"dcss-link", "lane-1", "operation-1"} <= set(now["threads"])
            assert "PRIVATE" not in json.dumps(now)
            dcss.abort_all("soft")
            run.wait(DEADLINE_S)
            eventually(lambda: status(url)["counts"]["aborts"] == 1)
            eventually(lambda: status(url)["operations"] == [])
        assert status(url)["link"]["state"] == "stopped"
    with pytest.raises(urllib.error.URLError):
        get(url, "/status")


def test_the_link_s_state_has_a_beginning(dhs: Dhs, dcss: SimulatedDcss) -> None:
    with served(dhs, status_port=0) as url, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        eventually(lambda: status(url)["link"]["state"] == "online")
        first = status(url)["link"]["since"]
        assert status(url)["link"]["since"] == first
        dcss.stop()
        eventually(lambda: status(url)["link"]["state"] != "online")
        assert status(url)["link"]["since"] > first
        assert get(url, "/healthz") == (200, "ok\n"), "without DCSS it is alive all the same"


def test_metrics_can_be_scraped(dhs: Dhs, dcss: SimulatedDcss) -> None:
    with served(dhs, status_port=0, pretend=True) as url, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.start_operation("echo").wait(DEADLINE_S)
        dcss.start_operation("nap")
        logging.getLogger("dhs_runtime.test").error("counted")
        eventually(lambda: under_way(url) == [("nap", "running")])
        code, text = get(url, "/metrics")
        assert code == 200
        samples = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    assert samples["dhs_info", "testDHS", "true", __version__] == 1
    assert samples["dhs_alive",] == 1
    assert samples["dhs_link_state", "online"] == 1
    assert samples["dhs_link_state", "waiting"] == 0
    assert samples["dhs_operations_started_total", "echo"] == 1
    assert samples["dhs_operations_under_way", "nap"] == 1
    assert samples["dhs_aborts_total",] == 0
    assert samples["dhs_log_messages_total", "error"] == 1
    assert samples["dhs_threads",] >= 4
    assert samples["process_resident_memory_bytes",] > 0


def test_without_the_extra_metrics_says_which(dhs: Dhs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "dhs_runtime.process.metrics", raising=False)
    with served(dhs, status_port=0) as url:
        assert get(url, "/metrics") == (501, f"{NO_METRICS}\n")
        assert "'dcs-codec[metrics]'" in NO_METRICS


def test_other_pages_and_methods_are_refused(dhs: Dhs) -> None:
    with served(dhs, status_port=0) as url:
        assert get(url, "/") == (404, "no such page; there are /healthz, /status and /metrics\n")
        assert get(url, "/healthz?x=1") == (200, "ok\n")
        request = urllib.request.Request(f"{url}/healthz", b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=DEADLINE_S)
        caught.value.close()
        assert (caught.value.code, caught.value.headers["Allow"]) == (405, "GET, HEAD")
        head = urllib.request.Request(f"{url}/status", method="HEAD")
        with urllib.request.urlopen(head, timeout=DEADLINE_S) as reply:
            assert reply.read() == b""


def test_the_port_is_on_loopback_alone(dhs: Dhs) -> None:
    with served(dhs, status_port=0) as url:
        assert url is not None
        assert url.startswith("http://127.0.0.1:")


def test_a_port_in_use_is_told_and_leaves_nothing(dhs: Dhs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(MachineError, match=f"status port {port}: Address already in use"),
            served(dhs, status_port=port),
        ):
            raise AssertionError


def test_counts_go_on_while_a_handler_is_stuck(dhs: Dhs, dcss: SimulatedDcss) -> None:
    entered, release = threading.Event(), threading.Event()

    @dhs.on(StohAbortAll)
    def stuck(_: StohAbortAll) -> None:
        entered.set()
        release.wait(DEADLINE_S * 2)

    with served(dhs, status_port=0) as url, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.abort_all("soft")
        assert entered.wait(DEADLINE_S)
        dcss.abort_all("soft")
        runs = [dcss.start_operation("echo") for _ in range(3)]
        eventually(lambda: status(url)["counts"]["aborts"] == 2)
        eventually(lambda: status(url)["counts"]["operations_started"] == {"echo": 3})
        release.set()
        for run in runs:
            run.wait(DEADLINE_S)


def test_names_from_the_wire_are_not_counted(dhs: Dhs) -> None:
    """Only declared names are counted; otherwise other names would fill the memory."""
    host = HardwareHost.of("testDHS", operations=["other", "echo"])
    with (
        SimulatedDcss([host]) as dcss,
        served(dhs, status_port=0) as url,
        running(dhs, fast_config(dcss.port)),
    ):
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.start_operation("other").wait(DEADLINE_S)
        dcss.start_operation("echo").wait(DEADLINE_S)
        assert status(url)["counts"]["operations_started"] == {"echo": 1}


def test_a_monitor_registers_nothing_for_messages(dhs: Dhs) -> None:
    before = dict(dhs._handlers.messages)
    with served(dhs, status_port=0):
        assert dhs._handlers.messages == before


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_a_burst_of_operations_is_answered_while_somebody_looks(framing: Framing) -> None:
    """12,000, where the link was given up."""
    dhs = Dhs("testDHS")
    with served(dhs, status_port=0) as url, at_work(dhs, framing) as scene:
        handles = [scene.start("echo", "x") for _ in range(12_000)]
        for handle in handles:
            assert scene.completion(handle) == "normal x"
        assert status(url)["counts"]["operations_started"]["echo"] == 12_000


def test_a_stuck_handler_is_no_health(
    dhs: Dhs, dcss: SimulatedDcss, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd and /healthz report it, and its end."""
    entered, release = threading.Event(), threading.Event()

    @dhs.on(StohAbortAll)
    def stuck(_: StohAbortAll) -> None:
        entered.set()
        release.wait(DEADLINE_S * 2)

    with Manager(tmp_path / "notify") as manager:
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        with served(dhs, status_port=0) as url, running(dhs, fast_config(dcss.port)):
            manager.read_until("STATUS=testDHS online")
            manager.read_until("WATCHDOG=1")
            dcss.abort_all("soft")
            assert entered.wait(DEADLINE_S)
            eventually(lambda: get(url, "/healthz")[0] == 503)
            assert "stuck does not return" in get(url, "/healthz")[1]
            said = manager.read()
            while not said[0].startswith("STATUS="):
                said = manager.read()
            assert "stuck does not return" in said[0]
            # Longer than it is: a real watchdog would have ended the process.
            while said := [] if manager.is_silent(0.5) else manager.read():
                assert "WATCHDOG=1" not in said
            release.set()
            manager.read_until("WATCHDOG=1")
            eventually(lambda: get(url, "/healthz") == (200, "ok\n"))
        manager.read_until("STOPPING=1")
