"""Cameras and servers of sites: https, logins of all kinds, prefixes, redirects, IPv6."""

import base64
import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from dhs_runtime.errors import (
    ConfigError,
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from dhs_runtime.services.automl import AutoMLClient, PredictRequest
from dhs_runtime.services.axis import AxisClient
from dhs_runtime.services.directory import Services
from dhs_runtime.services.http_client import HttpClient, HttpReply, Login
from tests.runtime.peers import AT_ONCE_S
from tests.services.conftest import Serving
from tests.services.peers import (
    CERTIFICATE,
    JPEG,
    PATIENCE_S,
    Peer,
    Request,
    Script,
    Wire,
    answering,
    reply,
    silent,
    tls_context,
)

needs_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")

# --- https


@pytest.mark.parametrize(
    ("verify", "ca"), [(True, CERTIFICATE), (True, str(CERTIFICATE)), (False, None)]
)
def test_a_self_signed_camera_is_taken_where_it_is_told_so(
    verify: bool, ca: Path | str | None
) -> None:
    with (
        Peer(answering(reply()), tls=tls_context()) as peer,
        AxisClient(peer.url, verify=verify, ca=ca) as client,
    ):
        for _ in range(3):
            assert client.snapshot().data == JPEG
        assert peer.connections == 1  # kept


def test_a_camera_that_nobody_vouches_for_is_refused_with_what_to_do() -> None:
    with (
        Peer(answering(reply()), tls=tls_context()) as peer,
        AxisClient(peer.url) as client,
        pytest.raises(ServiceUnavailableError, match=r"not trusted .*\(ca\).*verify: false"),
    ):
        client.snapshot()
    assert peer.requests == []


def test_a_certificate_of_another_host_is_refused() -> None:
    with (
        Peer(answering(reply()), tls=tls_context()) as peer,
        HttpClient(peer.url.replace("127.0.0.1", "127.0.0.2"), ca=CERTIFICATE) as client,
        pytest.raises(ServiceError, match="127"),
    ):
        client.get("/")
    assert peer.requests == []


def test_http_and_https_are_told_apart(serving: Serving) -> None:
    def refuse_at_once(wire: Wire) -> None:
        wire.sock.recv(1)
        wire.send(b"HTTP/1.1 400 Bad\r\n\r\n")

    plain = serving(refuse_at_once)
    with (
        HttpClient(plain.url.replace("http", "https")) as client,
        pytest.raises(ServiceUnavailableError, match="plain http"),
    ):
        client.get("/")
    with (
        Peer(answering(reply()), tls=tls_context()) as secure,
        HttpClient(secure.url.replace("https", "http")) as client,
        pytest.raises(ServiceError, match=r"https|dropped the connection"),
    ):
        client.get("/")


def test_a_handshake_ends_with_the_budget_or_a_close(serving: Serving) -> None:
    peer = serving(silent)
    url = peer.url.replace("http", "https")
    with (
        HttpClient(url, connect_timeout_s=0.5) as client,
        pytest.raises(ServiceTimeoutError, match="cannot be reached"),
    ):
        client.get("/")
    with HttpClient(url) as client, ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.get, "/")
        peer.wait(lambda: peer.connections == 2)
        closed_at_once(client, call.result)


def test_a_call_over_tls_is_closed() -> None:
    with (
        Peer(silent, tls=tls_context()) as peer,
        HttpClient(peer.url, verify=False) as client,
        ThreadPoolExecutor(1) as threads,
    ):
        call = threads.submit(client.get, "/")
        peer.wait(lambda: len(peer.requests) == 1)
        closed_at_once(client, call.result)


def test_certificates_that_cannot_be_read_are_a_mistake_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(ConfigError, match=name):
            HttpClient("https://camera", ca=tmp_path / name)


