"""Pictures a second from a camera through the receiver to inference and back.

Camera and inference server are bare sockets that do no work; the floor is one hand-written loop
that reads the picture, puts it into JSON and sends the request.
"""

import base64
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from dhs_runtime.services.automl import AutoMLClient, PredictRequest
from dhs_runtime.services.jpeg_receiver import JpegReceiver, ReceivedImage

PICTURES: Final = 200
RUNS: Final = 5
PICTURE: Final = b"\xff\xd8\xff" + bytes(40_000)
"""As large as a frame of 704 x 480; the content does not matter."""

POST: Final = (
    b"POST / HTTP/1.1\r\nHost: dhs\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    % len(PICTURE)
) + PICTURE
_ASK: Final = b"POST /v1/models/default:predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_BOXES: Final = json.dumps(
    {
        "predictions": [
            {
                "key": "1",
                "num_detections": 1.0,
                "detection_boxes": [[0.1, 0.2, 0.3, 0.4]],
                "detection_scores": [0.9],
                "detection_classes": [1.0],
                "detection_classes_as_text": ["nylon"],
            }
        ]
    }
).encode()
_REPLY: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BOXES)
) + _BOXES


def main(pictures: int = PICTURES) -> None:
    raw = statistics.median(measure(raw_dhs, pictures))
    ours = statistics.median(measure(our_dhs, pictures))
    print("pictures from camera to inference and back (per s), one at a time")
    print(f"  raw sockets, one thread          {raw:9,.0f}")
    print(f"  receiver and client              {ours:9,.0f}   {raw / ours:.1f} x slower")


def measure(dhs: Callable[[int], AbstractContextManager[int]], pictures: int) -> list[float]:
    """Pictures a second of each run."""
    with (
        _inference() as port,
        dhs(port) as camera_port,
        socket.create_connection(("127.0.0.1", camera_port)) as camera,
    ):
        camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return [_post(camera, pictures) for _ in range(RUNS)]


def _post(camera: socket.socket, pictures: int) -> float:
    began = time.perf_counter()
    for _ in range(pictures):
        camera.sendall(POST)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += camera.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 200"), answer
    return pictures / (time.perf_counter() - began)


@contextmanager
def our_dhs(port: int) -> Iterator[int]:
    client = AutoMLClient(f"http://127.0.0.1:{port}")

    def ask(image: ReceivedImage) -> None:
        client.predict(PredictRequest(key="1", image=image.data))

    with client, JpegReceiver(ask) as receiver:
        yield receiver.port


@contextmanager
def raw_dhs(port: int) -> Iterator[int]:
    inference = socket.create_connection(("127.0.0.1", port))
    inference.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def serve(camera: socket.socket) -> None:
        while (picture := _read_request(camera)) is not None:
            instance = {"image_bytes": {"b64": base64.b64encode(picture).decode()}, "key": "1"}
            body = json.dumps({"instances": [instance]}).encode()
            head = (
                b"POST /v1/models/default:predict HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
            )
            inference.sendall(head % len(body) + body)
            reply = _read_request(inference)
            assert reply is not None
            json.loads(reply)
            camera.sendall(_OK)

    with inference, _serving(serve) as camera_port:
        yield camera_port


def answer_with_boxes(peer: socket.socket) -> None:
    """Serve predictions on one connection, until its end."""
    while _read_request(peer) is not None:
        peer.sendall(_REPLY)


@contextmanager
def _inference() -> Iterator[int]:
    with _serving(answer_with_boxes) as port:
        yield port


@contextmanager
def _serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server for one connection, in a thread; returns its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            peer, _ = server.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with peer:
                serve(peer)

        thread = threading.Thread(target=run)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _read_request(sock: socket.socket) -> bytes | None:
    """The body of the next message on a kept connection; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(1 << 16)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    size = int(lengths[0].split(b":")[1])
    parts = [body]
    left = size - len(body)
    while left > 0:
        parts.append(sock.recv(left))
        left -= len(parts[-1])
    return b"".join(parts)


if __name__ == "__main__":
    main()
