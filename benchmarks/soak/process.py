"""The DHS's process: its start, its end, and its resources."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import attrs

ROOT: Final = Path(__file__).resolve().parents[2]
STOP_S: Final = 30.0


@attrs.frozen
class Sample:
    """The resources of the process at one moment.

    Attributes:
        at_s: Seconds since the start.
        commands: How many commands it was sent so far.
        resident_mb: Its resident memory, MB.
        threads: Its threads.
        descriptors: Its open descriptors.
    """

    at_s: float
    commands: int
    resident_mb: float
    threads: int
    descriptors: int


class DhsProcess:
    """`dhs run` with the DHS of the soak."""

    def __init__(self, dcss: str, *arguments: str, log: Path) -> None:
        """Start it; its log goes to a file.

        Args:
            dcss: HOST:PORT of DCSS.
            arguments: More arguments.
            log: The file for its standard error.
        """
        self._log = log.open("wb")
        target = "benchmarks/soak/target.py:dhs"
        command = [sys.executable, "-m", "dhs_runtime.cli", "run", target, "--dcss", dcss]
        self._process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        self._began_s = time.monotonic()
        self._proc = Path(f"/proc/{self._process.pid}")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def sample(self, commands: int) -> Sample:
        """Its resources now."""
        pages = int((self._proc / "statm").read_text().split()[1])
        return Sample(
            at_s=time.monotonic() - self._began_s,
            commands=commands,
            resident_mb=pages * os.sysconf("SC_PAGESIZE") / 1e6,
            threads=len(list((self._proc / "task").iterdir())),
            descriptors=len(list((self._proc / "fd").iterdir())),
        )

    def stop(self) -> int:
        """Stop it as systemd does; returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_running:
            self._process.kill()
            self._process.wait()
        self._log.close()