def closed_at_once(client: HttpClient, result: Callable[[float], HttpReply]) -> None:
    start = time.monotonic()
    client.close()
    with pytest.raises(ServiceUnavailableError, match="cancelled"):
        result(PATIENCE_S)
    assert time.monotonic() - start < AT_ONCE_S


# --- logins


def guarded(password: str, *challenges: str, user: str = "root") -> Script:
    """A camera that answers 401 with challenges until one is answered."""

    def script(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            if is_admitted(request, user, password):
                wire.send(reply())
            else:
                offers = [f"WWW-Authenticate: {each}" for each in challenges]
                wire.send(reply(b"no", "text/plain", "401 Unauthorized", *offers))

    return script


def is_admitted(request: Request, user: str, password: str) -> bool:
    given = request.headers.get("authorization", "").encode("latin-1").decode()
    if given.startswith("Basic "):
        return base64.b64decode(given[6:]).decode() == f"{user}:{password}"
    said = {
        name: quoted or bare
        for name, quoted, bare in re.findall(r'([\w*]+)=(?:"([^"]*)"|([^,\s]+))', given)
    }
    if not said:
        return False
    algorithm = said.get("algorithm", "MD5")
    name = {"MD5": "md5", "SHA-256": "sha256"}[algorithm.removesuffix("-sess")]

    def hashed(text: str) -> str:
        return hashlib.new(name, text.encode()).hexdigest()

    method, target, _ = request.line.split(" ")
    secret = hashed(f"{user}:AXIS_00408C:{password}")
    if algorithm.endswith("-sess"):
        secret = hashed(f"{secret}:N0:{said['cnonce']}")
    middle = f"N0:{said['nc']}:{said['cnonce']}:auth" if "qop" in said else "N0"
    wanted = hashed(f"{secret}:{middle}:{hashed(f'{method}:{target}')}")
    return (said["uri"], said["response"]) == (target, wanted)


DIGEST = 'Digest realm="AXIS_00408C", nonce="N0"'
BASIC = 'Basic realm="AXIS_00408C"'


@pytest.mark.parametrize(
    "challenges",
    [
        (f'{DIGEST}, qop="auth"',),
        (f'{DIGEST}, qop="auth-int, auth"',),
        (f'{DIGEST}, qop="auth,auth-int", algorithm=MD5',),
        (f"{DIGEST}, qop=auth, algorithm=SHA-256",),
        (f'{DIGEST}, qop="auth", algorithm=MD5-sess, opaque="x"',),
        (DIGEST,),
        (BASIC, f'{DIGEST}, qop="auth"'),
        (f'{BASIC}, {DIGEST}, qop="auth"',),
        (f'{DIGEST}, algorithm=SHA-999, qop="auth"', f'{DIGEST}, algorithm=MD5, qop="auth"'),
        ('digest stale=FALSE,realm="AXIS_00408C",nonce="N0",qop="auth"',),
        ('Digest Realm = "AXIS_00408C", Nonce="N0" , QOP = "auth-int, auth"',),
    ],
)
@pytest.mark.parametrize("password", ["pass", "pässword", "пароль€ 漢", 'a "quoted" \\ one', ""])
def test_digest_in_all_its_forms(
    serving: Serving, challenges: tuple[str, ...], password: str
) -> None:
    peer = serving(guarded(password, *challenges))
    with AxisClient(peer.url, user="root", password=password) as client:
        for _ in range(2):
            assert client.snapshot().data == JPEG
    assert len(peer.requests) == 3  # one 401 in all
    assert not any("Basic" in each.headers.get("authorization", "") for each in peer.requests)


@pytest.mark.parametrize("password", ["pass", "pässword", "пароль€ 漢", "with:colon"])
def test_basic_where_the_file_says_so(serving: Serving, password: str) -> None:
    peer = serving(guarded(password, BASIC))
    with AxisClient(peer.url, user="root", password=password, auth="basic") as client:
        assert client.snapshot().data == JPEG
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("challenge", "auth", "reason"),
    [
        (BASIC, "digest", "wants a login by basic"),
        (f'{DIGEST}, qop="auth"', "basic", "wants a login by digest"),
        (f'{DIGEST}, qop="auth-int"', "digest", 'qop="auth-int"'),
        (f"{DIGEST}, algorithm=SHA-999", "digest", "SHA-999"),
        ("Negotiate", "digest", "by negotiate"),
    ],
)
def test_a_login_that_cannot_succeed_says_what_is_wanted(
    serving: Serving, challenge: str, auth: Literal["digest", "basic"], reason: str
) -> None:
    peer = serving(guarded("pass", challenge, user="nobody"))
    with (
        AxisClient(peer.url, user="root", password="secret", auth=auth) as client,
        pytest.raises(ServiceReplyError, match=reason) as caught,
    ):
        client.snapshot()
    assert "secret" not in str(caught.value)
    assert len(peer.requests) == 1
    if auth == "digest":
        assert "authorization" not in peer.requests[0].headers


