"""Ten thousand operations at once, and clocks that jump."""

import threading
import time

import pytest

from dcs_codec import Frame, StohSetString, encode_frame
from dhs_runtime import Dhs, Operation
from tests.faults.scene import at_work
from tests.runtime.peers import DEADLINE_S, RawDcss, running

COUNT = 10_000


def test_10000_operations_pipelined() -> None:
    with at_work(Dhs("testDHS")) as scene:
        handles, data = [], bytearray()
        for number in range(COUNT):
            handle, command = scene.command("echo", str(number))
            handles.append(handle)
            data += encode_frame(Frame(command.encode()), scene.framing)
        sender = threading.Thread(target=scene.peer.send_bytes, args=(bytes(data),))
        sender.start()
        for number, handle in enumerate(handles):
            assert scene.completion(handle) == f"normal {number}"
        sender.join(DEADLINE_S)


def test_messages_without_end_behind_a_stuck_handler(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The link is given up before memory runs out, and the DHS continues with the next link."""
    monkeypatch.setattr("dhs_runtime.scheduling.MAX_WAITING", 100)
    dhs = Dhs("testDHS")
    entered, release = threading.Event(), threading.Event()

    @dhs.on(StohSetString)
    def stuck(message: StohSetString) -> None:
        entered.set()
        release.wait(DEADLINE_S)

    with RawDcss() as dcss, running(dhs, dcss.config()):
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send(*["stoh_set_string s x"] * 200)
            assert entered.wait(DEADLINE_S)
            peer.read_to_end()
        release.set()
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation in.step 1.1")
            assert peer.read_text().startswith("htos_operation_completed in.step 1.1 error")
    assert "too many messages wait for a handler; giving the link up" in caplog.text


@pytest.mark.parametrize("jump_s", [10 * 365 * 86400.0, -10 * 365 * 86400.0], ids=["ahead", "back"])
def test_clock_jumps(jump_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits, deadlines and reconnecting do not depend on the wall clock."""
    dhs = Dhs("testDHS")
    real_time = time.time
    naps: list[float] = []
    release = threading.Event()

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        op.update("asleep")
        began = time.monotonic()
        op.sleep(0.2)
        naps.append(time.monotonic() - began)

    @dhs.operation("stuck", timeout_s=1.0)
    def stuck(op: Operation) -> None:
        op.update("stuck")
        assert release.wait(DEADLINE_S)

    with at_work(dhs) as scene:
        asleep, late = scene.start("nap"), scene.start("stuck")
        assert scene.update(asleep) == "asleep"
        assert scene.update(late) == "stuck"
        began = time.monotonic()
        monkeypatch.setattr(time, "time", lambda: real_time() + jump_s)
        assert scene.completion(asleep) == "normal"
        assert scene.completion(late) == "error deadline passed"
        release.set()
        assert time.monotonic() - began < DEADLINE_S
        assert 0.19 < naps[0] < DEADLINE_S
        scene.check()
        scene.meet()
