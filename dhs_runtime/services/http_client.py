"""HTTP client for cameras and inference servers: limited in time and memory; closed at any time.

Only a GET is sent again, and what the caller allows. The connections are in `http_call`.
"""

import json
import math
import ssl
import threading
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self, TypedDict, Unpack
from urllib.parse import SplitResult, quote, unquote

from requests import Request

from dhs_runtime.addresses import HTTP_PORT, HTTPS_PORT, HostPort, read_url, without_password
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError, ServiceTimeoutError, ServiceUnavailableError
from dhs_runtime.loggers import get_logger
from dhs_runtime.services.http_call import HttpLine
from dhs_runtime.services.http_login import Login
from dhs_runtime.services.http_reply import HttpReply

__all__ = ["CallOptions", "ClientOptions", "HttpClient", "HttpReply", "Login"]

logger = get_logger(__name__)

MAX_REPLY_BYTES: Final = 16 * 1024 * 1024
PAUSES_S: Final = (0.05, 0.1, math.inf)
"""Pauses before a call is tried again, if that is allowed; there is no pause after the last try."""
HEADERS: Final = {"User-Agent": "dhs-runtime", "Accept": "*/*", "Accept-Encoding": "identity"}
_PATH_SIGNS: Final = "/:@!$&'()*+,;=~%?"
OCTETS: Final = "application/octet-stream"
JSON: Final = "application/json"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class ClientOptions(TypedDict, total=False):
    """Options of a client."""

    connect_timeout_s: float
    """For one connection to be made, TLS included."""
    total_timeout_s: float
    """For a whole call: waiting, connecting, retries and the reply."""
    max_reply_bytes: int
    """Larger replies are refused, already by their header if it gives the size."""
    pool_size: int
    """Most calls in flight; further calls wait."""
    verify: bool
    """Whether the certificate of an https server must be trusted."""
    ca: str | Path | None
    """File with the CA certificates for that; None for those of the system."""


class CallOptions(TypedDict, total=False):
    """Options of a call, as far as possible those of `requests`."""

    params: Mapping[str, str] | None
    """The query."""
    data: bytes | Mapping[str, str]
    """The body: bytes of any kind, or the fields of a form."""
    json: object
    """A value to send as JSON in its place."""
    content_type: str
    """Type of `data`, if that is bytes."""
    total_timeout_s: float
    """Time limit of this call."""
    repeat: bool
    """Whether it may be sent again if a kept connection was closed before a byte of the reply came;
    by default only a GET may. A GET is also sent again where 429 or 503 say when (Retry-After)."""


