"""HTTP client for cameras and inference servers: limited in time and memory; can be cancelled.

Nothing is sent twice unless the caller allows it. The lower layer is `http_call`, logging in is
`http_login`.
"""

import enum
import json
import logging
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Final, Self
from urllib.parse import SplitResult, quote, unquote, urlencode

import attrs

from dhs_runtime.addresses import HTTP_PORT, HTTPS_PORT, HostPort, read_url, without_password
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError
from dhs_runtime.services.http_call import Call, InFlight, exchange, service_error
from dhs_runtime.services.http_login import Authorizer, Login
from dhs_runtime.services.http_reply import HttpReply

__all__ = ["HttpClient", "HttpReply", "Login", "Repeat"]

logger = logging.getLogger(__name__)

MAX_REPLY_BYTES: Final = 16 * 1024 * 1024
BACKOFF_S: Final = 0.05
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_PATH_SIGNS: Final = "/:@!$&'()*+,;=~%?"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Repeat(enum.Enum):
    """When a request may be sent again."""

    NEVER = "never"
    """Never: it is sent once."""
    IF_LOST = "if lost"
    """If a kept connection was closed before a byte of the reply came."""
    IF_BUSY = "if busy"
    """That, and if a reply of 429 or 503 asks to come again (Retry-After)."""


