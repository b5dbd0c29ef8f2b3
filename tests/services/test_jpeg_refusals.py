"""Refusals of `JpegReceiver`, and their messages."""

import contextlib
import socket
import threading
import time

import pytest

from dhs_runtime.services import http_server
from dhs_runtime.services.jpeg_receiver import JpegReceiver
from dhs_runtime.services.listener import MAX_CONNECTIONS
from tests.runtime.peers import AT_ONCE_S
from tests.services.cameras import TYPE, Album, Camera, head
from tests.services.peers import JPEG, soon


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((TYPE,), 411),
        ((TYPE, "Content-Length: 100001"), 413),
        ((TYPE, "Content-Length: " + "9" * 5000), 413),
        ((TYPE, "Content-Length: -5"), 400),
        ((TYPE, "Content-Length: +5"), 400),
        ((TYPE, "Content-Length: 1_0"), 400),
        ((TYPE, "Content-Length: ²"), 400),
        ((TYPE, "Content-Length:"), 400),
        ((TYPE, "Content-Length: 5", "Content-Length: 6"), 400),
        ((TYPE, "Content-Length: 5, 6"), 400),
        ((TYPE, "Transfer-Encoding: gzip, chunked"), 501),
        ((TYPE, "Expect: 200-ok", "Content-Length: 5"), 417),
        (("Content-Type: text/plain", "Content-Length: 5"), 415),
        (("Content-Type: video/mp4", "Content-Length: 5"), 415),
        (("Content-Type: multipart/x-mixed-replace; boundary=x", "Content-Length: 5"), 415),
        ((TYPE, "Content-Encoding: gzip", "Content-Length: 5"), 415),
    ],
)
@pytest.mark.parametrize("asks", [False, True])
def test_the_header_is_enough_to_refuse(
    camera: Camera, receiver: JpegReceiver, headers: tuple[str, ...], status: int, asks: bool
) -> None:
    if asks and not any(header.startswith("Expect") for header in headers):
        headers = (*headers, "Expect: 100-continue")
    camera.send(head(*headers))
    got, answer_headers, text = camera.answer()
    assert got == status
    assert answer_headers["Connection"] == "close"
    assert text.endswith(b"\n")
    assert camera.closed()
    assert (receiver.received, receiver.refused) == (0, 1)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/jpeg", b""),
        ("image/jpeg", b"\xff\xd8"),
        ("image/jpeg", b"GIF89a"),
        ("image/bmp", b"BM6"),
        ("image/jpeg", b"\r\n" + JPEG),
    ],
)
def test_the_bytes_must_be_a_picture(
    camera: Camera, album: Album, receiver: JpegReceiver, content_type: str, body: bytes
) -> None:
    assert camera.post(body, f"Content-Type: {content_type}") == 415
    assert album.images == []
    begins = f"no JPEG or PNG: it begins with {body[:8]!r}"
    assert receiver.last_refusal.endswith(begins if body else "an empty body, no picture")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"zz\r\n", 400),
        (b"-5\r\n", 400),
        (b"0x5\r\n", 400),
        (b"\r\n", 400),
        (b"5\n", 400),
        (b"3\r\nabcde\r\n", 400),
        (b"1" * 17 + b"\r\n", 400),
        (b"5;" + b"x" * 5000, 400),
        (b"0\r\n" + b"a: b\r\n" * 40, 400),
        (b"0\r\na: b\nc", 400),
        (b"186a1\r\n", 413),
        (b"ffffffffffffffff\r\n", 413),
        (b"c350\r\n" + b"x" * 50_000 + b"\r\nc351\r\n", 413),
    ],
)
def test_bad_chunks_are_refused(
    camera: Camera, receiver: JpegReceiver, body: bytes, status: int
) -> None:
    camera.send(head(TYPE, "Transfer-Encoding: chunked") + body)
    assert camera.status() == status
    assert camera.closed()
    assert (receiver.received, receiver.refused) == (0, 1)


