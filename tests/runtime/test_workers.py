import logging
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.workers import Workers
from tests.runtime.peers import eventually


@pytest.fixture
def group() -> Iterator[ThreadGroup]:
    group = ThreadGroup()
    yield group
    assert group.join(Deadline.after(5)) == ()


def test_jobs_run_side_by_side_up_to_the_limit_and_the_rest_wait(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=2, max_waiting=2)
    release = threading.Event()
    entered = threading.Semaphore(0)
    done = threading.Semaphore(0)

    def job() -> None:
        entered.release()
        release.wait(5)
        done.release()

    assert [workers.submit(job) for _ in range(5)] == [True, True, True, True, False]
    for _ in range(2):
        assert entered.acquire(timeout=5)
    assert not entered.acquire(timeout=0)
    release.set()
    for _ in range(4):
        assert done.acquire(timeout=5)
    workers.close()


def test_an_idle_thread_is_used_again(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=8, max_waiting=0)
    names: set[str] = set()
    for _ in range(5):
        future = workers.call(lambda: threading.current_thread().name)
        names.add(future.result(5))
        # The future resolves inside the job; the thread is idle a moment later.
        eventually(lambda: workers.idle == 1)
    assert names == {"job-1"}
    workers.close()


def test_call_carries_result_and_exception(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    assert workers.call(lambda: 6 * 7).result(5) == 42
    with pytest.raises(ZeroDivisionError):
        workers.call(lambda: 1 / 0).result(5)
    workers.close()


def test_a_cancelled_call_does_not_run(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    release = threading.Event()

    def wait() -> None:
        assert release.wait(5)

    workers.submit(wait)
    ran = threading.Event()
    future = workers.call(ran.set)
    assert future.cancel()
    release.set()
    workers.call(lambda: None).result(5)
    assert not ran.is_set()
    workers.close()


def test_after_close_nothing_is_taken(group: ThreadGroup) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    workers.close()
    assert not workers.submit(lambda: None)
    with pytest.raises(CancelledError):
        workers.call(lambda: None).result(5)


def test_without_a_thread_the_job_is_refused(
    group: ThreadGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    workers = Workers(group, "job", max_threads=1, max_waiting=5)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        assert not workers.submit(lambda: None)
    assert workers.call(lambda: "later").result(5) == "later"
    workers.close()


def test_a_job_that_raises_costs_no_thread(
    group: ThreadGroup, caplog: pytest.LogCaptureFixture
) -> None:
    workers = Workers(group, "job", max_threads=1, max_waiting=5)

    def fail() -> None:
        raise RuntimeError("boom")

    with caplog.at_level(logging.ERROR):
        workers.submit(fail)
        assert workers.call(lambda: "alive").result(5) == "alive"
    assert "boom" in caplog.text
    workers.close()
