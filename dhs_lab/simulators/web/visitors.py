"""Who may look at the page and drive the beamline: people at this computer, and no other page.

A page from elsewhere, open in the same browser, can send requests to loopback. It cannot choose
the headers `Host` and `Origin`, so these tell it from the page itself. A name that an attacker
lets point to 127.0.0.1 shows in `Host`; a foreign page shows in `Origin`; and JSON is a type that
browsers send to another origin only after asking, which is never granted.
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
    """Why a request is refused, "" where it is not.

    Args:
        headers: Of the request.
        is_command: Whether it asks for something to be done.
        allow_own_name: Whether the computer may be called by its name, too.
    """
    hosts = headers.get_all("Host")
    if len(hosts) != 1 or not is_this_computer(hosts[0], own_names=allow_own_name):
        return "this page answers to localhost and to addresses, not to other names"
    origin = headers.get("Origin")
    if "Origin" in headers and origin.lower() != f"http://{hosts[0]}".lower():
        return "a page from elsewhere may not use this one"
    if is_command and headers.content_type != "application/json":
        return "a command is JSON: Content-Type: application/json"
    return ""
