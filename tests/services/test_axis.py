"""`AxisClient` with servers that answer like Axis cameras, or wrongly."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dhs_runtime.errors import ServiceReplyError, ServiceUnavailableError
from dhs_runtime.services.axis import AxisClient, AxisSnapshotRequest
from tests.runtime.peers import AT_ONCE_S, free_port
from tests.services.conftest import Serving
from tests.services.peers import (
    JPEG,
    PATIENCE_S,
    answering,
    digest_guarded,
    reply,
    saying,
    silent,
)

THUMBNAIL = b"\xff\xe0\x00\x04JF\xff\xe1" + (len(JPEG) + 2).to_bytes(2, "big") + JPEG
"""Segments of a header; a small JPEG is in the second, as with EXIF."""
WITH_THUMBNAIL = b"\xff\xd8" + THUMBNAIL + b"\xff\xda\x00\x02 the scan \xff\xd9"


def test_a_snapshot_is_asked_for_as_vapix_says(serving: Serving) -> None:
    peer = serving(answering(reply()))
    request = AxisSnapshotRequest(
        camera=2,
        resolution="704x480",
        compression=0,
        rotation_deg=180,
        text=False,
        clock=False,
        date=True,
        extra={"palette": "1", "camera": "quad"},
    )
    before_s = time.monotonic()
    with AxisClient(peer.url) as client:
        image = client.snapshot(request)
        client.snapshot()
    assert (image.data, image.content_type) == (JPEG, "image/jpeg")
    assert before_s <= image.received_s <= time.monotonic()
    first, second = [each.line.split()[1].partition("?") for each in peer.requests]
    assert first[0] == second[0] == "/axis-cgi/jpg/image.cgi"
    assert first[2].split("&") == [
        "camera=quad",
        "resolution=704x480",
        "compression=0",
        "rotation=180",
        "text=0",
        "clock=0",
        "date=1",
        "palette=1",
    ]
    assert second[2] == "camera=1"


def test_requests_are_values() -> None:
    extra = {"a": "b"}
    request = AxisSnapshotRequest(extra=extra)
    extra["a"] = "c"
    assert request == AxisSnapshotRequest(extra={"a": "b"})
    assert hash(request) == hash(AxisSnapshotRequest())
    assert request.params() == {"camera": "1", "a": "b"}
    with pytest.raises(ValueError, match="compression"):
        AxisSnapshotRequest(compression=101)
    with pytest.raises(ValueError, match="rotation"):
        AxisSnapshotRequest(rotation_deg=45)


@pytest.mark.parametrize(
    "answer",
    [
        reply(JPEG, "Image/JPEG"),
        reply(JPEG, "image/jpeg; charset=binary"),
        reply(JPEG + b"\r\n"),
        reply(JPEG + bytes(40)),
        reply(JPEG + bytes(4096)),
        reply(JPEG + b"\xff" * 500 + b"\r\n"),
        reply(JPEG + b"\r\n--end of picture\r\n"),
        reply(JPEG + b"\r\nserial 00408C, " + b"x" * 500),
        reply(JPEG, "image/pjpeg"),
        reply(JPEG, "text/plain"),
        reply(JPEG, "image/jpg"),
        reply(JPEG, "application/octet-stream"),
        reply(JPEG, ""),
        b"HTTP/1.0 200 OK\r\n\r\n" + JPEG,
        b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG,
    ],
)
def test_odd_but_whole_pictures_are_taken(serving: Serving, answer: bytes) -> None:
    with AxisClient(serving(saying(answer)).url) as client:
        image = client.snapshot()
    assert image.data.startswith(JPEG)
    assert image.content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (reply(b"<html>", "text/html"), "sent no JPEG but text/html that begins with '<html>'"),
        (reply(b"# Error: no camera 3", "text/plain"), "begins with '# Error: no camera 3'"),
        (reply(b"<html>", "application/octet-stream"), "sent no JPEG"),
        (reply(b"--x\r\n", "multipart/x-mixed-replace; boundary=x"), "sent no JPEG but multipart"),
        (reply(b"", "text/html", "301 Moved", "Location: https://camera/x"), "to https://camera/x"),
        (reply(b"", "text/html", "302 Found", "Location: /other"), "to http://127.*/other"),
        (reply(b"", "text/html", "302 Found", "Location: http://["), "points to 'http"),
        (reply(b"GIF89a" + JPEG), "sent no JPEG but image/jpeg that begins with 'GIF89a"),
        (reply(b""), "sent no JPEG but an empty body"),
        (reply(WITH_THUMBNAIL[:-2]), "cut short"),
        (reply(WITH_THUMBNAIL[: len(THUMBNAIL) + 4]), "cut short"),
        (reply(b"\xff\xd8"), "cut short"),
        (reply(b"\xff\xd8\xff"), "cut short"),
        (reply(b"\xff\xd8\xff\xe1\x00"), "cut short"),
        (reply(JPEG[:-1]), "cut short after 261 bytes"),
        (reply(JPEG[:-1] + bytes(100)), "cut short"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG[:100], "cut short"),
        (reply(JPEG, "image/jpeg", "503 Busy"), "answered 503"),
        (reply(b"", "text/plain", "204 No Content"), "answered 204"),
        (reply(b"", "text/plain", "401 Unauthorized"), "wants a user and a password"),
    ],
)
def test_anything_else_is_an_error_of_the_reply(serving: Serving, answer: bytes, text: str) -> None:
    with (
        AxisClient(serving(saying(answer)).url) as client,
        pytest.raises(ServiceReplyError, match=text) as caught,
    ):
        client.snapshot()
    assert caught.value.status == int(answer.split()[1])


def test_the_size_is_limited(serving: Serving) -> None:
    with (
        AxisClient(serving(answering(reply())).url, max_reply_bytes=200) as client,
        pytest.raises(ServiceReplyError, match="more than 200 bytes"),
    ):
        client.snapshot()


def test_a_challenge_is_answered_in_advance_the_second_time(serving: Serving) -> None:
    peer = serving(digest_guarded("root", "pass", reply()))
    with AxisClient(peer.url, user="root", password="pass") as client:
        for _ in range(2):
            assert client.snapshot(AxisSnapshotRequest(resolution="704x480")).data == JPEG
    assert peer.connections == 1
    assert len(peer.requests) == 3


@pytest.mark.parametrize(("user", "password"), [("root", "wrong"), ("root", None), ("", "pass")])
def test_a_wrong_password_is_named(serving: Serving, user: str, password: str | None) -> None:
    peer = serving(digest_guarded("root", "pass", reply()))
    with (
        AxisClient(peer.url, user=user, password=password) as client,
        pytest.raises(ServiceReplyError, match=f"password of user '{user}'") as caught,
    ):
        client.snapshot()
    assert caught.value.status == 401
    assert len(peer.requests) == 2


def test_a_basic_login_is_sent_only_when_told(serving: Serving) -> None:
    peer = serving(answering(reply()))
    with AxisClient(peer.url, user="root", password="pass", auth="basic") as client:
        client.snapshot()
    with AxisClient(peer.url, user="root", password="pass") as client:
        client.snapshot()
    token = base64.b64encode(b"root:pass").decode()
    assert [each.headers.get("authorization") for each in peer.requests] == [f"Basic {token}", None]


def test_close_ends_a_snapshot(serving: Serving) -> None:
    peer = serving(silent)
    with AxisClient(peer.url) as client, ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.snapshot)
        peer.wait(lambda: len(peer.requests) == 1)
        start = time.monotonic()
        client.close()
        with pytest.raises(ServiceUnavailableError, match="cancelled"):
            call.result(PATIENCE_S)
        assert time.monotonic() - start < AT_ONCE_S


def test_a_camera_that_is_off_is_unavailable() -> None:
    with (
        AxisClient(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(ServiceUnavailableError, match="refused"),
    ):
        client.snapshot()
