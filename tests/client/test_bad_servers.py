"""Servers that refuse, hang, are no GUI port, flood, or go away: the client says so and lives."""

import queue
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from dcs_codec import Frame, Framing, encode_frame, gui
from dhs_runtime import NotConnectedError
from dhs_runtime.client import (
    ClientState,
    DcssClient,
    LinkLostError,
    LoginError,
    MotorView,
    View,
    WaitTimeoutError,
)
from tests.client.asking import QUICK, S
from tests.client.gui_server import PUSH, GuiServer, GuiSession

GREETING = encode_frame(Frame(b"stoc_send_client_type"), Framing.V2)


@contextmanager
def server_that_says(*pieces: bytes, hangs_up: bool = False) -> Iterator[str]:
    """Says the same to everybody, and hangs up or is silent."""
    open_sockets = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    open_sockets.append(sock)
                    for piece in pieces:
                        sock.sendall(piece)
                    if hangs_up:
                        sock.close()

        thread = threading.Thread(target=serve, name="bad-server")
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(S)
            for sock in open_sockets:
                sock.close()


def client_of(address: str, connect_timeout_s: float = 0.5) -> DcssClient:
    return DcssClient(address, user="anna", retry=QUICK, connect_timeout_s=connect_timeout_s)


@pytest.mark.parametrize(
    "said",
    [
        (),
        (GREETING,),
        (GREETING, encode_frame(Frame(b"stog_login_complete 2"), Framing.V2)),
        (GREETING[:30],),
    ],
    ids=["before the greeting", "after it", "in the push", "in a frame"],
)
def test_a_server_that_hangs(said: tuple[bytes, ...]) -> None:
    with server_that_says(*said) as address:
        client = client_of(address)
        with pytest.raises(NotConnectedError, match="nothing received in time"), client:
            pass
        assert client.state is ClientState.STOPPED


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"stoc_send_client_type".ljust(200, b"\0"), "is not a GUI port of DCSS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".ljust(200), "is not a GUI port of DCSS"),
    ],
    ids=["the hardware port", "a web server"],
)
def test_a_server_of_another_kind(said: bytes, error: str) -> None:
    with server_that_says(said) as address:
        client = client_of(address, S)
        with pytest.raises(LoginError, match=error), client:
            pass


def test_a_server_that_hangs_up() -> None:
    with server_that_says(GREETING, hangs_up=True) as address:
        client = client_of(address)
        with pytest.raises(NotConnectedError), client:
            pass


def test_a_server_that_goes_away_in_mid_move(
    server: GuiServer, dcss: DcssClient, session: GuiSession
) -> None:
    run = dcss.start_move("z", 20)
    session.say("stog_motor_move_started z 20", "stog_update_motor_position z 4 normal")
    dcss.wait(lambda: dcss.motors["z"].position == 4, S)
    server.push = tuple(text.replace("hw_z 1.5", "hw_z 9.5") for text in PUSH)
    session.close()
    with pytest.raises(
        LinkLostError, match="move of z: the link to DCSS is lost; it may still be running"
    ):
        run.wait(S)
    again = server.session()
    dcss.wait_ready(S)
    z = dcss.motors["z"]
    assert (z.position, z.is_moving) == (9.5, None)  # unknown until something is heard
    again.say("stog_update_motor_position z 15 normal", "stog_motor_move_completed z 20 normal")
    assert run.wait(S).position == 20


def test_a_storm_of_updates(dcss: DcssClient, session: GuiSession) -> None:
    """The picture is right and memory flat, though a callback reads nothing in the meantime."""
    go_on = threading.Event()
    seen: queue.Queue[View | None] = queue.Queue()

    def slow(before: View | None, after: View | None) -> None:
        go_on.wait(6 * S)
        seen.put(after)

    dcss.subscribe_changes(slow, "z", "x")
    dcss.subscribe(lambda _: go_on.wait(6 * S), gui.StogUpdateMotorPosition)
    run = dcss.start_move("z", 20)
    storm(session, range(2_000))
    dcss.wait(lambda: dcss.motors["x"].position == 1_999, 4 * S)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        storm(session, range(2_000, 12_000))
        dcss.wait(lambda: dcss.motors["x"].position == 11_999, 6 * S)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 200_000
    assert dcss.motors["z"].position == 11_999
    assert run.last == 11_999
    go_on.set()
    session.say("stog_motor_move_completed z 20 normal")
    assert run.wait(S).position == 20
    positions: dict[str, float] = {}
    while positions != {"x": 11_999, "z": 20}:
        view = seen.get(timeout=S)
        assert isinstance(view, MotorView)
        positions[view.name] = view.position


def storm(session: GuiSession, numbers: range) -> None:
    for begin in range(numbers.start, numbers.stop, 500):
        session.say(
            *[
                f"stog_update_motor_position {name} {number} normal"
                for number in range(begin, min(begin + 500, numbers.stop))
                for name in ("z", "x")
            ]
        )


def test_a_timeout_is_no_end(dcss: DcssClient, session: GuiSession) -> None:
    run = dcss.start_operation("collect")
    with pytest.raises(WaitTimeoutError):
        run.wait(0)
    session.say(f"stog_operation_completed collect {run.handle} normal")
    assert run.wait(S).status == "normal"


def test_who_reads_more_slowly_than_events_come_ends_in_time(
    dcss: DcssClient, session: GuiSession
) -> None:
    """Else one that never catches up would never end."""
    run = dcss.start_operation("collect")
    over = threading.Event()

    def speak() -> None:
        with suppress(OSError):
            while not over.wait(0.0005):
                session.say("stog_note again", f"stog_operation_update collect {run.handle} again")

    speaker = threading.Thread(target=speak, name="speaker")
    with dcss.watch(gui.StogNote) as seen:
        speaker.start()
        for _ in seen.until(0.05):
            assert not over.wait(0.002)
    followed = run.follow(0.05)
    with pytest.raises(WaitTimeoutError, match=r"no completion within 0\.05 s"):
        all(not over.wait(0.002) for _ in followed)
    over.set()
    speaker.join(S)