# --- URLs


def test_logins_and_prefixes_of_urls_are_used(serving: Serving) -> None:
    peer = serving(guarded("p@ss", f'{DIGEST}, qop="auth"'))
    where = peer.url.removeprefix("http://")
    services = Services()
    try:
        services.open("camera", f"axis://root:p%40ss@{where}/video/1/")
        assert services.get("camera", AxisClient).snapshot().data == JPEG
        services.open("plain", f"http://root:p%40ss@{where}/a")
        assert services.get("plain", HttpClient).get("b").body == JPEG
    finally:
        services.close()
    paths = {request.line.split()[1].partition("?")[0] for request in peer.requests}
    assert paths == {"/video/1/axis-cgi/jpg/image.cgi", "/a/b"}


def test_a_client_refuses_what_it_would_drop() -> None:
    for url in ("http://root:pw@camera", "http://camera/?a=b", "http://camera/#x"):
        with pytest.raises(ConfigError):
            HttpClient(url)


@needs_ipv6
@pytest.mark.parametrize("secure", [False, True])
def test_ipv6_with_and_without_tls(secure: bool) -> None:
    tls = tls_context() if secure else None
    with (
        Peer(answering(reply()), host="::1", tls=tls) as peer,
        AxisClient(peer.url, ca=CERTIFICATE if secure else None) as client,
    ):
        assert client.snapshot().data == JPEG
        assert peer.requests[0].headers["host"] == f"[::1]:{peer.listener.port}"


def test_redirects_say_where_to(serving: Serving) -> None:
    answer = reply(b"", "text/html", "301 Moved", "Location: https://user:pw@camera/jpg")
    with AutoMLClient(serving(answering(answer)).url) as client:
        with pytest.raises(ServiceReplyError, match=r"points to https://\*\*\*@camera/jpg") as told:
            client.predict(PredictRequest("1", JPEG))
        assert "pw" not in str(told.value)


# --- sent once


@pytest.mark.parametrize("status", ["503 Busy", "429 Slow Down", "413 Too Large", "500 Broken"])
def test_what_changes_something_is_sent_once(serving: Serving, status: str) -> None:
    peer = serving(answering(reply(b"", "text/plain", status, "Retry-After: 0")))
    with HttpClient(peer.url) as client:
        for send in (client.post, client.put, client.delete):
            assert send("/x").status == int(status[:3])
        assert client.post("/x", json=1).status == int(status[:3])
        assert client.post("/x", data={"a": "b"}).status == int(status[:3])
    assert len(peer.requests) == 5
    with AutoMLClient(peer.url) as client, pytest.raises(ServiceReplyError):
        client.predict(PredictRequest("1", JPEG))
    assert len(peer.requests) == 6


def hangs_up_on_the_second(wire: Wire) -> None:
    if wire.number == 1:
        wire.request()
        wire.send(reply())
    if wire.request() and wire.number > 1:
        wire.send(reply())


