"""`JpegReceiver` over raw sockets: accepted pictures, faults, opening and closing."""

import contextlib
import io
import socket
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhs_runtime.errors import MachineError
from dhs_runtime.services import http_server
from dhs_runtime.services.chunked import read_sized
from dhs_runtime.services.jpeg_receiver import JpegReceiver, ReceivedImage
from tests.runtime.peers import AT_ONCE_S
from tests.services.cameras import PNG, TYPE, Album, Camera, head, in_chunks
from tests.services.peers import JPEG, PATIENCE_S, soon

# --- pictures that are taken


def test_a_picture_arrives_with_all_that_is_known(camera: Camera, album: Album) -> None:
    camera.send(
        head(
            TYPE,
            'Content-Disposition: attachment; filename="snap 01.jpg"',
            f"Content-Length: {len(JPEG)}",
            line="POST /upload?camera=2 HTTP/1.1",
        )
        + JPEG
    )
    assert camera.answer()[::2] == (200, b"")
    assert album.images == [
        ReceivedImage(JPEG, "image/jpeg", "snap 01.jpg", "/upload?camera=2", "127.0.0.1", 1)
    ]


@pytest.mark.parametrize(
    "content_type", ["Image/JPEG", " image/jpeg ", "image/jpeg;", "image/jpeg ;q=1"]
)
def test_types_are_read_with_tolerance(camera: Camera, album: Album, content_type: str) -> None:
    assert camera.post(JPEG, f"Content-Type: {content_type}") == 200
    assert album.images[0].content_type == "image/jpeg"


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: image/jpg",
        "Content-Type: IMAGE/JPG; q=1",
        "Content-Type: application/octet-stream",
        "Content-Type:",
        "X-No-Type: at all",
    ],
)
@pytest.mark.parametrize("asks", [False, True])
def test_the_bytes_say_what_a_type_does_not(
    camera: Camera, album: Album, receiver: JpegReceiver, header: str, asks: bool
) -> None:
    length = f"Content-Length: {len(JPEG)}"
    camera.send(head(header, length, *(["Expect: 100-continue"] if asks else [])))
    if asks:
        assert camera.status() == 100
    camera.send(JPEG)
    assert camera.status() == 200
    assert [each.content_type for each in album.images] == ["image/jpeg"]
    other = b"GIF89a"
    assert camera.post(other, header) == 415
    assert camera.post(JPEG, TYPE) == 200  # on the same connection: only the bad request failed
    assert (receiver.received, receiver.refused) == (2, 1)


