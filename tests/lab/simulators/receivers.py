"""A receiver of posted pictures, for the tests of the camera."""

import socket
import threading
from collections.abc import Callable

import attrs

from dhs_runtime.clock import Deadline
from dhs_runtime.services.http_message import Refusal
from dhs_runtime.services.http_server import HttpHandler, serving_http
from dhs_runtime.services.listener import TcpListener


@attrs.frozen
class Posted:
    """One request as it came."""

    client: tuple[str, int]
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Keeps the posted requests; `answer` may wait, and returns the status."""

    def __init__(self, answer: Callable[[int], int] = lambda number: 200) -> None:
        receiver = self

        class Handler(HttpHandler):
            def do_POST(self) -> None:
                body = self.read_body(1 << 24)
                number = receiver.keep(Posted(self.peer, dict(self.headers), body))
                self.reply(answer(number), b"thanks")

            def on_refusal(self, refusal: Refusal) -> None:
                receiver.refused.append(refusal.reason)

        self._changed = threading.Condition()
        self._posted: list[Posted] = []
        self.refused: list[str] = []
        self.listener = TcpListener(serving_http(Handler), name="receiver")

    @property
    def url(self) -> str:
        return f"{self.listener.url}/upload?camera=1"

    @property
    def posted(self) -> tuple[Posted, ...]:
        with self._changed:
            return tuple(self._posted)

    def keep(self, posted: Posted) -> int:
        with self._changed:
            self._posted.append(posted)
            self._changed.notify_all()
            return len(self._posted)

    def wait(self, count: int) -> tuple[Posted, ...]:
        """The first `count` requests; fails when they do not come."""
        deadline = Deadline.after(20)
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self._posted) >= count, deadline.remaining()
            ), f"{len(self._posted)} of {count} came"
            return tuple(self._posted[:count])


def hangs(sock: socket.socket) -> bool:
    """Whether no answer comes for a tenth of a second."""
    sock.settimeout(0.1)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    return False


def ended(sock: socket.socket) -> bool:
    """Whether the peer closes the connection, with FIN or RST, without another byte."""
    sock.settimeout(20)
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True
