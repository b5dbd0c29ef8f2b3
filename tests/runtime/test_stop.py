"""A stop during a second stop, a start, or a report."""

import math
import threading
import time

import pytest

from dhs_runtime import Dhs, LinkState, Operation
from dhs_runtime.run import LAST_WORDS_S, Run
from tests.no_threads import no_threads
from tests.runtime.peers import AT_ONCE_S, DEADLINE_S, RawDcss, eventually, stopped


def test_two_threads_stop_and_one_of_them_starts_again() -> None:
    """Both return when it is over; neither affects a later start."""
    dhs = Dhs("testDHS")
    entered, release = threading.Event(), threading.Event()
    hooks: list[int] = []

    @dhs.on_stop
    def hold() -> None:
        hooks.append(1)
        entered.set()
        assert release.wait(DEADLINE_S)

    with RawDcss() as dcss:
        for stops in (1, 2):
            entered.clear()
            release.clear()
            dhs.start(dcss.config())
            with dcss.accept() as peer:
                assert peer.shake_hands() == "htos_client_is_hardware testDHS"
                stoppers = [threading.Thread(target=dhs.stop) for _ in range(2)]
                for stopper in stoppers:
                    stopper.start()
                assert entered.wait(DEADLINE_S)
                assert all(stopper.is_alive() for stopper in stoppers)
                release.set()
                for stopper in stoppers:
                    stopper.join(DEADLINE_S)
                    assert not stopper.is_alive()
                peer.read_to_end()
            assert dhs.state is LinkState.STOPPED
            assert len(hooks) == stops


def stuck_dhs() -> tuple[Dhs, threading.Event, threading.Event]:
    """A DHS whose operation does not end; events that it has begun, and that let it end."""
    dhs, entered, release = Dhs("testDHS"), threading.Event(), threading.Event()

    @dhs.operation("stuck")
    def stuck(_: Operation) -> None:
        entered.set()
        release.wait(DEADLINE_S)

    return dhs, entered, release


def test_a_busy_machine_loses_no_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are answered before the socket closes, though that takes longer than usual."""
    dhs, entered, release = stuck_dhs()
    end_tasks = Run._end_tasks

    def slowly(run: Run) -> None:
        time.sleep(2 * LAST_WORDS_S)
        end_tasks(run)

    monkeypatch.setattr(Run, "_end_tasks", slowly)
    monkeypatch.setattr("dhs_runtime.run.LAST_ANSWERS_S", 0.0)
    monkeypatch.setattr("dhs_runtime.run.BUSY_S", DEADLINE_S)
    with RawDcss() as dcss:
        dhs.start(dcss.config())
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation stuck 1.1")
            assert entered.wait(DEADLINE_S)
            dhs.stop()
            release.set()
            answer = "htos_operation_completed stuck 1.1 aborted DHS is stopping"
            assert peer.read_text() == answer


def test_a_stop_needs_no_new_thread() -> None:
    """The system may have none left: then the last answers go out all the same."""
    dhs, entered, release = stuck_dhs()

    with RawDcss() as dcss:
        dhs.start(dcss.config())
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation stuck 1.1")
            assert entered.wait(DEADLINE_S)
            with no_threads():
                assert "operation-1" in dhs.stop()
            release.set()
            answer = "htos_operation_completed stuck 1.1 aborted DHS is stopping"
            assert peer.read_text() == answer
            peer.read_to_end()
    assert dhs.state is LinkState.STOPPED


def test_a_report_that_is_under_way_at_the_deadline_is_not_sent_twice() -> None:
    dhs = Dhs("testDHS")
    entered = threading.Event()
    began: list[float] = []

    @dhs.operation("report")
    def report(op: Operation) -> None:
        entered.set()
        while not op.aborted:
            began.append(time.monotonic())
            op.update(text="x" * 1_000_000)
            began.clear()
        op.complete("all")

    with RawDcss() as dcss:
        dhs.start(dcss.config())
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation report 1.1")
            assert entered.wait(DEADLINE_S)
            eventually(lambda: time.monotonic() - min(began, default=math.inf) > 0.2)
            stopping = time.monotonic()
            assert stopped(dhs) == ()
            assert time.monotonic() - stopping < AT_ONCE_S
            texts = []
            try:
                while True:
                    texts.append(peer.read_text()[:40])
            except (EOFError, ConnectionResetError):
                pass
    # Either the system took the last update, or it was cut off with everything after it.
    assert sum(text.startswith("htos_operation_completed") for text in texts) <= 1
