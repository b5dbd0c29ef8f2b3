import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dhs_runtime.addresses import HostPort
from dhs_runtime.services import listener as listener_module
from dhs_runtime.services.listener import TcpListener, reset
from tests.runtime.peers import AT_ONCE_S


def echo(sock: socket.socket, _: HostPort) -> None:
    while data := sock.recv(1024):
        sock.sendall(data)


@pytest.fixture
def echoing() -> Iterator[TcpListener]:
    listener = TcpListener(echo, name="echo")
    listener.open()
    yield listener
    assert listener.close(timeout_s=20) == ()


def connect(listener: TcpListener) -> socket.socket:
    return socket.create_connection((listener.host, listener.port), timeout=20)


def test_serves_each_connection_in_a_named_thread(echoing: TcpListener) -> None:
    with connect(echoing) as first, connect(echoing) as second:
        for sock in (second, first):
            sock.sendall(b"hello")
            assert sock.recv(5) == b"hello"
        names = {thread.name for thread in threading.enumerate()}
        assert {"echo-accept", "echo-1", "echo-2"} <= names


def test_close_ends_open_connections_at_once() -> None:
    listener = TcpListener(echo, name="echo")
    listener.open()
    with connect(listener) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        began = time.monotonic()
        assert listener.close(timeout_s=20) == ()
        assert time.monotonic() - began < AT_ONCE_S
        assert sock.recv(1) == b""
    assert not listener.is_open


def test_opens_again_on_the_same_port() -> None:
    listener = TcpListener(echo, name="echo")
    assert listener.port == 0
    listener.open()
    port = listener.port
    listener.open()  # is open already
    listener.close()
    listener.close()
    listener.open()
    assert listener.port == port
    with connect(listener) as sock:
        sock.sendall(b"again")
        assert sock.recv(5) == b"again"
    listener.close()


def test_port_in_use_is_an_error(echoing: TcpListener) -> None:
    second = TcpListener(echo, name="second", port=echoing.port)
    with pytest.raises(OSError, match="in use"):
        second.open()
    assert not second.is_open


def test_too_many_connections_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    listener = TcpListener(echo, name="echo", max_connections=1)
    listener.open()
    with connect(listener) as first:
        first.sendall(b"x")
        assert first.recv(1) == b"x"
        with caplog.at_level(logging.WARNING), connect(listener) as second:
            assert second.recv(1) == b""
        first.sendall(b"y")
        assert first.recv(1) == b"y"
    assert listener.close(timeout_s=20) == ()
    assert "too many connections" in caplog.text


def test_close_names_a_thread_that_does_not_end() -> None:
    release = threading.Event()
    entered = threading.Event()

    def stuck(_: socket.socket, __: HostPort) -> None:
        entered.set()
        release.wait(20)

    listener = TcpListener(stuck, name="stuck")
    listener.open()
    with connect(listener):
        assert entered.wait(20)
        assert listener.close(timeout_s=0.5) == ("stuck-1",)
        release.set()
        assert listener.close(timeout_s=20) == ()


def test_an_accept_that_fails_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener_module, "ACCEPT_PAUSE_S", 0.001)
    listener = TcpListener(echo, name="echo")
    with monkeypatch.context() as patch:
        failed = threading.Event()

        def accept(_: socket.socket) -> None:
            failed.set()
            raise OSError(24, "Too many open files")

        patch.setattr(socket.socket, "accept", accept)
        listener.open()
        assert failed.wait(20)
    with connect(listener) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
    assert listener.close(timeout_s=20) == ()
    assert "cannot accept: [Errno 24] Too many open files" in caplog.text


def test_reset_is_seen_as_a_reset() -> None:
    def serve(sock: socket.socket, _: HostPort) -> None:
        sock.recv(1)  # a reset any sooner may meet the client while it still connects
        reset(sock)

    listener = TcpListener(serve, name="reset")
    listener.open()
    with connect(listener) as sock:
        sock.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    listener.close()
