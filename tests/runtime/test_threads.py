import logging
import queue
import threading

import pytest

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import StopToken, ThreadGroup


def test_token_wakes_every_waiter_and_stays_stopped() -> None:
    token = StopToken()
    assert not token.wait(0)
    assert not token.is_stopping()
    group = ThreadGroup()
    woken = threading.Semaphore(0)

    def waiter() -> None:
        assert token.wait(20)
        woken.release()

    for number in range(3):
        group.spawn(f"waiter-{number}", waiter)
    token.stop()
    token.stop()
    for _ in range(3):
        assert woken.acquire(timeout=20)
    assert group.join(Deadline.after(20)) == ()
    assert token.wait()
    assert token.is_stopping()


def test_crash_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    told: queue.SimpleQueue[tuple[str, BaseException]] = queue.SimpleQueue()
    group = ThreadGroup(on_crash=lambda *crash: told.put(crash))
    error = RuntimeError("boom")

    def crash() -> None:
        raise error

    with caplog.at_level(logging.ERROR):
        group.spawn("crasher", crash)
        assert told.get(timeout=20) == ("crasher", error)
        assert group.join(Deadline.after(20)) == ()
    assert "thread crasher crashed" in caplog.text
    assert "boom" in caplog.text


def test_crash_without_anybody_to_tell_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    group = ThreadGroup()

    def crash() -> None:
        raise RuntimeError("boom")

    group.spawn("crasher", crash)
    assert group.join(Deadline.after(20)) == ()
    assert "thread crasher crashed" in caplog.text


def test_join_names_what_is_still_alive() -> None:
    group = ThreadGroup()
    release = threading.Event()

    def wait() -> None:
        release.wait()

    group.spawn("b-stuck", wait)
    group.spawn("a-stuck", wait)
    assert group.join(Deadline.after(0)) == ("a-stuck", "b-stuck")
    release.set()
    assert group.join(Deadline.after(20)) == ()


def test_join_meets_threads_that_are_just_being_started() -> None:
    for _ in range(20):
        group = ThreadGroup()
        stop = threading.Event()

        def spawn(group: ThreadGroup = group, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                group.spawn("short", lambda: None)

        spawner = threading.Thread(target=spawn)
        spawner.start()
        for _ in range(20):
            group.join(Deadline.after(1))
        stop.set()
        spawner.join()
        assert group.join(Deadline.after(20)) == ()


def test_a_thread_may_join_its_own_group() -> None:
    group = ThreadGroup()
    alive: list[tuple[str, ...]] = []
    done = threading.Event()

    def join() -> None:
        alive.append(group.join(Deadline.after(20)))
        done.set()

    group.spawn("self", join)
    assert done.wait(20)
    assert alive == [()]
    assert group.join(Deadline.after(20)) == ()
