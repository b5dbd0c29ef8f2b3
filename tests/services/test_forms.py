"""Pictures posted in a form, to `JpegReceiver` over real sockets."""

import pytest

from dhs_runtime.services.forms import MAX_PARTS
from dhs_runtime.services.jpeg_receiver import JpegReceiver
from tests.services.cameras import PNG, TYPE, Album, Camera
from tests.services.peers import JPEG

FILE = b'Content-Disposition: form-data; name="file"; filename="a.jpg"'


def form(*parts: bytes, boundary: bytes = b"X") -> bytes:
    """A form; each part is its header and its content, with an empty line in between."""
    return (
        b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary
    )


def part(*header: bytes, content: bytes = JPEG) -> bytes:
    return b"\r\n".join((*header, b"", content))


def post(camera: Camera, body: bytes, boundary: str = "X", kind: str = "form-data") -> int:
    return camera.post(body, f"Content-Type: multipart/{kind}; boundary={boundary}")


@pytest.mark.parametrize("boundary", ["X", "----=_Part 12(3)", "'()+_,-./:=?", "-" * 70])
@pytest.mark.parametrize("kind", ["form-data", "mixed", "related"])
def test_a_picture_in_a_form_is_the_picture(
    camera: Camera, album: Album, boundary: str, kind: str
) -> None:
    body = form(part(FILE, b"Content-Type: image/jpeg"), boundary=boundary.encode())
    assert post(camera, body, f'"{boundary}"', kind) == 200
    assert post(camera, b"a preamble\r\n" + body + b"an epilogue", f'"{boundary}"', kind) == 200
    assert [(each.data, each.filename) for each in album.images] == [(JPEG, "a.jpg")] * 2
    assert camera.post(JPEG, TYPE) == 200


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ((), None),
        ((b"content-disposition: form-data; name=x",), None),
        ((b"Content-Disposition: form-data; filename*=UTF-8''K%c3%b6ln.jpg",), "K\u00f6ln.jpg"),
        ((b'Content-Disposition: form-data;\r\n filename="..\\\\..\\\\b.jpg"',), "b.jpg"),
        ((b"Content-Disposition: form-data; filename*=x\0y''%41",), None),
        ((b"no header field",), None),
    ],
)
def test_the_bytes_of_a_part_count(
    camera: Camera, album: Album, header: tuple[bytes, ...], filename: str | None
) -> None:
    assert post(camera, form(part(*header))) == 200
    (image,) = album.images
    assert (image.data, image.content_type, image.filename) == (JPEG, "image/jpeg", filename)


def test_each_picture_of_a_form_arrives_and_other_fields_do_not(
    camera: Camera, album: Album, receiver: JpegReceiver
) -> None:
    event = part(b"Content-Type: application/xml", content=b"<event/>")
    body = form(event, part(FILE), part(content=PNG), part(content=b""))
    assert post(camera, body) == 200
    assert [each.data for each in album.images] == [JPEG, PNG]
    assert [each.sequence for each in album.images] == [1, 2]
    assert (receiver.received, receiver.refused) == (2, 0)


@pytest.mark.parametrize(
    ("kind", "body", "refusal"),
    [
        ("form-data; boundary=X", form(part(content=b"text")), (415, "in the 1 parts")),
        ("form-data; boundary=X", form(), (415, "in the 0 parts")),
        ("form-data; boundary=X", form(part(), boundary=b"Y"), (415, "in the 0 parts")),
        ("form-data; boundary=X", b"", (415, "in the 0 parts")),
        ("form-data", form(part()), (400, "no boundary")),
        ("form-data; boundary=", form(part()), (400, "no boundary")),
        ("form-data; boundary=X", form(*[part()] * (MAX_PARTS + 1)), (400, "more than")),
        ("form-data; boundary=X", b"\r\n--X" * 19_000, (400, "more than")),
    ],
)
def test_a_form_without_a_picture_is_refused_with_the_reason(
    camera: Camera, receiver: JpegReceiver, kind: str, body: bytes, refusal: tuple[int, str]
) -> None:
    status, reason = refusal
    assert camera.post(body, f"Content-Type: multipart/{kind}") == status
    assert reason in receiver.last_refusal
    assert (receiver.received, receiver.refused) == (0, 1)
    assert camera.post(JPEG, TYPE) == 200
