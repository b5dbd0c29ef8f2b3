"""The status port against hostile clients, over real sockets."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from dcs_codec import ShutterState, __version__
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import Dhs, MotorConfig
from dhs_runtime.process import served
from dhs_runtime.process.status_port import MAX_CONNECTIONS
from tests.runtime.peers import DEADLINE_S, eventually, fast_config, running


@pytest.fixture
def port() -> Iterator[int]:
    with served(Dhs("testDHS"), status_port=0, status_hosts=["status.example.org"]) as url:
        number = urlsplit(url).port
        assert isinstance(number, int)
        yield number


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), DEADLINE_S)


def exchange(port: int, request: bytes) -> bytes:
    """All that comes back until the other side closes."""
    with connected(port) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def statuses(answer: bytes) -> list[int]:
    """The status of each response."""
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "header",
    ["Content-Length: {size}", "Transfer-Encoding: chunked", "content-length: +{size}"],
)
def test_a_body_is_not_the_next_request(port: int, method: str, header: str) -> None:
    body = b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = (
        f"{method} /healthz HTTP/1.1\r\nHost: localhost\r\n{header.format(size=len(body))}\r\n\r\n"
    )
    assert statuses(exchange(port, head.encode() + body)) == [200]


def test_a_body_takes_no_answer_away(port: int) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n"
    assert exchange(port, head + b"x" * 500_000).endswith(b"ok\n")


def test_requests_without_a_body_follow_each_other(port: int) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    assert statuses(exchange(port, one * 3)) == [200, 200, 200]


@pytest.mark.parametrize(
    "target", ["http://[", "http://[::1", "//[/healthz", "http://[zz]/", "http://]/healthz"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_target_that_is_none_is_a_400(port: int, method: str, target: str) -> None:
    request = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    assert statuses(exchange(port, request)) in ([400], [404])
    if target == "http://[":
        assert statuses(exchange(port, request)) == [400]


OWN = socket.gethostname()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *((host, 200) for host in ("localhost", "LOCALHOST:1", "localhost.", "127.0.0.1:80")),
        *((host, 200) for host in ("[::1]", "[::1]:9100", "192.0.2.7", OWN, f"{OWN.upper()}:80")),
        *((host, 200) for host in ("status.example.org", "Status.Example.Org.:80")),
        *((host, 403) for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil")),
        *((host, 403) for host in ("x@localhost", "localhost/x", "", "example.org", "[::1", "a b")),
        *((host, 403) for host in ("localhost:x", "xn--lcalhost-n2a", "127.1.evil:80")),
    ],
)
def test_only_names_of_this_computer_are_answered(port: int, host: str, status: int) -> None:
    for path in ("/healthz", "/status", "/nothing"):
        answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        wanted = 404 if path == "/nothing" and status == 200 else status
        assert statuses(answer) == [wanted]
        if status == 403:
            assert b"status_hosts" in answer
            assert b":80'" not in answer  # status_hosts takes no ports


def test_a_target_s_own_host_counts(port: int) -> None:
    request = "GET http://{}/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert statuses(exchange(port, request.format("evil.example").encode())) == [403]
    assert statuses(exchange(port, request.format("localhost").encode())) == [200]


def test_a_request_has_one_host(port: int) -> None:
    hosts = b"Host: localhost\r\nHost: evil.example\r\n"
    assert statuses(exchange(port, b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")) == [400]
    assert statuses(exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")) == [400]
    assert statuses(exchange(port, b"GET /healthz HTTP/1.0\r\n\r\n")) == [200]


@pytest.mark.parametrize("path", ["/healthz", "/status", "/metrics", "/nothing"])
def test_head_is_get_without_the_body(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, DEADLINE_S)
    with contextlib.closing(connection):
        replies = []
        for method in ("HEAD", "GET", "HEAD"):
            connection.request(method, path)
            reply = connection.getresponse()
            body = reply.read()
            assert bool(body) == (method == "GET")
            replies.append((reply.status, reply.headers["Content-Type"]))
            assert int(reply.headers["Content-Length"]) > 0
    assert len(set(replies)) == 1


def test_those_who_drip_or_say_nothing_keep_nobody_out(port: int) -> None:
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connected(port)) for _ in range(500)]
        for number, sock in enumerate(socks):
            if number % 2:
                with contextlib.suppress(OSError):  # it was ended for another one
                    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")

        def drip() -> None:
            while not stop.wait(0.05):
                for sock in socks[1::2]:
                    with contextlib.suppress(OSError):
                        sock.sendall(b"a")

        dripping = threading.Thread(target=drip, name="drip")
        dripping.start()
        try:
            for _ in range(20):
                request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                assert statuses(exchange(port, request)) == [200]
            serving = [one for one in threading.enumerate() if one.name.startswith("status-port")]
            assert len(serving) <= 2 * MAX_CONNECTIONS
        finally:
            stop.set()
            dripping.join(DEADLINE_S)


def test_status_says_what_it_is_and_where_everything_stands() -> None:
    dhs = Dhs("testDHS")
    config = MotorConfig(lower_limit=-10, upper_limit=10)
    motor = dhs.motor("gonio_phi", config=config, position=1.5)
    motor.on_move(lambda move: None)
    shutter = dhs.shutter("fast", state=ShutterState.CLOSED)
    shutter.on_set(lambda state: None)
    text = dhs.string("session", contents="PRIVATEabc")
    text.on_set(lambda contents: contents)
    host = HardwareHost.of(
        "testDHS", motors=["gonio_phi"], shutters=["fast"], strings={"session": "PRIVATEabc"}
    )
    with SimulatedDcss([host]) as dcss, served(dhs, status_port=0) as url:
        port = urlsplit(url).port
        assert port is not None

        def now() -> dict[str, object]:
            request = b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = exchange(port, request).partition(b"\r\n\r\n")[2]
            assert b"PRIVATE" not in answer
            value = json.loads(answer)
            assert isinstance(value, dict)
            return value

        assert now()["version"] == __version__
        assert now()["link"]["dcss"] == ""  # type: ignore[index]
        with running(dhs, fast_config(dcss.port)):
            dcss.wait_online("testDHS", DEADLINE_S)
            assert now()["link"]["dcss"] == f"127.0.0.1:{dcss.port}"  # type: ignore[index]
            eventually(lambda: all(one["registered"] for one in now()["devices"]))  # type: ignore[attr-defined]
            assert now()["devices"] == [
                {
                    "kind": "motor",
                    "name": "gonio_phi",
                    "registered": True,
                    "position": motor.position,
                    "state": "idle",
                },
                {"kind": "shutter", "name": "fast", "registered": True, "state": "closed"},
                {"kind": "string", "name": "session", "registered": True},
            ]
