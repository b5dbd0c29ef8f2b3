"""dumpcap on loopback, for tests that check the packets on the wire."""

import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

DEADLINE_S: Final = 60.0

needs_dumpcap = pytest.mark.skipif(
    shutil.which("dumpcap") is None, reason="dumpcap is not installed"
)


class Dumpcap:
    """dumpcap on loopback; skips the test where this user may not capture."""

    def __init__(self, path: Path, port: int) -> None:
        self._path = path
        self._process = subprocess.Popen(
            ["dumpcap", "-q", "-P", "-i", "lo", "-f", f"tcp port {port}", "-w", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, name="dumpcap-log")
        self._reader.start()
        if not until(lambda: any("File: " in line for line in self._said), self._has_ended):
            self.close()
            pytest.skip(f"dumpcap may not capture here: {' '.join(self._said).strip()[:200]}")

    def wait_for(self, data: bytes) -> None:
        """Wait until these bytes are in the file."""
        assert until(lambda: data in self._path.read_bytes(), self._has_ended), self._said

    def close(self) -> None:
        """End it; then the file is complete."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _read(self) -> None:
        assert self._process.stderr is not None
        self._said.extend(self._process.stderr)


def until(condition: Callable[[], bool], is_over: Callable[[], bool]) -> bool:
    """Whether it becomes true in time; another process sends no event for it."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if is_over() or time.monotonic() > deadline:
            return condition()
        time.sleep(0.02)
    return True
