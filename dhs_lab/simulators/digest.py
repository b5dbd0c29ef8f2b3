"""The server side of HTTP Digest authentication (RFC 7616, MD5, qop=auth), as in Axis cameras."""

import hashlib
import hmac
import re
import secrets
import threading
from enum import Enum
from typing import Final

_MAX_NONCES: Final = 256
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')
_COUNT = re.compile(r"[0-9a-fA-F]{8}\Z")


class Admission(Enum):
    """The decision about a request."""

    ADMITTED = "admitted"
    """User and password are right."""
    REFUSED = "refused"
    """They are wrong, or missing."""
    STALE = "stale"
    """The password is right; the nonce is unknown, forgotten or used before."""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class DigestGuard:
    """Checks one user; keeps the latest `_MAX_NONCES` nonces."""

    def __init__(self, user: str, password: str, realm: str) -> None:
        self._user = user
        self._realm = realm
        self._secret = _md5(f"{user}:{realm}:{password}")
        self._lock = threading.Lock()  # guards _counts
        self._counts: dict[str, int] = {}  # the highest count by nonce, oldest first

    def challenge(self, *, stale: bool = False) -> str:
        """A `WWW-Authenticate` header with a fresh nonce."""
        nonce = secrets.token_hex(16)
        with self._lock:
            if len(self._counts) >= _MAX_NONCES:
                del self._counts[next(iter(self._counts))]
            self._counts[nonce] = 0
        again = ", stale=true" if stale else ""
        return f'Digest realm="{self._realm}", nonce="{nonce}", algorithm=MD5, qop="auth"{again}'

    def check(self, method: str, target: str, header: str | None) -> Admission:
        """Check the `Authorization` header of a request for `target` (path and query)."""
        scheme, _, rest = (header or "").partition(" ")
        given = {
            match[1].lower(): match[2] if match[3] is None else match[3]
            for match in _PARAMETER.finditer(rest)
        }
        nonce, count = given.get("nonce", ""), given.get("nc", "")
        expected = {
            "username": self._user,
            "realm": self._realm,
            "uri": target,
            "qop": "auth",
            "response": self._response(method, target, nonce, count, given.get("cnonce", "")),
        }
        right = (
            scheme.lower() == "digest"
            and given.get("algorithm", "MD5").upper() == "MD5"
            and _COUNT.match(count) is not None
            and all(
                hmac.compare_digest(given.get(name, "").encode(), value.encode())
                for name, value in expected.items()
            )
        )
        if not right:
            return Admission.REFUSED
        return Admission.ADMITTED if self._is_fresh(nonce, int(count, 16)) else Admission.STALE

    def _response(self, method: str, target: str, nonce: str, count: str, cnonce: str) -> str:
        request = _md5(f"{method}:{target}")
        return _md5(f"{self._secret}:{nonce}:{count}:{cnonce}:auth:{request}")

    def _is_fresh(self, nonce: str, count: int) -> bool:
        """Whether this nonce is ours and was not used with this count before."""
        with self._lock:
            known = self._counts.get(nonce)
            if known is None or count <= known:
                return False
            self._counts[nonce] = count
            return True
