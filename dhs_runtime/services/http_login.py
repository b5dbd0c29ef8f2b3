"""Logging in to an HTTP server: Basic (RFC 7617) and Digest (RFC 7616, before RFC 2617).

Names and passwords are sent as UTF-8. A password is sent as Basic only if the caller asks for it.
"""

import base64
import hashlib
import re
import secrets
import threading
from typing import Final, Literal
from urllib.parse import quote

import attrs

from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.services.http_message import Headers

_CHALLENGE: Final = re.compile(
    r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))|([A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$)'
)
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


@attrs.frozen
class Login:
    """Name and password for a service; Axis cameras need `digest`, old video servers `basic`."""

    user: str
    password: str = attrs.field(repr=False)
    scheme: Literal["digest", "basic"] = "digest"


class Authorizer:
    """Makes the header `Authorization` for requests to one server; any thread may use it."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._lock = threading.Lock()  # guards the two below
        self._challenge: dict[str, str] = {}
        self._count = 0

    def header(self, method: str, target: str) -> str:
        """The header of a request; "" if the server has not sent a challenge yet."""
        login = self._login
        if login.scheme == "basic":
            token = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
            return f"Basic {token}"
        with self._lock:
            self._count += 1
            challenge, count = self._challenge, self._count
        return _digest(login, challenge, method, target, count) if challenge else ""

    def take(self, headers: Headers, sent: str, url: str) -> bool:
        """Read the challenge of a 401; returns whether another try can help.

        Args:
            headers: The headers of the answer.
            sent: The header that was refused, "" if none was sent.
            url: For the error.

        Raises:
            ServiceReplyError: The challenge is incomplete or not supported.
        """
        if self._login.scheme == "basic":
            return False
        offers = challenges(headers)
        digests = [fields for scheme, fields in offers if scheme == "digest"]
        if not digests:
            return False
        known = [fields for fields in digests if _hash_name(fields) in _HASHES]
        if not known:
            kinds = ", ".join(fields["algorithm"] for fields in digests)
            raise ServiceReplyError(f"{url} wants a digest login by {kinds}: not supported", 401)
        challenge = known[0]
        for name in ("realm", "nonce"):
            if name not in challenge:
                raise ServiceReplyError(f"{url} asks for a digest login without {name!r}", 401)
        if "qop" in challenge and not _qops(challenge):
            raise ServiceReplyError(f"{url} wants a digest with qop={challenge['qop']}", 401)
        is_stale = challenge.get("stale", "").lower() == "true"
        with self._lock:
            is_new = challenge["nonce"] != self._challenge.get("nonce")
            self._challenge, self._count = challenge, 0 if is_new else self._count
        return not sent or is_stale or f'nonce="{challenge["nonce"]}"' not in sent


def challenges(headers: Headers) -> list[tuple[str, dict[str, str]]]:
    """Scheme, in lower case, and parameters of each login that a 401 offers."""
    found: list[tuple[str, dict[str, str]]] = []
    for value in headers.get_all("WWW-Authenticate"):
        for match in _CHALLENGE.finditer(value):
            if match[4]:
                found.append((match[4].lower(), {}))
            elif found:
                text = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
                found[-1][1].setdefault(match[1].lower(), text)
    return found


def _hash_name(challenge: dict[str, str]) -> str:
    return challenge.get("algorithm", "MD5").upper().removesuffix("-SESS")


def _qops(challenge: dict[str, str]) -> bool:
    return "auth" in [each.strip().lower() for each in challenge["qop"].split(",")]


def _digest(login: Login, challenge: dict[str, str], method: str, target: str, count: int) -> str:
    def hashed(text: str) -> str:
        name = _HASHES[_hash_name(challenge)]
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce = challenge["realm"], challenge["nonce"]
    cnonce, counted = secrets.token_hex(8), f"{count:08x}"
    secret = hashed(f"{login.user}:{realm}:{login.password}")
    if challenge.get("algorithm", "").upper().endswith("-SESS"):
        secret = hashed(f"{secret}:{nonce}:{cnonce}")
    has_qop = "qop" in challenge
    middle = f"{nonce}:{counted}:{cnonce}:auth" if has_qop else nonce
    quoted = {"realm": realm, "nonce": nonce, "uri": target}
    quoted["response"] = hashed(f"{secret}:{middle}:{hashed(f'{method}:{target}')}")
    if "opaque" in challenge:
        quoted["opaque"] = challenge["opaque"]
    if has_qop:
        quoted["cnonce"] = cnonce
    bare = {"algorithm": challenge["algorithm"]} if "algorithm" in challenge else {}
    if has_qop:
        bare |= {"qop": "auth", "nc": counted}
    if not login.user.isascii() and challenge.get("charset", "").upper() == "UTF-8":
        bare["username*"] = "UTF-8''" + quote(login.user, safe="")  # RFC 7616, 3.4
    else:
        quoted["username"] = login.user
    escaped = {name: re.sub(r'(["\\])', r"\\\1", text) for name, text in quoted.items()}
    return "Digest " + ", ".join(
        [f'{name}="{text}"' for name, text in escaped.items()]
        + [f"{name}={text}" for name, text in bare.items()]
    )
