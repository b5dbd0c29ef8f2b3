"""What systemd is told of a service of `Type=notify`: one datagram per word (sd_notify(3))."""

import os
import socket
from collections.abc import Mapping
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
WATCHDOG: Final = "WATCHDOG=1"


class Notifier:
    """Tells systemd how the service is doing; without systemd it tells nobody.

    Attributes:
        watchdog_s: Seconds after which systemd ends a service that did not say `WATCHDOG=1`, None
            where it does not watch.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """A notifier for what systemd put into the environment of this process."""
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL of an abstract socket, which no environment can hold.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = _watchdog_s(environment) if address else None

    @property
    def active(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)

    def tell(self, *words: str) -> bool:
        """Send lines such as `READY=1` or `STATUS=online`; whether systemd has got them.

        Never raises and never waits: a service must not fail for want of somebody who listens.
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
        return None  # it is another process of the service that is watched
    micros = environment.get("WATCHDOG_USEC", "")
    return int(micros) / 1e6 if micros.isdecimal() and int(micros) else None