@pytest.mark.parametrize("coding", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("body", [b"", b"3e8\r\n\xff\xd8\xff", b"3"])
def test_a_picture_cut_short_is_dropped(
    camera: Camera, receiver: JpegReceiver, coding: str, body: bytes
) -> None:
    camera.send(head(TYPE, coding) + body)
    camera.sock.shutdown(socket.SHUT_WR)
    assert camera.closed()
    assert (receiver.received, receiver.refused) == (0, 1)


def test_a_picture_that_does_not_come_is_ended(album: Album) -> None:
    with JpegReceiver(album, body_timeout_s=0.2) as receiver, Camera(receiver.port) as camera:
        start = time.monotonic()
        camera.send(head(TYPE, "Content-Length: 1000"))
        assert camera.status() == 408
        assert 0.15 < time.monotonic() - start < AT_ONCE_S
        assert camera.closed()
    assert album.images == []


def test_a_slow_header_is_ended(album: Album) -> None:
    with JpegReceiver(album, body_timeout_s=0.2) as receiver, Camera(receiver.port) as camera:
        start = time.monotonic()
        camera.send(b"POST / HT")
        assert camera.closed()
        assert time.monotonic() - start < AT_ONCE_S


def test_a_pause_between_pictures_is_no_slowness(album: Album) -> None:
    with JpegReceiver(album, body_timeout_s=0.3) as receiver, Camera(receiver.port) as camera:
        assert camera.post(JPEG, TYPE) == 200
        threading.Event().wait(0.4)  # the time is what is tested
        assert camera.post(JPEG, TYPE) == 200


def test_the_answer_outlives_a_camera_that_goes_on_sending(
    receiver: JpegReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LINGER_S", 0.1)
    with Camera(receiver.port) as camera:
        camera.send(head(TYPE, "Content-Length: 200000") + bytes(200_000))
        assert camera.status() == 413
        assert camera.closed()  # the moment is over; the camera has not closed


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(camera: Camera, method: str) -> None:
    camera.send(head(line=f"{method} / HTTP/1.1"))
    status, headers, _ = camera.answer()
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST, PUT")


def test_repeated_refusals_are_logged_once(
    receiver: JpegReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    text = ("Content-Type: text/plain",)
    for headers in (text, text, (TYPE,), text):
        with Camera(receiver.port) as camera:
            camera.send(head(*headers))
            camera.answer()
    texts = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(texts) == 2
    assert all(text.startswith("refused a picture from 127.0.0.1: ") for text in texts)
    assert receiver.refused == 4


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), 400, "set it to http"),
        (b"\xff\xd8\xff\xe0 a picture and nothing else\r\n\r\n", 400, "not HTTP"),
        (b"GET /\r\n\r\n", 400, "not HTTP"),
        (b"POST /my camera.jpg HTTP/1.1\r\n\r\n", 400, "write %20"),
        (b"POST / HTTP/2.0\r\n\r\n", 505, "HTTP/1.1"),
        (b"POST / HTTP/1.1\r\nno field\r\n\r\n", 400, "not a header field"),
        (b"POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n", 400, "not a header field"),
        (b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 201 + b"\r\n", 431, "200 header fields"),
        (b"POST / HTTP/1.1\r\nX: " + b"y" * 70_000, 431, "65536 bytes"),
        (b"POST /" + b"y" * 70_000, 431, "65536 bytes"),
        (b"POST http://[ HTTP/1.1\r\n\r\n", 400, "not a URL"),
        (b"BREW / HTTP/1.1\r\n\r\n", 501, "BREW is not supported here"),
        (b"POST / HTTP/1.1\r\nExpect: more\r\n\r\n", 417, "100-continue"),
        (b"POST / HT", 0, "ended early, after part of its header"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", 0, "2 of 5 bytes"),
    ],
)
def test_whatever_is_refused_is_counted_and_said_once(
    receiver: JpegReceiver, caplog: pytest.LogCaptureFixture, data: bytes, status: int, reason: str
) -> None:
    for _ in range(3):
        with Camera(receiver.port) as camera:
            camera.send(data)
            if status:
                assert camera.status() == status
            camera.sock.shutdown(socket.SHUT_WR)
            while not camera.closed():
                pass
    assert (receiver.received, receiver.refused) == (0, 3)
    (text,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert text.startswith("refused a picture from 127.0.0.1: ")
    assert reason in text
    assert text == receiver.last_refusal


def test_the_last_refusal_is_the_last_even_if_it_is_not_logged(
    receiver: JpegReceiver, camera: Camera, caplog: pytest.LogCaptureFixture
) -> None:
    for body in (b"GIF89a", b"BM6", b"", b"GIF89a"):
        assert camera.post(body, TYPE) == 415
    assert receiver.last_refusal.endswith("b'GIF89a'")
    assert [each.levelname for each in caplog.records].count("WARNING") == 1
    receiver.close()
    receiver.open()
    assert receiver.last_refusal == ""


def test_connections_over_the_limit_are_counted_too(
    album: Album, caplog: pytest.LogCaptureFixture
) -> None:
    with JpegReceiver(album) as receiver, contextlib.ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            camera = stack.enter_context(Camera(receiver.port))
        assert camera.post(JPEG, TYPE) == 200
        for _ in range(3):
            with Camera(receiver.port) as second:
                assert second.closed()
        soon(lambda: receiver.refused == 3)
    assert caplog.text.count("too many connections") == 1


def test_each_opening_tells_anew(receiver: JpegReceiver, caplog: pytest.LogCaptureFixture) -> None:
    for count in (1, 2):
        receiver.open()
        with Camera(receiver.port) as camera:
            camera.send(b"nonsense\r\n\r\n")
            assert camera.status() == 400
        receiver.close()
        assert caplog.text.count("refused a picture") == count
