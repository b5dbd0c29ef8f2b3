"""`HttpReply`: the answer of a server, and what is wrong with it."""

import json
import math
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin

import attrs

from dhs_runtime.addresses import without_password
from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.secrets import mask_reason
from dhs_runtime.services.http_message import Headers

_NEXT_CHALLENGE: Final = re.compile(r",\s*(?=[\w-]+\s+[\w-]+\s*=)")
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@attrs.frozen
class HttpReply:
    """A complete reply of any status.

    Attributes:
        status: HTTP status code.
        content_type: The header as sent, empty if there was none.
        body: The whole body, never more than the client's `max_reply_bytes`.
        url: The URL of the request, without its query; for messages.
        headers: All header fields.
    """

    status: int
    content_type: str
    body: bytes = attrs.field(repr=False)
    url: str = ""
    headers: Headers = attrs.field(factory=Headers, eq=False, repr=False)

    @property
    def location(self) -> str:
        """The target of a redirect, as a complete URL; "" if there is none."""
        location = self.headers.get("Location")
        try:
            return without_password(urljoin(self.url, location)) if location else ""
        except ValueError:  # `http://[`
            return repr(location[:100])

    @property
    def retry_after_s(self) -> float:
        """Seconds until a busy server (429, 503) wants to be asked again; inf if it names none."""
        asked = re.fullmatch("[0-9]{1,9}", self.headers.get("Retry-After").strip())
        return float(asked[0]) if asked and self.status in _BUSY else math.inf

    @property
    def trouble(self) -> str:
        """What is wrong with the reply and what to do, in one line; "" if its status is 200."""
        if self.status == HTTPStatus.OK:
            return ""
        if self.location:
            return f"{self.url} answered {self.status} and points to {self.location}: use that"
        if self.status == HTTPStatus.UNAUTHORIZED:
            kinds = sorted({each.split()[0].lower() for each in challenges(self.headers) if each})
            by = f" by {' or '.join(kinds)}" if kinds else ""
            return f"{self.url} answered 401: it wants a login{by}"
        return f"{self.url} answered {self.status}{self._reason}"

    @property
    def _reason(self) -> str:
        """The first line of a plain text, which is for people to read."""
        is_plain = self.content_type.lower().startswith("text/plain")
        lines = self.body[:4_000].decode(errors="replace").split("\n") if is_plain else []
        line = mask_reason(next((line.strip() for line in lines if line.strip()), ""), most=80)
        return f": {line}" if line.isprintable() and line[:1] not in ("", "{", "<") else ""

    def json(self) -> object:
        """The body read as JSON.

        Raises:
            ServiceReplyError: It is not JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            start = self.body[:60].decode("ascii", "replace")
            raise ServiceReplyError(
                f"{self.url} answered {self.status} with something that is not JSON: {start!r}",
                self.status,
            ) from error


def challenges(headers: Headers) -> list[str]:
    """The logins that a 401 offers, each as in `WWW-Authenticate`."""
    offered = ", ".join(headers.get_all("WWW-Authenticate"))
    return [each.strip() for each in _NEXT_CHALLENGE.split(offered)]
