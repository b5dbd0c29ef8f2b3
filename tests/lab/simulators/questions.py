"""Requests to the inference server, and the expected answers."""

import base64
import socket
import struct
import zlib
from typing import Any

import requests

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.scene import Scene

SCENE = Scene()
JPEG = SCENE.jpeg(0)
PREDICT = "/v1/models/default:predict"
TIMEOUT_S = 20.0

JsonObject = dict[str, Any]  # JSON, as the json module gives it


def instance(data: bytes = JPEG, key: str = "k") -> JsonObject:
    return {"image_bytes": {"b64": base64.b64encode(data).decode()}, "key": key}


def ask(
    session: requests.Session, server: SimulatedAutoML, *instances: JsonObject
) -> requests.Response:
    return session.post(
        server.url + PREDICT, json={"instances": list(instances)}, timeout=TIMEOUT_S
    )


def raw(server: SimulatedAutoML, request: bytes) -> bytes:
    """All bytes from the server until it closes the connection."""
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT_S) as sock:
        sock.sendall(request)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
        return answer


def refused(answer: requests.Response, status: int) -> str:
    """The reason of a refusal."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    (name,) = answer.json()
    assert name == "error"
    return str(answer.json()["error"])


def png_of(width: int, height: int) -> bytes:
    """The beginning of a PNG file that claims this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))
