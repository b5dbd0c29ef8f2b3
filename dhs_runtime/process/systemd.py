"""Notifies systemd of the state of a service with `Type=notify` (sd_notify(3))."""

import os
import socket
from collections.abc import Mapping
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
WATCHDOG: Final = "WATCHDOG=1"

MAX_DIGITS: Final = 20
"""Digits of the largest number of 64 bits."""


class Notifier:
    """Notifies systemd of the service's state; does nothing without systemd.

    Attributes:
        watchdog_s: Seconds after which systemd ends a service that did not send `WATCHDOG=1`; None
            if it does not watch.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """A notifier from the variables that systemd sets in the environment."""
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ means the NUL of an abstract socket, which an environment variable cannot
        # contain.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = _watchdog_s(environment) if address else None

    @property
    def active(self) -> bool:
        """Whether systemd expects notifications."""
        return bool(self._address)

    def tell(self, *words: str) -> bool:
        """Send lines such as `READY=1` or `STATUS=online`; returns whether they were sent.

        Never raises and never waits: a service must not fail because systemd does not listen.
        """
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(words).encode(), self._address)
        except OSError:
            return False
        return True


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # systemd watches another process of the service
    micros = environment.get("WATCHDOG_USEC", "")
    is_number = micros.isdecimal() and len(micros) <= MAX_DIGITS
    return int(micros) / 1e6 if is_number and int(micros) else None
