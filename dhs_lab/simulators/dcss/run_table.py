"""`RunTable`: which runs wait for which answers."""

import threading
from typing import Final, TypeVar

from dhs_lab.simulators.dcss.runs import CommandRun

KEPT: Final = 10_000  # keys; each operation has its own
RunKey = tuple[str, ...]
"""A kind of command and its device: `("move", "gonio_phi")`."""

T = TypeVar("T", bound=CommandRun)


class RunTable:
    """Runs by key, safe for any thread.

    A DHS answers in the order it was asked, so an answer belongs to the oldest run that is not
    over. Once all are over, it belongs to the newest, so that a duplicate completion is noticed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _runs
        self._runs: dict[RunKey, list[CommandRun]] = {}

    def add(self, run: CommandRun, *keys: RunKey) -> None:
        """Enter a run under its keys."""
        with self._lock:
            for key in keys:
                waiting = [other for other in self._runs.get(key, ()) if not other.is_over]
                self._runs[key] = [*waiting, run]
            self._forget()

    def _forget(self) -> None:
        """Keep only the newest of the finished runs."""
        for _ in range(min(2, len(self._runs) - KEPT)):  # two for each new one
            oldest = next(iter(self._runs))
            runs = self._runs.pop(oldest)
            if not all(run.is_over for run in runs):
                self._runs[oldest] = runs  # moved to the end, so that others are checked first

    def remove(self, run: CommandRun, *keys: RunKey) -> None:
        """Remove a run whose command was not sent after all."""
        with self._lock:
            for key in keys:
                self._runs[key] = [other for other in self._runs[key] if other is not run]

    def find(self, kind: type[T], *key: str) -> T | None:
        """The run to which an answer with this key belongs."""
        with self._lock:
            runs = self._runs.get(key, ())
            found = next((run for run in runs if not run.is_over), runs[-1] if runs else None)
        return found if isinstance(found, kind) else None

    def waiting(self, kind: type[T], *key: str) -> list[T]:
        """All runs that wait for an answer with this key."""
        with self._lock:
            runs = self._runs.get(key, ())
            return [run for run in runs if isinstance(run, kind) and not run.is_over]

    def unanswered(self) -> list[CommandRun]:
        """All runs that wait for their first answer."""
        with self._lock:
            runs = {id(run): run for runs in self._runs.values() for run in runs}
        return [run for run in runs.values() if not run.is_over]

    def of(self, hardware_host: str) -> list[CommandRun]:
        """The runs that wait for answers of this host."""
        with self._lock:
            return [
                run
                for runs in self._runs.values()
                for run in runs
                if run.hardware_host == hardware_host and run.awaits
            ]