@pytest.mark.parametrize("repeat", [False, True])
def test_a_lost_request_is_sent_again_only_where_it_may_be(serving: Serving, repeat: bool) -> None:
    peer = serving(hangs_up_on_the_second)
    with HttpClient(peer.url) as client:
        client.post("/1")
        if not repeat:
            with pytest.raises(ServiceUnavailableError, match="before it answered"):
                client.post("/2", repeat=repeat)
        else:
            assert client.post("/2", repeat=repeat).status == 200
    assert len(peer.requests) == (3 if repeat else 2)


def test_a_wait_that_is_asked_for_is_kept_within_the_budget(serving: Serving) -> None:
    peer = serving(
        answering(reply(b"", "text/plain", "503 Busy", "Retry-After: 30"), reply(), reply())
    )
    began = time.monotonic()
    with HttpClient(peer.url, total_timeout_s=20) as client:
        assert client.get("/").status == 503  # the wait does not fit
        assert time.monotonic() - began < AT_ONCE_S
    peer = serving(
        answering(reply(b"", "text/plain", "503 Busy", "Retry-After: 1"), reply(), reply())
    )
    began = time.monotonic()
    with HttpClient(peer.url) as client:
        assert client.get("/").status == 200
        assert time.monotonic() - began >= 1.0
    assert len(peer.requests) == 2


def test_a_kept_connection_that_ended_is_noticed_before_a_post(serving: Serving) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(reply())

    peer = serving(script)
    with HttpClient(peer.url) as client:
        for count in (1, 2, 3):
            assert client.post("/x").status == 200
            peer.wait(lambda count=count: peer.ended == count)  # type: ignore[misc]  # a default
            threading.Event().wait(0.05)  # until the end is here, too
    assert len(peer.requests) == 3


def test_a_login_by_user_with_any_letters(serving: Serving) -> None:
    peer = serving(guarded("pass", f'{DIGEST}, qop="auth"', user="jürgen"))
    with HttpClient(peer.url, auth=Login("jürgen", "pass")) as client:
        assert client.get("/").status == 200


