"""`HttpClient` with correct, failing and wrong servers."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dhs_runtime.errors import (
    ConfigError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from dhs_runtime.services import http_client
from dhs_runtime.services.http_client import HttpClient, HttpReply, Login
from dhs_runtime.services.listener import TcpListener, reset
from tests.runtime.peers import AT_ONCE_S, free_port
from tests.services.conftest import Serving
from tests.services.failures import failure, on_retry
from tests.services.peers import (
    JPEG,
    PATIENCE_S,
    Wire,
    answering,
    deaf_port,
    reply,
    saying,
)

# --- calls that work


def test_a_get_returns_status_type_and_body(serving: Serving) -> None:
    peer = serving(answering(reply(b"hello", "text/plain; charset=x", "404 Not Found")))
    with HttpClient(peer.url + "/base/") as client:
        got = client.get("/a/b.cgi", params={"resolution": "704x480", "text": "a b"})
    assert got == HttpReply(404, "text/plain; charset=x", b"hello", peer.url + "/base/a/b.cgi")
    (request,) = peer.requests
    assert request.line == "GET /base/a/b.cgi?resolution=704x480&text=a+b HTTP/1.1"
    assert request.headers["accept-encoding"] == "identity"


def test_posts_carry_json_and_forms(serving: Serving) -> None:
    peer = serving(answering(reply(b'{"ok": [1]}', "application/json")))
    with HttpClient(peer.url) as client:
        assert client.post("/j", json={"a": [1, "µ"]}).json() == {"ok": [1]}
        client.post("/f", data={"a": "1", "b": "x y"})
        with pytest.raises(ValueError, match="JSON"):
            client.post("/j", json=float("nan"))
    first, second = peer.requests
    assert first.headers["content-type"] == "application/json"
    assert first.body == b'{"a": [1, "\\u00b5"]}'
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert second.body == b"a=1&b=x+y"


def test_every_verb_takes_a_query(serving: Serving) -> None:
    peer = serving(answering(reply(b"done")))
    query = {"index": "7", "key": "a b&c"}
    with HttpClient(peer.url) as client:
        client.put("/detector/api/config/count_time", json={"value": 0.5}, params=query)
        client.put("/command/arm", data=b"\x00\xff", params=query, content_type="text/plain")
        client.put("/command/trigger")
        client.delete("/files/1", params=query)
        client.post("/j", json=None, params=query)
        client.post("/f", data={"a": "1"}, params=query)
        with pytest.raises(ValueError, match="JSON"):
            client.put("/j", json=float("inf"))
    wanted = "?index=7&key=a+b%26c HTTP/1.1"
    assert [request.line for request in peer.requests] == [
        f"PUT /detector/api/config/count_time{wanted}",
        f"PUT /command/arm{wanted}",
        "PUT /command/trigger HTTP/1.1",
        f"DELETE /files/1{wanted}",
        f"POST /j{wanted}",
        f"POST /f{wanted}",
    ]
    assert [request.body for request in peer.requests] == [
        *(b'{"value": 0.5}', b"\x00\xff", b"", b"", b"null", b"a=1"),
    ]
    assert peer.requests[0].headers["content-type"] == "application/json"
    assert peer.requests[1].headers["content-type"] == "text/plain"


def test_an_unknown_option_is_a_mistake() -> None:
    options = {"timeout": 3.0}
    with pytest.raises(TypeError, match="timeout"):
        HttpClient("http://camera", **options)  # type: ignore[arg-type]  # as by a typing error
    with HttpClient("http://camera") as client, pytest.raises(TypeError, match="timeout"):
        client.get("/", **options)  # type: ignore[arg-type]


def test_a_put_is_never_sent_twice(serving: Serving) -> None:
    peer = serving(answering(reply(b"no", "text/plain", "503 Busy")))
    with HttpClient(peer.url) as client:
        assert client.put("/arm", json=1).status == 503
        assert client.delete("/arm", total_timeout_s=5).status == 503
    assert len(peer.requests) == 2


def test_a_connection_is_kept_and_closed_with_the_client(serving: Serving) -> None:
    peer = serving(answering(reply(), reply(b"", "text/plain", "200 OK", "Set-Cookie: a=b")))
    client = HttpClient(peer.url)
    for _ in range(3):
        assert client.get("/").status == 200
    assert peer.connections == 1
    assert all("cookie" not in request.headers for request in peer.requests)
    client.close()
    peer.wait(lambda: peer.ended == 1)


def test_redirects_are_left_to_the_caller(serving: Serving) -> None:
    answer = reply(b"gone", "text/plain", "302 Found", "Location: http://\xff\xfe:x/")
    peer = serving(answering(answer))
    with HttpClient(peer.url) as client:
        assert client.get("/").status == 302
        assert client.get("/").body == b"gone"
    assert len(peer.requests) == 2


def test_proxies_of_the_environment_are_ignored(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    peer = serving(answering(reply()))
    with HttpClient(peer.url) as client:
        assert client.get("/").body == JPEG


def test_passwords_of_the_environment_are_not_sent(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login root password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    peer = serving(answering(reply(b"", "text/plain", "401 Unauthorized")))
    with HttpClient(peer.url) as client:
        assert client.get("/").trouble == f"{peer.url}/ answered 401: it wants a login"
    assert "authorization" not in peer.requests[0].headers


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"Error: no camera 3\r\nmore", "text/plain", ": Error: no camera 3"),
        (b"\n  overloaded \n", "Text/Plain; charset=utf-8", ": overloaded"),
        (b"x" * 500, "text/plain", ": " + "x" * 80),
        (b"\x00\x01", "text/plain", ""),
        (b"", "text/plain", ""),
        (b'{"error": "told by its reader"}', "text/plain", ""),
        (b"<html>", "text/html", ""),
    ],
)
def test_the_reason_in_plain_text_is_told(
    serving: Serving, body: bytes, kind: str, told: str
) -> None:
    peer = serving(answering(reply(body, kind, "400 Bad Request")))
    with HttpClient(peer.url) as client:
        assert client.get("/x").trouble == f"{peer.url}/x answered 400{told}"


@pytest.mark.parametrize(
    ("host", "sent"),
    [("Kamera-süd.example", "xn--kamera-sd-x9a.example"), ("cam_1.", "cam_1.")],
)
def test_names_of_hosts_are_sent_as_dns_has_them(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, host: str, sent: str
) -> None:
    peer = serving(answering(reply()))
    port = peer.listener.port
    there = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    with HttpClient(f"http://{host}:{port}") as client:
        assert client.get("/").status == 200
    assert peer.requests[0].headers["host"].lower() == f"{sent}:{port}"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("a b/ü.jpg", "/a%20b/%C3%BC.jpg"),
        ("/50%", "/50%25"),
        ("/a%2Fb#c", "/a%2Fb%23c"),
        ("//x//y?q=1", "/x//y?q=1"),
    ],
)
def test_paths_are_quoted_once(serving: Serving, path: str, sent: str) -> None:
    peer = serving(answering(reply()))
    with HttpClient(peer.url) as client:
        assert client.get(path).status == 200
    assert peer.requests[0].line == f"GET {sent} HTTP/1.1"


@pytest.mark.parametrize(
    "chunks",
    [
        b"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n",
        b"1\r\na\r\n6\r\nbcdefg\r\n0\r\nX: y\r\n\r\n",
        b"7\r\nabcdefg\r\n0\r\n",  # some close after the last chunk
        b"7\r\nabcdefg\r\n0\r\nX: y\r\n",
    ],
)
def test_chunked_replies_are_joined(serving: Serving, chunks: bytes) -> None:
    peer = serving(saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    with HttpClient(peer.url) as client:
        got = client.get("/")
    assert (got.content_type, got.body) == ("", b"abcdefg")


def test_old_servers_end_a_reply_by_closing(serving: Serving) -> None:
    peer = serving(saying(b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG))
    with HttpClient(peer.url) as client:
        assert client.get("/").body == JPEG


def test_many_threads_share_few_connections(serving: Serving) -> None:
    def echo(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            wire.send(reply(request.line.split()[1].encode(), "text/plain"))

    peer = serving(echo)
    with HttpClient(peer.url, pool_size=4) as client, ThreadPoolExecutor(12) as threads:
        replies = threads.map(lambda n: client.get(f"/{n}").body, range(120))
        assert list(replies) == [b"/%d" % n for n in range(120)]
    assert peer.connections <= 4


def test_json_that_is_none_is_an_error_of_the_reply() -> None:
    with pytest.raises(ServiceReplyError, match="'<html>'") as caught:
        HttpReply(502, "text/html", b"<html>", "http://cam/x").json()
    assert caught.value.status == 502
    for body in (b"", b"\xff\xfe\xfd", b"[" * 100_000, b"9" * 10_000):
        with pytest.raises(ServiceReplyError, match="not JSON"):
            HttpReply(200, "application/json", body).json()


def test_a_login_hides_its_password() -> None:
    assert "hunter2" not in repr(Login("root", "hunter2"))


@pytest.mark.parametrize(
    "url",
    [
        "camera:80",
        "camera",
        "",
        "http://",
        "ftp://camera",
        "http://camera:port",
        "http://camera:99999",
        "http://a..b/",
        "http://camera/?a=b",
        "http://camera/#top",
        "http://root:hunter2@camera",
        "http://root:hunter2@camera:bad",
        "http://[::1",
        "http://☃.example",
    ],
)
def test_unusable_urls_are_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpClient(url)
    assert "hunter2" not in str(caught.value)


# --- connections that fail


def test_a_refused_connection_says_what_to_check() -> None:
    with HttpClient(f"http://127.0.0.1:{free_port()}") as client:
        error = failure(client)
    assert isinstance(error, ServiceUnavailableError)
    assert "refused the connection" in str(error)


def test_a_refused_connection_is_tried_again() -> None:
    served = threading.Event()

    def serve(sock: socket.socket, address: tuple[str, int]) -> None:
        served.set()
        sock.recv(65536)
        sock.sendall(reply())

    listener = TcpListener(serve, name="late", port=free_port())
    with (
        on_retry(listener.open),
        HttpClient(f"http://127.0.0.1:{listener.port}") as client,
    ):
        assert client.get("/").body == JPEG
    assert served.is_set()
    assert listener.close(PATIENCE_S) == ()


def test_retries_end_with_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "PAUSES_S", [0.01] * 10_000)
    url = f"http://127.0.0.1:{free_port()}"
    start = time.monotonic()
    with HttpClient(url, total_timeout_s=0.25) as client:
        assert isinstance(failure(client), ServiceUnavailableError)
    assert time.monotonic() - start < AT_ONCE_S


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://255.255.255.255:80", "cannot be reached"),
        ("http://[fe80::1%25nosuch]:80", "cannot be reached"),
    ],
)
def test_an_unreachable_host_says_so(url: str, reason: str) -> None:
    with HttpClient(url, connect_timeout_s=20) as client:
        error = failure(client)
    assert isinstance(error, ServiceUnavailableError)
    assert reason in str(error)


def test_a_connect_that_hangs_times_out() -> None:
    with deaf_port() as port:
        start = time.monotonic()
        with HttpClient(f"http://127.0.0.1:{port}", connect_timeout_s=0.5) as client:
            error = failure(client)
        assert time.monotonic() - start < AT_ONCE_S  # once, though retries are allowed
    assert isinstance(error, ServiceTimeoutError)
    assert "cannot be reached (no answer in time)" in str(error)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_stale_connection_is_replaced(serving: Serving, end: str) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(reply())
        wire.request()
        if wire.number == 1:  # the request of a kept-alive connection is dropped
            if end == "reset":
                reset(wire.sock)
            return
        wire.send(reply())

    peer = serving(script)
    with HttpClient(peer.url) as client:
        client.get("/first")
        got = client.get("/second")
    assert got.body == JPEG
    assert peer.connections == 2
    assert [request.line.split()[1] for request in peer.requests] == [
        "/first",
        "/second",
        "/second",
    ]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_new_connection_that_is_dropped_is_not_tried_again(serving: Serving, end: str) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        if end == "reset":
            reset(wire.sock)

    peer = serving(script)
    with HttpClient(peer.url) as client:
        error = failure(client)
    assert isinstance(error, ServiceUnavailableError)
    assert "dropped the connection before it answered" in str(error)
    assert peer.connections == 1


@pytest.mark.parametrize(
    "part",
    [
        b"HTTP/1.1 200 OK\r\nConte",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
def test_part_of_a_reply_is_an_error_and_final(serving: Serving, part: bytes) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(reply())
        wire.request()
        wire.send(part)

    peer = serving(script)
    with HttpClient(peer.url) as client:
        client.get("/")
        error = failure(client)
    assert isinstance(error, ServiceUnavailableError)
    assert "in the middle of its reply" in str(error)
    assert peer.connections == 1


# --- replies that are none


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_8.0\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_an_error_of_the_reply(serving: Serving, answer: bytes) -> None:
    peer = serving(saying(answer))
    with HttpClient(peer.url) as client:
        error = failure(client)
    assert isinstance(error, ServiceReplyError)
    assert "not HTTP" in str(error)
    assert peer.connections == 1


def test_a_compressed_reply_is_refused(serving: Serving) -> None:
    peer = serving(answering(reply(b"x", "text/plain", "200 OK", "Content-Encoding: gzip")))
    with HttpClient(peer.url) as client:
        assert "compressed reply (gzip)" in str(failure(client))


def test_an_announced_size_is_refused_at_once(serving: Serving) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        wire.gone()

    peer = serving(script)
    with HttpClient(peer.url, max_reply_bytes=1000) as client:
        error = failure(client)
        peer.wait(lambda: peer.ended == 1)  # the connection is not kept
    assert isinstance(error, ServiceReplyError)
    assert "more than 1000 bytes" in str(error)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 4096),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"800\r\n" + b"x" * 2048 + b"\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1;" + b"e" * 60_000 + b"\r\nx\r\n",
        ),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
)
def test_an_endless_reply_is_cut_off(serving: Serving, start: bytes, piece: bytes) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(start)
        while True:
            wire.send(piece)

    peer = serving(script)
    with HttpClient(peer.url, max_reply_bytes=1000, total_timeout_s=100) as client:
        error = failure(client)
    assert isinstance(error, ServiceReplyError)
    assert "more than 1000 bytes" in str(error)


@pytest.mark.parametrize(
    "challenge", ['Digest nonce="1"', 'Digest realm="r"', 'Digest realm="r", nonce', "Digest x=1"]
)
def test_an_incomplete_challenge_is_an_error_of_the_reply(serving: Serving, challenge: str) -> None:
    challenge = f"WWW-Authenticate: {challenge}"
    peer = serving(answering(reply(b"", "text/plain", "401 Unauthorized", challenge)))
    with HttpClient(peer.url, auth=Login("u", "p")) as client:
        with pytest.raises(ServiceReplyError, match="without a realm or a nonce") as caught:
            client.get("/")
        assert caught.value.status == 401
