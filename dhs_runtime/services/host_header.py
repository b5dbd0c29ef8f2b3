"""Checks the header `Host` of requests, against DNS rebinding.

A foreign web page can let its own host name point to 127.0.0.1, and then read what is served there.
But it cannot choose the header `Host`, which contains its name.
"""

import functools
import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit


def is_this_computer(host: str, *, own_names: bool, others: Collection[str] = ()) -> bool:
    """Whether a `Host` is localhost, an IP address, or a name of this computer.

    Args:
        host: The value of the header, with or without a port.
        own_names: Whether the names of this computer are allowed.
        others: Other allowed names.
    """
    name = _name_of(host)
    if name == "localhost" or name in {other.lower().rstrip(".") for other in others}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return own_names and bool(name) and (name in _short_names() or name == _full_name())
    return True


def _name_of(host: str) -> str:
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - reading it raises ValueError if it is invalid
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


def _short_names() -> tuple[str, ...]:
    name = socket.gethostname().lower()
    return name, name.partition(".")[0]


@functools.cache
def _full_name() -> str:
    """The full name from the name service; asked once, because it may take seconds."""
    return socket.getfqdn().lower().rstrip(".")