def test_a_stale_login_is_made_anew(serving: Serving) -> None:
    """A camera that takes each nonce for two requests only."""
    taken: list[str] = []

    def script(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            nonce = f"N{len(taken) // 2}"
            if f'nonce="{nonce}"' in request.headers.get("authorization", ""):
                taken.append(request.line)
                wire.send(reply())
            else:
                offer = f'WWW-Authenticate: Digest realm="x", nonce="{nonce}", stale=true'
                wire.send(reply(b"", "text/plain", "401 Unauthorized", offer))

    peer = serving(script)
    with HttpClient(peer.url, auth=Login("u", "p")) as client:
        for number in range(6):
            assert client.post(f"/{number}").status == 200
    assert [line.split()[1] for line in taken] == [f"/{number}" for number in range(6)]
    assert len(peer.requests) == 9


def test_a_wrong_password_is_tried_once(serving: Serving) -> None:
    peer = serving(guarded("right", f'{DIGEST}, qop="auth"'))
    with HttpClient(peer.url, auth=Login("root", "wrong")) as client:
        assert client.get("/").status == 401
    assert len(peer.requests) == 2


@pytest.mark.parametrize(
    "challenges",
    [
        ('Digest realm="other", nonce="N9", algorithm=SHA-512-256', f'{DIGEST}, qop="auth"'),
        (f'{DIGEST}, qop="auth", Basic realm="a, b=c"', "Negotiate"),
        (
            f'{DIGEST}, qop="auth", algorithm=MD5',
            'Digest realm="other", nonce="N9", qop="auth-int"',
        ),
        (f"{DIGEST}, algorithm=MD5", 'Digest realm="x", nonce="N9", algorithm=SHA-256, qop="auth"'),
    ],
)
def test_the_first_digest_that_can_be_used_is_used(
    serving: Serving, challenges: tuple[str, ...]
) -> None:
    peer = serving(guarded("pass", *challenges))
    with HttpClient(peer.url, auth=Login("root", "pass")) as client:
        assert client.get("/x", params={"camera": "1"}).status == 200
    assert len(peer.requests) == 2


def test_the_body_of_a_refusal_is_limited_too(serving: Serving) -> None:
    def script(wire: Wire) -> None:
        wire.request()
        wire.send(f"HTTP/1.1 401 No\r\nWWW-Authenticate: {DIGEST}\r\n\r\n".encode())
        while True:
            wire.send(b"x" * 4096)

    peer = serving(script)
    with (
        HttpClient(peer.url, auth=Login("u", "p"), max_reply_bytes=1000) as client,
        pytest.raises(ServiceReplyError, match="more than 1000 bytes"),
    ):
        client.get("/")
    assert len(peer.requests) == 1


def test_threads_log_in_for_themselves(serving: Serving) -> None:
    peer = serving(guarded("pass", f'{DIGEST}, qop="auth"'))
    with (
        HttpClient(peer.url, auth=Login("root", "pass")) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        replies = list(threads.map(lambda n: client.get(f"/{n}").status, range(40)))
    assert replies == [200] * 40
    assert len(peer.requests) <= 44


def test_a_busy_camera_is_logged_in_to_after_the_wait(serving: Serving) -> None:
    asked = reply(b"", "text/plain", "401 Unauthorized", f"WWW-Authenticate: {DIGEST}")
    busy = reply(b"", "text/plain", "503 Busy", "Retry-After: 0")
    peer = serving(answering(busy, asked, busy, reply()))
    with HttpClient(peer.url, auth=Login("root", "pass")) as client:
        assert client.get("/").body == JPEG
    assert len(peer.requests) == 4


def test_a_wrong_challenge_does_no_harm_to_the_next_call(serving: Serving) -> None:
    offers = iter((DIGEST, "", "Digest x=1", 'Digest realm="AXIS_00408C"', DIGEST, ""))

    def script(wire: Wire) -> None:
        while wire.request() is not None:
            offer = next(offers)
            status = "401 Unauthorized" if offer else "200 OK"
            wire.send(reply(JPEG, "image/jpeg", status, f"WWW-Authenticate: {offer}"))

    peer = serving(script)
    with HttpClient(peer.url, auth=Login("root", "pass")) as client:
        assert client.get("/").status == 200
        for _ in range(2):
            with pytest.raises(ServiceReplyError, match="without a realm or a nonce"):
                client.get("/")
        assert client.get("/").status == 200
    assert len(peer.requests) == 6


@pytest.mark.parametrize("realms", [1, 2])
def test_a_realm_that_changes_during_a_login_is_answered(serving: Serving, realms: int) -> None:
    refused: list[str] = []

    def script(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            if f'realm="R{realms}"' in request.headers.get("authorization", ""):
                wire.send(reply())
            else:
                realm = f"R{min(len(refused) + 1, realms)}"
                refused.append(request.line)
                offer = f'WWW-Authenticate: Digest realm="{realm}", nonce="{realm}", qop="auth"'
                wire.send(reply(b"", "text/plain", "401 Unauthorized", offer))

    peer = serving(script)
    with HttpClient(peer.url, auth=Login("u", "p")) as client:
        assert [client.get("/").status for _ in range(3)] == [200] * 3
    assert len(refused) == realms


def test_a_realm_that_changes_each_time_is_given_up(serving: Serving) -> None:
    def script(wire: Wire) -> None:
        for number in range(9):
            if wire.request() is None:
                return
            offer = f'WWW-Authenticate: Digest realm="R{number}", nonce="N"'
            wire.send(reply(b"", "text/plain", "401 Unauthorized", offer))

    peer = serving(script)
    with HttpClient(peer.url, auth=Login("u", "p")) as client:
        assert client.get("/").status == 401
    assert len(peer.requests) == 3
