"""The guard of production hosts: nothing runs there unless the user says so.

All names of a host are checked, because the same machine may be written as `bl831`,
`bl831.example.org`, by its address, or, on itself, as `localhost`.
"""

import contextlib
import fnmatch
import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from dhs_runtime.errors import ConfigError

VARIABLE: Final = "DHS_PRODUCTION"
"""Environment variable with patterns for all DHSs of a machine, separated by blanks."""


@attrs.frozen
class Guard:
    """What needs `--production`, and whether it was given.

    Attributes:
        patterns: Each pattern, and where it is defined.
        production: Whether the user gave `--production`.
        pretend: Whether this is a rehearsal.
    """

    patterns: Mapping[str, str]
    production: bool = False
    pretend: bool = False

    @classmethod
    def of(
        cls,
        patterns: Iterable[str],
        source: str,
        *,
        production: bool = False,
        pretend: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> "Guard":
        """A guard with the patterns of a configuration and those of the environment."""
        known = dict.fromkeys(environment.get(VARIABLE, "").split(), f"${VARIABLE}")
        known |= dict.fromkeys(patterns, f"production in {source}")
        return cls(known, production, pretend)

    def check_host(self, host: str) -> None:
        """Check that DCSS's host may be used; raises ConfigError if it may not."""
        if self.patterns:  # avoids looking up the names of the host
            self._check(f"DCSS's host {host}", names_of(host))

    def check_name(self, name: str) -> None:
        """Check that a hardware host's name may be used; raises ConfigError if it may not."""
        self._check(f"hardware host {name}", (name,))

    def _check(self, what: str, names: Iterable[str]) -> None:
        if self.production:
            return
        for name in names:
            for pattern, where in self.patterns.items():
                if not fnmatch.fnmatchcase(name.lower(), pattern.lower()):
                    continue
                known_as = "" if what.endswith(f" {name}") else f" ({name})"
                text = f"{what}{known_as} is production: it matches {pattern!r} ({where})"
                if self.pretend:
                    raise ConfigError(f"{text}; a rehearsal is never allowed there")
                raise ConfigError(f"{text}; use --production to allow it")


def names_of(host: str) -> tuple[str, ...]:
    """All names and addresses of a host, the given one first."""
    names = {host: None}
    found: list[str] = []
    with contextlib.suppress(OSError, UnicodeError):
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
        found = [str(address[0]) for *_, address in infos]
        names |= dict.fromkeys(canonical for *_, canonical, _ in infos if canonical)
    for address in found:
        names[address] = None
        with contextlib.suppress(OSError):
            name, aliases, _ = socket.gethostbyaddr(address)
            names |= dict.fromkeys((name, *aliases))
    if any(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found):
        names |= dict.fromkeys((socket.gethostname(), socket.getfqdn()))
    return tuple(names)
