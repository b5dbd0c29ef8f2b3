"""The camera's snapshots over a socket: pictures, refusals, log-in, rotation, faults."""

import logging
import socket
import threading
import time

import pytest
import requests
from requests.auth import HTTPDigestAuth

from dhs_lab.simulators import http_simulator
from dhs_lab.simulators.axis import IMAGE_PATH, SimulatedAxis
from dhs_lab.simulators.scene import Scene
from dhs_runtime.errors import StopTimeoutError
from tests.lab.simulators.boxes import open_jpeg
from tests.lab.simulators.receivers import Receiver, ended, hangs
from tests.runtime.peers import AT_ONCE_S, eventually

TIMEOUT_S = 20.0


def get(
    session: requests.Session, camera: SimulatedAxis, query: str = "", path: str = IMAGE_PATH
) -> requests.Response:
    return session.get(f"{camera.url}{path}{query}", timeout=TIMEOUT_S)


def test_a_snapshot_is_the_scene_at_the_angle(
    axis: SimulatedAxis, session: requests.Session
) -> None:
    for angle_deg in (0.0, 77.5):
        axis.angle_deg = angle_deg
        answer = get(session, axis, "?camera=1&clock=0&date=0&text=0&unheard=of")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert answer.content == Scene().jpeg(angle_deg)


@pytest.mark.parametrize(
    ("resolution", "size"),
    [
        ("352x240", (352, 240)),
        ("704x480", (704, 480)),
        ("1280x960", (1280, 960)),
        ("CIF", (352, 240)),
        ("4cif", (704, 480)),
        ("QCIF", (176, 120)),
    ],
)
def test_the_resolution_is_kept(
    axis: SimulatedAxis, session: requests.Session, resolution: str, size: tuple[int, int]
) -> None:
    answer = get(session, axis, f"?resolution={resolution}")
    assert open_jpeg(answer.content).size == size


def test_compression_makes_it_smaller(axis: SimulatedAxis, session: requests.Session) -> None:
    lengths = [
        len(get(session, axis, f"?compression={value}&resolution={size}").content)
        for size in ("704x480", "352x240")
        for value in (0, 30, 100)
    ]
    assert lengths[0] > lengths[1] > lengths[2]
    assert lengths[3] > lengths[4] > lengths[5]


