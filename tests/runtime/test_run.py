"""One run: started once, stopped once, with no thread and no task left."""

import threading

import pytest

from dcs_codec import HtosOperationCompleted, default_codec
from dhs_runtime import Dhs, DhsError, NotConnectedError, Operation
from dhs_runtime.declaring import HandlerTable
from dhs_runtime.operation import DeclaredOperation
from dhs_runtime.run import Run
from tests.runtime.peers import DEADLINE_S, RawDcss, eventually, running


def completed(text: str) -> HtosOperationCompleted:
    return HtosOperationCompleted(
        operation_name="op",
        operation_handle="1.2",
        operation_status="normal",
        operation_args=text,
    )


def test_a_stop_completes_what_is_under_way_and_comes_once() -> None:
    handlers, inside = HandlerTable(), threading.Event()

    def handler(operation: Operation) -> None:
        inside.set()
        operation.sleep(60)

    handlers.operations["op"] = DeclaredOperation(handler)
    with RawDcss() as dcss:
        run = Run("testDHS", handlers, dcss.config(), default_codec())
        run.start()
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation op 1.2")
            assert inside.wait(DEADLINE_S)
            assert not run.wait(0)
            assert run.stop(DEADLINE_S) == ()
            assert run.stop(DEADLINE_S) == ()
            assert run.wait(0)
            assert peer.read_text() == "htos_operation_completed op 1.2 aborted DHS is stopping"
            peer.read_to_end()


def test_a_completion_sent_by_hand_is_the_one_answer() -> None:
    handlers, inside, leave = HandlerTable(), threading.Event(), threading.Event()

    def handler(_: Operation) -> None:
        inside.set()
        leave.wait(DEADLINE_S)

    handlers.operations["op"] = DeclaredOperation(handler)
    with RawDcss() as dcss:
        run = Run("testDHS", handlers, dcss.config(), default_codec())
        run.start()
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation op 1.2")
            assert inside.wait(DEADLINE_S)
            run.send(completed("by hand"))
            leave.set()
            peer.send("stoh_start_operation none 9.9")
            assert peer.read_text() == "htos_operation_completed op 1.2 normal by hand"
            assert peer.read_text().startswith("htos_operation_completed none 9.9 error")
            assert run.stop(DEADLINE_S) == ()


@pytest.mark.parametrize("threads", range(5))
def test_a_start_without_enough_threads_leaves_nothing(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start works, and until then everything may be declared."""
    dhs, called = Dhs("testDHS"), []
    motor = dhs.motor("m")
    dhs.on_start(lambda: called.append("start"))
    start, before = threading.Thread.start, set(threading.enumerate())
    started: list[threading.Thread] = []

    def start_few(thread: threading.Thread) -> None:
        if len(started) == threads:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    with RawDcss() as dcss:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start_few)
            with pytest.raises(DhsError, match="testDHS cannot start: "):
                dhs.start(dcss.config())
        eventually(lambda: set(threading.enumerate()) <= before)
        assert called == []
        motor.on_move(lambda move: None)
        with running(dhs, dcss.config()), dcss.accept() as peer:
            peer.shake_hands()
            eventually(lambda: called == ["start"])


def test_without_a_link_a_message_is_refused_by_its_keyword() -> None:
    with RawDcss() as dcss:
        run = Run("testDHS", HandlerTable(), dcss.config(), default_codec())
        with pytest.raises(NotConnectedError, match=r"^htos_operation_completed "):
            run.send(completed(""))
        assert run.stop(DEADLINE_S) == ()


def test_a_stop_hook_that_fails_does_not_hold_up_the_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handlers, called = HandlerTable(), []

    def failing() -> None:
        raise RuntimeError("no")

    handlers.stop_hooks += [failing, lambda: called.append("second")]
    with RawDcss() as dcss:
        assert Run("testDHS", handlers, dcss.config(), default_codec()).stop(DEADLINE_S) == ()
    assert called == ["second"]
    assert "failing failed" in caplog.text
