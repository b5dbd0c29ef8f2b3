import logging
import queue
import threading
from collections.abc import Iterator

import pytest

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.timers import Timers
from tests.runtime.peers import DEADLINE_S


@pytest.fixture
def timers() -> Iterator[Timers]:
    """Timers whose thread ends with the test."""
    group = ThreadGroup()
    timers = Timers(group)
    yield timers
    timers.close()
    assert group.join(Deadline.after(DEADLINE_S)) == ()


def test_calls_come_in_the_order_of_their_moments(timers: Timers) -> None:
    called: queue.SimpleQueue[str] = queue.SimpleQueue()
    start = Deadline.after(0.01)
    for name, later in (("c", 0.03), ("a", 0.0), ("b", 0.015), ("a2", 0.0)):
        timers.at(Deadline(start.at + later), lambda name=name: called.put(name))  # type: ignore[misc]  # a default binds it
    assert [called.get(timeout=DEADLINE_S) for _ in range(4)] == ["a", "a2", "b", "c"]


def test_a_call_that_fails_costs_the_others_nothing(
    timers: Timers, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        timers.at(Deadline.after(0), divide)
        timers.at(Deadline.after(0.001), done.set)
        assert done.wait(DEADLINE_S)
    assert "a timed call failed" in caplog.text


def test_an_earlier_moment_wakes_the_thread_that_waits_for_a_later(timers: Timers) -> None:
    done = threading.Event()
    timers.at(Deadline.after(3600), done.clear)
    timers.at(Deadline.after(0.001), done.set)
    assert done.wait(DEADLINE_S)


def test_nothing_is_called_behind_the_close() -> None:
    group = ThreadGroup()
    timers = Timers(group)
    timers.close()
    called: list[int] = []
    timers.at(Deadline.after(0), lambda: called.append(1))
    assert group.join(Deadline.after(DEADLINE_S)) == ()
    assert called == []


def divide() -> None:
    raise ZeroDivisionError
