"""A task ends with exactly one answer, whichever thread is first."""

import logging
import threading
from collections.abc import Callable

import pytest

from dcs_codec import AbortMode, EncodeError, Message, StohStartOperation, encode_text
from dhs_runtime import (
    Motor,
    Move,
    NotConnectedError,
    Operation,
    Task,
    TaskAbortedError,
    TaskState,
)
from tests.runtime.peers import DEADLINE_S


class Wire:
    """Collects answers."""

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


class Watch(logging.Handler):
    """Keeps what is logged, and whether the lock of a task was held then."""

    returns_at_once = True

    def __init__(self, task: Task) -> None:
        super().__init__(logging.DEBUG)
        self.task = task
        self.lines: list[tuple[str, bool]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), self.task._lock.locked()))


class Deaf(Wire):
    """No link; and what is not said in English does not encode."""

    def write(self, data: bytes) -> None:
        raise NotConnectedError("gone")

    def encode(self, message: Message) -> bytes:
        data = super().encode(message)
        if not data.isascii():
            raise EncodeError("", "name", "is not in English")
        return data


def test_nothing_is_logged_while_the_lock_of_a_task_is_held() -> None:
    update, complete, fail = begun(Deaf()), begun(Deaf()), begun(Deaf())
    unable = Operation(
        StohStartOperation(operation_name="zähle", operation_handle="1", operation_args=""), Deaf()
    )
    move = Move(Motor("m"), 1.0, Wire())
    ends: list[tuple[Task, Callable[[], object], str]] = [
        (update, lambda: update.update("half"), "dropped: htos_operation_update"),
        (complete, complete.complete, "dropped: htos_operation_completed"),
        (fail, lambda: fail.fail("why", status="normal"), "is not a word"),
        (unable, lambda: unable.fail("why"), "no answer is possible"),
        (move, lambda: move.fail("stuck"), "motor m: stuck"),
    ]
    root = logging.getLogger("dhs_runtime")
    level = root.level
    for task, end, said in ends:
        watch = Watch(task)
        root.addHandler(watch)
        root.setLevel(logging.DEBUG)
        try:
            end()
        finally:
            root.removeHandler(watch)
            root.setLevel(level)
        assert any(said in line for line, _ in watch.lines), watch.lines
        assert not any(held for _, held in watch.lines), watch.lines
