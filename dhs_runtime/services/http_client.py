"""HTTP client for cameras and inference servers: limited in time and memory; can be cancelled.

Nothing is sent twice unless the caller allows it. The lower layer is `http_call`.
"""

import enum
import json
import logging
import ssl
import threading
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self, TypedDict, Unpack
from urllib.parse import SplitResult, quote, unquote

from requests import Request

from dhs_runtime.addresses import HTTP_PORT, HTTPS_PORT, HostPort, read_url, without_password
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError, ServiceTimeoutError, ServiceUnavailableError
from dhs_runtime.services.http_call import Call, HttpLine
from dhs_runtime.services.http_login import Login
from dhs_runtime.services.http_reply import HttpReply

__all__ = ["CallOptions", "HttpClient", "HttpReply", "Login", "Repeat"]

logger = logging.getLogger(__name__)

MAX_REPLY_BYTES: Final = 16 * 1024 * 1024
BACKOFF_S: Final = 0.05
HEADERS: Final = {"User-Agent": "dhs-runtime", "Accept": "*/*", "Accept-Encoding": "identity"}
_PATH_SIGNS: Final = "/:@!$&'()*+,;=~%?"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

Query = Mapping[str, str] | None


class Repeat(enum.Enum):
    """When a request may be sent again."""

    NEVER = "never"
    """Never: it is sent once."""
    IF_LOST = "if lost"
    """If a kept connection was closed before a byte of the reply came."""
    IF_BUSY = "if busy"
    """That, and if a reply of 429 or 503 asks to come again (Retry-After)."""


class CallOptions(TypedDict, total=False):
    """Options of a call: its own time limit, when it may be sent again, the type of its body."""

    total_timeout_s: float | None
    repeat: Repeat
    content_type: str


