"""`HttpHandler`, as far as no receiver or page shows it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dhs_runtime.services.http_server import HttpHandler, serving_http
from dhs_runtime.services.listener import TcpListener
from tests.services.peers import PATIENCE_S


class Stated(HttpHandler):
    """Answers at once under one path, and in pieces under another."""

    def do_GET(self) -> None:
        if self.path == "/pieces":
            if self.start_reply(200, "text/plain"):
                self.send(b"piece")
        else:
            self.reply(200, b"whole")


class Taking(HttpHandler):
    """Takes what is posted, and has nothing to get."""

    def do_POST(self) -> None:
        self.reply(200)


@contextmanager
def served(handler: type[HttpHandler]) -> Iterator[TcpListener]:
    listener = TcpListener(serving_http(handler), name="served")
    listener.open()
    yield listener
    assert listener.close(PATIENCE_S) == ()


def answers(listener: TcpListener, *requests: str) -> bytes:
    """All that comes for these requests, sent over one connection."""
    with socket.create_connection((listener.host, listener.port), PATIENCE_S) as sock:
        sock.sendall("".join(f"{each} HTTP/1.1\r\nHost: x\r\n\r\n" for each in requests).encode())
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("path", ["/", "/pieces"])
def test_head_is_answered_as_get_without_the_body(path: str) -> None:
    with served(Stated) as listener:
        head, _, body = answers(listener, f"GET {path}").partition(b"\r\n\r\n")
        assert body in (b"whole", b"piece")
        dated = [line for line in head.split(b"\r\n") if not line.startswith(b"Date")]
        told, _, body = answers(listener, f"HEAD {path}").partition(b"\r\n\r\n")
        assert [line for line in told.split(b"\r\n") if not line.startswith(b"Date")] == dated
        assert body == b""


def test_requests_after_head_are_answered() -> None:
    with served(Stated) as listener:
        said = answers(listener, "HEAD /", "GET /", "HEAD /")
    assert said.count(b"HTTP/1.1 200 OK") == 3
    assert said.count(b"whole") == 1


KNOWN = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


@pytest.mark.parametrize(
    ("handler", "allowed"),
    [(Stated, "GET, HEAD"), (Taking, "POST"), (HttpHandler, "")],
)
def test_a_known_method_that_is_not_allowed_is_405_and_says_which_are(
    handler: type[HttpHandler], allowed: str
) -> None:
    with served(handler) as listener:
        for method in set(KNOWN) - set(allowed.split(", ")):
            head, _, body = answers(listener, f"{method} /").partition(b"\r\n\r\n")
            status, *fields = head.decode().split("\r\n")
            assert status == "HTTP/1.1 405 Method Not Allowed"
            assert f"Allow: {allowed}" in fields
            told = f"{method} is not allowed here, only {allowed}\n"
            assert body.decode() == ("" if method == "HEAD" else told)


@pytest.mark.parametrize("method", ["BREW", "get", "head", "M-SEARCH", "serve", "__init__"])
def test_an_unknown_method_is_501(method: str) -> None:
    with served(Stated) as listener:
        told = answers(listener, f"{method} /")
    assert told.startswith(b"HTTP/1.1 501 Not Implemented\r\n")
    assert b"Allow" not in told


def test_a_method_that_is_not_allowed_does_not_end_the_connection() -> None:
    with served(Stated) as listener:
        told = answers(listener, "OPTIONS *", "GET /")
    assert told.startswith(b"HTTP/1.1 405 ")
    assert told.endswith(b"whole")