class HttpClient:
    """Calls to one HTTP server, from any number of threads.

    Each call in flight has its own kept-alive connection. A refused connection is tried again; a
    request is sent once, unless it may be repeated, all within the call's time. Redirects are not
    followed. Proxies, cookies and `.netrc` are not used, because beamline hosts are local.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Login | None = None,
        connect_timeout_s: float = 3.0,
        total_timeout_s: float = 10.0,
        max_reply_bytes: int = MAX_REPLY_BYTES,
        pool_size: int = 4,
        verify: bool = True,
        ca: str | Path | None = None,
    ) -> None:
        """A client; nothing is sent yet.

        A `base_url` is `http://camera:80` or `https://server/prefix`; its path is put before that
        of each call. `auth` is for a server that wants a login, the others are `ClientOptions`.

        Raises:
            ConfigError: `base_url` is not such a URL, or contains a password; `ca` cannot be read.
        """
        parts = _checked_url(base_url)
        tls = tls_context(ca, verify=verify) if parts.scheme == "https" else None
        port = parts.port or (HTTP_PORT if tls is None else HTTPS_PORT)
        server = HostPort(unquote(parts.hostname or ""), port)
        self._base_url = base_url.rstrip("/")
        self._auth = None if auth is None else auth.for_requests()
        self._total_timeout_s = total_timeout_s
        self._closed = threading.Event()
        limits = connect_timeout_s, max_reply_bytes
        self._lines = [HttpLine(server, tls, *limits, self._closed) for _ in range(pool_size)]
        self._free = self._lines.copy()  # at its end the one used last, whose connection is open
        self._turns = threading.Semaphore(pool_size)

    def get(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """GET `path`.

        Raises:
            ServiceError: No whole reply; any status is a reply.
            TypeError, ValueError: The value of `json` has no such form (NaN has none).
        """
        return self._call("GET", path, **options)

    def post(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """POST to `path`; errors as in `get`."""
        return self._call("POST", path, **options)

    def put(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """PUT to `path`; errors as in `get`."""
        return self._call("PUT", path, **options)

    def delete(self, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        """DELETE `path`; errors as in `get`."""
        return self._call("DELETE", path, **options)

    def close(self) -> None:
        """Make every call raise ServiceUnavailableError, now and later; close the connections."""
        self._closed.set()
        for line in self._lines:
            line.transport.interrupt()
        for line in self._free.copy():  # the others are closed by their calls
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _call(self, method: str, path: str, **options: Unpack[CallOptions]) -> HttpReply:
        if unknown := options.keys() - CallOptions.__optional_keys__:
            raise TypeError(f"a call has no option {' or '.join(unknown)}")
        url = f"{self._base_url}/{quote(path.lstrip('/'), safe=_PATH_SIGNS)}"
        kind, data = options.get("content_type", OCTETS), options.get("data", b"")
        if "json" in options:
            kind, data = JSON, json.dumps(options["json"], allow_nan=False).encode()
        headers = HEADERS | {"Content-Type": kind} if data and isinstance(data, bytes) else HEADERS
        query = options.get("params")
        request = Request(method, url, headers, data=data, params=query, auth=self._auth)
        total_s = options.get("total_timeout_s", self._total_timeout_s)
        deadline = Deadline.after(total_s)
        if not self._turns.acquire(timeout=total_s):
            waited = f"no turn within {total_s:g} s: are the calls before it stuck?"
            raise ServiceTimeoutError(f"{url}: {waited}")
        line = self._free.pop()
        try:
            line.url, line.total_timeout_s, line.deadline = url, total_s, deadline
            line.pause(0)
            return self._answer(line, request, repeat=options.get("repeat", method == "GET"))
        except BaseException:
            line.close()
            raise
        finally:
            self._free.append(line)
            if self._closed.is_set():
                line.close()
            self._turns.release()

    def _answer(self, line: HttpLine, request: Request, *, repeat: bool) -> HttpReply:
        """The reply to a request, which is sent again if that is allowed and can help."""
        for pause_s in PAUSES_S:
            wait_s = pause_s
            try:
                reply = line.answer(request)
            except ServiceUnavailableError as error:
                is_dropped = isinstance(error.__cause__, ConnectionError)
                is_lost = repeat and line.is_reused and not line.received
                may_help = is_dropped and (line.is_connecting or is_lost)
                if not may_help or pause_s >= line.deadline.remaining():
                    raise
            else:
                asked_s = _retry_after_s(reply) if repeat and request.method == "GET" else None
                wait_s = max(pause_s, asked_s or 0.0)
                if asked_s is None or wait_s >= line.deadline.remaining():
                    return reply
            logger.debug("trying again in %g s: %s", wait_s, line.url)
            line.pause(wait_s)
        raise AssertionError("the last try returns or raises")


def _checked_url(base_url: str) -> SplitResult:
    parts = read_url(base_url, ("http", "https"))
    shown = without_password(base_url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError(f"{shown!r} is no plain URL: it has a password, a query or a fragment")
    try:
        Request("GET", base_url).prepare()
    except ValueError as error:
        raise ConfigError(f"{shown!r} is not a URL that can be called: {error}") from None
    return parts


def _retry_after_s(reply: HttpReply) -> float | None:
    """The wait that a busy server asks for; None if it asks for no wait."""
    digits = reply.headers.get("Retry-After").strip()
    is_number = reply.status in _BUSY and digits.isascii() and digits.isdigit()
    return float(digits[:9]) if is_number else None


def tls_context(ca: str | Path | None, *, verify: bool) -> ssl.SSLContext:
    """How the certificates of servers are checked.

    Raises:
        ConfigError: `ca` cannot be read, or has no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ConfigError(f"no certificates in {ca}: {error.strerror or error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
