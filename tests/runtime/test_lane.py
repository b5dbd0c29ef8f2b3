import logging
import queue
import threading
from collections.abc import Iterator

import pytest

from dhs_runtime.clock import Deadline
from dhs_runtime.lane import Job, Lane
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.workers import Workers
from tests.runtime.peers import DEADLINE_S


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Workers that end with the test."""
    group = ThreadGroup()
    workers = Workers(group, "w", 4, 100)
    yield workers
    workers.close()
    assert group.join(Deadline.after(DEADLINE_S)) == ()


def submitter(workers: Workers) -> Lane:
    return Lane(lambda job, instead: None if workers.submit(job) else instead())


def test_jobs_run_one_at_a_time_in_their_order(workers: Workers) -> None:
    lane = submitter(workers)
    running = threading.Lock()
    done: queue.SimpleQueue[int] = queue.SimpleQueue()

    def job(number: int) -> Job:
        def run() -> None:
            assert running.acquire(blocking=False), "two at a time"
            done.put(number)
            running.release()

        return run

    for number in range(500):
        lane.put(job(number))
    assert [done.get(timeout=DEADLINE_S) for _ in range(500)] == list(range(500))


def test_a_job_that_fails_costs_the_others_nothing(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    lane = submitter(workers)
    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        lane.put(divide)
        lane.put(done.set)
        assert done.wait(DEADLINE_S)
    assert "ZeroDivisionError" in caplog.text


def test_what_runs_beside_waits_for_what_was_put_before(workers: Workers) -> None:
    lane = submitter(workers)
    release, begun, beside = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        release.wait(DEADLINE_S)

    lane.put(hold)
    assert begun.wait(DEADLINE_S)
    lane.beside(beside.set, beside.set)
    assert not beside.is_set()
    release.set()
    assert beside.wait(DEADLINE_S)


def test_without_a_worker_the_other_job_runs() -> None:
    taken: list[str] = []
    lane = Lane(lambda job, instead: instead())
    lane.put(lambda: taken.append("put"))
    lane.beside(lambda: taken.append("job"), lambda: taken.append("instead"))
    assert taken == ["put", "instead"]


def divide() -> None:
    raise ZeroDivisionError
