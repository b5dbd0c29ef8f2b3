"""A task ends in exactly one answer, whoever comes first."""

import threading

import pytest

from dcs_codec import AbortMode, Message, StohStartOperation, encode_text
from dhs_runtime import Operation, TaskAbortedError, TaskState
from dhs_runtime.task import ActiveTasks
from tests.runtime.peers import DEADLINE_S


class Wire:
    """Where answers go, kept."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, message: Message) -> bytes:
        return encode_text(message).encode()

    def write(self, data: bytes) -> None:
        self.texts.append(data.decode())


def begun(wire: Wire) -> Operation:
    message = StohStartOperation(operation_name="op", operation_handle="1.2", operation_args="")
    return Operation(message, wire)


def test_of_two_ends_the_first_is_the_answer() -> None:
    wire = Wire()
    task = begun(wire)
    assert task._end("late", "first")
    assert not task._end("error", "second")
    task._succeed()
    assert wire.texts == ["htos_operation_completed op 1.2 late first"]
    assert (task.finished, task.state) == (True, TaskState.FAILED)


def test_a_handler_that_returns_has_succeeded() -> None:
    wire = Wire()
    task = begun(wire)
    states = []
    task._run(lambda task: states.append(task.state))
    assert states == [TaskState.RUNNING]
    assert wire.texts == ["htos_operation_completed op 1.2 normal"]
    assert task.state is TaskState.COMPLETED


def test_a_deadline_that_passed_is_an_error_and_an_abort_is_aborted() -> None:
    late, aborted = Wire(), Wire()
    task = begun(late)
    task._expire()
    task._run(lambda _: None)
    other = begun(aborted)
    other.abort("stoh_abort_all hard")
    other._run(lambda _: None)
    assert late.texts == ["htos_operation_completed op 1.2 error deadline passed"]
    assert aborted.texts == ["htos_operation_completed op 1.2 aborted stoh_abort_all hard"]


def test_hard_overrides_soft_and_soft_not_hard() -> None:
    task = begun(Wire())
    task.abort("first")
    assert (task.abort_mode, task.abort_reason) == (AbortMode.SOFT, "first")
    task.abort("second", AbortMode.HARD)
    task.abort("third", AbortMode.SOFT)
    assert (task.abort_mode, task.abort_reason) == (AbortMode.HARD, "first")
    with pytest.raises(TaskAbortedError, match="first"):
        task.raise_if_aborted()


def test_an_abort_ends_a_sleep_at_once() -> None:
    wire = Wire()
    task, sleeping = begun(wire), threading.Event()

    def handler(task: Operation) -> None:
        sleeping.set()
        task.sleep(60)

    thread = threading.Thread(target=task._run, args=(handler,))
    thread.start()
    assert sleeping.wait(DEADLINE_S)
    task.abort("enough")
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert wire.texts == ["htos_operation_completed op 1.2 aborted enough"]


def test_active_tasks_are_those_between_command_and_end() -> None:
    active, wire = ActiveTasks(), Wire()
    first, second = begun(wire), begun(wire)
    active.add(first)
    active.add(second)
    assert active.all() == (first, second)
    assert not active.wait_until_none(0)
    active.run(first, lambda _: None)
    active.refuse(second, "error", "no room")
    assert active.all() == ()
    assert active.wait_until_none(0)
    assert wire.texts == [
        "htos_operation_completed op 1.2 normal",
        "htos_operation_completed op 1.2 error no room",
    ]
