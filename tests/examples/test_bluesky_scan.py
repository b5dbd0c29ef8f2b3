"""The example of Bluesky: a real RunEngine, a simulated DCSS, a real DHS, all over sockets."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import DcssConfig, Dhs, Operation
from dhs_runtime.client import AbortedError, DcssClient, LimitError, MotorView
from dhs_runtime.client.bluesky import (
    BlueskyCounter,
    BlueskyFlyer,
    BlueskyMotor,
    BlueskyOperation,
    BlueskyShutter,
    BlueskyString,
)
from tests.examples.loading import load
from tests.runtime.peers import stopped

bluesky = pytest.importorskip("bluesky", reason="bluesky is not installed (extra `bluesky`)")
from bluesky import RunEngine, plan_stubs, protocols  # noqa: E402 - after the skip
from bluesky.plans import adaptive_scan, count, fly, scan  # noqa: E402
from bluesky.utils import FailedStatus, RunEngineInterrupted  # noqa: E402

DEADLINE_S = 20.0
Documents = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def run_engine() -> Iterator[Any]:
    engine = RunEngine()
    yield engine
    loop, thread = engine.loop, engine._th
    loop.call_soon_threadsafe(loop.stop)
    thread.join(DEADLINE_S)
    loop.close()


@pytest.fixture
def example() -> Any:
    return load("bluesky_scan")


@pytest.fixture
def stage(example: Any) -> Dhs:
    dhs = example.make_stage()
    assert isinstance(dhs, Dhs)
    return dhs


@pytest.fixture
def server(example: Any, stage: Dhs) -> Iterator[SimulatedDcss]:
    with SimulatedDcss(example.HOSTS, gui_port=0, nodelay=True) as running:
        stage.start(DcssConfig.at(running.address))
        yield running
        assert stopped(stage) == ()


@pytest.fixture
def dcss(server: SimulatedDcss) -> Iterator[DcssClient]:
    with DcssClient(server.gui_address, user="anna") as client:
        client.wait_host("stageDHS", timeout_s=DEADLINE_S)
        yield client


def run(engine: Any, plan: Any) -> Documents:
    documents: Documents = []
    engine(plan, lambda name, document: documents.append((name, document)))
    return documents


def said(server: SimulatedDcss, keyword: str) -> list[str]:
    return [line.text for line in server.traffic.lines() if line.text.startswith(keyword)]


def test_a_scan_of_21_points(run_engine: Any, server: SimulatedDcss, dcss: DcssClient) -> None:
    z, i2 = BlueskyMotor(dcss, "sample_z"), BlueskyCounter(dcss, "i2", time_s=0.01)
    documents = run(run_engine, scan([i2], z, -1, 3, 21))
    names = [name for name, _ in documents]
    assert names == ["start", "descriptor", *["event"] * 21, "stop"]
    start, descriptor, *events, stop = [document for _, document in documents]
    assert (start["num_points"], start["motors"], start["detectors"]) == (21, ("sample_z",), ["i2"])
    assert stop["exit_status"] == "success"
    key = descriptor["data_keys"]["sample_z"]
    assert (key["units"], key["dtype"], key["source"]) == (
        *("mm", "number"),
        f"dcss://{dcss.address}/sample_z",
    )
    assert key["limits"]["control"] == {"low": -10.0, "high": 10.0}
    assert descriptor["hints"] == {"sample_z": {"fields": ["sample_z"]}, "i2": {"fields": ["i2"]}}
    positions = [event["data"]["sample_z"] for event in events]
    assert positions == pytest.approx([-1 + 0.2 * point for point in range(21)])
    counts = [event["data"]["i2"] for event in events]
    assert counts.index(max(counts)) == positions.index(pytest.approx(1.0))
    assert len(said(server, "stoh_start_motor_move")) == 21
    assert said(server, "stoh_abort") == []  # Bluesky stops each motor after a plan


def test_counts_and_an_adaptive_scan(run_engine: Any, dcss: DcssClient) -> None:
    z, i2 = BlueskyMotor(dcss, "sample_z"), BlueskyCounter(dcss, "i2", time_s=0.01)
    events = [document for name, document in run(run_engine, count([i2], num=3)) if name == "event"]
    assert [event["data"] for event in events] == [{"i2": 368.0}] * 3
    plan = adaptive_scan([i2], "i2", z, -1, 3, 0.05, 1.0, 200, backstep=True)
    documents = run(run_engine, plan)
    positions = [document["data"]["sample_z"] for name, document in documents if name == "event"]
    assert documents[-1][1]["exit_status"] == "success"
    assert positions[0] == -1
    assert 2 < max(positions) <= 3


@pytest.mark.parametrize("how", ["abort", "stop"])
def test_a_scan_that_is_ended_in_the_middle(
    run_engine: Any, server: SimulatedDcss, stage: Dhs, dcss: DcssClient, how: str
) -> None:
    """The motor stops, and the DHS tells where."""
    z, i2 = BlueskyMotor(dcss, "sample_z"), BlueskyCounter(dcss, "i2", time_s=0.01)
    documents: Documents = []
    dcss.move("sample_z", -10)
    beyond(dcss, -9.5, getattr(run_engine, how))
    with pytest.raises(RunEngineInterrupted):
        run_engine(scan([i2], z, -10, 10, 2), lambda *pair: documents.append(pair))
    dcss.wait(lambda: dcss.motors["sample_z"].is_moving is False, DEADLINE_S)
    (completed,) = [text for text in said(server, "htos_motor_move_completed") if "aborted" in text]
    position = float(completed.split()[2])
    assert -9.5 < position < 10
    assert dcss.motors["sample_z"].position == pytest.approx(position)
    assert server.position("sample_z") == pytest.approx(position)
    motor = next(device for device in stage.devices() if device.name == "sample_z")
    assert getattr(motor, "position", None) == pytest.approx(position)
    assert said(server, "stoh_abort") == ["stoh_abort_motor_move sample_z soft"]
    assert documents[-1][1]["exit_status"] == {"abort": "abort", "stop": "success"}[how]


def beyond(dcss: DcssClient, position: float, call: Callable[[], object]) -> None:
    """Call something once, in another thread, when the motor has passed a position on its way."""
    called = threading.Event()

    def changed(_: object, after: object) -> None:
        is_there = isinstance(after, MotorView) and after.is_moving and after.position > position
        if is_there and not called.is_set():
            called.set()
            call()

    dcss.subscribe_changes(changed, "sample_z")


def test_a_scan_goes_on_after_a_pause_in_a_move(
    run_engine: Any, server: SimulatedDcss, dcss: DcssClient
) -> None:
    z, i2 = BlueskyMotor(dcss, "sample_z"), BlueskyCounter(dcss, "i2", time_s=0.01)
    documents: Documents = []
    dcss.move("sample_z", -10)
    beyond(dcss, -9.5, run_engine.request_pause)
    with pytest.raises(RunEngineInterrupted):
        run_engine(scan([i2], z, -10, 10, 2), lambda *pair: documents.append(pair))
    run_engine.resume()
    events = [document for name, document in documents if name == "event"]
    assert [event["data"]["sample_z"] for event in events] == [-10, 10]
    assert documents[-1][1]["exit_status"] == "success"
    assert said(server, "stoh_abort_all") == []


def test_an_abort_by_others_fails_the_plan(run_engine: Any, dcss: DcssClient) -> None:
    z = BlueskyMotor(dcss, "sample_z")
    run(run_engine, plan_stubs.mv(z, -10))
    beyond(dcss, -9.5, dcss.abort)
    with pytest.raises(FailedStatus) as failed:
        run(run_engine, plan_stubs.mv(z, 10))
    assert isinstance(failed.value.__cause__, AbortedError)
    assert "sample_z to 10: sample_z: aborted" in str(failed.value)


def test_a_plan_beyond_the_limits(run_engine: Any, server: SimulatedDcss, dcss: DcssClient) -> None:
    z = BlueskyMotor(dcss, "sample_z")
    with pytest.raises(LimitError, match="beyond its limits"):
        run(run_engine, plan_stubs.mv(z, 11))
    assert said(server, "stoh_start_motor_move") == []


def test_the_devices_have_bluesky_s_protocols(dcss: DcssClient) -> None:
    def missing(device: object, *wanted: str) -> list[str]:
        return [name for name in wanted if not isinstance(device, getattr(protocols, name))]

    z, i2 = BlueskyMotor(dcss, "sample_z"), BlueskyCounter(dcss, "i2")
    of_motors = ("Readable", "Movable", "Stoppable", "Locatable", "Checkable", "Subscribable")
    assert missing(z, *of_motors, "HasHints", "HasParent") == []
    assert missing(i2, "Readable", "Triggerable", "HasHints") == []
    assert missing(BlueskyShutter(dcss, "shutter"), "Readable", "Movable") == []
    assert missing(BlueskyString(dcss, "status"), "Readable", "Movable") == []
    assert missing(BlueskyOperation(dcss, "collect"), "Readable", "Triggerable") == []
    assert missing(BlueskyFlyer(dcss, "collect"), "Flyable", "EventCollectable") == []


def test_operations_shutters_and_strings_in_plans(run_engine: Any) -> None:
    dhs = Dhs("collectDHS")

    @dhs.operation("collect")
    def collect(op: Operation) -> None:
        for number in range(3):
            op.update("image", number)
        op.complete("all", "done")

    dhs.shutter("shutter").on_set(lambda state: None)
    dhs.string("status", "idle")
    host = HardwareHost.of(
        "collectDHS", operations=["collect"], shutters=["shutter"], strings={"status": "idle"}
    )
    with SimulatedDcss([HardwareHost("self"), host], gui_port=0, nodelay=True) as server:
        dhs.start(DcssConfig.at(server.address))
        with DcssClient(server.gui_address, user="anna") as dcss:
            dcss.wait_host("collectDHS", timeout_s=DEADLINE_S)
            flown = run(run_engine, fly([BlueskyFlyer(dcss, "collect")]))
            shutter, status = BlueskyShutter(dcss, "shutter"), BlueskyString(dcss, "status")
            operation = BlueskyOperation(dcss, "collect")
            run(run_engine, plan_stubs.mv(shutter, "open", status, "busy"))
            counted = run(run_engine, count([operation, shutter, status]))
        dhs.stop()
    (page,) = [document for name, document in flown if name == "event_page"]
    assert page["data"] == {"collect": ["image 0", "image 1", "image 2"]}
    (event,) = [document for name, document in counted if name == "event"]
    assert event["data"] == {"collect": "all done", "shutter": "open", "status": "busy"}
