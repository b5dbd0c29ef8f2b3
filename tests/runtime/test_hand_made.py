"""A completion sent by hand counts as the completion; hooks of the link; calls."""

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from dcs_codec import (
    Framing,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    HtosReportIonChambers,
    IonChamberFailure,
    IonChamberReading,
    StohSetString,
)
from dhs_runtime import Count, Dhs, DhsError, Move, Operation, TaskFinishedError
from dhs_runtime.task import TaskState
from tests.devices.talking import online, read
from tests.runtime.peers import DEADLINE_S, RawDcss, eventually, running


@pytest.mark.parametrize("status", ["normal", "error"])
def test_an_operation_completed_by_hand_is_completed_once(status: str) -> None:
    dhs = Dhs("testDHS")
    seen: list[object] = []

    @dhs.operation("op")
    def op(op: Operation) -> None:
        message = HtosOperationCompleted(
            operation_name="op",
            operation_handle=op.handle,
            operation_status=status,
            operation_args="by hand",
        )
        dhs.send(message)
        seen.append(op.state)
        with pytest.raises(TaskFinishedError):
            dhs.send(message)

    with online(dhs) as peer:
        peer.send("stoh_start_operation op 1.1", "stoh_start_operation op 1.2")
        texts = sorted(read(peer, 2))
        assert texts == [f"htos_operation_completed op 1.{n} {status} by hand" for n in (1, 2)]
        peer.send("stoh_start_operation nothing 1.3")
        assert "nothing" in peer.read_text()  # and nothing came before it
    state = TaskState.COMPLETED if status == "normal" else TaskState.FAILED
    assert seen == [state, state]


def test_a_completion_of_nothing_under_way_goes_out() -> None:
    dhs = Dhs("testDHS")
    with online(dhs):
        pass
    with online(dhs) as peer:
        dhs.send(
            HtosOperationCompleted(
                operation_name="op", operation_handle="9.9", operation_status="normal"
            )
        )
        assert peer.read_text() == "htos_operation_completed op 9.9 normal"


def test_a_move_and_a_count_completed_by_hand_are_completed_once() -> None:
    dhs = Dhs("testDHS")
    motor, chamber = dhs.motor("z"), dhs.ion_chamber("i0")

    @motor.on_move
    def go(move: Move) -> None:
        dhs.send(HtosMotorMoveCompleted(motor_name="z", position=2.5, status="normal"))

    @chamber.on_count
    def count(task: Count) -> dict[str, float]:
        dhs.send(HtosReportIonChambers(ion_chamber_time=1, result=(IonChamberReading("i0", 5.0),)))
        return {"i0": 7}

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 2")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 2.5 normal"
        peer.send("stoh_read_ion_chambers 1 0 i0")
        assert peer.read_text() == "htos_report_ion_chambers 1 i0 5.0"
        peer.send("stoh_start_operation nothing 1.3")
        assert "nothing" in peer.read_text()
    assert motor.position == 2.5


def test_a_failed_count_by_hand() -> None:
    dhs = Dhs("testDHS")

    @dhs.ion_chamber("i0").on_count
    def count(task: Count) -> dict[str, float]:
        failure = IonChamberFailure(("i0",), "no beam")
        dhs.send(HtosReportIonChambers(ion_chamber_time=0, result=failure))
        assert task.state is TaskState.FAILED
        return {}

    with online(dhs) as peer:
        peer.send("stoh_read_ion_chambers 1 0 i0", "stoh_start_operation nothing 1.3")
        assert sorted(read(peer, 2))[1] == "htos_report_ion_chambers 0 i0 {no beam}"


def test_an_aborted_handler_that_raises_something_else_is_aborted_all_the_same() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    begun = threading.Event()

    @motor.on_move
    def go(move: Move) -> None:
        begun.set()
        try:
            move.sleep(60)
        finally:
            raise TimeoutError("the controller did not answer")

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 2")
        peer.read_text()
        assert begun.wait(DEADLINE_S)
        peer.send("stoh_abort_all soft")
        assert peer.read_text() == "htos_motor_move_completed z 0.0 aborted"


