"""One connection, against a bare socket."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import attrs
import pytest

from dcs_codec import (
    EncodeError,
    Framing,
    HtosLog,
    HtosNote,
    Message,
    StateError,
    StohAbortAll,
    StohRegisterOperation,
    UnknownMessage,
    default_codec,
)
from dhs_runtime import NotConnectedError, connection
from dhs_runtime.connection import Connection, ConnectionEnd, Ending
from tests.runtime.peers import ASK, DEADLINE_S, RawConnection, RawDcss


class Running:
    """A `Connection` in its own thread, and the messages that it passed on."""

    def __init__(self, dcss: RawDcss, framing: Framing = Framing.AUTO, **changes: float) -> None:
        config = attrs.evolve(dcss.config(framing), **changes)  # type: ignore[arg-type]  # floats
        self.connection = Connection("testDHS", config, default_codec())
        self.messages: list[Message] = []
        self.arrived = threading.Semaphore(0)
        self.online = threading.Event()
        self.ended = threading.Event()
        self.outcome: ConnectionEnd | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.outcome = self.connection.run(self.online.set, self._take)
        self.ended.set()

    def _take(self, message: Message) -> None:
        self.messages.append(message)
        self.arrived.release()

    def send(self, message: Message) -> None:
        self.connection.write(self.connection.encode(message))

    def wait_messages(self, count: int) -> list[Message]:
        for _ in range(count):
            assert self.arrived.acquire(timeout=DEADLINE_S)
        return self.messages

    def end(self) -> ConnectionEnd:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        assert self.outcome is not None
        return self.outcome


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection counts as a long one because the machine is busy."""
    monkeypatch.setattr(connection, "WORKED_S", 2 * DEADLINE_S)
    monkeypatch.setattr(connection, "REFUSAL_S", 2 * DEADLINE_S)


@pytest.fixture
def dcss() -> Iterator[RawDcss]:
    with RawDcss() as dcss:
        yield dcss


def go_online(dcss: RawDcss, running: Running, framing: Framing = Framing.V2) -> RawConnection:
    peer = dcss.accept()
    assert peer.shake_hands(framing) == "htos_client_is_hardware testDHS"
    assert running.online.wait(DEADLINE_S)
    return peer


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_answers_the_handshake_and_follows_dcss_s_framing(dcss: RawDcss, framing: Framing) -> None:
    running = Running(dcss)
    with go_online(dcss, running, framing) as peer:
        peer.send("stoh_register_operation a b\n", "stoh_unheard_of x", framing=framing)
        assert running.wait_messages(2) == [
            StohRegisterOperation(operation_name="a", hardware_name="b"),
            UnknownMessage(text="stoh_unheard_of x"),
        ]
        running.send(HtosNote(note_message="hello"))
        assert peer.read_message() == HtosNote(note_message="hello")
    assert running.end() == ConnectionEnd(Ending.DROPPED, "DCSS closed the connection")


def test_the_handshake_is_answered_in_far_less_than_a_second(dcss: RawDcss) -> None:
    def seconds() -> float:
        running = Running(dcss)
        with dcss.accept() as peer:
            began = time.monotonic()
            for byte in ASK:  # as slowly as it can come
                peer.send_bytes(bytes([byte]))
            assert len(peer.read_text()) > 0
            took_s = time.monotonic() - began
        running.end()
        return took_s

    # Another program may slow one try down; a DHS that waits is slow in each.
    assert any(seconds() < 0.9 for _ in range(20))


def test_framing_is_not_known_before_the_first_frame_unless_given(dcss: RawDcss) -> None:
    running = Running(dcss)
    with go_online(dcss, running), pytest.raises(NotConnectedError, match="framing is not known"):
        running.send(HtosNote(note_message="early"))
    running.end()
    running = Running(dcss, Framing.V2)
    with go_online(dcss, running) as peer:
        running.send(HtosNote(note_message="early"))
        assert peer.read_text() == "htos_note early"
    running.end()


def test_a_message_that_does_not_fit_is_refused_and_harms_nothing(dcss: RawDcss) -> None:
    running = Running(dcss, Framing.V1)
    with go_online(dcss, running, Framing.V1) as peer:
        with pytest.raises(EncodeError):
            running.send(HtosNote(note_message="x" * 200))
        running.send(HtosNote(note_message="fits"))
        assert peer.read_text() == "htos_note fits"
    running.end()


def test_closing_behind_the_handshake_is_a_refusal(dcss: RawDcss) -> None:
    running = Running(dcss)
    go_online(dcss, running).socket.close()
    assert running.end().ending is Ending.REFUSED


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("stoh_start_operation echo 7.1", Ending.LOST),
        ("stoh_start_motor_move m 1.0", Ending.LOST),
        ("stoh_register_operation echo echo", Ending.DROPPED),
        ("stoh_unheard_of x", Ending.DROPPED),
    ],
)
def test_a_short_connection_worked_where_something_was_started(
    dcss: RawDcss, text: str, ending: Ending
) -> None:
    running = Running(dcss)
    with go_online(dcss, running) as peer:
        peer.send(text)
        running.wait_messages(1)
    assert running.end().ending is ending


