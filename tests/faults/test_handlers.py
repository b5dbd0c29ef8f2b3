"""Handlers that misbehave, and aborts at any time."""

import logging
import threading

import pytest

from dcs_codec import Message, StohAbortAll, StohSetString
from dhs_runtime import DeviceError, Dhs, Operation, TaskFinishedError, TaskState
from tests.faults.scene import at_work
from tests.runtime.peers import DEADLINE_S, eventually


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(ValueError("two\nlines"), "ValueError: two lines", id="ValueError"),
        pytest.param(SystemExit(1), "SystemExit: 1", id="SystemExit"),
        pytest.param(KeyboardInterrupt(), "KeyboardInterrupt", id="KeyboardInterrupt"),
    ],
)
def test_handler_raises(error: BaseException, text: str, caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation("fail")
    def fail(op: Operation) -> None:
        raise error

    @dhs.on(Message)
    def broken(message: Message) -> None:
        raise error

    with caplog.at_level(logging.ERROR, "dhs_runtime"), at_work(dhs) as scene:
        for _ in range(3):
            scene.send("stoh_set_string s x")
            assert scene.run("fail").startswith(f"error {text}")
    assert "handler of stoh_set_string failed" in caplog.text
    assert "fail 7.1: handler failed" in caplog.text
    assert "Traceback" in caplog.text


class _NoTextError(DeviceError):
    """Says nothing, and knows of no status."""

    def __init__(self) -> None:
        Exception.__init__(self)

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("how", ["raise", "fail", "DeviceError"])
def test_reason_that_cannot_be_had(how: str) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation("fail")
    def fail(op: Operation) -> None:
        if how == "fail":
            op.fail(_NoTextError())  # type: ignore[arg-type]  # as an author may write it
        raise _NoTextError if how == "raise" else DeviceError(_NoTextError())  # type: ignore[arg-type]

    with at_work(dhs) as scene:
        text = "DeviceError" if how == "DeviceError" else "_NoTextError"
        assert scene.run("fail") == f"error {text}"


def test_handler_never_returns() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()

    @dhs.operation("stuck", timeout_s=0.05)
    def stuck(op: Operation) -> None:
        assert release.wait(DEADLINE_S)

    with at_work(dhs) as scene:
        handles = [scene.start("stuck") for _ in range(3)]
        for handle in handles:
            assert scene.completion(handle) == "error deadline passed"
        scene.check(*handles)
        release.set()


def test_message_handler_never_returns() -> None:
    """It delays later messages, which must stay in order; an abort still works."""
    dhs = Dhs("testDHS")
    entered, release, seen = threading.Event(), threading.Event(), threading.Event()

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        op.update("asleep")
        op.sleep(60)

    @dhs.on(StohSetString)
    def stuck(_: StohSetString) -> None:
        entered.set()
        assert release.wait(DEADLINE_S)

    @dhs.on(StohAbortAll)
    def see(message: StohAbortAll) -> None:
        assert message.abort_arg == "soft"
        seen.set()

    with at_work(dhs) as scene:
        handles = [scene.start("nap") for _ in range(3)]
        for handle in handles:
            assert scene.update(handle) == "asleep"
        scene.send("stoh_set_string s x")
        assert entered.wait(DEADLINE_S)
        scene.send("stoh_abort_all soft")
        for handle in handles:
            assert scene.completion(handle) == "aborted stoh_abort_all soft"
        assert not seen.is_set()
        release.set()
        assert seen.wait(DEADLINE_S)


def test_handler_completes_twice() -> None:
    dhs = Dhs("testDHS")
    refused: list[str] = []

    @dhs.operation("twice")
    def twice(op: Operation) -> None:
        op.complete("first")
        with pytest.raises(TaskFinishedError):
            op.fail("second")
        with pytest.raises(TaskFinishedError):
            op.update("third")
        refused.append(op.handle)
        op.complete("fourth")

    with at_work(dhs) as scene:
        assert scene.run("twice") == "normal first"
    assert refused == ["7.1"]


def test_handler_completes_after_abort() -> None:
    """An aborted handler may still succeed; messages after its completion do not count."""
    dhs = Dhs("testDHS")
    started = threading.Semaphore(0)
    operations: list[Operation] = []

    @dhs.operation("deaf")
    def deaf(op: Operation) -> None:
        started.release()
        eventually(lambda: op.aborted)
        op.complete("done", "anyway")

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        operations.append(op)
        started.release()
        op.sleep(60)

    with at_work(dhs) as scene:
        handles = [scene.start(name) for name in ("deaf", "nap")]
        for _ in handles:
            assert started.acquire(timeout=DEADLINE_S)
        scene.send("stoh_abort_all hard")
        assert scene.completion(handles[0]) == "normal done anyway"
        assert scene.completion(handles[1]) == "aborted stoh_abort_all hard"
        with pytest.raises(TaskFinishedError):
            operations[0].complete("too late")


def test_handler_completes_after_reconnect(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")
    started, release = threading.Event(), threading.Event()

    @dhs.operation("slow")
    def slow(op: Operation) -> None:
        started.set()
        assert release.wait(DEADLINE_S)
        assert "connection to DCSS lost" in op.abort_reason
        op.update("late")
        op.complete("later")

    with caplog.at_level(logging.INFO, "dhs_runtime"), at_work(dhs) as scene:
        scene.start("slow")
        assert started.wait(DEADLINE_S)
        scene.meet()
        assert scene.run("echo", "again") == "normal again"
        release.set()
        scene.check()  # nothing of the operation came over the new connection
    assert "slow 7.1: dropped: htos_operation_completed" in caplog.text


@pytest.mark.parametrize("state", ["waiting", "running", "finished"])
def test_abort(state: str) -> None:
    dhs = Dhs("testDHS")
    entered, release = threading.Event(), threading.Event()
    ran: list[str] = []

    @dhs.on(StohSetString)
    def busy(_: StohSetString) -> None:
        entered.set()
        assert release.wait(DEADLINE_S)

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        ran.append(op.handle)
        op.update("asleep")
        if state == "finished":
            op.complete("rested")
            assert release.wait(DEADLINE_S)  # the handler continues after its completion
            assert op.state is TaskState.COMPLETED
        else:
            op.sleep(60)

    with at_work(dhs) as scene:
        if state == "waiting":  # after a message handler
            scene.send("stoh_set_string s x")
            assert entered.wait(DEADLINE_S)
        handle = scene.start("nap")
        if state == "waiting":
            eventually(lambda: len(dhs.active_operations()) == 1)
            assert dhs.active_operations()[0].state is TaskState.WAITING
        else:
            assert scene.update(handle) == "asleep"
        if state == "finished":
            assert scene.completion(handle) == "normal rested"
        scene.send("stoh_abort_all soft", "stoh_abort_all hard")
        eventually(lambda: all(op.aborted for op in dhs.active_operations()))
        release.set()
        if state != "finished":
            assert scene.completion(handle) == "aborted stoh_abort_all soft"
    assert ran == ([] if state == "waiting" else [handle])
