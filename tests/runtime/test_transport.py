import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dhs_runtime import Deadline, TransportError
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import Resolver, TcpTransport
from tests.runtime.peers import AT_ONCE_S, eventually


@pytest.fixture
def server() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def test_reads_and_writes(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.connect("localhost", port_of(server), 20)
    peer, _ = server.accept()
    with server, peer:
        transport.write(b"to the peer")
        assert peer.recv(100) == b"to the peer"
        peer.sendall(b"from it")
        assert transport.read() == b"from it"
        peer.shutdown(socket.SHUT_WR)
        assert transport.read() == b""
    transport.close()
    transport.close()


def test_refused_unknown_and_closed_are_told(server: socket.socket) -> None:
    port = port_of(server)
    server.close()
    with pytest.raises(TransportError, match=f"127.0.0.1:{port}: Connection refused"):
        TcpTransport().connect("127.0.0.1", port, 20)
    with pytest.raises(TransportError, match=r"cannot resolve 'no\.such\.host\.invalid'"):
        TcpTransport().connect("no.such.host.invalid", port, 20)
    with pytest.raises(TransportError, match="cannot resolve"):
        TcpTransport().connect("a" * 100, port, 20)
    with pytest.raises(TransportError, match="not connected"):
        TcpTransport().read()


def full_server() -> tuple[socket.socket, list[socket.socket]]:
    """A server whose backlog is full: further connects get no answer."""
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(server.getsockname())
        fillers.append(filler)
    return server, fillers


def test_no_answer_in_time_is_told() -> None:
    server, fillers = full_server()
    began = time.monotonic()
    with pytest.raises(TransportError, match="no answer in time"):
        TcpTransport().connect("127.0.0.1", port_of(server), 0.05)
    assert time.monotonic() - began < AT_ONCE_S
    for sock in (server, *fillers):
        sock.close()


def addresses(*found: tuple[socket.AddressFamily, tuple[str, int]]) -> list[object]:
    """The result of `getaddrinfo`."""
    return [(family, socket.SOCK_STREAM, 0, "", address) for family, address in found]


def test_a_family_the_system_lacks_is_passed_over(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = port_of(server)
    found = addresses((socket.AF_INET6, ("::1", port)), (socket.AF_INET, ("127.0.0.1", port)))
    real = socket.socket

    def without_v6(family: int = -1, *kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *kind)

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "socket", without_v6)
    transport = TcpTransport()
    transport.connect("dcss", port, 20)
    transport.close()
    found.pop()
    with pytest.raises(TransportError, match=r"dcss:\d+: Address family not supported"):
        TcpTransport().connect("dcss", port, 20)
    server.close()


def test_a_silent_address_leaves_time_for_the_next(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, fillers = full_server()
    ports = (port_of(silent), port_of(server))
    found = addresses(*((socket.AF_INET, ("127.0.0.1", port)) for port in ports))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    transport = TcpTransport()
    began = time.monotonic()
    transport.connect("dcss", 1, 1.0)
    assert time.monotonic() - began > 0.49
    transport.close()
    for sock in (server, silent, *fillers):
        sock.close()


class HangingNames:
    """A name server that does not answer until it is released."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.release = threading.Event()
        self.questions = 0

    def __call__(self, *_: object, **__: object) -> list[object]:
        self.questions += 1
        self.asked.release()
        assert self.release.wait(20)
        return []


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingNames]:
    names = HangingNames()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    yield names
    names.release.set()


def test_a_name_that_is_looked_up_for_long_is_given_up(hanging: HangingNames) -> None:
    group = ThreadGroup()
    resolver = Resolver(group)
    for _ in range(3):  # ... and waited for again
        with pytest.raises(TransportError, match="cannot resolve 'dcss': no answer in time"):
            TcpTransport(resolver).connect("dcss", 1, 0.02)
    assert hanging.questions == 1
    assert group.join(Deadline.after(0)) == ("look-up-dcss",)
    hanging.release.set()
    assert group.join(Deadline.after(20)) == ()
    with pytest.raises(TransportError, match="no address"):
        TcpTransport(resolver).connect("dcss", 1, 20)
    assert hanging.questions == 2


def test_interrupt_ends_a_look_up(hanging: HangingNames) -> None:
    transport = TcpTransport()

    def interrupt() -> None:
        assert hanging.asked.acquire(timeout=20)
        transport.interrupt()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    began = time.monotonic()
    with pytest.raises(TransportError, match="interrupted"):
        transport.connect("dcss", 1, 30)
    assert time.monotonic() - began < AT_ONCE_S
    interrupter.join(20)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%1"])
def test_an_address_needs_no_look_up_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(threading.Thread, "start", None)
    *_, address = Resolver(ThreadGroup()).look_up(host, 80).result(0)[0]
    assert address[:2] == (host.partition("%")[0], 80)


def test_without_a_thread_no_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(TransportError, match="cannot resolve 'dcss': can't start new thread"):
        TcpTransport().connect("dcss", 1, 20)


def test_interrupt_ends_a_pending_connect() -> None:
    server, fillers = full_server()
    transport = TcpTransport()
    errors: list[str] = []

    def connect() -> None:
        try:
            transport.connect("127.0.0.1", port_of(server), 30)
        except TransportError as error:
            errors.append(str(error))

    thread = threading.Thread(target=connect)
    thread.start()
    eventually(lambda: transport._socket is not None)
    transport.interrupt()
    thread.join(20)
    assert not thread.is_alive()
    assert "interrupted" in errors[0]
    transport.close()
    for sock in (server, *fillers):
        sock.close()


def test_interrupt_comes_before_connect(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.interrupt()
    with server, pytest.raises(TransportError, match="interrupted"):
        transport.connect("127.0.0.1", port_of(server), 30)


def test_interrupt_ends_a_read(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.connect("127.0.0.1", port_of(server), 20)
    peer, _ = server.accept()
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(transport.read()))
    thread.start()
    transport.interrupt()
    thread.join(20)
    assert got == [b""]
    transport.close()
    peer.close()
    server.close()


def test_timeouts_of_reading_and_writing(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.connect("127.0.0.1", port_of(server), 20)
    peer, _ = server.accept()
    with server, peer:
        transport.set_read_timeout(0.01)
        with pytest.raises(TransportError, match="nothing received in time"):
            transport.read()
        transport.set_read_timeout(None)
        transport.set_write_timeout(0.05)
        with pytest.raises(TransportError, match="the peer does not read"):
            transport.write(bytes(1 << 26))  # more than any socket buffers
    transport.close()


def test_a_reset_is_told(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.connect("127.0.0.1", port_of(server), 20)
    peer, _ = server.accept()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    with pytest.raises(TransportError, match="reset by peer"):
        transport.read()
    with pytest.raises(TransportError):
        transport.write(b"x")
    transport.close()
    server.close()


def test_a_duplicate_ends_with_an_interrupt(server: socket.socket) -> None:
    transport = TcpTransport()
    transport.connect("127.0.0.1", port_of(server), 20)
    peer, _ = server.accept()
    with server, peer, transport.duplicate() as duplicate:
        duplicate.sendall(b"hello")
        assert peer.recv(100) == b"hello"
        transport.interrupt()
        duplicate.settimeout(20)
        assert duplicate.recv(100) == b""
        transport.close()


def test_the_cause_of_a_failure_is_kept(server: socket.socket) -> None:
    port = port_of(server)
    server.close()
    with pytest.raises(TransportError) as refused:
        TcpTransport().connect("127.0.0.1", port, 20)
    assert isinstance(refused.value.__cause__, ConnectionRefusedError)
    with pytest.raises(TransportError) as unknown:
        TcpTransport().connect("no.such.host.invalid", port, 20)
    assert isinstance(unknown.value.__cause__, socket.gaierror)
