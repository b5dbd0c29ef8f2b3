"""What is under way, from DCSS's command to the end of its handler."""

import logging

import pytest

from dhs_runtime import Operation
from dhs_runtime.active import ActiveTasks
from dhs_runtime.scheduling import Job, Workers
from dhs_runtime.threads import ThreadGroup
from tests.runtime.test_task import Wire, begun


def active_tasks() -> ActiveTasks:
    """No task; answers go out at once, by the caller's thread."""
    workers = Workers(ThreadGroup(), "operation", 1)

    def answer(job: Job) -> None:
        job()

    return ActiveTasks(workers, answer, lambda timer: None)


def test_active_tasks_are_those_between_command_and_end() -> None:
    active, wire = active_tasks(), Wire()
    first, second = begun(wire), begun(wire)
    active.add(first)
    active.add(second)
    assert active.all() == (first, second)
    assert not active.wait_until_none(0)
    active.run(first, lambda _: None)
    active.refuse(second, "no room")
    assert active.all() == ()
    assert active.wait_until_none(0)
    assert wire.texts == [
        "htos_operation_completed op 1.2 normal",
        "htos_operation_completed op 1.2 error no room",
    ]


def test_active_tasks_are_kept_in_their_order_and_aborted_together() -> None:
    active = active_tasks()
    operations = [begun(Wire()) for _ in range(3)]
    for operation in operations:
        active.add(operation)
    assert active.all() == tuple(operations)
    assert not active.wait_until_none(0)
    active.abort_all("all")
    assert all(operation.aborted for operation in operations)
    assert [operation.finished for operation in operations] == [True] * 3  # none had begun
    for operation in operations:
        active.remove(operation)
    assert active.wait_until_none(0)


def test_an_inline_handler_that_takes_long_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("dhs_runtime.active.time.monotonic", lambda: now[0])

    def idle(_: Operation) -> None:
        now[0] += 0.1

    active, wire = active_tasks(), Wire()
    quick, slow = begun(wire), begun(wire)
    with caplog.at_level(logging.WARNING):
        active.run_inline(quick, lambda _: None)
        active.run_inline(slow, idle)
    assert [record.getMessage().split(" took ")[0] for record in caplog.records] == [
        "op 1.2: inline handler"
    ]
    assert active.all() == ()
