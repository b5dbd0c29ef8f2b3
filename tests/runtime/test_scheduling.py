"""Workers, lanes and timers, with real threads."""

import logging
import queue
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_runtime.clock import Deadline
from dhs_runtime.scheduling import Job, Lane, Timers, Worker, Workers
from dhs_runtime.threads import ThreadGroup
from tests.runtime.peers import DEADLINE_S, eventually


@pytest.fixture
def group() -> Iterator[ThreadGroup]:
    group = ThreadGroup()
    yield group
    assert group.join(Deadline.after(20)) == ()


def test_jobs_run_side_by_side_up_to_the_limit_and_the_rest_wait(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=2, max_waiting=2)
    release = threading.Event()
    entered = threading.Semaphore(0)
    done = threading.Semaphore(0)

    def job() -> None:
        entered.release()
        release.wait(20)
        done.release()

    assert [workers.submit(job) for _ in range(5)] == [True, True, True, True, False]
    for _ in range(2):
        assert entered.acquire(timeout=20)
    assert not entered.acquire(timeout=0)
    release.set()
    for _ in range(4):
        assert done.acquire(timeout=20)
    workers.close()


def test_an_idle_thread_is_used_again(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=8, max_waiting=0)
    names: set[str] = set()
    for _ in range(5):
        future = workers.call(lambda: threading.current_thread().name)
        names.add(future.result(DEADLINE_S))
        # The future resolves inside the job; the thread is idle a moment later.
        eventually(lambda: workers.idle == 1)
    assert names == {"job-1"}
    workers.close()