@pytest.mark.parametrize(
    "content_type",
    [
        *("image/png", "image/pjpeg", "image/*", "image/jpeg, image/jpeg"),
        *("binary/octet-stream", "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize(("body", "kind"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
def test_what_a_picture_is_its_bytes_say(
    camera: Camera, album: Album, content_type: str, body: bytes, kind: str
) -> None:
    assert camera.post(body, f"Content-Type: {content_type}") == 200
    assert [each.content_type for each in album.images] == [kind]


@pytest.mark.parametrize("between", [b"\r\n", b"\n", b"\r\n\r\n", b"\r\n" * 50, b"\r", b""])
@pytest.mark.parametrize("waits", [False, True])
def test_empty_lines_between_requests_cost_nothing(
    camera: Camera, album: Album, receiver: JpegReceiver, between: bytes, waits: bool
) -> None:
    picture = head(TYPE, f"Content-Length: {len(JPEG)}") + JPEG + between
    for _ in range(5):
        camera.send(picture)
        if waits:
            assert camera.status() == 200
    if not waits:
        assert [camera.status() for _ in range(5)] == [200] * 5
    assert (len(album.images), receiver.refused) == (5, 0)


def test_lines_may_end_in_lf_and_be_folded(camera: Camera, album: Album) -> None:
    lines = f"POST / HTTP/1.1\nContent-Length: {len(JPEG)}\nContent-Disposition: attachment;\n"
    camera.send(f'{lines}\tfilename="a.jpg"\n\n'.encode() + JPEG)
    assert camera.status() == 200
    assert album.images[0].filename == "a.jpg"


def test_pngs_puts_and_kept_connections_are_fine(
    camera: Camera, album: Album, receiver: JpegReceiver
) -> None:
    assert camera.post(PNG, "Content-Type: image/png") == 200
    camera.send(head(TYPE, f"Content-Length: {len(JPEG)}", line="PUT / HTTP/1.1") + JPEG)
    assert camera.status() == 200
    camera.send((head(TYPE, f"Content-Length: {len(JPEG)}") + JPEG) * 3)  # not waiting for answers
    assert [camera.status() for _ in range(3)] == [200] * 3
    assert [each.content_type for each in album.images] == ["image/png"] + ["image/jpeg"] * 4
    assert [each.sequence for each in album.images] == [1, 2, 3, 4, 5]
    assert (receiver.received, receiver.refused) == (5, 0)


def test_old_http_closes_after_the_answer(camera: Camera, album: Album) -> None:
    camera.send(head(TYPE, f"Content-Length: {len(JPEG)}", line="POST / HTTP/1.0") + JPEG)
    assert camera.status() == 200
    assert camera.closed()
    assert album.images[0].data == JPEG


@pytest.mark.parametrize(
    "body",
    [
        in_chunks(JPEG),
        in_chunks(JPEG, 1),
        in_chunks(JPEG, 1000),
        b"%X ;name=value\r\n%b\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n" % (len(JPEG), JPEG),
    ],
)
def test_chunks_are_joined(camera: Camera, album: Album, body: bytes) -> None:
    for count in (1, 2):  # the second request shows that the first was read exactly to its end
        camera.send(head(TYPE, "Transfer-Encoding: Chunked") + body)
        assert camera.status() == 200
        assert len(album.images) == count
    assert {each.data for each in album.images} == {JPEG}


LENGTH = f"Content-Length: {len(JPEG)}"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ((LENGTH, LENGTH), JPEG),
        ((f"{LENGTH}, {len(JPEG)}",), JPEG),
        (("Transfer-Encoding: identity", LENGTH), JPEG),
        (("Transfer-Encoding: identity, chunked",), in_chunks(JPEG)),
        (("Transfer-Encoding: chunked",), b"%020x\r\n%b\r\n0\r\n\r\n" % (len(JPEG), JPEG)),
        (
            ("Transfer-Encoding: chunked",),
            in_chunks(JPEG).replace(b"\r\n", b";" + b"s" * 999 + b"\r\n", 1),
        ),
    ],
)
def test_a_length_may_be_said_in_odd_ways(
    camera: Camera, album: Album, framing: tuple[str, ...], body: bytes
) -> None:
    camera.send((head(TYPE, *framing) + body) * 2)
    assert [camera.status() for _ in range(2)] == [200, 200]
    assert [each.data for each in album.images] == [JPEG] * 2


def test_chunks_count_if_a_length_is_said_too_and_the_connection_ends(
    camera: Camera, album: Album
) -> None:
    camera.send(head(TYPE, "Content-Length: 5", "Transfer-Encoding: chunked") + in_chunks(JPEG))
    status, headers, _ = camera.answer()
    assert (status, headers["Connection"]) == (200, "close")
    assert camera.closed()
    assert [each.data for each in album.images] == [JPEG]


def test_a_camera_may_ask_before_it_sends(camera: Camera, album: Album) -> None:
    for count in (1, 2):
        camera.send(head(TYPE, "Expect: 100-Continue", "Transfer-Encoding: chunked"))
        assert camera.status() == 100
        camera.send(in_chunks(JPEG))
        assert camera.status() == 200
        assert len(album.images) == count


@pytest.mark.parametrize("chunked", [False, True])
def test_byte_by_byte_is_the_same(camera: Camera, album: Album, chunked: bool) -> None:
    camera.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    coding = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(JPEG)}"
    data = head(TYPE, coding) + (in_chunks(JPEG) if chunked else JPEG)
    for index in range(len(data)):
        camera.send(data[index : index + 1])
    assert camera.status() == 200
    assert album.images[0].data == JPEG


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="a.jpg"', "a.jpg"),
        ("attachment;FileName = a.jpg; x=y", "a.jpg"),
        ('inline; filename="../../etc/passwd"', "passwd"),
        (r'inline; filename="C:\temp\a.jpg"', "a.jpg"),
        ('attachment; filename=".."', None),
        ('attachment; filename=""', None),
        ('attachment; filename="a;b.jpg"', "a;b.jpg"),
        ("attachment; filename*=UTF-8''K%c3%b6ln.jpg", "K\u00f6ln.jpg"),
        ("attachment; filename*=x\0y''%41", None),
        ("attachment; othername=a.jpg", None),
        ("attachment", None),
    ],
)
def test_filenames_carry_no_folders(
    camera: Camera, album: Album, disposition: str, filename: str | None
) -> None:
    assert camera.post(JPEG, TYPE, f"Content-Disposition: {disposition}") == 200
    assert album.images[0].filename == filename


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_test_button_is_answered(camera: Camera, album: Album, method: str) -> None:
    camera.send(head(line=f"{method} / HTTP/1.1"))
    if method == "GET":
        status, headers, body = camera.answer()
        assert (status, headers["Content-Length"]) == (200, str(len(body)))
        assert b"image/jpeg" in body
        assert camera.post(JPEG, TYPE) == 200
    else:
        camera.sock.shutdown(socket.SHUT_WR)
        start, _, rest = b"".join(iter(lambda: camera.sock.recv(4096), b"")).partition(b"\r\n\r\n")
        assert start.startswith(b"HTTP/1.1 200 ")
        assert rest == b""


