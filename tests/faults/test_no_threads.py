"""The system has no thread left for a moment; then it has, and everything works again."""

import socket
import urllib.request
from collections.abc import Callable

import pytest

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_lab.simulators.dcss.shell import Shell
from dhs_lab.simulators.web import BeamlinePage
from dhs_runtime import Dhs, DhsError
from dhs_runtime.addresses import HostPort
from dhs_runtime.process.monitor import Monitor
from dhs_runtime.process.status_port import StatusPort
from dhs_runtime.process.systemd import Notifier
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.directory import Services
from dhs_runtime.services.heartbeat import ServiceState
from dhs_runtime.services.http_client import HttpClient
from dhs_runtime.services.jpeg_receiver import JpegReceiver
from dhs_runtime.services.listener import TcpListener
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.no_threads import no_threads
from tests.services.cameras import TYPE, Album, Camera
from tests.services.peers import JPEG, PATIENCE_S, soon

ECHO = HardwareHost.of("echoDHS", operations=["echo"])


def waits(caplog: pytest.LogCaptureFixture, *, count: int = 1) -> None:
    """Wait until a connection has to wait for a thread."""
    soon(lambda: caplog.text.count("has to wait: can't start new thread") == count)


def echo(sock: socket.socket, _: HostPort) -> None:
    while data := sock.recv(1024):
        sock.sendall(data)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def test_connections_wait_for_threads_and_are_served_in_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = TcpListener(echo, name="echo")
    listener.open()
    with no_threads():
        socks = [connect(listener.port) for _ in range(5)]
        for number, sock in enumerate(socks):
            sock.sendall(b"%d" % number)
        waits(caplog)
    for number, sock in enumerate(socks):
        assert sock.recv(10) == b"%d" % number
        sock.close()
    assert listener.close(PATIENCE_S) == ()


def test_a_listener_is_closed_while_a_connection_waits(caplog: pytest.LogCaptureFixture) -> None:
    listener = TcpListener(echo, name="echo")
    listener.open()
    with no_threads(), connect(listener.port) as sock:
        waits(caplog)
        assert listener.close(PATIENCE_S) == ()
        assert sock.recv(1) == b""


def test_who_waited_may_be_gone_when_there_are_threads(caplog: pytest.LogCaptureFixture) -> None:
    listener = TcpListener(echo, name="echo", max_connections=1)
    listener.open()
    with no_threads():
        connect(listener.port).close()
        waits(caplog)
    soon(lambda: not listener._connections)
    with connect(listener.port) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
    assert listener.close(PATIENCE_S) == ()


def test_the_jpeg_receiver_takes_the_picture_that_came_meanwhile_and_those_after(
    caplog: pytest.LogCaptureFixture,
) -> None:
    album = Album()
    with JpegReceiver(album) as receiver:
        with no_threads():
            early = Camera(receiver.port)
            early.send(_posted())
            waits(caplog)
        assert early.status() == 200
        with early, Camera(receiver.port) as late:
            assert late.post(JPEG, TYPE) == 200
        assert len(album.images) == 2


def _posted() -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (
        TYPE.encode(),
        len(JPEG),
        JPEG,
    )


def open_receiver() -> Callable[[], object]:
    receiver = JpegReceiver(Album())
    with no_threads():
        with pytest.raises(DhsError, match=r"cannot listen on .*: can't start new thread"):
            receiver.open()
        assert not receiver.is_open
    receiver.open()
    with Camera(receiver.port) as camera:
        assert camera.post(JPEG, TYPE) == 200
    return receiver.close


def open_status_port() -> Callable[[], object]:
    status_port = StatusPort(Monitor(Dhs("testDHS"), Notifier({})), 0)
    with no_threads(), pytest.raises(DhsError, match="can't start new thread"):
        status_port.open()
    status_port.open()
    with urllib.request.urlopen(f"{status_port.url}/status", timeout=PATIENCE_S) as reply:
        assert reply.status == 200
    return status_port.close


def open_camera() -> Callable[[], object]:
    camera = SimulatedAxis()
    with no_threads(), pytest.raises(OSError, match="can't start new thread"):
        camera.start()
    camera.start()
    with HttpClient(camera.url) as client:
        assert client.get("/axis-cgi/jpg/image.cgi").body.startswith(b"\xff\xd8")
    return camera.stop


