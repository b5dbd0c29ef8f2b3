"""Cameras that post to the receiver of a DHS in wrong and odd ways."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dhs_runtime import Dhs, Operation
from dhs_runtime.services.jpeg_receiver import JpegReceiver
from tests.faults.scene import Scene, at_work
from tests.services.cameras import TYPE, Album, Camera, head, in_chunks
from tests.services.peers import JPEG, PATIENCE_S

LENGTH = f"Content-Length: {len(JPEG)}"


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def receiver(album: Album) -> Iterator[JpegReceiver]:
    with JpegReceiver(album, max_image_bytes=100_000, body_timeout_s=1.0) as receiver:
        yield receiver


@pytest.fixture
def scene(album: Album) -> Iterator[Scene]:
    """A DHS that reports the number of pictures."""
    dhs = Dhs("testDHS")

    @dhs.operation("count")
    def count(op: Operation) -> None:
        op.complete(len(album.images))

    with at_work(dhs) as scene:
        yield scene


def no_length(camera: Camera) -> int:
    camera.send(head(TYPE))
    return camera.status()


def length_too_long(camera: Camera) -> int:
    camera.send(head(TYPE, "Content-Length: 1000") + JPEG)
    camera.sock.shutdown(socket.SHUT_WR)
    return 0 if camera.closed() else camera.status()


def length_too_short(camera: Camera) -> int:
    """The bytes after the length are read as the next request, which is invalid."""
    camera.send(head(TYPE, "Content-Length: 100") + JPEG + b"\r\n\r\n")
    status = camera.status()
    with contextlib.suppress(ConnectionError):
        while camera.sock.recv(4096):
            pass
    return status


def chunked(camera: Camera) -> int:
    camera.send(head(TYPE, "Transfer-Encoding: chunked") + in_chunks(JPEG, 7))
    return camera.status()


def asking_first(camera: Camera) -> int:
    camera.send(head(TYPE, "Expect: 100-continue", LENGTH))
    assert camera.status() == 100
    camera.send(JPEG)
    return camera.status()


def drip(camera: Camera) -> int:
    """Each byte alone comes in time, the picture does not."""
    camera.send(head(TYPE, LENGTH))
    camera.sock.settimeout(0.02)
    for index in range(len(JPEG)):
        camera.send(JPEG[index : index + 1])
        with contextlib.suppress(TimeoutError):
            return camera.status()
    raise AssertionError("it was taken")


def gigabyte(camera: Camera) -> int:
    """Refused because of its header, long before all of it is sent."""
    camera.send(head(TYPE, "Content-Length: 1073741824"))
    status = camera.status()
    with contextlib.suppress(ConnectionError):
        for _ in range(1024):
            camera.send(bytes(1 << 20))
        raise AssertionError("all of it was read")
    return status


def wrong_type(camera: Camera) -> int:
    return camera.post(b"GIF89a", "Content-Type: image/gif")


def type_with_charset(camera: Camera) -> int:
    return camera.post(JPEG, "Content-Type: image/jpeg; charset=x")


@pytest.mark.parametrize(
    ("post", "status", "taken"),
    [
        pytest.param(no_length, 411, 0, id="no length"),
        pytest.param(length_too_long, 0, 0, id="length too long"),
        pytest.param(length_too_short, 200, 1, id="length too short"),
        pytest.param(chunked, 200, 1, id="chunked"),
        pytest.param(asking_first, 200, 1, id="Expect: 100-continue"),
        pytest.param(drip, 408, 0, id="slow drip"),
        pytest.param(gigabyte, 413, 0, id="1 GB announced"),
        pytest.param(wrong_type, 415, 0, id="wrong type"),
        pytest.param(type_with_charset, 200, 1, id="image/jpeg; charset=x"),
    ],
)
def test_picture(
    post: Callable[[Camera], int], status: int, taken: int, receiver: JpegReceiver, scene: Scene
) -> None:
    with Camera(receiver.port) as odd, Camera(receiver.port) as good:
        assert post(odd) == status
        assert good.post(JPEG, TYPE) == 200
    assert scene.run("count") == f"normal {taken + 1}"


def test_50_cameras_at_once(receiver: JpegReceiver, album: Album, scene: Scene) -> None:
    together = threading.Barrier(50)

    def shoot(number: int) -> int:
        with Camera(receiver.port) as camera:
            together.wait(PATIENCE_S)
            return camera.post(JPEG + b"%d" % number, TYPE)

    with ThreadPoolExecutor(50) as threads:
        assert list(threads.map(shoot, range(50))) == [200] * 50
    assert {image.data for image in album.images} == {JPEG + b"%d" % n for n in range(50)}
    assert sorted(image.sequence for image in album.images) == list(range(1, 51))
    assert scene.run("count") == "normal 50"