@pytest.mark.parametrize("header", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_a_get_with_a_body_ends_the_connection(camera: Camera, header: str) -> None:
    camera.send(head(header, "Expect: 100-continue", line="GET / HTTP/1.1"))
    assert camera.answer()[1]["Connection"] == "close"
    assert camera.closed()


# --- what the receiver lives through


def test_a_handler_that_raises_is_answered_500(
    album: Album, caplog: pytest.LogCaptureFixture
) -> None:
    def on_image(image: ReceivedImage) -> None:
        if image.sequence == 1:
            raise RuntimeError("the disk is full")
        album(image)

    with JpegReceiver(on_image) as receiver, Camera(receiver.port) as camera:
        assert camera.post(JPEG, TYPE) == 500
        assert camera.post(JPEG, TYPE) == 200
        assert receiver.received == 2
    assert [image.sequence for image in album.images] == [2]
    assert "the disk is full" in caplog.text


def test_a_slow_camera_and_a_slow_handler_hold_nobody_up() -> None:
    release = threading.Event()
    stuck = threading.Event()

    def on_image(image: ReceivedImage) -> None:
        if image.path == "/slow":
            stuck.set()
            assert release.wait(PATIENCE_S)

    with (
        JpegReceiver(on_image) as receiver,
        Camera(receiver.port) as halfway,
        Camera(receiver.port) as slow,
        Camera(receiver.port) as quick,
    ):
        halfway.send(head(TYPE, "Content-Length: 1000") + b"\xff")
        slow.send(head(TYPE, f"Content-Length: {len(JPEG)}", line="POST /slow HTTP/1.1") + JPEG)
        assert stuck.wait(PATIENCE_S)
        start = time.monotonic()
        for _ in range(10):
            assert quick.post(JPEG, TYPE) == 200
        assert time.monotonic() - start < AT_ONCE_S
        release.set()
        assert slow.status() == 200


HEADER_LINES = st.sampled_from(
    [
        b"Content-Type: image/jpeg",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Content-Disposition: attachment; filename*=x\0y''%41",
        b"Connection: keep-alive",
    ]
) | st.binary(max_size=30)
REQUESTS = st.builds(
    lambda line, headers, body: b"\r\n".join((line, *headers, b"", body)),
    st.sampled_from([b"POST / HTTP/1.1", b"PUT /\xff HTTP/1.0", b"GET /", b"POST /"])
    | st.binary(max_size=20),
    st.lists(HEADER_LINES, max_size=5),
    st.sampled_from([b"\xff\xd8\xff", b"3\r\n\xff\xd8\xff\r\n0\r\n\r\n"]) | st.binary(max_size=30),
)


def test_no_bytes_break_the_receiver(
    receiver: JpegReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    @settings(max_examples=100)
    @given(REQUESTS)
    def check(data: bytes) -> None:
        with Camera(receiver.port) as camera:
            camera.send(data)
            camera.sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while camera.sock.recv(4096):
                    pass

    check()
    with Camera(receiver.port) as camera:
        assert camera.post(JPEG, TYPE) == 200
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


# --- open and close


def test_it_opens_and_closes_on_demand(album: Album) -> None:
    receiver = JpegReceiver(album)
    assert (receiver.port, receiver.is_open) == (0, False)
    assert receiver.close() == ()
    ports = set()
    for count in (1, 2):
        receiver.open()
        receiver.open()
        assert receiver.is_open
        assert receiver.url == f"http://127.0.0.1:{receiver.port}"
        ports.add(receiver.port)
        with Camera(receiver.port) as camera:
            assert camera.post(JPEG, TYPE) == 200
        assert receiver.close(PATIENCE_S) == ()
        assert receiver.close() == ()
        with pytest.raises(ConnectionError):
            Camera(receiver.port)
        assert receiver.received == count
    assert len(ports) == 1


def test_a_port_in_use_is_an_error_of_the_machine(receiver: JpegReceiver) -> None:
    other = JpegReceiver(lambda image: None, port=receiver.port)
    with pytest.raises(MachineError, match=rf"cannot listen on 127\.0\.0\.1:{receiver.port}"):
        other.open()
    assert not other.is_open
    receiver.close()
    other.open()
    other.close()


def test_closing_is_immediate_in_the_middle_of_pictures(
    album: Album, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = JpegReceiver(album)
    receiver.open()
    with contextlib.ExitStack() as stack:
        cameras = [stack.enter_context(Camera(receiver.port)) for _ in range(20)]
        for camera in cameras:
            camera.send(head(TYPE, "Expect: 100-continue", f"Content-Length: {len(JPEG)}"))
        assert {camera.status() for camera in cameras} == {100}  # all are in their bodies now
        for camera in cameras:
            camera.send(JPEG[:-1])
        refused = stack.enter_context(Camera(receiver.port))
        refused.send(head("Content-Type: text/plain"))
        assert refused.status() == 415  # ... and this one may still send
        start = time.monotonic()
        assert receiver.close(PATIENCE_S) == ()
        assert time.monotonic() - start < AT_ONCE_S
        for camera in cameras:
            with contextlib.suppress(ConnectionError):
                camera.send(JPEG[-1:])
            assert camera.closed()
    assert album.images == []
    assert receiver.refused == 1  # the close is not the cameras' fault
    assert "ended early" not in caplog.text


@pytest.mark.parametrize("reopens", [False, True])
def test_a_picture_that_was_read_before_the_close_is_not_delivered_after(
    receiver: JpegReceiver, album: Album, monkeypatch: pytest.MonkeyPatch, reopens: bool
) -> None:
    def read_and_close(stream: io.BufferedIOBase, size: int) -> bytes:
        body = read_sized(stream, size)
        receiver.close()
        if reopens:  # not even then, because the picture came to the old listener
            receiver.open()
        return body

    monkeypatch.setattr(http_server, "read_sized", read_and_close)
    with Camera(receiver.port) as camera:
        camera.send(head(TYPE, f"Content-Length: {len(JPEG)}") + JPEG)
        assert camera.closed()
    soon(lambda: not any(each.name == "jpeg-receiver-1" for each in threading.enumerate()))
    assert (album.images, receiver.received) == ([], 0)


def test_a_handler_may_close_the_receiver(album: Album) -> None:
    def on_image(image: ReceivedImage) -> None:
        album(image)
        assert closing.close() == ()

    closing = JpegReceiver(on_image)
    closing.open()
    with Camera(closing.port) as camera:
        camera.send((head(TYPE, f"Content-Length: {len(JPEG)}") + JPEG) * 2)
        assert camera.closed()
    soon(lambda: not any(each.name == "jpeg-receiver-1" for each in threading.enumerate()))
    assert len(album.images) == 1


def test_close_names_a_handler_that_does_not_return() -> None:
    release = threading.Event()
    stuck = threading.Event()

    def on_image(image: ReceivedImage) -> None:
        stuck.set()
        release.wait(PATIENCE_S)

    receiver = JpegReceiver(on_image)
    receiver.open()
    with Camera(receiver.port) as camera:
        camera.send(head(TYPE, f"Content-Length: {len(JPEG)}") + JPEG)
        assert stuck.wait(PATIENCE_S)
        assert receiver.close(timeout_s=0.5) == ("jpeg-receiver-1",)
        release.set()
        assert camera.closed()