def open_page() -> Callable[[], object]:
    page = BeamlinePage(SimulatedDcss([ECHO]))
    with no_threads(), pytest.raises(OSError, match="can't start new thread"):
        page.start()
    page.start()
    with urllib.request.urlopen(page.url, timeout=PATIENCE_S) as reply:
        assert reply.status == 200
    return page.stop


def open_dcss() -> Callable[[], object]:
    dcss = SimulatedDcss([ECHO])
    with no_threads(), pytest.raises(OSError, match="can't start new thread"):
        dcss.start()
    dcss.start()
    with DhsPeer.logged_in(dcss, "echoDHS") as peer:
        assert peer.registrations == ["stoh_register_operation echo echo"]
    return dcss.stop


@pytest.mark.parametrize(
    "start", [open_receiver, open_status_port, open_camera, open_page, open_dcss]
)
def test_what_could_not_be_opened_can_be_opened_later(
    start: Callable[[], Callable[[], object]],
) -> None:
    stop = start()
    stop()


def test_a_page_whose_watch_has_no_thread_is_not_half_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The listener still gets a thread, the watch gets none."""
    page = BeamlinePage(SimulatedDcss([ECHO]))
    with monkeypatch.context() as patch:

        def spawn(name: str, target: Callable[[], None]) -> None:
            with no_threads():
                type(page._threads).spawn(page._threads, name, target)

        patch.setattr(page._threads, "spawn", spawn)
        with pytest.raises(OSError, match="can't start new thread"):
            page.start()
    assert not page._listener.is_open
    page.start()
    with urllib.request.urlopen(page.url, timeout=PATIENCE_S) as reply:
        assert reply.status == 200
    page.stop()


def test_a_dhs_that_calls_the_simulated_dcss_meanwhile_is_taken_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with SimulatedDcss([ECHO]) as dcss:
        with no_threads():
            peer = DhsPeer(dcss)
            waits(caplog)
        peer.log_in("echoDHS")
        dcss.wait_online("echoDHS", PATIENCE_S)
        peer.close()


def test_a_service_is_watched_on_where_a_new_watch_has_no_thread() -> None:
    services = Services()
    with SimulatedAutoML() as server, AutoMLClient(server.url) as client:
        old = services.watch("inference", client.available, every_s=0.01)
        assert old.wait_for(ServiceState.CONNECTED, PATIENCE_S)
        with no_threads(), pytest.raises(RuntimeError, match="can't start new thread"):
            services.watch("inference", client.available)
        server.stop()
        assert old.wait_for(ServiceState.DISCONNECTED, PATIENCE_S)
        server.start()
        new = services.watch("inference", client.available, every_s=0.01)
        assert new.wait_for(ServiceState.CONNECTED, PATIENCE_S)
        services.close()


def test_an_http_client_asks_again_when_there_are_threads() -> None:
    """The name of a host is looked up in a thread."""
    with SimulatedAutoML() as server, AutoMLClient(f"http://localhost:{server.port}") as client:
        with no_threads():
            assert not client.available()
        assert client.available()


def test_a_camera_that_could_not_push_pushes_later() -> None:
    album = Album()
    with SimulatedAxis() as camera, JpegReceiver(album) as receiver:
        angle_deg = camera.angle_deg
        with no_threads(), pytest.raises(RuntimeError, match="can't start new thread"):
            camera.push(receiver.url, fps=100, max_images=2, rotate=(90, 180))
        assert camera.angle_deg == angle_deg
        assert camera.push(receiver.url, fps=100, max_images=2).wait(PATIENCE_S)
        album.wait(2)


def test_a_line_of_the_shell_that_nobody_can_wait_for_is_an_error() -> None:
    said: list[str] = []
    with SimulatedDcss([ECHO]) as dcss, DhsPeer.logged_in(dcss, "echoDHS") as peer:
        with Shell(dcss, said.append) as shell:
            with no_threads():
                assert not shell.run("start echo one").ok
                assert not shell.run("traffic --follow").ok
            assert said[-1] == "error: can't start new thread"
            assert shell.run("start --no-wait echo two").ok
            peer.send_text("htos_operation_completed echo 1.2 normal three")
            assert shell.run("wait").ok
        assert said[-2:] == ["echo 1.2 completed normal three", "everything is done"]
