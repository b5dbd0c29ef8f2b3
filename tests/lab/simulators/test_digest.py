"""Digest authentication: the example of RFC 2617, refusals, replays."""

import hashlib
import re

import pytest

from dhs_lab.simulators import digest
from dhs_lab.simulators.digest import Admission, DigestGuard

TARGET = "/axis-cgi/jpg/image.cgi?camera=1"


def md5(*words: str) -> str:
    return hashlib.md5(":".join(words).encode()).hexdigest()


def nonce_of(challenge: str) -> str:
    match = re.search(r'nonce="([0-9a-f]+)"', challenge)
    assert match
    return match[1]


def header(nonce: str, **changes: str) -> str:
    """An Authorization header as a client makes it; `changes` replace its parameters."""
    words = {"username": "bl831", "realm": "AXIS_1", "nonce": nonce, "uri": TARGET, "qop": "auth"}
    words |= {"nc": "00000001", "cnonce": "0a4f113b", "algorithm": "MD5"} | changes
    words.setdefault(
        "response",
        md5(
            md5(words["username"], words["realm"], "se:cret"),
            nonce,
            words["nc"],
            words["cnonce"],
            words["qop"],
            md5("GET", words["uri"]),
        ),
    )
    bare = ("qop", "nc", "algorithm")
    return "Digest " + ", ".join(
        f"{name}={value}" if name in bare else f'{name}="{value}"' for name, value in words.items()
    )


@pytest.fixture
def guard() -> DigestGuard:
    return DigestGuard("bl831", "se:cret", "AXIS_1")


def test_the_challenge_names_realm_and_method(guard: DigestGuard) -> None:
    challenge = guard.challenge()
    assert challenge.startswith('Digest realm="AXIS_1", nonce="')
    assert 'algorithm=MD5, qop="auth"' in challenge
    assert "stale" not in challenge
    assert guard.challenge(stale=True).endswith("stale=true")
    assert nonce_of(guard.challenge()) != nonce_of(challenge)


def test_who_knows_the_password_is_admitted(guard: DigestGuard) -> None:
    nonce = nonce_of(guard.challenge())
    assert guard.check("GET", TARGET, header(nonce)) is Admission.ADMITTED
    assert guard.check("GET", TARGET, header(nonce, nc="00000002")) is Admission.ADMITTED
    lower = header(nonce, nc="0000000a").replace("Digest", "digest")
    assert guard.check("GET", TARGET, lower) is Admission.ADMITTED


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "somebody"},
        {"realm": "AXIS_2"},
        {"uri": "/axis-cgi/jpg/image.cgi?camera=2"},
        {"response": "0" * 32},
        {"response": "ü"},
        {"algorithm": "SHA-256"},
        {"qop": "auth-int"},
        {"nc": "1"},
        {"nc": "0000000x"},
    ],
    ids=str,
)
def test_who_says_anything_else_is_refused(guard: DigestGuard, changes: dict[str, str]) -> None:
    nonce = nonce_of(guard.challenge())
    assert guard.check("GET", TARGET, header(nonce, **changes)) is Admission.REFUSED
    assert guard.check("GET", TARGET, header(nonce)) is Admission.ADMITTED  # it changed nothing


@pytest.mark.parametrize("text", [None, "", "Digest", "Basic YTpi", "Digest =,=", 'Digest a="'])
def test_other_headers_are_refused(guard: DigestGuard, text: str | None) -> None:
    assert guard.check("GET", TARGET, text) is Admission.REFUSED


def test_a_response_to_another_request_is_refused(guard: DigestGuard) -> None:
    good = header(nonce_of(guard.challenge()))
    assert guard.check("HEAD", TARGET, good) is Admission.REFUSED
    assert guard.check("GET", TARGET + "&x=1", good) is Admission.REFUSED


def test_the_request_named_in_the_header_is_the_one_made(guard: DigestGuard) -> None:
    nonce = nonce_of(guard.challenge())
    response = re.search(r'response="(\w+)"', header(nonce))
    assert response
    other = header(nonce, uri="/elsewhere", response=response[1])
    assert guard.check("GET", TARGET, other) is Admission.REFUSED


def test_what_was_seen_before_is_stale(guard: DigestGuard) -> None:
    nonce = nonce_of(guard.challenge())
    second = header(nonce, nc="00000002")
    assert guard.check("GET", TARGET, second) is Admission.ADMITTED
    assert guard.check("GET", TARGET, second) is Admission.STALE
    assert guard.check("GET", TARGET, header(nonce)) is Admission.STALE
    assert guard.check("GET", TARGET, header("0" * 32)) is Admission.STALE


def test_old_nonces_are_forgotten(guard: DigestGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_MAX_NONCES", 3)
    nonces = [nonce_of(guard.challenge()) for _ in range(5)]
    verdicts = [guard.check("GET", TARGET, header(nonce)) for nonce in nonces]
    assert verdicts == [Admission.STALE] * 2 + [Admission.ADMITTED] * 3
