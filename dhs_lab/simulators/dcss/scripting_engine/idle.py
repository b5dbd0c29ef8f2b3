"""`IdleList`: keeps the running devices of the lock list in the string `system_idle`."""

import threading
from collections.abc import Callable
from typing import Final

from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.entries import StringEntry

SYSTEM_IDLE: Final = "system_idle"
LOCK_OPERATION: Final = "lock_operation"


class IdleList:
    """Running motors and operations of the string `lock_operation`.

    While there are any, most commands of GUIs are refused.
    """

    def __init__(self, database: Database, answer: Callable[[str], None]) -> None:
        """An empty list; the server of the database is not started yet.

        Args:
            database: Where both strings are.
            answer: Takes the text with which the scripting engine sets its string.
        """
        self._database = database
        self._answer = answer
        listed = _contents(database, LOCK_OPERATION)
        self._listed = tuple(listed.split())
        # dcss reads the same list on its own, and drops the last word unless a blank follows it.
        self._refused = self._listed if listed.endswith(" ") else self._listed[:-1]
        self._lock = threading.Lock()  # guards _busy
        self._busy: list[str] = []

    def lists(self, name: str) -> bool:
        """Whether this motor or operation keeps the system from being idle."""
        return name in self._listed

    def refuses(self, name: str) -> bool:
        """Whether GUIs may not start this motor or operation now."""
        return name in self._refused and bool(self.busy())

    def begin(self, name: str, *, once: bool) -> None:
        """Enter a start of a device of the lock list; with `once`, do not enter it twice."""
        if name in self._listed:
            with self._lock:
                if not (once and name in self._busy):
                    self._busy.append(name)
            self._tell()

    def end(self, name: str) -> None:
        """Remove what has ended."""
        if name in self._listed:
            with self._lock:
                if name not in self._busy:
                    return
                self._busy.remove(name)
            self._tell()

    def busy(self) -> str:
        """The contents of the string; GUIs may set it, too."""
        return _contents(self._database, SYSTEM_IDLE).strip()

    def _tell(self) -> None:
        if self._database.find(SYSTEM_IDLE) is not None:
            with self._lock:
                busy = " ".join(self._busy)
            self._answer(f"htos_set_string_completed {SYSTEM_IDLE} normal {busy}")


def _contents(database: Database, name: str) -> str:
    found = database.find(name)
    if found is None or not isinstance(found[1], StringEntry):
        return ""
    with database.lock:
        return found[1].contents
