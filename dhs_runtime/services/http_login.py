"""Logging in: Basic and Digest of `requests`, for cameras as they are."""

import re
from http import HTTPStatus
from typing import Any, Final, Literal

import attrs
from requests import Response
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.services.http_reply import challenges

_ALGORITHMS: Final = ("MD5", "MD5-SESS", "SHA", "SHA-256", "SHA-512")
_ALGORITHM: Final = re.compile(r'algorithm\s*=\s*"?([\w-]+)', re.IGNORECASE)
_QOP: Final = re.compile(r'qop\s*=\s*(?:"([^"]*)"|([\w-]+))', re.IGNORECASE)
_REALM: Final = re.compile(r'digest\s.*?realm\s*=\s*("[^"]*")', re.IGNORECASE)


@attrs.frozen
class Login:
    """Name and password for a service; Axis cameras need `digest`, old video servers `basic`."""

    user: str
    password: str = attrs.field(repr=False)
    scheme: Literal["digest", "basic"] = "digest"

    def for_requests(self) -> AuthBase:
        """The login in the form that `requests` takes."""
        if self.scheme == "basic":  # in bytes, since `requests` writes texts in Latin-1
            return HTTPBasicAuth(self.user.encode(), self.password.encode())
        return _Digest(self.user, self.password)


class _Digest(HTTPDigestAuth):
    """For cameras that offer several logins or qualities, and users in any alphabet."""

    def handle_401(self, r: Response, **options: Any) -> Response:
        """Log in by the first digest that is offered and supported; again if the realm changes."""
        offered = [each for each in challenges(r.headers) if each.lower().startswith("digest ")]
        if r.status_code != HTTPStatus.UNAUTHORIZED or not offered:
            return r
        url = str(r.request.url).partition("?")[0]
        chosen = next(filter(_is_supported, offered), None)
        if chosen is None:
            raise ServiceReplyError(f"{url} wants a login that is not supported: {offered[0]}", 401)
        r.headers["WWW-Authenticate"] = _QOP.sub("qop=auth", chosen)
        answer: Response = super().handle_401(r, **options)  # type: ignore[no-untyped-call]
        realm = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
        if realm is None or realm[1] in chosen or r.history:
            return answer
        self(answer.request)  # which lets it log in again
        return self.handle_401(answer, **options)

    def build_digest_header(self, method: str, url: str) -> str:
        """In UTF-8, spelled in the Latin-1 that http.client writes."""
        try:
            header = super().build_digest_header(method, url)  # type: ignore[no-untyped-call]
        except (KeyError, AttributeError):  # it takes both for granted
            where = url.partition("?")[0]
            reason = f"{where} asks for a digest login without a realm or a nonce"
            raise ServiceReplyError(reason, 401) from None
        return (header or "").encode().decode("latin-1")


def _is_supported(challenge: str) -> bool:
    """Whether `requests` can answer: it has no other algorithms, and only `auth`."""
    algorithm, qop = _ALGORITHM.search(challenge), _QOP.search(challenge)
    return (algorithm is None or algorithm[1].upper() in _ALGORITHMS) and (
        qop is None or "auth" in re.split(r"[\s,]+", (qop[1] or qop[2]).lower())
    )
