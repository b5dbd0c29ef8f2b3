"""What the inference server refuses: bad JSON, bad pictures, bodies that are too large."""

import json
import socket

import pytest
import requests

from dhs_lab.simulators.automl import MAX_BODY_BYTES, SimulatedAutoML
from dhs_lab.simulators.automl_wire import MAX_INSTANCES
from dhs_runtime.services import http_server
from tests.lab.simulators.questions import (
    JPEG,
    PREDICT,
    TIMEOUT_S,
    ask,
    instance,
    png_of,
    raw,
    refused,
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "JSON"),
        (b"not json", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 200_000, "JSON"),
        (b"9" * 10_000, "JSON"),
        (b"[]", "instances"),
        (b"{}", "instances"),
        (b'{"instances": []}', "instances"),
        (b'{"instances": {"a": 1}}', "instances"),
        (b'{"instances": [7]}', "image_bytes"),
        (b'{"instances": [{"key": "a"}]}', "image_bytes"),
        (b'{"instances": [{"image_bytes": "AAAA"}]}', "image_bytes"),
        (b'{"instances": [{"image_bytes": {"b64": 5}}]}', "image_bytes"),
        (b'{"instances": [{"image_bytes": {"b64": "AAAA*"}}]}', "base64"),
        (b'{"instances": [{"image_bytes": {"b64": "AAA"}}]}', "base64"),
        ('{"instances": [{"image_bytes": {"b64": "äö"}}]}'.encode(), "base64"),
        (b'{"instances": [{"image_bytes": {"b64": "AAAA"}, "key": 1}]}', "key"),
        (b'{"instances": [{"image_bytes": {"b64": "AAAA"}}]}', "image"),
        (b'{"instances": [{"image_bytes": {"b64": ""}}]}', "image"),
    ],
)
def test_what_is_no_question_is_refused(
    automl: SimulatedAutoML, session: requests.Session, body: bytes, reason: str
) -> None:
    answer = session.post(automl.url + PREDICT, data=body, timeout=TIMEOUT_S)
    assert reason in refused(answer, 400)
    assert automl.served == 0
    assert ask(session, automl, instance()).status_code == 200  # on the same connection


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(JPEG[: len(JPEG) // 2], id="half-a-jpeg"),
        pytest.param(b"\xff\xd8\xff\xe0", id="start-of-a-jpeg"),
        pytest.param(b"%PDF-1.4\n", id="pdf"),
        pytest.param(png_of(8, 8), id="damaged-png"),
    ],
)
def test_bad_pictures_are_refused(
    automl: SimulatedAutoML, session: requests.Session, data: bytes
) -> None:
    assert "Invalid image" in refused(ask(session, automl, instance(data)), 400)


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (5_001, 5_000, "25005000 pixels; the limit is 25000000"),
        (12_000, 10_000, "120000000 pixels"),
        (100_000, 100_000, "10000000000 pixels"),
    ],
)
def test_too_many_pixels_are_refused_by_the_header(
    automl: SimulatedAutoML, session: requests.Session, width: int, height: int, reason: str
) -> None:
    answer = ask(session, automl, instance(png_of(width, height)))
    assert reason in refused(answer, 400)


def test_too_many_pictures_are_refused(automl: SimulatedAutoML, session: requests.Session) -> None:
    many = [{"image_bytes": {"b64": ""}}] * (MAX_INSTANCES + 1)
    assert str(MAX_INSTANCES) in refused(ask(session, automl, *many), 400)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", b"411"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"411"),
        (b"Content-Length: many\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
        (b"Content-Length: 1_0\r\n", b"400"),
        (b"Content-Length: " + b"9" * 30 + b"\r\n", b"413"),
    ],
)
def test_a_body_of_no_known_length_is_refused(
    automl: SimulatedAutoML, headers: bytes, status: bytes
) -> None:
    answer = raw(automl, b"POST " + PREDICT.encode() + b" HTTP/1.1\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert json.loads(body).keys() == {"error"}


def test_too_large_a_body_is_refused_and_its_sender_hears_it(
    automl: SimulatedAutoML, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LINGER_S", TIMEOUT_S)
    length = MAX_BODY_BYTES + 1
    head = f"POST {PREDICT} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode()
    answer = raw(automl, head + bytes(length))  # fails where the server hangs up meanwhile
    assert answer.startswith(b"HTTP/1.1 413")
    assert str(MAX_BODY_BYTES).encode() in answer


def test_a_huge_length_is_refused_before_anything_is_read(automl: SimulatedAutoML) -> None:
    with socket.create_connection((automl.host, automl.port), timeout=TIMEOUT_S) as sock:
        sock.sendall(f"POST {PREDICT} HTTP/1.1\r\nContent-Length: {10**15}\r\n\r\n".encode())
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(12) == b"HTTP/1.1 413"
        while sock.recv(1024):
            pass


def test_who_never_sends_a_refused_body_is_let_go(
    automl: SimulatedAutoML, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LINGER_S", 0.05)
    request = f"POST {PREDICT} HTTP/1.1\r\nContent-Length: {10**9}\r\n\r\n".encode()
    assert raw(automl, request).startswith(b"HTTP/1.1 413")


def test_half_a_body_is_no_request(automl: SimulatedAutoML, session: requests.Session) -> None:
    with socket.create_connection((automl.host, automl.port), timeout=TIMEOUT_S) as sock:
        sock.sendall(f"POST {PREDICT} HTTP/1.1\r\nContent-Length: 100\r\n\r\n{{".encode())
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b""
    assert ask(session, automl, instance()).status_code == 200


def test_a_get_with_a_body_ends_the_connection(automl: SimulatedAutoML) -> None:
    answer = raw(automl, b"GET /v1/models/default HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
