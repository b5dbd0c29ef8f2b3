"""`RunTable`: which runs wait for which answers."""

import threading
from typing import TypeVar

from dhs_runtime.simulators.dcss.runs import Run

Key = tuple[str, ...]
"""What is asked of which device: `("move", "gonio_phi")`."""

T = TypeVar("T", bound=Run)


class RunTable:
    """Runs by key, safe for any thread.

    A DHS answers in the order it was asked, so an answer belongs to the oldest run that is not
    over; behind the last one it belongs to that, for a second completion to be found there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _runs
        self._runs: dict[Key, list[Run]] = {}

    def add(self, run: Run, *keys: Key) -> None:
        """Enter a run under its keys."""
        with self._lock:
            for key in keys:
                waiting = [other for other in self._runs.get(key, ()) if not other.is_over]
                self._runs[key] = [*waiting, run]

    def remove(self, run: Run, *keys: Key) -> None:
        """Take a run back that was not asked after all."""
        with self._lock:
            for key in keys:
                self._runs[key] = [other for other in self._runs[key] if other is not run]

    def find(self, kind: type[T], *key: str) -> T | None:
        """The run that an answer with this key belongs to."""
        with self._lock:
            runs = self._runs.get(key, ())
            found = next((run for run in runs if not run.is_over), runs[-1] if runs else None)
        return found if isinstance(found, kind) else None

    def of(self, hardware_host: str) -> list[Run]:
        """The runs to which this host owes something."""
        with self._lock:
            return [
                run
                for runs in self._runs.values()
                for run in runs
                if run.hardware_host == hardware_host and run.awaits
            ]
