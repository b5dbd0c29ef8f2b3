"""Runs the DHS of a test, in this process or as `dhs run` in another."""

import contextlib
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, Self

import attrs

from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_runtime import Backoff, DcssConfig, Dhs
from dhs_runtime.lowlevel import Deadline

ONLINE_S: Final = 20.0
PROCESS_ONLINE_S: Final = 60.0
STOP_S: Final = 20.0
"""How long threads and processes may take to end; a busy machine needs seconds for it."""

_LOOK_S: Final = 0.1  # how often to check whether a process that does not come online has ended
_QUICK: Final = Backoff(first_s=0.01, longest_s=0.1)
_THREADS_LEFT: Final = re.compile(r"threads that did not end: (.*)")
_LOGGER: Final = logging.getLogger("dhs_runtime")


class _Running(Protocol):
    def stop(self) -> None:
        """Stop it; raises AssertionError if it does not end properly."""


class RunningDhs:
    """A DHS that runs in this process.

    Attributes:
        dhs: The DHS.
        stop_s: How long its threads may take to end, in seconds.
    """

    def __init__(self, dhs: Dhs, stop_s: float = STOP_S) -> None:
        self.dhs = dhs
        self.stop_s = stop_s

    def stop(self) -> None:
        """Stop it; does nothing when stopped.

        Raises:
            AssertionError: Threads did not end; the text names them.
        """
        __tracebackhide__ = True
        if alive := self.dhs.stop(join_s=self.stop_s):
            raise AssertionError(f"{self.dhs.name} left threads running: {', '.join(alive)}")


