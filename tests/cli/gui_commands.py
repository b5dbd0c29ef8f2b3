"""Commands of a client as processes, for tests."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

DEADLINE_S: Final = 60.0  # a process takes seconds to end on a busy machine


class Command:
    """`dhs ...` with its two streams apart."""

    def __init__(
        self, *args: str, home: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dhs_runtime.cli", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "XDG_CACHE_HOME": str(home),
                "DHS_PRODUCTION": "",
                **(environment or {}),
            },
        )

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def event(self) -> dict[str, Any]:
        """The next line that it prints, as JSON."""
        found = json.loads(self.line())
        assert isinstance(found, dict)
        return found

    def warning(self) -> str:
        """The next line that it says on stderr."""
        assert self._process.stderr is not None
        return self._process.stderr.readline()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def stop_reading(self) -> None:
        """Close our end of its standard output, as `head` does."""
        assert self._process.stdout is not None
        self._process.stdout.close()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, what it printed since, what it said on stderr."""
        stdout, stderr = self._process.stdout, self._process.stderr
        assert stdout is not None
        assert stderr is not None
        out = "" if stdout.closed else stdout.read()  # what `line` has read ahead, too
        errors = stderr.read()
        code = self._process.wait(DEADLINE_S)
        stdout.close()
        stderr.close()
        return code, out, errors

    def close(self) -> None:
        """Kill it."""
        self._process.kill()
        if self._process.stderr is not None and not self._process.stderr.closed:
            self.end()


Run = Callable[..., Command]
"""Starts a command at a scripted server: words, and environment variables by name."""
Call = Callable[..., tuple[int, str, str]]
"""Runs one in this process: exit code, what it printed, what it said on stderr."""
