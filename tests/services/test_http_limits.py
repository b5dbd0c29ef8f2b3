"""Time limits of `HttpClient`: silence, slow replies, waiting calls, closing."""

import re
import socket
import threading
import time
import tracemalloc
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dhs_runtime.errors import (
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from dhs_runtime.services import http_client
from dhs_runtime.services.http_client import HttpClient, HttpReply
from tests.runtime.peers import AT_ONCE_S, free_port
from tests.services.conftest import Serving
from tests.services.failures import failure, on_retry
from tests.services.peers import (
    JPEG,
    PATIENCE_S,
    Script,
    Wire,
    deaf_port,
    reply,
    saying,
    silent,
    soon,
)

# --- time


def test_silence_is_a_timeout(serving: Serving) -> None:
    with HttpClient(serving(silent).url, total_timeout_s=0.5) as client:
        error = failure(client)
    assert isinstance(error, ServiceTimeoutError)
    assert "did not answer within 0.5 s" in str(error)


@pytest.mark.parametrize(
    "dripped",
    [
        reply(b"x" * 1000),
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + b"x" * 1024,
        b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1000,
    ],
)
def test_a_drip_ends_with_the_budget(serving: Serving, dripped: bytes) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.drip(dripped)

    peer = serving(script)
    start = time.monotonic()
    with HttpClient(peer.url, total_timeout_s=0.7) as client:
        error = failure(client)
    assert time.monotonic() - start < AT_ONCE_S
    assert isinstance(error, ServiceTimeoutError)
    assert re.search(r"sent only \d+ bytes within 0\.7 s", str(error))


def test_a_call_may_have_its_own_budget(serving: Serving) -> None:
    with HttpClient(serving(silent).url) as client:
        start = time.monotonic()
        with pytest.raises(ServiceTimeoutError, match=r"within 0\.5 s in all"):
            client.get("/", total_timeout_s=0.5)
        assert time.monotonic() - start < AT_ONCE_S


def test_an_upload_nobody_reads_ends_with_the_budget(serving: Serving) -> None:
    done = threading.Event()
    peer = serving(lambda wire: done.wait(PATIENCE_S))
    with (
        HttpClient(peer.url, total_timeout_s=0.5) as client,
        pytest.raises(ServiceTimeoutError, match="in all"),
    ):
        client.post("/", json="x" * 20_000_000)
    done.set()


def test_a_call_waits_for_its_turn(serving: Serving) -> None:
    release = threading.Event()

    def script(wire: Wire) -> None:
        while wire.request() is not None:
            release.wait(PATIENCE_S)
            wire.send(reply())

    peer = serving(script)
    with HttpClient(peer.url, pool_size=1) as client, ThreadPoolExecutor(2) as threads:
        first = threads.submit(client.get, "/1")
        peer.wait(lambda: len(peer.requests) == 1)
        with pytest.raises(ServiceTimeoutError, match=r"no turn within 0\.05 s"):
            client.get("/2", total_timeout_s=0.05)
        third = threads.submit(client.get, "/3")
        release.set()
        assert first.result(PATIENCE_S).body == third.result(PATIENCE_S).body == JPEG
    assert [request.line.split()[1] for request in peer.requests] == ["/1", "/3"]


# --- memory


def test_small_chunks_take_little_more_memory_than_their_body(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "PIECE_BYTES", 4096)
    chunks = b"2\r\nab\r\n" * 20_000
    peer = serving(
        saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    )
    with HttpClient(peer.url) as client:
        client.get("/")  # what is imported and kept at the first call is not counted
        tracemalloc.start()
        try:
            body = client.get("/").body
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(body) == 40_000
    assert most < 1_000_000  # read in one piece it takes 2.5 million


# --- close


def dripping(wire: Wire) -> None:
    wire.request()
    wire.send(b"HTTP/1.0 200 OK\r\n\r\n")  # ends with the connection: a close must not look so
    wire.drip(b"x" * 10_000)


def closed_within(client: HttpClient, call: Future[HttpReply]) -> None:
    start = time.monotonic()
    client.close()
    with pytest.raises(ServiceUnavailableError, match="cancelled"):
        call.result(PATIENCE_S)
    assert time.monotonic() - start < AT_ONCE_S


@pytest.mark.parametrize("script", [silent, dripping])
def test_close_wakes_calls_and_refuses_new_ones(serving: Serving, script: Script) -> None:
    peer = serving(script)
    with HttpClient(peer.url, pool_size=3) as client, ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(client.get, f"/{n}") for n in range(3)]
        peer.wait(lambda: len(peer.requests) == 3)
        for call in calls:
            closed_within(client, call)
        with pytest.raises(ServiceUnavailableError, match="cancelled"):
            client.get("/")
    assert peer.connections == 3


def test_close_wakes_a_connect() -> None:
    with (
        deaf_port() as port,
        HttpClient(f"http://127.0.0.1:{port}") as client,
        ThreadPoolExecutor(1) as threads,
    ):
        call = threads.submit(client.get, "/")
        soon(lambda: any(line.transport._socket for line in client._lines))
        closed_within(client, call)


@pytest.mark.parametrize("closes", [True, False])
def test_a_look_up_ends_with_a_close_or_the_budget(
    monkeypatch: pytest.MonkeyPatch, closes: bool
) -> None:
    asked, release = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        assert release.wait(PATIENCE_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with (
        HttpClient("http://camera", connect_timeout_s=PATIENCE_S if closes else 0.1) as client,
        ThreadPoolExecutor(1) as threads,
    ):
        call = threads.submit(client.get, "/")
        assert asked.wait(PATIENCE_S)
        if closes:
            closed_within(client, call)
        else:
            with pytest.raises(ServiceUnavailableError, match="cannot be reached"):
                call.result(PATIENCE_S)
    release.set()


def test_close_between_look_up_and_connect(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo
    peer = serving(silent)
    with HttpClient(peer.url) as client:

        def closing(host: str, port: int, **kind: int) -> object:
            client.close()
            return look_up(host, port, **kind)

        monkeypatch.setattr(socket, "getaddrinfo", closing)
        with pytest.raises(ServiceUnavailableError, match="cancelled"):
            client.get("/")
        assert not any(line.transport._socket for line in client._lines)
    assert peer.connections == 0


def test_close_wakes_a_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "PAUSES_S", [60.0] * 2)
    retrying = threading.Event()
    with (
        on_retry(retrying.set),
        HttpClient(f"http://127.0.0.1:{free_port()}", total_timeout_s=240) as client,
        ThreadPoolExecutor(1) as threads,
    ):
        call = threads.submit(client.get, "/")
        assert retrying.wait(PATIENCE_S)
        closed_within(client, call)


def test_close_wakes_a_call_that_waits_for_its_turn(serving: Serving) -> None:
    peer = serving(silent)
    with HttpClient(peer.url, pool_size=1) as client, ThreadPoolExecutor(2) as threads:
        first = threads.submit(client.get, "/1")
        peer.wait(lambda: len(peer.requests) == 1)
        second = threads.submit(client.get, "/2")
        closed_within(client, second)
        with pytest.raises(ServiceUnavailableError, match="cancelled"):
            first.result(PATIENCE_S)
    assert len(peer.requests) == 1


def test_close_ends_connections_too(serving: Serving) -> None:
    peer = serving(silent)
    client = HttpClient(peer.url)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.get, "/")
        peer.wait(lambda: len(peer.requests) == 1)
        client.close()
        with pytest.raises(ServiceUnavailableError, match="cancelled"):
            call.result(PATIENCE_S)
    peer.wait(lambda: peer.ended == 1)
    assert not any(line.transport._socket for line in client._lines)