class HttpClient:
    """Calls to one HTTP server, from any number of threads.

    At most `pool_size` calls are in flight, each on its own kept-alive connection; further calls
    wait. A refused connection is tried again. A request is sent once, unless the call may be
    repeated, see `Repeat`; a wait that the server asks for must fit into the call's time. Redirects
    are not followed. Proxies, cookies and `.netrc` are not used, because beamline hosts are local.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 5.0,
        total_timeout_s: float = 10.0,
        max_reply_bytes: int = MAX_REPLY_BYTES,
        auth: Login | None = None,
        verify: bool = True,
        ca: str | Path | None = None,
        retries: int = 2,
        pool_size: int = 4,
    ) -> None:
        """A client; nothing is sent yet.

        Args:
            base_url: Such as `http://camera:80`; its path, if any, is put before the path of each
                call.
            connect_timeout_s: For one connection to be made, TLS included.
            read_timeout_s: Longest silence of the server.
            total_timeout_s: For the whole call: waiting, connecting, retries and the reply.
            max_reply_bytes: Larger replies are refused, already by their header if it gives the
                size.
            auth: Name and password, if the server needs them.
            verify: Whether the certificate of an https server must be trusted.
            ca: File with the CA certificates for that; None for those of the system.
            retries: How often a refused connection, or a call that may be repeated, is tried again.
            pool_size: Most calls in flight.

        Raises:
            ConfigError: `base_url` is not such a URL, or contains a password; `ca` cannot be read.
        """
        parts = _checked_url(base_url)
        self._base_url = base_url.rstrip("/")
        self._path = quote(parts.path.rstrip("/"), safe=_PATH_SIGNS)
        is_tls = parts.scheme == "https"
        self._tls = tls_context(ca, verify=verify) if is_tls else None
        host = unquote(parts.hostname or "")
        self._server = HostPort(host, parts.port or (HTTPS_PORT if is_tls else HTTP_PORT))
        shown = HostPort(_as_ascii(host.partition("%")[0]), parts.port or 0)
        self._host = str(shown) if parts.port else str(shown).removesuffix(":0")
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._total_timeout_s = total_timeout_s
        self._max_reply_bytes = max_reply_bytes
        self._authorizer = None if auth is None else Authorizer(auth)
        self._retries = retries
        self._in_flight = InFlight(pool_size)

    @property
    def base_url(self) -> str:
        """The server's URL, without a slash at its end."""
        return self._base_url

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.IF_BUSY,
    ) -> HttpReply:
        """GET `path` with `params` as its query; `total_timeout_s` replaces the client's.

        Args:
            path: Path below the base URL.
            params: The query.
            total_timeout_s: For this call.
            repeat: When it may be sent again; a GET usually changes nothing.

        Raises:
            ServiceError: No whole reply; any status is a reply.
        """
        request = self._request("GET", path, params, None, "")
        return self._call(request, total_timeout_s, repeat=repeat)

    def delete(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """DELETE `path`; see `get` for arguments and errors."""
        request = self._request("DELETE", path, params, None, "")
        return self._call(request, total_timeout_s, repeat=repeat)

    def post_json(
        self,
        path: str,
        json_value: object,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """POST a value as JSON, with `params` as the query.

        Raises:
            ServiceError: No whole reply; any status is a reply.
            TypeError, ValueError: The value has no JSON form (NaN has none).
        """
        body = json.dumps(json_value, allow_nan=False).encode()
        request = self._request("POST", path, params, body, JSON)
        return self._call(request, total_timeout_s, repeat=repeat)

    def put_json(
        self,
        path: str,
        json_value: object,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """PUT a value as JSON, as interfaces of detectors need it; otherwise as `post_json`."""
        body = json.dumps(json_value, allow_nan=False).encode()
        request = self._request("PUT", path, params, body, JSON)
        return self._call(request, total_timeout_s, repeat=repeat)

    def put(
        self,
        path: str,
        body: bytes = b"",
        params: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/octet-stream",
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """PUT bytes of any kind; errors as in `get`."""
        request = self._request("PUT", path, params, body, content_type)
        return self._call(request, total_timeout_s, repeat=repeat)

    def post(
        self,
        path: str,
        body: bytes = b"",
        params: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/octet-stream",
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """POST bytes of any kind; errors as in `get`."""
        request = self._request("POST", path, params, body, content_type)
        return self._call(request, total_timeout_s, repeat=repeat)

    def post_form(
        self,
        path: str,
        data: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> HttpReply:
        """POST fields as `application/x-www-form-urlencoded`, with `params` as the query.

        Raises:
            ServiceError: No whole reply; any status is a reply.
        """
        body = urlencode(data).encode()
        request = self._request("POST", path, params, body, FORM)
        return self._call(request, total_timeout_s, repeat=repeat)

    def cancel(self) -> None:
        """Make every call in flight raise ServiceUnavailableError, and refuse new ones."""
        self._in_flight.cancel()

    def close(self) -> None:
        """Cancel, and close the connections."""
        self._in_flight.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        content_type: str,
    ) -> "_Request":
        quoted = "/" + quote(path.lstrip("/"), safe=_PATH_SIGNS)
        query = f"?{urlencode(params)}" if params else ""
        target = self._path + quoted + query
        return _Request(method, self._base_url + quoted, target, content_type, body)

    def _call(
        self, request: "_Request", total_timeout_s: float | None, *, repeat: Repeat
    ) -> HttpReply:
        total_s = self._total_timeout_s if total_timeout_s is None else total_timeout_s
        call = Call(
            url=request.url,
            in_flight=self._in_flight,
            total_timeout_s=total_s,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
            max_reply_bytes=self._max_reply_bytes,
            deadline=Deadline.after(total_s),
        )
        with self._in_flight.turn(call):
            try:
                return self._answer(call, request, repeat=repeat)
            except (OSError, HTTPException, ValueError) as error:
                raise service_error(call, error) from error

    def _answer(self, call: Call, request: "_Request", *, repeat: Repeat) -> HttpReply:
        """The reply to a request, which is sent again if that is allowed and can help."""
        for left in range(self._retries, -1, -1):
            try:
                reply = self._logged_in(call, request)
            except ConnectionError:
                is_lost = repeat is not Repeat.NEVER and call.was_stale
                pause_s = BACKOFF_S * 2 ** (self._retries - left) if call.connecting else 0.0
                may_help = call.connecting or is_lost
                if not (left and may_help and pause_s < call.deadline.remaining()):
                    raise
            else:
                asked_s = _retry_after_s(reply) if repeat is Repeat.IF_BUSY else None
                if not left or asked_s is None or asked_s >= call.deadline.remaining():
                    return reply
                pause_s = asked_s
            logger.debug("trying again in %g s: %s", pause_s, call.url)
            call.in_flight.pause(pause_s)
        raise AssertionError("the last try returns or raises")

    def _logged_in(self, call: Call, request: "_Request") -> HttpReply:
        """The reply; if it asks for a login, the reply to the request with a login."""
        authorizer = self._authorizer
        for _ in range(3):  # a stale login is refused once, and the next may be refused once more
            sent = authorizer.header(request.method, request.target) if authorizer else ""
            head = request.head(self._host, sent)
            status, headers, body = exchange(
                call, self._server, self._tls, request.method, head + (request.body or b"")
            )
            if status != HTTPStatus.UNAUTHORIZED or authorizer is None:
                break
            if not authorizer.take(headers, sent, call.url):
                break
        return HttpReply(status, headers.get("Content-Type"), body, call.url, headers)


@attrs.frozen
class _Request:
    """The request to send."""

    method: str
    url: str
    target: str
    content_type: str
    body: bytes | None

    def head(self, host: str, authorization: str) -> bytes:
        fields = {
            "Host": host,
            "User-Agent": "dhs-runtime",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        if authorization:
            fields["Authorization"] = authorization
        if self.body is not None:
            if self.content_type:
                fields["Content-Type"] = self.content_type
            fields["Content-Length"] = str(len(self.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{lines}\r\n".encode()


def _retry_after_s(reply: HttpReply) -> float | None:
    """The wait that a busy server asks for; None if it asks for none."""
    digits = reply.headers.get("Retry-After").strip()
    is_number = reply.status in _BUSY and digits.isascii() and digits.isdigit()
    return float(digits[:9]) if is_number else None


def tls_context(ca: str | Path | None, *, verify: bool) -> ssl.SSLContext:
    """How the certificates of servers are checked.

    Raises:
        ConfigError: `ca` cannot be read, or has no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise ConfigError(f"no certificates in {ca}: {error.strerror or error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _as_ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _checked_url(base_url: str) -> SplitResult:
    """The parts of a URL that can be called; raises ConfigError for others."""
    parts = read_url(base_url, ("http", "https"))
    if "@" in parts.netloc:
        raise ConfigError(f"do not put a password into a URL: {without_password(base_url)!r}")
    if parts.query or parts.fragment:
        raise ConfigError(f"{base_url!r} is not a plain http:// URL: it has a query or a fragment")
    try:
        _as_ascii(unquote(parts.hostname or "").partition("%")[0])
    except UnicodeError:
        raise ConfigError(f"{base_url!r} is not a URL that can be called") from None
    return parts
