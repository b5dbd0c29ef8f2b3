"""Addresses: HOST, HOST:PORT, [::1]:PORT and URLs, read and written in this one place.

An IPv6 address is in brackets where a port may follow, else without. A wrong text is refused with
the reason and, if possible, with what was meant.
"""

import ipaddress
import re
from collections.abc import Collection
from typing import Final, NamedTuple
from unicodedata import category
from urllib.parse import SplitResult, unquote, urlsplit

from dhs_runtime.errors import ConfigError

HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443
MAX_PORT: Final = 65535
MAX_HOST_NAME: Final = 253
"""Letters of a host name (RFC 1035)."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)


class HostPort(NamedTuple):
    """A host, without brackets, and a TCP port; as text `dcss:14242` or `[::1]:14242`."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """`http://HOST:PORT`, with brackets and escapes as URLs need them."""
        return f"http://{self}".replace("%", "%25")

    @classmethod
    def read(
        cls, text: str, default_port: int | None = None, *, lowest_port: int = 1
    ) -> "HostPort":
        """Read HOST:PORT; with a default port also HOST and a bare IPv6 address.

        Args:
            text: As the user wrote it.
            default_port: The port if the text has none; None if the text must have one.
            lowest_port: 0 if that means any free port.

        Raises:
            ConfigError: The text is not such an address.
        """
        form = "HOST:PORT" if default_port is None else "HOST:PORT or HOST"
        host, port = (text, None) if "://" in text else _parted(text)
        trouble = host_trouble(host)
        wrong = f"{without_password(text)!r} is not {form}"
        if trouble:
            raise ConfigError(f"{wrong}: {trouble}")
        if port is None:
            if default_port is None:
                raise ConfigError(f"{wrong}: there is no port")
            return cls(bare_host(host), default_port)
        digits = port.isascii() and port.isdecimal() and len(port) <= len(str(MAX_PORT))
        if not digits or not lowest_port <= int(port) <= MAX_PORT:
            raise ConfigError(f"{wrong}: a port is a number of {lowest_port} to {MAX_PORT}")
        return cls(bare_host(host), int(port))


def bare_host(text: str) -> str:
    """A host without the brackets that an IPv6 address may have."""
    match = _BRACKETED.fullmatch(text)
    return match[1] if match and match[2] is None else text


def host_trouble(text: str) -> str:
    """Why a text is not a host name or IP address, and what was meant; "" if it is one."""
    trouble = _more_than_a_host(text)
    if trouble:
        return trouble
    host, port = _parted(text)
    if port is not None:
        meant = f"; did you mean host {bare_host(host)}, port {port}?" if host and port else ""
        return f"the port is not part of the host{meant}"
    host = bare_host(host)
    if ":" in host or host != text:
        return "" if _is_ip(host, 6) else f"{host!r} is not an IPv6 address{_with_brackets(host)}"
    if not host.strip("0123456789."):
        wanted = "an IPv4 address is four numbers of 0 to 255, without leading zeros"
        return "" if _is_ip(host, 4) else wanted
    return _name_trouble(host)


def is_ip(host: str) -> bool:
    """Whether a host is an IPv4 or IPv6 address, not a name."""
    return _is_ip(host, 4) or _is_ip(host, 6)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host; names are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_url(text: str, schemes: Collection[str] = ("http",)) -> SplitResult:
    """The parts of a URL with a scheme of `schemes` and a host; a password is never repeated.

    Raises:
        ConfigError: It is not such a URL, or its host or port is invalid.
    """
    shown = without_password(text)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # both are checked only when they are read
    except ValueError:  # a bracket without its partner, or a port that is not a number
        raise ConfigError(f"{shown!r} is not a URL: its host or port cannot be read") from None
    if parts.scheme not in schemes or not host:
        wanted = " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes)
        raise ConfigError(f"{shown!r} is not {wanted}{_meant_without_scheme(text, schemes)}")
    trouble = host_trouble(unquote(host))
    if trouble:
        raise ConfigError(f"{shown!r}: {trouble}")
    if any(char.isspace() or not char.isprintable() for char in text):
        raise ConfigError(f"{shown!r}: a URL has no blanks or control characters")
    return parts


def without_password(url: str) -> str:
    """A URL or `user:password@host` with `***` for the user and password, for messages."""
    return re.sub(r"(?<=://).*@" if "://" in url else r"\A.*:.*@", "***@", url, flags=re.DOTALL)


def _parted(text: str) -> tuple[str, str | None]:
    """What comes before the port, and the port; a bare IPv6 address has none."""
    match = _BRACKETED.fullmatch(text)
    if match:
        return f"[{match[1]}]", match[2]
    if _is_ip(text, 6):
        return text, None
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and ":" not in host else (text, None)


def _more_than_a_host(text: str) -> str:
    if not text:
        return "the host is empty"
    if any(char.isspace() or not char.isprintable() for char in text):
        return "a host has no blanks or control characters"
    if "://" in text:
        return f"a URL is not a host{_meant_by_url(text)}"
    signs = [sign for sign in "@/?#" if sign in text]
    return f"a host has no {signs[0]!r}" if signs else ""


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _name_trouble(name: str) -> str:
    odd = next((each for each in name if not (each.isascii() or category(each)[0] in "LMN")), "")
    if odd:  # IDNA takes quotes of word processors, too
        return f"{odd!r} cannot be in the name of a host"
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return f"{name!r} cannot be the name of a host"
    if len(ascii_name) > MAX_HOST_NAME:
        return f"a host name has {MAX_HOST_NAME} letters at most, this has {len(ascii_name)}"
    for label in ascii_name.removesuffix(".").split("."):
        if not label:
            return "a host name has no empty parts"
        if not _LABEL.fullmatch(label):
            return f"{label!r}: a host name has letters, digits and inner hyphens, 63 at a time"
    return ""


def _with_brackets(text: str) -> str:
    host, _, port = text.rpartition(":")
    meant = _is_ip(host, 6) and port.isdecimal()
    return f"; did you mean [{host}]:{port}?" if meant else ""


def _meant_by_url(text: str) -> str:
    """The host in a URL, for a message."""
    try:
        host, port = urlsplit(text).hostname or "", urlsplit(text).port
    except ValueError:
        return ""
    said = f"{host}, port {port}" if port else host
    return f"; did you mean host {said}?" if not host_trouble(host) else ""


def _meant_without_scheme(text: str, schemes: Collection[str]) -> str:
    if "://" in text or "@" in text or host_trouble(_parted(text)[0]):
        return ""
    return f"; did you mean {next(iter(schemes))}://{text}?"
