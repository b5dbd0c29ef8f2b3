"""A service manager for tests: the notification socket of systemd."""

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE_S = 20.0


class Manager:
    """Listens as systemd does."""

    def __init__(self, address: Path | str) -> None:
        """A socket at a path, or an abstract one whose name is given as `@name`."""
        self.environment = {"NOTIFY_SOCKET": str(address)}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        text = str(address)
        self._socket.bind("\0" + text[1:] if text.startswith("@") else text)
        self._socket.settimeout(DEADLINE_S)

    def read(self) -> list[str]:
        """The lines of the next datagram."""
        return self._socket.recv(65536).decode().splitlines()

    def read_until(self, line: str) -> list[str]:
        """All lines up to this one."""
        lines: list[str] = []
        while line not in lines:
            lines += self.read()
        return lines

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for this long."""
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(DEADLINE_S)
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._socket.close()
