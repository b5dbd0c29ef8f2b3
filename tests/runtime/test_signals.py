"""Signals stop the run, and the previous handlers are restored."""

import os
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from dhs_runtime.signals import StopSignal, stop_signals, stop_while_starting
from tests.runtime.peers import DEADLINE_S


@pytest.fixture
def ignored_hangup() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_calls_the_action_in_a_thread(number: signal.Signals) -> None:
    before, told = signal.getsignal(number), threading.Event()
    with stop_signals(told.set):
        os.kill(os.getpid(), number)
        assert told.wait(DEADLINE_S)
    assert signal.getsignal(number) is before


def test_they_are_awaited_for_ever_whatever_the_timeout_of_new_sockets_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = threading.Event()
    socket.setdefaulttimeout(0.01)
    try:
        with stop_signals(told.set):
            assert not told.wait(0.05)  # longer than that timeout
            os.kill(os.getpid(), signal.SIGTERM)
            assert told.wait(DEADLINE_S)
    finally:
        socket.setdefaulttimeout(None)
    assert "crashed" not in caplog.text


def test_the_block_may_end_before_the_thread_that_listens(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_runtime.signals._JOIN_S", 0.0)
    told, go_on = threading.Event(), threading.Event()

    def action() -> None:
        told.set()
        go_on.wait(DEADLINE_S)

    with stop_signals(action):
        os.kill(os.getpid(), signal.SIGTERM)
        assert told.wait(DEADLINE_S)
    (listener,) = (thread for thread in threading.enumerate() if thread.name == "signals")
    go_on.set()
    listener.join(DEADLINE_S)
    assert not listener.is_alive()
    assert "crashed" not in caplog.text


def test_an_interrupt_may_have_an_action_of_its_own() -> None:
    stopped, interrupted = threading.Event(), threading.Event()
    with stop_signals(stopped.set, on_interrupt=interrupted.set):
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted.wait(DEADLINE_S)
    assert not stopped.is_set()


def test_what_is_ignored_stays_ignored(ignored_hangup: None) -> None:
    told, over = threading.Event(), threading.Event()
    with stop_signals(told.set, on_interrupt=over.set):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGINT)  # comes after it
        assert over.wait(DEADLINE_S)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert not told.is_set()


def test_outside_the_main_thread_nothing_is_caught() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def enter() -> None:
        with stop_signals(lambda: None):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(DEADLINE_S)
    assert seen == [before]


def test_a_signal_ends_a_start() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StopSignal, match="SIGTERM"), stop_while_starting():  # noqa: PT012 - the signal raises
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(DEADLINE_S)
    assert signal.getsignal(signal.SIGTERM) is before
