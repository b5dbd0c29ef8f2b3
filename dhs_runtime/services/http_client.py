"""HTTP client for cameras and inference servers: bounded in time and memory, cancelled at once.

`requests` speaks HTTP. What it leaves open is closed below it, at the socket: its read timeout
starts again with every byte (a slow drip runs for ever), it has no limit for what a reply may
hold, and nothing can wake a call from another thread. Here every wait of a socket ends at the
deadline of the call it works for, and `cancel` shuts all sockets of a client.
"""

import json
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Literal, Self
from urllib.parse import urlsplit

import attrs
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.exceptions import HTTPError

from dhs_runtime.addresses import read_url, without_password
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError, ServiceReplyError
from dhs_runtime.services.http_call import Call, InFlight, Pool, SafeRetry, service_error

MAX_REPLY_BYTES = 16 * 1024 * 1024
BACKOFF_S = 0.05
PIECE_BYTES = 64 * 1024


@attrs.frozen
class Login:
    """Name and password for a service; Axis cameras want `digest`, video servers of old `basic`."""

    user: str
    password: str = attrs.field(repr=False)
    scheme: Literal["digest", "basic"] = "digest"


@attrs.frozen
class HttpReply:
    """A whole reply of any status.

    Attributes:
        status: HTTP status code.
        content_type: The header as sent, empty if there was none.
        body: All of the body, never more than the client's `max_reply_bytes`.
        url: What was asked, without its query; for messages.
    """

    status: int
    content_type: str
    body: bytes = attrs.field(repr=False)
    url: str = ""

    def json(self) -> object:
        """The body read as JSON.

        Raises:
            ServiceReplyError: It is no JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            start = self.body[:60].decode("ascii", "replace")
            raise ServiceReplyError(
                f"{self.url} answered {self.status} with something that is not JSON: {start!r}",
                self.status,
            ) from error


class HttpClient:
    """Calls to one HTTP server, from any number of threads.

    At most `pool_size` calls are in flight, each on its own kept-alive connection; further ones
    wait their turn. A refused connection is tried again, and so is a kept-alive one that the
    server closed before a byte of the reply came; nothing else is ever sent twice. Redirects are
    not followed, and proxies, cookies and `.netrc` are left alone: beamline hosts are local.
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
        retries: int = 2,
        pool_size: int = 4,
    ) -> None:
        """A client; nothing is sent yet.

        Args:
            base_url: Such as `http://camera:80`; a path in it goes before every path asked for.
            connect_timeout_s: For one connection to be made.
            read_timeout_s: Longest silence of the server.
            total_timeout_s: For the whole call: its turn, connecting, retries and the reply.
            max_reply_bytes: Larger replies are refused, by their header where it tells.
            auth: Name and password, if the server wants any.
            retries: How often a refused or dropped connection is tried again.
            pool_size: Most calls in flight.

        Raises:
            ConfigError: `base_url` is not such a URL, or carries a password.
        """
        self._base_url = _checked_url(base_url)
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._total_timeout_s = total_timeout_s
        self._max_reply_bytes = max_reply_bytes
        self._in_flight = InFlight(pool_size)
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.auth = _auth(auth)
        self._session.headers.update({"User-Agent": "dhs-runtime", "Accept-Encoding": "identity"})
        self._session.mount("http://", _Adapter(retries, pool_size))

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
    ) -> HttpReply:
        """GET `path` with `params` as its query; `total_timeout_s` replaces the client's.

        Raises:
            ServiceError: No whole reply; any status is a reply.
        """
        return self._call("GET", path, params=params, total_timeout_s=total_timeout_s)

    def delete(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """DELETE `path`; arguments and errors as of `get`."""
        return self._call("DELETE", path, params=params, total_timeout_s=total_timeout_s)

    def post_json(
        self,
        path: str,
        json_value: object,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """POST a value as JSON, with `params` as the query.

        Raises:
            ServiceError: No whole reply; any status is a reply.
            TypeError, ValueError: The value has no JSON form (NaN has none).
        """
        return self._send_json("POST", path, json_value, params, total_timeout_s)

    def put_json(
        self,
        path: str,
        json_value: object,
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """PUT a value as JSON, as the interfaces of detectors want it; as `post_json`."""
        return self._send_json("PUT", path, json_value, params, total_timeout_s)

    def put(
        self,
        path: str,
        body: bytes = b"",
        params: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/octet-stream",
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """PUT bytes of any kind; errors as of `get`."""
        return self._call(
            "PUT",
            path,
            params=params,
            data=body,
            content_type=content_type,
            total_timeout_s=total_timeout_s,
        )

    def post_form(
        self,
        path: str,
        data: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        *,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        """POST fields as `application/x-www-form-urlencoded`, with `params` as the query.

        Raises:
            ServiceError: No whole reply; any status is a reply.
        """
        return self._call("POST", path, params=params, data=data, total_timeout_s=total_timeout_s)

    def cancel(self) -> None:
        """Wake every call in flight, which raises ServiceUnavailableError, and refuse new ones."""
        self._in_flight.cancel()

    def close(self) -> None:
        """Cancel, and close the connections."""
        self.cancel()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _send_json(
        self,
        method: str,
        path: str,
        json_value: object,
        params: Mapping[str, str] | None,
        total_timeout_s: float | None,
    ) -> HttpReply:
        return self._call(
            method,
            path,
            params=params,
            data=json.dumps(json_value, allow_nan=False).encode(),
            content_type="application/json",
            total_timeout_s=total_timeout_s,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | Mapping[str, str] | None = None,
        content_type: str | None = None,
        total_timeout_s: float | None = None,
    ) -> HttpReply:
        total_s = self._total_timeout_s if total_timeout_s is None else total_timeout_s
        call = Call(
            url=f"{self._base_url}/{path.lstrip('/')}",
            in_flight=self._in_flight,
            total_timeout_s=total_s,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
            max_reply_bytes=self._max_reply_bytes,
            deadline=Deadline.after(total_s),
        )
        with self._in_flight.turn(call):
            try:
                with self._session.request(
                    method,
                    call.url,
                    params=params,
                    data=data,
                    headers={"Content-Type": content_type} if content_type else None,
                    timeout=(self._connect_timeout_s, self._read_timeout_s),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = _read_body(response, call)
            except (OSError, HTTPError) as error:
                raise service_error(call, error) from error
            call.check()  # a reply that ends with its connection looks whole when cancelled
        return HttpReply(
            response.status_code, response.headers.get("Content-Type", ""), body, call.url
        )


class _Session(requests.Session):
    """A session that leaves redirects to the caller, their bodies and odd targets included."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None for every reply."""
        del resp
        return None


class _Adapter(HTTPAdapter):
    """Joins `requests` to the connections and retries of `http_call`."""

    def __init__(self, retries: int, pool_size: int) -> None:
        retry = SafeRetry(
            total=retries, redirect=False, allowed_methods=None, backoff_factor=BACKOFF_S
        )
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=retry)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool}

    def close(self) -> None:
        """Close idle connections now; the base leaves that to the garbage collector."""
        for key in self.poolmanager.pools.keys():  # noqa: SIM118 - it refuses to be iterated over
            self.poolmanager.pools[key].close()
        super().close()


class _DigestAuth(HTTPDigestAuth):
    """Digest authentication that survives an incomplete challenge."""

    def build_digest_header(self, method: str, url: str) -> str | None:
        """The header that answers the last challenge."""
        try:
            header: str | None = super().build_digest_header(  # type: ignore[no-untyped-call]  # stubs
                method, url
            )
        except KeyError as error:
            raise ServiceReplyError(
                f"{urlsplit(url).netloc} asks for a digest login without {error}", 401
            ) from error
        return header


def _auth(login: Login | None) -> AuthBase | None:
    if login is None:
        return None
    if login.scheme == "basic":
        return HTTPBasicAuth(login.user, login.password)
    return _DigestAuth(login.user, login.password)


def _checked_url(base_url: str) -> str:
    """`base_url` without a slash at its end, if it is one that can be called."""
    parts = read_url(base_url)
    if "@" in parts.netloc:
        raise ConfigError(f"a URL is no place for a password: {without_password(base_url)!r}")
    if parts.query or parts.fragment:
        raise ConfigError(f"{base_url!r} is not a plain http:// URL: it has a query or a fragment")
    try:
        requests.Request("GET", base_url).prepare()
    except ValueError:  # of requests, which knows more of names in other alphabets
        raise ConfigError(f"{base_url!r} is not a URL that can be called") from None
    return base_url.rstrip("/")


def _read_body(response: requests.Response, call: Call) -> bytes:
    body = bytearray()
    for piece in response.iter_content(PIECE_BYTES):
        body += piece
        if len(body) > call.max_reply_bytes:
            raise call.too_large()
    return bytes(body)