class DhsProcess:
    """A DHS that runs as `dhs run`, and its output."""

    def __init__(
        self, target: str, args: list[str], cwd: Path | None, env: Mapping[str, str] | None
    ) -> None:
        self.title = " ".join(["dhs run", target, *args])
        self._process = subprocess.Popen(  # noqa: S603 - the test gives the command
            [sys.executable, "-m", "dhs_runtime.cli", "run", target, *args],
            cwd=cwd,
            env=None if env is None else os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._changed = threading.Condition()  # guards _lines and _ended
        self._lines: list[str] = []
        self._ended = False
        self._is_stopped = False
        self._reader = threading.Thread(target=self._read, name="dhs-run-log", daemon=True)
        try:
            self._reader.start()
        except RuntimeError:  # the system has no thread left
            self._process.kill()
            self._process.communicate()
            raise

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Its output so far."""
        with self._changed:
            return "".join(self._lines)

    @property
    def has_ended(self) -> bool:
        """Whether its output has ended."""
        with self._changed:
            return self._ended

    def wait_log(self, pattern: str, timeout_s: float = ONLINE_S) -> re.Match[str]:
        """Wait until a regular expression matches in its output.

        Raises:
            AssertionError: It did not match within the time, or before the process ended.
        """
        __tracebackhide__ = True

        def look() -> re.Match[str] | None:
            return re.search(pattern, "".join(self._lines))

        with self._changed:
            self._changed.wait_for(lambda: self._ended or look(), timeout_s)
            found = look()
        if found is None:
            raise AssertionError(f"no {pattern!r} in the log of {self.title}")
        return found

    def stop(self) -> None:
        """Send SIGTERM and wait for its end; does nothing if it was stopped before.

        Raises:
            AssertionError: It had to be killed, left threads, or its exit code is not 0.
        """
        __tracebackhide__ = True
        if self._is_stopped:
            return
        self._is_stopped = True
        self._process.terminate()
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"{self.title} did not end within {STOP_S:g} s") from None
        finally:
            self._reader.join(STOP_S)  # a process that it started may hold its output open
        if left := _THREADS_LEFT.search(self.log):
            raise AssertionError(f"{self.title} left threads running: {left[1]}")
        if code != 0:
            raise AssertionError(f"{self.title} ended with exit code {code}:\n{self.log}")

    def _read(self) -> None:
        with self._process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class DhsRunner:
    """Starts DHSs, waits until they are online, and stops them together."""

    def __init__(self, default_dcss: Callable[[], SimulatedDcss]) -> None:
        """A runner; `default_dcss` returns the DCSS for a DHS that is started without one."""
        self._default_dcss = default_dcss
        self._running: list[_Running] = []
        self._processes: list[DhsProcess] = []
        self._level: int | None = None

    def start(
        self,
        dhs: Dhs,
        dcss: SimulatedDcss | None = None,
        *,
        config: DcssConfig | None = None,
        timeout_s: float = ONLINE_S,
        stop_s: float = STOP_S,
    ) -> RunningDhs:
        """Run a DHS in this process, in its own threads.

        Its log goes to the log of the test, from level INFO on.

        Args:
            dhs: The DHS.
            dcss: The DCSS to connect to, by default the test's `simulated_dcss`.
            config: Settings; by default those for a local DCSS that comes back at once.
            timeout_s: How long it may take until it is online.
            stop_s: How long its threads may take to end at the stop.

        Raises:
            AssertionError: It was not online in time, or is not a hardware host of the DCSS.
            ConfigError, DhsError: As in `Dhs.start`.
        """
        __tracebackhide__ = True
        dcss = dcss or self._default_dcss()
        login = _Login(dcss, dhs.name)
        self._listen()
        running = RunningDhs(dhs, stop_s)
        dhs.start(config or _near(dcss))
        self._running.append(running)
        if not login.wait(timeout_s):
            raise AssertionError(f"{dhs.name} was not online within {timeout_s:g} s")
        return running

    def spawn(
        self,
        target: str,
        *args: str,
        dcss: SimulatedDcss | None = None,
        name: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = PROCESS_ONLINE_S,
    ) -> DhsProcess:
        """Run a DHS as `dhs run TARGET` (extra `runtime`).

        Args:
            target: `FILE.py:NAME`, or `package.module:NAME`.
            args: More arguments, for example `--trace`.
            dcss: As in `start`.
            name: Hardware host to wait for; may be left out if the DCSS has just one.
            cwd: Folder to run it in.
            env: Environment variables in addition to those of this process.
            timeout_s: How long it may take until it is online.

        Raises:
            AssertionError: It ended, or was not online in time (the text has its log), or it is not
                a hardware host of the DCSS.
            ValueError: No name was given, and the DCSS has several hosts.
        """
        __tracebackhide__ = True
        dcss = dcss or self._default_dcss()
        if name is None:
            if len(dcss.hosts) != 1:
                hosts = ", ".join(host.name for host in dcss.hosts)
                raise ValueError(f"no name given for one of {hosts}; pass `name=` to `spawn`")
            name = dcss.hosts[0].name
        login = _Login(dcss, name)
        process = DhsProcess(target, ["--dcss", dcss.address, *args], cwd, env)
        self._running.append(process)
        self._processes.append(process)
        deadline = Deadline.after(timeout_s)
        while not login.wait(_LOOK_S):
            if process.has_ended or deadline.remaining() <= 0:
                what = "ended" if process.has_ended else f"was not online within {timeout_s:g} s"
                with contextlib.suppress(AssertionError):  # the message says so already
                    process.stop()
                raise AssertionError(f"{process.title} {what}:\n{process.log}")
        return process

    def sections(self) -> list[tuple[str, str]]:
        """Titles and logs of the processes, for the report of a failed test."""
        return [(f"log of {process.title}", process.log) for process in self._processes]

    def stop(self) -> None:
        """Stop all, the last one first.

        Raises:
            AssertionError: One did not end properly; the text says which and why.
        """
        __tracebackhide__ = True
        wrong = []
        while self._running:
            try:
                self._running.pop().stop()
            except AssertionError as error:
                wrong.append(str(error))
        if self._level is not None:
            _LOGGER.setLevel(self._level)
            self._level = None
        if wrong:
            raise AssertionError("\n".join(wrong))

    def _listen(self) -> None:
        """Let log records through, so that pytest shows them for a failed test."""
        if self._level is None and _LOGGER.getEffectiveLevel() > logging.INFO:
            self._level = _LOGGER.level
            _LOGGER.setLevel(logging.INFO)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        __tracebackhide__ = True
        self.stop()


class _Login:
    """The next login of a DHS, including all registrations."""

    def __init__(self, dcss: SimulatedDcss, name: str) -> None:
        __tracebackhide__ = True
        hosts = {host.name: host for host in dcss.hosts}
        if name not in hosts:
            raise AssertionError(f"{name} is not a hardware host of this DCSS: {', '.join(hosts)}")
        self._dcss = dcss
        self._name = name
        self._before, _ = dcss.traffic.after(0)
        self._logins = dcss.logins()[name] + 1
        devices = hosts[name].devices
        self._last = [devices[-1].registration().keyword, devices[-1].name] if devices else []

    def wait(self, timeout_s: float) -> bool:
        """Whether the DHS is online within the time."""
        return self._dcss.changes.wait_for(self._is_there, timeout_s)

    def _is_there(self) -> bool:
        dcss = self._dcss
        if self._name not in dcss.online() or dcss.logins()[self._name] < self._logins:
            return False
        _, lines = dcss.traffic.after(self._before)
        words = [line.text.split()[:2] for line in lines if line.host == self._name]
        return not self._last or self._last in words


def _near(dcss: SimulatedDcss) -> DcssConfig:
    """Settings for a local DCSS that comes back at once."""
    return attrs.evolve(DcssConfig.at(dcss.address), retry=_QUICK, retry_refused=_QUICK)
