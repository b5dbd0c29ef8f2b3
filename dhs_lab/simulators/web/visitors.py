"""Who may use the page and drive the beamline: people at this computer, but no foreign page.

A foreign page in the same browser can send requests to loopback. But it cannot choose the headers
`Host` and `Origin`, so they show where a request comes from: `Host` has the name that an attacker
made point to 127.0.0.1, `Origin` the foreign page. And browsers send JSON to another origin only
after asking for permission, which is never given.
"""

from collections.abc import Mapping
from typing import Final

from dhs_runtime.lowlevel import Headers, is_this_computer

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer."""


def refusal(headers: Headers, *, is_command: bool, allow_own_name: bool = False) -> str:
    """Why a request is refused, "" if it is allowed.

    Args:
        headers: Headers of the request.
        is_command: Whether it is a command.
        allow_own_name: Whether requests may use the name of the computer, too.
    """
    hosts = headers.get_all("Host")
    if len(hosts) != 1 or not is_this_computer(hosts[0], own_names=allow_own_name):
        return "open this page with localhost or an address, not with another name"
    origin = headers.get("Origin")
    if "Origin" in headers and origin.lower() != f"http://{hosts[0]}".lower():
        return "another web page may not use this one"
    if is_command and headers.content_type != "application/json":
        return "a command is JSON: Content-Type: application/json"
    return ""