def test_call_carries_result_and_exception(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    assert workers.call(lambda: 6 * 7).result(DEADLINE_S) == 42
    with pytest.raises(ZeroDivisionError):
        workers.call(lambda: 1 / 0).result(DEADLINE_S)
    workers.close()


def test_a_cancelled_call_does_not_run(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    release = threading.Event()

    def wait() -> None:
        assert release.wait(20)

    workers.submit(wait)
    ran = threading.Event()
    future = workers.call(ran.set)
    assert future.cancel()
    release.set()
    workers.call(lambda: None).result(DEADLINE_S)
    assert not ran.is_set()
    workers.close()


def test_after_close_nothing_is_taken(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    workers.close()
    assert not workers.submit(lambda: None)
    with pytest.raises(CancelledError):
        workers.call(lambda: None).result(DEADLINE_S)


@pytest.fixture
def no_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Inside, the system starts no thread."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        yield patch


def test_without_a_thread_the_job_is_refused_and_later_ones_are_not(
    group: ThreadGroup, no_thread: pytest.MonkeyPatch
) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    assert not workers.submit(lambda: None)
    no_thread.undo()
    assert workers.call(lambda: "later").result(DEADLINE_S) == "later"
    workers.close()


@pytest.mark.parametrize("of_lane", [False, True])
def test_that_there_is_no_thread_is_logged_with_no_lock_held(
    group: ThreadGroup, no_thread: pytest.MonkeyPatch, of_lane: bool
) -> None:
    workers = Workers(group, "job", max_threads=1)
    lane = Lane(workers)
    held: list[bool] = []

    class Watch(logging.Handler):
        returns_at_once = True

        def emit(self, record: logging.LogRecord) -> None:
            held.append(workers._lock.locked() or lane._lock.locked())

    watch, root = Watch(), logging.getLogger("dhs_runtime")
    root.addHandler(watch)
    try:
        assert not (lane.put(print) if of_lane else workers.submit(print))
    finally:
        root.removeHandler(watch)
    assert held == [False]
    workers.close()


def test_without_a_second_thread_jobs_wait_for_the_first(
    group: ThreadGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(group, "job", max_threads=2, max_waiting=5)
    workers.make_ready()
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        release.wait(20)

    assert workers.submit(hold)
    assert entered.wait(20)
    with monkeypatch.context() as patch:

        def start(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", start)
        future = workers.call(lambda: "waited")
    assert not future.done()
    release.set()
    assert future.result(DEADLINE_S) == "waited"
    workers.close()


def test_ready_workers_say_so_where_they_cannot_be(
    group: ThreadGroup, no_thread: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match="no thread for job"):
        Workers(group, "job", 1).make_ready()


def test_a_job_that_raises_costs_no_thread(
    group: ThreadGroup, caplog: pytest.LogCaptureFixture
) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)

    def fail() -> None:
        raise RuntimeError("boom")

    with caplog.at_level(logging.ERROR):
        workers.submit(fail)
        assert workers.call(lambda: "alive").result(DEADLINE_S) == "alive"
    assert "boom" in caplog.text
    workers.close()


def test_the_thread_that_was_idle_last_is_used_first(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=3)
    release = [threading.Event() for _ in range(3)]
    for event in release:
        assert not workers.call(partial(event.wait, DEADLINE_S)).done()
    for idle, number in enumerate((0, 2, 1)):
        release[number].set()
        eventually(lambda: workers.idle > idle)  # noqa: B023 - it is called at once
    assert workers.call(lambda: threading.current_thread().name).result(DEADLINE_S) == "job-2"
    workers.close()


DESCRIPTORS = Path("/proc/self/fd")


def descriptors() -> int:
    return len(list(DESCRIPTORS.iterdir()))


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts descriptors in /proc")
def test_threads_give_their_descriptors_back(group: ThreadGroup) -> None:
    before = descriptors()
    workers = Workers(group, "job", max_threads=5)
    release = threading.Event()
    for _ in range(5):
        assert not workers.call(partial(release.wait, DEADLINE_S)).done()
    release.set()
    workers.close()
    assert group.join(Deadline.after(20)) == ()
    assert descriptors() == before


def test_without_a_descriptor_left_jobs_run_all_the_same(group: ThreadGroup) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    workers = Workers(group, "job", max_threads=2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        results = [workers.call(partial(int, "7")).result(DEADLINE_S) for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert results == [7, 7, 7]
    workers.close()


FORKED = """
import os
from dhs_runtime import ForkedError
from dhs_runtime.scheduling import Workers
from dhs_runtime.threads import ThreadGroup

workers = Workers(ThreadGroup(), "job", 1)
workers.make_ready()
child = os.fork()
if child == 0:
    try:
        workers.submit(print)
    except ForkedError:
        os._exit(0)
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert workers.call(lambda: 7).result(60) == 7  # the parent's thread was not woken for nothing
"""


def test_a_forked_child_wakes_no_thread_of_its_parent() -> None:
    done = subprocess.run(
        # Python 3.12 and newer warn of a fork with threads.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_that_is_woken_for_nothing_waits_on() -> None:
    worker = Worker()
    worker.choose_bell(is_quiet=True)
    worker._bell.ring()
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: jobs.put(worker.wait()))
    thread.start()
    worker.call(print)
    assert jobs.get(timeout=20) is print
    thread.join(DEADLINE_S)
    worker.close()


@given(st.lists(st.booleans(), max_size=20))
def test_a_call_that_comes_before_the_wait_is_not_lost(quiet: list[bool]) -> None:
    worker = Worker()
    for number, is_quiet in enumerate(quiet):
        job = partial(print, number)
        worker.choose_bell(is_quiet=is_quiet)
        worker.call(job)
        assert worker.wait() is job
    worker.close()


@pytest.fixture
def workers(group: ThreadGroup) -> Iterator[Workers]:
    """Workers that end with the test."""
    workers = Workers(group, "w", 4, 100)
    yield workers
    workers.close()


def test_jobs_run_one_at_a_time_in_their_order(workers: Workers) -> None:
    lane = Lane(workers)
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
    lane = Lane(workers)
    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        lane.put(divide)
        lane.put(done.set)
        assert done.wait(DEADLINE_S)
    assert "ZeroDivisionError" in caplog.text


def test_then_runs_at_once_only_where_nothing_was_put_before(workers: Workers) -> None:
    lane = Lane(workers)
    release, begun, beside = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        release.wait(DEADLINE_S)

    lane.put(hold)
    assert begun.wait(DEADLINE_S)
    assert lane.then(beside.set)
    assert not beside.is_set()
    release.set()
    assert beside.wait(DEADLINE_S)
    eventually(lambda: not lane.busy)
    here: list[str] = []
    assert lane.then(lambda: here.append(threading.current_thread().name))
    assert here == [threading.current_thread().name]


def test_a_lane_without_a_worker_is_not_deaf_for_ever(
    group: ThreadGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(group, "w", 1)
    lane = Lane(workers)
    with monkeypatch.context() as patch:

        def start(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", start)
        assert not lane.put(divide)
        assert not lane.busy
    done = threading.Event()
    assert lane.put(done.set)
    assert done.wait(DEADLINE_S)
    workers.close()


def test_a_lane_takes_no_more_than_it_may(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_runtime.scheduling.MAX_WAITING", 2)
    lane = Lane(workers)
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        release.wait(DEADLINE_S)

    assert lane.put(hold)
    assert entered.wait(DEADLINE_S)
    assert lane.current is not None
    assert [lane.put(lambda: None) for _ in range(3)] == [True, True, False]
    release.set()
    eventually(lambda: not lane.busy)
    assert lane.current is None


@pytest.fixture
def timers(group: ThreadGroup) -> Iterator[Timers]:
    """Timers whose thread ends with the test."""
    timers = Timers(group)
    yield timers
    timers.close()


def test_calls_come_in_the_order_of_their_moments(timers: Timers) -> None:
    called: queue.SimpleQueue[str] = queue.SimpleQueue()
    start, go_on = Deadline.after(0), threading.Event()
    timers.at(start, partial(go_on.wait, DEADLINE_S))  # until all calls are there
    for name, later in (("c", 0.03), ("a", 0.0), ("b", 0.015), ("a2", 0.0)):
        timers.at(Deadline(start.at + later), lambda name=name: called.put(name))  # type: ignore[misc]  # a default binds it
    go_on.set()
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


def test_nothing_is_called_after_the_close() -> None:
    group = ThreadGroup()
    timers = Timers(group)
    timers.close()
    called: list[int] = []
    timers.at(Deadline.after(0), lambda: called.append(1))
    assert group.join(Deadline.after(DEADLINE_S)) == ()
    assert called == []


def test_what_is_cancelled_is_not_called_and_takes_no_room(timers: Timers) -> None:
    """A million operations with a deadline of an hour leave nothing behind."""
    called: list[int] = []
    for _ in range(10_000):
        timer = timers.at(Deadline.after(3600), lambda: called.append(1))
        timers.cancel(timer)
        timers.cancel(timer)
        assert timer.call is None
        assert len(timers._due) <= 2
    done, go_on = threading.Event(), threading.Event()
    timers.at(Deadline.after(0), partial(go_on.wait, DEADLINE_S))
    kept = [timers.at(Deadline.after(0.001), lambda: called.append(2)) for _ in range(3)]
    for timer in kept:
        timers.cancel(timer)
    timers.at(Deadline.after(0.002), done.set)
    go_on.set()
    assert done.wait(DEADLINE_S)
    assert called == []


def divide() -> None:
    raise ZeroDivisionError
