"""Limits on the time and the number of operations: declared, enforced, reported to DCSS."""

import threading
import time

import attrs
import pytest

from dcs_codec import Message, StohAbortAll, StohSetString
from dhs_runtime import Dhs, HandlerError, Operation
from dhs_runtime.task import TaskState
from tests.devices.talking import online, read
from tests.runtime.peers import DEADLINE_S, eventually


def test_an_operation_over_its_time_is_failed_even_when_the_handler_goes_on() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()
    late: list[Exception] = []

    @dhs.operation("slow", timeout_s=0.5)  # in which the handler begins, also on a busy machine
    def slow(op: Operation) -> None:
        assert op.deadline is not None
        release.wait(DEADLINE_S)
        assert op.aborted
        assert op.abort_reason == "deadline passed"
        try:
            op.complete("after all")
        except Exception as error:
            late.append(error)
            raise

    with online(dhs) as peer:
        began = time.monotonic()
        peer.send("stoh_start_operation slow 1.1")
        assert peer.read_text() == "htos_operation_completed slow 1.1 error deadline passed"
        assert time.monotonic() - began >= 0.5
        release.set()
        eventually(lambda: not dhs.active_operations())
        peer.send("stoh_start_operation nothing 1.2")
        assert peer.read_text().startswith("htos_operation_completed nothing 1.2 error")
    assert [str(error) for error in late] == ["slow 1.1 is failed"]


def test_a_stuck_message_handler_delays_neither_deadline_nor_refusal() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()
    stuck = threading.Event()

    @dhs.operation("slow", timeout_s=0.05)
    def slow(op: Operation) -> None:
        release.wait(DEADLINE_S)

    @dhs.operation("single", max_active=1)
    def single(op: Operation) -> None:
        release.wait(DEADLINE_S)

    @dhs.on(StohSetString)
    def hang(message: StohSetString) -> None:
        stuck.set()
        release.wait(DEADLINE_S)

    with online(dhs) as peer:
        peer.send("stoh_start_operation single 1.1", "stoh_set_string s x")
        assert stuck.wait(DEADLINE_S)
        peer.send("stoh_start_operation single 1.2")
        assert peer.read_text() == (
            "htos_operation_completed single 1.2 error at most 1 may be under way"
        )
        peer.send("stoh_start_operation slow 1.3")
        assert peer.read_text() == "htos_operation_completed slow 1.3 error deadline passed"
        release.set()


def test_an_operation_in_time_is_not_touched() -> None:
    dhs = Dhs("testDHS")
    operations: list[Operation] = []

    @dhs.operation("quick", timeout_s=60)
    def quick(op: Operation) -> None:
        operations.append(op)

    with online(dhs) as peer:
        peer.send("stoh_start_operation quick 1.1")
        assert peer.read_text() == "htos_operation_completed quick 1.1 normal"
        timer = operations[0]._timer
        assert timer is not None
        eventually(lambda: timer.call is None)  # it is cancelled
    assert operations[0].state is TaskState.COMPLETED
    assert not operations[0].aborted


def test_one_more_than_the_most_is_refused() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()

    @dhs.operation("one", max_active=1)
    def one(op: Operation) -> None:
        op.update("at work")
        release.wait(DEADLINE_S)

    with online(dhs) as peer:
        peer.send("stoh_start_operation one 1.1")
        peer.read_text()
        peer.send("stoh_start_operation one 1.2")
        refusal = "htos_operation_completed one 1.2 error at most 1 may be under way"
        assert peer.read_text() == refusal
        release.set()
        assert peer.read_text() == "htos_operation_completed one 1.1 normal"
        peer.send("stoh_start_operation one 1.3")  # right after it: there is room
        assert read(peer, 2)[-1] == "htos_operation_completed one 1.3 normal"


@attrs.define
class Scan:
    """An object kept with an operation."""

    frames: int = 0


def test_the_author_s_own_state_rides_with_the_operation() -> None:
    dhs = Dhs("testDHS")
    kept = threading.Event()

    @dhs.operation("scan")
    def scan(op: Operation) -> None:
        op.keep(Scan(3))
        kept.set()
        op.sleep(60)

    with online(dhs) as peer:
        peer.send("stoh_start_operation scan 1.1")
        assert kept.wait(DEADLINE_S)
        (operation,) = dhs.active_operations("scan")
        state = operation.kept(Scan)
        assert state is not None
        state.frames += 1
        assert operation.kept(Scan) == Scan(4)
        assert operation.kept(int) is None
        assert dhs.active_operations(handle="1.10") == ()


def test_a_dhs_tells_of_an_operation_it_begins_itself() -> None:
    dhs = Dhs("testDHS")
    with online(dhs) as peer:
        dhs.announce_operation("collect", "0.1", "two words", "x")
        assert peer.read_text() == "htos_start_operation collect 0.1 {two words} x"


@pytest.mark.parametrize("name", ["", "two words", "x" * 40])
def test_a_name_that_dcss_could_not_take_is_refused_at_once(name: str) -> None:
    with pytest.raises(HandlerError, match="cannot be the name of a DHS"):
        Dhs(name)


def test_one_handler_may_take_several_messages() -> None:
    dhs = Dhs("testDHS")
    got: list[Message] = []

    @dhs.on(StohSetString, StohAbortAll)
    def take(message: Message) -> None:
        got.append(message)

    with online(dhs) as peer:
        peer.send("stoh_abort_all", "stoh_set_string s x")
        eventually(lambda: len(got) == 2)
    assert [message.keyword for message in got] == ["stoh_abort_all", "stoh_set_string"]