def test_an_error_of_ours_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation("op")
    def op(op: Operation) -> None:
        raise DhsError("the camera does not answer")

    with online(dhs) as peer:
        peer.send("stoh_start_operation op 1.1")
        assert peer.read_text().endswith("error DhsError: the camera does not answer")
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.getMessage() == "op 1.1: handler failed: the camera does not answer"
    assert record.exc_info is None


def test_hooks_tell_of_the_link_in_the_order_of_the_messages() -> None:
    dhs = Dhs("testDHS")
    told: list[str] = []
    again = threading.Event()

    @dhs.on_connected
    def connected() -> None:
        told.append("connected")
        if told.count("connected") > 1:
            again.set()

    @dhs.on_connected
    def broken() -> None:
        raise RuntimeError("the author's fault")

    @dhs.on(StohSetString)
    def take(message: StohSetString) -> None:
        told.append(message.string_contents)

    @dhs.on_disconnected
    def disconnected(reason: str) -> None:
        told.append(reason)

    with RawDcss() as dcss, running(dhs, dcss.config()):
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_set_string s first", "stoh_start_operation in.step 1.1")
            peer.read_text()
        with dcss.accept() as peer:
            peer.shake_hands()
            assert again.wait(DEADLINE_S)
            until_then = list(told)  # before this connection ends, too
    assert until_then == [
        "connected",
        "first",
        "connection to DCSS lost: DCSS closed the connection",
        "connected",
    ]


def test_a_handler_that_does_not_return_is_named() -> None:
    dhs = Dhs("testDHS")
    entered, release = threading.Event(), threading.Event()

    @dhs.on(StohSetString)
    def wait(message: StohSetString) -> None:
        entered.set()
        release.wait(DEADLINE_S)

    assert dhs.stuck_handler(0) is None
    with online(dhs) as peer:
        assert dhs.stuck_handler(0) is None
        peer.send("stoh_set_string s x")
        assert entered.wait(DEADLINE_S)
        name = dhs.stuck_handler(0)
        assert name is not None
        assert name.endswith("test_a_handler_that_does_not_return_is_named.<locals>.wait")
        assert dhs.stuck_handler(60) is None
        release.set()
        eventually(lambda: dhs.stuck_handler(0) is None)


def test_a_blocking_call_is_left_behind_by_an_abort() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()
    futures: list[Future[bool]] = []

    @dhs.operation("op")
    def op(op: Operation) -> None:
        future = dhs.call(lambda: release.wait(DEADLINE_S))
        futures.append(future)
        op.update("waiting")
        op.wait(future)

    with pytest.raises(DhsError, match="testDHS is not running"):
        dhs.call(release.set)
    with online(dhs) as peer:
        peer.send("stoh_start_operation op 1.1")
        peer.read_text()
        peer.send("stoh_abort_all soft")
        assert peer.read_text() == "htos_operation_completed op 1.1 aborted stoh_abort_all soft"
        release.set()
        assert futures[0].result(DEADLINE_S) is True


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("two\nlines", "two\nlines"),
        ("a\0b", "a b"),
        ("a\ud800b", "a?b"),
        ("long " * 500, ("long " * 18).strip()),
        ("{", "("),
        (5, "5"),
        (ValueError("off"), "off"),
    ],
)
def test_a_text_for_the_log_is_sent_as_well_as_it_can_be(text: Any, sent: str) -> None:
    dhs = Dhs("testDHS")
    with online(dhs, Framing.V1) as peer:
        peer.send("stoh_set_string t x", framing=Framing.V1)  # or the framing is not known
        assert read(peer, 2)[-1].startswith("htos_set_string_completed t error")
        dhs.log("error", text)
        assert peer.read_text() == f"htos_log error testDHS {sent}"