OCTETS: Final[CallOptions] = {"content_type": "application/octet-stream"}
JSON: Final[CallOptions] = {"content_type": "application/json"}


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
        tls = tls_context(ca, verify=verify) if parts.scheme == "https" else None
        port = parts.port or (HTTP_PORT if tls is None else HTTPS_PORT)
        server = HostPort(unquote(parts.hostname or ""), port)
        self._base_url = base_url.rstrip("/")
        self._auth = None if auth is None else auth.for_requests()
        self._total_timeout_s = total_timeout_s
        self._limited = partial(
            Call,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            max_reply_bytes=max_reply_bytes,
        )
        self._retries = retries
        self._cancelled = threading.Event()
        self._lines = [HttpLine(server, tls, self._cancelled) for _ in range(pool_size)]
        self._free = self._lines.copy()  # at its end the one used last, whose connection is open
        self._turns = threading.Semaphore(pool_size)

    @property
    def base_url(self) -> str:
        """The server's URL, without a slash at its end."""
        return self._base_url

    def get(self, path: str, params: Query = None, **options: Unpack[CallOptions]) -> HttpReply:
        """GET `path`, with `params` as the query; by default it is repeated `IF_BUSY`.

        Raises:
            ServiceError: No whole reply; any status is a reply.
        """
        return self._call("GET", path, b"", params, {"repeat": Repeat.IF_BUSY, **options})

    def delete(self, path: str, params: Query = None, **options: Unpack[CallOptions]) -> HttpReply:
        """DELETE `path`; errors as in `get`."""
        return self._call("DELETE", path, b"", params, options)

    def post(
        self, path: str, body: bytes = b"", params: Query = None, **options: Unpack[CallOptions]
    ) -> HttpReply:
        """POST bytes of any kind; errors as in `get`."""
        return self._call("POST", path, body, params, {**OCTETS, **options})

    def put(
        self, path: str, body: bytes = b"", params: Query = None, **options: Unpack[CallOptions]
    ) -> HttpReply:
        """PUT bytes of any kind; errors as in `get`."""
        return self._call("PUT", path, body, params, {**OCTETS, **options})

    def post_json(
        self, path: str, json_value: object, params: Query = None, **options: Unpack[CallOptions]
    ) -> HttpReply:
        """POST a value as JSON; errors as in `get`.

        Raises:
            TypeError, ValueError: The value has no JSON form (NaN has none).
        """
        return self._call("POST", path, _json(json_value), params, {**JSON, **options})

    def put_json(
        self, path: str, json_value: object, params: Query = None, **options: Unpack[CallOptions]
    ) -> HttpReply:
        """PUT a value as JSON, as interfaces of detectors need it; errors as in `post_json`."""
        return self._call("PUT", path, _json(json_value), params, {**JSON, **options})

    def post_form(
        self,
        path: str,
        data: Mapping[str, str],
        params: Query = None,
        **options: Unpack[CallOptions],
    ) -> HttpReply:
        """POST fields as `application/x-www-form-urlencoded`; errors as in `get`."""
        return self._call("POST", path, data, params, options)

    def cancel(self) -> None:
        """Make every call in flight raise ServiceUnavailableError, and refuse new ones."""
        self._cancelled.set()
        for line in self._lines:
            line.interrupt()

    def close(self) -> None:
        """Cancel, and close the connections."""
        self.cancel()
        for line in self._free.copy():  # the others are closed by their calls
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _call(
        self,
        method: str,
        path: str,
        data: bytes | Mapping[str, str],
        params: Query,
        options: CallOptions,
    ) -> HttpReply:
        url = f"{self._base_url}/{quote(path.lstrip('/'), safe=_PATH_SIGNS)}"
        kind = {"Content-Type": options["content_type"]} if "content_type" in options else {}
        request = Request(method, url, HEADERS | kind, data=data, params=params, auth=self._auth)
        total_s = options.get("total_timeout_s")
        total_s = self._total_timeout_s if total_s is None else total_s
        call = self._limited(url, total_s, Deadline.after(total_s))
        if not self._turns.acquire(timeout=total_s):
            raise ServiceTimeoutError(
                f"{url}: no turn within {total_s:g} s: are the calls before it stuck?"
            )
        line = self._free.pop()
        try:
            line.call = call
            line.pause(0)
            return self._answer(line, request, options.get("repeat", Repeat.NEVER))
        finally:
            self._free.append(line)
            if self._cancelled.is_set():
                line.close()
            self._turns.release()

    def _answer(self, line: HttpLine, request: Request, repeat: Repeat) -> HttpReply:
        """The reply to a request, which is sent again if that is allowed and can help."""
        call = line.call
        for left in range(self._retries, -1, -1):
            try:
                reply = line.answer(request)
            except ServiceUnavailableError as error:
                is_dropped = isinstance(error.__cause__, ConnectionError)
                is_lost = call.reused and not call.received and repeat is not Repeat.NEVER
                pause_s = BACKOFF_S * 2 ** (self._retries - left) if call.connecting else 0.0
                may_help = left and is_dropped and (call.connecting or is_lost)
                if not may_help or pause_s >= call.deadline.remaining():
                    raise
            else:
                asked_s = _retry_after_s(reply) if repeat is Repeat.IF_BUSY else None
                if not left or asked_s is None or asked_s >= call.deadline.remaining():
                    return reply
                pause_s = asked_s
            logger.debug("trying again in %g s: %s", pause_s, call.url)
            line.pause(pause_s)
        raise AssertionError("the last try returns or raises")


def _checked_url(base_url: str) -> SplitResult:
    parts = read_url(base_url, ("http", "https"))
    if "@" in parts.netloc:
        raise ConfigError(f"do not put a password into a URL: {without_password(base_url)!r}")
    if parts.query or parts.fragment:
        raise ConfigError(f"{base_url!r} is not a plain http:// URL: it has a query or a fragment")
    try:
        Request("GET", base_url).prepare()
    except ValueError as error:
        raise ConfigError(f"{base_url!r} is not a URL that can be called: {error}") from None
    return parts


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


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
