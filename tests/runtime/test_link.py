"""Reconnecting: DCSS disappears and returns, refuses, or was never there."""

import logging
import threading
import time

import attrs
import pytest

from dcs_codec import Framing, HtosNote, default_codec
from dhs_runtime import Backoff, Dhs, LinkState, NotConnectedError
from dhs_runtime.clock import Deadline
from dhs_runtime.connection import ConnectionEnd, Ending
from dhs_runtime.errors import DhsError
from dhs_runtime.link import Link, Retry
from dhs_runtime.threads import ThreadGroup
from tests.runtime.peers import (
    AT_ONCE_S,
    DEADLINE_S,
    RawDcss,
    eventually,
    fast_config,
    free_port,
    running,
    stopped,
)


def test_a_day_without_dcss_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    config = attrs.evolve(fast_config(port), retry=Backoff(first_s=0.001, longest_s=0.001))
    with caplog.at_level(logging.INFO, "dhs_runtime"), running(Dhs("testDHS"), config) as dhs:
        assert not dhs.wait_online(0.1)
        eventually(lambda: "no DCSS at" in caplog.text)
        assert dhs.state in (LinkState.WAITING, LinkState.CONNECTING)
        with pytest.raises(NotConnectedError):
            dhs.send(HtosNote(note_message="x"))
    (line,) = [r.getMessage() for r in caplog.records if "no DCSS at" in r.getMessage()]
    where = f"127.0.0.1:{port}"
    assert line.startswith(f"no DCSS at {where}: cannot connect to {where}: Connection refused")
    assert repr(dhs) == "<Dhs testDHS stopped>"


# -- when to come back


STEADY = attrs.evolve(
    fast_config(1),
    retry=Backoff(first_s=0.1, factor=2, longest_s=0.4, jitter=0),
    retry_refused=Backoff(first_s=1, factor=3, longest_s=9, jitter=0),
)


def delays(retry: Retry, ending: Ending, count: int) -> list[float]:
    return [retry.after(ConnectionEnd(ending, "why")) for _ in range(count)]


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (Ending.UNREACHABLE, [0.1, 0.2, 0.4, 0.4]),
        (Ending.NO_HANDSHAKE, [0.1, 0.2, 0.4, 0.4]),
        (Ending.DROPPED, [0.1, 0.2, 0.4, 0.4]),
        (Ending.REFUSED, [1, 3, 9, 9]),
        (Ending.LOST, [0.1, 0.1, 0.1, 0.1]),
    ],
)
def test_delays_grow_as_long_as_no_connection_works(ending: Ending, expected: list[float]) -> None:
    retry = Retry(STEADY)
    assert delays(retry, ending, 4) == expected
    assert delays(retry, Ending.LOST, 1) == [0.1]
    assert delays(retry, ending, 1) == expected[:1]


def test_a_dcss_that_worked_is_met_at_once_however_long_its_restart_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry = Retry(STEADY)
    delays(retry, Ending.LOST, 1)
    assert delays(retry, Ending.UNREACHABLE, 100) == [0.1] * 100
    monkeypatch.setattr("dhs_runtime.link.RESTART_S", 0.0)
    delays(retry, Ending.LOST, 1)
    assert delays(retry, Ending.UNREACHABLE, 3) == [0.1, 0.2, 0.4]


def test_what_comes_in_between_does_not_make_a_dcss_that_drops_quicker() -> None:
    retry = Retry(STEADY)
    both = [delays(retry, ending, 1)[0] for ending in (Ending.DROPPED, Ending.UNREACHABLE) * 3]
    assert both == [0.1, 0.1, 0.2, 0.1, 0.4, 0.1]


def test_a_dcss_that_drops_everybody_is_left_in_peace_and_met_at_once_when_it_works(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_runtime.connection.WORKED_S", DEADLINE_S)
    dhs = Dhs("testDHS")
    dhs.operation("op")(lambda op: op.complete("alive"))
    with RawDcss() as dcss, caplog.at_level(logging.INFO, "dhs_runtime"):
        slower = Backoff(first_s=0.001, longest_s=60, factor=30, jitter=0)
        with running(dhs, attrs.evolve(dcss.config(), retry=slower)):
            closed = 0.0
            for wait_s in (0.0, 0.001, 0.03):
                with dcss.accept() as peer:
                    assert time.monotonic() - closed >= wait_s
                    peer.shake_hands()
                    peer.send("stoh_register_operation op op")
                    closed = time.monotonic()
            with dcss.accept() as peer:
                assert time.monotonic() - closed >= 0.9
                peer.shake_hands()
                peer.send("stoh_start_operation op 1.1")
                assert peer.read_text() == "htos_operation_completed op 1.1 normal alive"
                began = time.monotonic()
            with dcss.accept():
                assert time.monotonic() - began < AT_ONCE_S  # the next wait would have been 27 s
    line = next(r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert "ended 3 connections in a row" in line
    assert "DCSS closed the connection" in line


# -- the end


def test_a_stop_ends_wait_online() -> None:
    dhs = Dhs("testDHS")
    dhs.start(fast_config(free_port()))
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(dhs.wait_online(60)))
    waiter.start()
    began = time.monotonic()
    dhs.stop()
    waiter.join(DEADLINE_S)
    assert time.monotonic() - began < AT_ONCE_S
    assert answers == [False]


def test_a_crash_of_the_link_ends_run_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("dhs_runtime.dispatcher.Dispatcher.feed", crash)
    dhs = Dhs("testDHS")
    states: list[LinkState] = []

    @dhs.on_stop
    def look() -> None:
        states.append(dhs.state)
        assert not dhs.wait_online(60)

    with RawDcss() as dcss:

        def play() -> None:
            with dcss.accept() as peer:
                peer.shake_hands()
                peer.send("stoh_abort_all soft")
                peer.read_to_end()

        player = threading.Thread(target=play)
        player.start()
        with pytest.raises(DhsError, match="thread dcss-link crashed: RuntimeError: a bug"):
            dhs.run(dcss.config())
        player.join(DEADLINE_S)
    assert states == [LinkState.STOPPED]


def test_stop_ends_a_wait_and_a_pending_connection_at_once() -> None:
    slow = Backoff(first_s=60, longest_s=60)
    waiting = Dhs("testDHS")
    waiting.start(attrs.evolve(fast_config(free_port()), retry=slow))
    with RawDcss() as dcss:  # accepts in the kernel, says nothing
        silent = Dhs("testDHS")
        silent.start(dcss.config())
        with dcss.accept():
            for dhs in (waiting, silent):
                began = time.monotonic()
                assert stopped(dhs) == ()
                assert time.monotonic() - began < AT_ONCE_S


def test_stop_before_the_connection_is_made() -> None:
    """`stop` may look before there is a connection to end."""
    with RawDcss() as dcss:
        told: list[object] = []

        class Receiver:
            feed = new_link = lost_link = told.append

        group = ThreadGroup()
        link = Link(
            "testDHS",
            dcss.config(Framing.V2),
            default_codec(),
            threads=group,
        )
        link.stop()
        group.spawn("link", lambda: link.run(Receiver()))  # type: ignore[arg-type]  # never called
        assert group.join(Deadline.after(DEADLINE_S)) == ()
        assert link.state is LinkState.STOPPED
        assert told == []
