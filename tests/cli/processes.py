"""`dhs` as a process or a function, for tests."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from dhs_runtime.cli import main

DEADLINE_S = 60.0  # a process takes seconds to start and end on a busy machine


def in_process(*args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What `dhs ARGS` does with this standard input, in this process: a tenth of the time."""
    with CliRunner().isolation(data) as (out, err, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dhs", *args])
        patch.setattr(sys, "path", sys.path[:])  # `dhs run` adds the folder of the DHS
        with pytest.raises(SystemExit) as end:
            main()
        sys.stdout.flush()
        code = end.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(args, code, out.getvalue(), err.getvalue())


class Process:
    """A running `dhs ...`; tests can wait for lines of its log."""

    def __init__(self, *args: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dhs_runtime.cli", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,  # so that `close` also ends its children
        )
        self._changed = threading.Condition()  # guards the two below
        self._lines: list[str] = []
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="log-reader")
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """Its output so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_log(self, pattern: str) -> re.Match[str]:
        """Wait until this is in the log."""

        def found() -> bool:
            return self._ended or re.search(pattern, "".join(self._lines)) is not None

        with self._changed:
            self._changed.wait_for(found, DEADLINE_S)
        match = re.search(pattern, self.log)
        assert match is not None, f"no {pattern!r} in:\n{self.log}"
        return match

    def terminate(self) -> int:
        """Send SIGTERM; returns its exit code."""
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; returns its exit code."""
        code = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def close(self) -> None:
        """Kill it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


@contextmanager
def dhs(*args: str, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run `dhs ARGS`; killed at the end of the block."""
    process = Process(*args, environment=environment)
    try:
        yield process
    finally:
        process.close()