def test_a_connection_that_stood_for_a_while_worked_whatever_was_said(
    dcss: RawDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WORKED_S", 0.0)
    monkeypatch.setattr(connection, "REFUSAL_S", 0.0)
    for texts in ((), ("stoh_abort_all soft",)):
        running = Running(dcss)
        with go_online(dcss, running) as peer:
            peer.send(*texts)
        assert running.end().ending is Ending.LOST


@pytest.mark.parametrize(
    "message", [StohAbortAll(abort_arg="soft"), UnknownMessage(text="stoh_unheard_of x")]
)
def test_what_only_dcss_says_is_refused_in_its_own_words(dcss: RawDcss, message: Message) -> None:
    running = Running(dcss, Framing.V2)
    with go_online(dcss, running) as peer:
        with pytest.raises(StateError, match=r"^stoh_\w+ is not for a DHS to send$"):
            running.send(message)
        running.send(HtosNote(note_message="well"))
        assert peer.read_text() == "htos_note well"
    running.end()


def test_a_reset_is_the_end_of_the_connection(dcss: RawDcss) -> None:
    running = Running(dcss)
    peer = go_online(dcss, running)
    peer.send("stoh_abort_all")
    assert running.wait_messages(1) == [StohAbortAll()]
    peer.reset()
    assert running.end() == ConnectionEnd(Ending.DROPPED, "Connection reset by peer")
    with pytest.raises(NotConnectedError):
        running.send(HtosNote(note_message="too late"))


def test_closing_inside_a_frame_is_told(dcss: RawDcss) -> None:
    running = Running(dcss)
    with go_online(dcss, running) as peer:
        peer.send("stoh_abort_all")
        peer.send_bytes(b"          15            0 stoh_abo")
    assert running.end() == ConnectionEnd(Ending.DROPPED, "stream ended 34 bytes into a frame")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n".ljust(200), "this is a web server: it said"),
        (bytes(200), "this is no DCSS: it said"),
        (b"short", "stream ended 5 bytes into a frame"),
        (b"", "DCSS closed the connection"),
    ],
)
def test_what_is_no_handshake_ends_it(dcss: RawDcss, data: bytes, reason: str) -> None:
    running = Running(dcss)
    with dcss.accept() as peer:
        peer.send_bytes(data)
        peer.socket.shutdown(socket.SHUT_WR)
        outcome = running.end()
    assert outcome.ending is Ending.NO_HANDSHAKE
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        (b"garbage instead of headers", "frame header is not two decimal sizes"),
        (b"%12d %12d " % (10**11, 0), "frame of 100000000000 bytes announced"),
        (b"          -5            0 ", "frame header is not two decimal sizes"),
    ],
)
def test_garbage_between_frames_ends_the_connection(
    dcss: RawDcss, garbage: bytes, reason: str
) -> None:
    running = Running(dcss)
    with go_online(dcss, running) as peer:
        peer.send("stoh_abort_all soft")
        peer.send_bytes(garbage)
        outcome = running.end()
        peer.read_to_end()
    assert running.messages == [StohAbortAll(abort_arg="soft")]
    assert outcome.ending is Ending.DROPPED
    assert reason in outcome.reason


def test_a_handshake_that_drips_in_is_given_up(dcss: RawDcss) -> None:
    running = Running(dcss, connect_timeout_s=0.5)
    with dcss.accept() as peer, suppress(ConnectionError):  # it may hang up before it says so
        for _ in range(500):  # each byte alone comes in time
            peer.send_bytes(b"s")
            if running.ended.wait(0.03):
                break
        else:
            raise AssertionError("not given up")
    outcome = running.end()
    assert outcome.ending is Ending.NO_HANDSHAKE
    assert "nothing received in time" in outcome.reason


def test_interrupt_ends_it_and_what_was_sent_arrives(dcss: RawDcss) -> None:
    running = Running(dcss, Framing.V2)
    with go_online(dcss, running) as peer:
        message = HtosLog(log_level="note", log_sender="testDHS", log_message="last words")
        running.send(message)
        running.connection.interrupt()
        running.end()
        assert peer.read_message() == message
        peer.read_to_end()


def test_a_slow_dcss_costs_nobody_the_connection(dcss: RawDcss) -> None:
    """A sender that waits for a long message gives up on a stalled DCSS, but not on a slow one."""
    running = Running(dcss, Framing.V2, send_timeout_s=1.5)
    long = HtosNote(note_message="x " * 500_000)
    with go_online(dcss, running) as peer:
        threads = [threading.Thread(target=running.send, args=(long,)) for _ in range(24)]
        for thread in threads:
            thread.start()
        received = 0
        began = time.monotonic()
        while received < 24_000_000:
            if time.monotonic() - began < 2.5:  # the last in line waits longer than the timeout
                running.ended.wait(0.01)
                piece = peer.socket.recv(1 << 16)  # or the system wakes nobody for long
            else:
                piece = peer.socket.recv(1 << 20)
            assert piece, "the connection was given up"
            received += len(piece)
        for thread in threads:
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
        assert not running.ended.is_set()
    running.end()


def test_the_trace_says_the_words_of_the_wire(
    dcss: RawDcss, caplog: pytest.LogCaptureFixture
) -> None:
    """The trace has the text as received or sent, not a new spelling of its numbers."""
    caplog.set_level(logging.DEBUG, "dhs_runtime.wire.testDHS")
    received = [
        "stoh_register_operation  a\tb",
        "stoh_start_motor_move m 0.000000",
        "stoh_set_motor_position phi x",
        "stoh_unheard_of {a  b}",
    ]
    running = Running(dcss)
    with go_online(dcss, running) as peer:
        peer.send(*received)
        running.wait_messages(len(received))
        running.send(HtosNote(note_message="a  b", binary=b"12345"))
        peer.read_text()
    running.end()
    assert [record.getMessage() for record in caplog.records] == [
        "<- stoc_send_client_type",
        "-> htos_client_is_hardware testDHS",
        *(f"<- {text}" for text in received),
        "-> htos_note a  b <5 bytes>",
    ]
