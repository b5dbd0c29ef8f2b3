"""Cameras for the tests of the receiver: raw sockets, free to send anything."""

import contextlib
import socket
import threading
from typing import Self

from dhs_runtime.services.jpeg_receiver import ReceivedImage
from tests.services.peers import PATIENCE_S

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
TYPE = "Content-Type: image/jpeg"


class Camera:
    """A raw connection to a receiver."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def post(self, body: bytes, *headers: str) -> int:
        self.send(head(*headers, f"Content-Length: {len(body)}") + body)
        return self.status()

    def status(self) -> int:
        return self.answer()[0]

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self._received:
            self._more()
        start, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = start.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers.get("Content-Length", "0"))
        while len(self._received) < length:
            self._more()
        body, self._received = self._received[:length], self._received[length:]
        return int(first.split()[1]), headers, body

    def closed(self) -> bool:
        """Wait for the receiver to end the connection; False if it sends something instead."""
        with contextlib.suppress(ConnectionError):
            return self.sock.recv(1) == b""
        return True

    def _more(self) -> None:
        piece = self.sock.recv(65536)
        assert piece, "the connection ended instead of an answer"
        self._received += piece


def head(*headers: str, line: str = "POST /upload HTTP/1.1") -> bytes:
    return "\r\n".join((line, "Host: x", *headers, "", "")).encode("latin-1")


def in_chunks(body: bytes, size: int = 100) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Album:
    """Keeps the pictures of a receiver."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.images: list[ReceivedImage] = []

    def __call__(self, image: ReceivedImage) -> None:
        with self._changed:
            self.images.append(image)
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.images) >= count, PATIENCE_S)
