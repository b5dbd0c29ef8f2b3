"""Logging in: Basic and Digest of `requests`, for cameras as they are."""

import re
import threading
from http import HTTPStatus
from typing import Final, Literal

import attrs
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from requests.utils import parse_dict_header, unquote_header_value

from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.services.http_reply import HttpReply, challenges

_ALGORITHMS: Final = ("MD5", "MD5-SESS", "SHA", "SHA-256", "SHA-512")
MOST_LOGINS: Final = 2


@attrs.frozen
class Login:
    """Name and password for a service; Axis cameras need `digest`, old video servers `basic`."""

    user: str
    password: str = attrs.field(repr=False)
    scheme: Literal["digest", "basic"] = "digest"


class DigestLogin(HTTPDigestAuth):
    """For cameras that offer several logins or qualities, and users in any alphabet."""

    _thread_local: threading.local  # of `requests`: each thread logs in for itself

    def answers(self, reply: HttpReply, logins: int) -> bool:
        """Whether a reply asks for a login that can be made, after so many `logins` of its call.

        It is made by the first digest that is offered and supported, twice if the realm changes.

        Raises:
            ServiceReplyError: No digest that is offered can be answered.
        """
        offered = [each for each in challenges(reply.headers) if each.lower().startswith("digest ")]
        if reply.status != HTTPStatus.UNAUTHORIZED or not offered or logins == MOST_LOGINS:
            return False
        chosen = next(filter(None, map(_answerable, offered)), None)
        if chosen is None:
            trouble = f"wants a login that is not supported: {offered[0]}"
        elif "realm" not in chosen or not chosen.get("nonce"):
            trouble = "asks for a digest login without a realm or a nonce"
        else:
            known, self._thread_local.chal = self._thread_local.chal, chosen
            return not logins or chosen["realm"] != known["realm"]
        raise ServiceReplyError(f"{reply.url} {trouble}", reply.status)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Log in, if the server asked this thread for a login before."""
        self.init_per_thread_state()
        if self._thread_local.chal:
            header = self.build_digest_header(r.method, r.url)  # type: ignore[no-untyped-call]
            r.headers["Authorization"] = header.encode().decode("latin-1")  # as http.client does
        return r


def _answerable(challenge: str) -> dict[str, str] | None:
    """The parts of a digest challenge, if `requests` can answer it: of qualities it has `auth`."""
    parts = {
        name.strip().lower(): unquote_header_value((value or "").strip())
        for name, value in parse_dict_header(challenge[len("digest ") :]).items()  # type: ignore[no-untyped-call]
    }
    qops = re.split(r"[\s,]+", parts.get("qop", "").lower())
    parts["qop"] = "auth" if "auth" in qops else ""
    is_known = parts.get("algorithm", "MD5").upper() in _ALGORITHMS
    return parts if is_known and (parts["qop"] or qops == [""]) else None


def as_auth(login: Login | None) -> AuthBase | None:
    """A login in the form that `requests` takes."""
    if login is None:
        return None
    if login.scheme == "basic":  # in bytes, since `requests` writes texts in Latin-1
        return HTTPBasicAuth(login.user.encode(), login.password.encode())
    return DigestLogin(login.user, login.password)