@pytest.mark.parametrize(
    "query",
    [
        "camera=2",
        "camera=0",
        "camera=quad",
        "camera=<b>",
        "resolution=0x0",
        "resolution=99999x1",
        "resolution=5000x5000",
        "resolution=HUGE",
        "compression=101",
        "compression=-1",
        "compression=much",
        "&".join(f"a{number}=1" for number in range(100)),
    ],
)
def test_what_does_not_exist_is_a_bad_request(
    axis: SimulatedAxis, session: requests.Session, query: str
) -> None:
    answer = get(session, axis, f"?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<b>" not in answer.text


def test_a_server_with_more_inputs(session: requests.Session) -> None:
    with SimulatedAxis(cameras=4) as camera:
        assert get(session, camera, "?camera=4").status_code == 200
        assert get(session, camera, "?camera=5").status_code == 400


def test_other_paths_are_not_found(axis: SimulatedAxis, session: requests.Session) -> None:
    for path in ("/index.html", "/axis-cgi/mjpg/video.cgi", IMAGE_PATH + "/"):
        assert get(session, axis, path=path).status_code == 404


def test_head_gives_the_headers_only(axis: SimulatedAxis, session: requests.Session) -> None:
    answer = session.head(axis.url + IMAGE_PATH, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["Content-Length"] == str(len(Scene().jpeg(0)))
    assert get(session, axis).status_code == 200  # on the same connection


def test_a_body_nobody_reads_ends_the_connection(
    axis: SimulatedAxis, session: requests.Session
) -> None:
    answer = session.get(axis.url + IMAGE_PATH, data=b"GET / ", timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert answer.headers["Connection"] == "close"


def test_only_who_logs_in_gets_a_picture(session: requests.Session) -> None:
    with SimulatedAxis(user="bl831", password="pass", serial="00408C123456") as camera:
        answer = get(session, camera)
        assert answer.status_code == 401
        assert 'realm="AXIS_00408C123456"' in answer.headers["WWW-Authenticate"]
        session.auth = HTTPDigestAuth("bl831", "wrong")
        assert get(session, camera).status_code == 401
        session.auth = HTTPDigestAuth("bl831", "pass")
        for _ in range(3):
            assert get(session, camera, "?camera=1&resolution=352x240").status_code == 200


def test_a_forgotten_nonce_is_stale_and_the_client_goes_on(session: requests.Session) -> None:
    with SimulatedAxis(user="bl831", password="pass") as camera:
        session.auth = HTTPDigestAuth("bl831", "pass")
        assert get(session, camera).status_code == 200
        assert camera.guard is not None
        for _ in range(300):
            camera.guard.challenge()
        answer = get(session, camera)
        assert answer.status_code == 200
        assert "stale=true" in answer.history[0].headers["WWW-Authenticate"]


def test_the_angle_follows_the_clock() -> None:
    camera = SimulatedAxis()
    camera.rotate(10, 50, 1000)
    first = camera.angle_deg
    assert 10 <= first < 30
    eventually(lambda: first < camera.angle_deg < 50)
    started = time.monotonic()
    camera.rotate(10, 50, 0.1)
    eventually(lambda: camera.angle_deg == 50)
    assert time.monotonic() - started >= 0.1
    camera.rotate(0, 90, 0)
    assert camera.angle_deg == 90
    camera.rotate(0, 90, 1000)
    camera.angle_deg = -5
    assert camera.angle_deg == -5


def test_faults_of_snapshots(axis: SimulatedAxis, session: requests.Session) -> None:
    axis.faults.fail_next(503)
    axis.faults.fail_next(599)
    axis.faults.cut_next()
    assert get(session, axis).status_code == 503
    assert "Error" in get(session, axis).text
    with pytest.raises(requests.RequestException):
        get(session, axis)
    assert get(session, axis).content == Scene().jpeg(0)
    event = threading.Event()
    axis.faults.hang(event)
    with pytest.raises(requests.ReadTimeout):
        session.get(axis.url + IMAGE_PATH, timeout=0.1)
    event.set()
    assert get(session, axis).status_code == 200


def test_a_stop_ends_a_hang_and_a_push_at_once() -> None:
    hold = threading.Event()

    def answer(number: int) -> int:
        hold.wait(TIMEOUT_S)
        return 200

    receiver = Receiver(answer)
    receiver.listener.open()
    camera = SimulatedAxis()
    camera.start()
    camera.faults.hang(threading.Event())
    push = camera.push(receiver.url, 30)
    receiver.wait(1)
    with socket.create_connection((camera.host, camera.port), timeout=TIMEOUT_S) as sock:
        sock.sendall(f"GET {IMAGE_PATH} HTTP/1.1\r\n\r\n".encode())
        assert hangs(sock)
        started = time.monotonic()
        camera.stop()
        assert time.monotonic() - started < AT_ONCE_S
        assert ended(sock)
    assert push.wait(0)
    assert push.errors == ()
    hold.set()
    assert receiver.listener.close(TIMEOUT_S) == ()


def test_start_and_stop_may_follow_each_other(
    session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dhs_lab.simulators")
    camera = SimulatedAxis()
    camera.stop()
    for _ in range(2):
        camera.start()
        camera.start()
        assert get(session, camera).status_code == 200
        camera.stop()
        camera.stop()
    assert caplog.text.count(camera.url) == 2


def test_a_picture_that_outlives_the_stop_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_simulator, "_STOP_S", 0.05)
    entered, release = threading.Event(), threading.Event()

    class Slow(Scene):
        def jpeg(self, angle_deg: float, quality: int = 85) -> bytes:
            entered.set()
            release.wait(TIMEOUT_S)
            return b""

    camera = SimulatedAxis(Slow())
    push = camera.push("http://127.0.0.1:9/", 30, max_images=1)
    assert entered.wait(TIMEOUT_S)
    with pytest.raises(StopTimeoutError, match="axis-push-1"):
        camera.stop()
    release.set()
    assert push.wait(TIMEOUT_S)
    assert push.sent == ()


def test_there_is_a_page_at_the_root(axis: SimulatedAxis, session: requests.Session) -> None:
    """The heartbeat of pydhsfw asks it, and spins where it is not found."""
    for method in ("GET", "HEAD"):
        answer = session.request(method, f"{axis.url}/", timeout=TIMEOUT_S)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
