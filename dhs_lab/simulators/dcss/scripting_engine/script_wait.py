"""`ScriptWait`: how a script waits for messages to all GUIs."""

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

from dhs_runtime.lowlevel import Deadline, DhsError

T = TypeVar("T")


class ScriptError(DhsError):
    """Ends a script, which is completed as `error TEXT`."""


class ServerStoppedError(ScriptError):
    """The server stops, so the script ends without a completion."""


class ScriptWait(Generic[T]):
    """Waits for some texts; it hears all texts since it was made."""

    def __init__(
        self,
        waits: "Waits",
        find: Callable[[list[str]], T | None],
        *,
        count: int = 1,
        abort_error: str = "",
        operation: tuple[str, str] | None = None,
    ) -> None:
        """A wait that starts now.

        Args:
            waits: Gives it the texts until the `with` block ends.
            find: Gets the words of each text; returns what is waited for, or None for other texts.
                It may raise ScriptError, which ends the wait.
            count: How many results to wait for.
            abort_error: The error with which an abort of everything ends it; "" if it goes on.
            operation: Name and handle of the operation to wait for.

        Raises:
            ServerStoppedError: The server stops.
        """
        self.operation = operation
        self._find = find
        self._count = count
        self._abort_error = abort_error
        self._changed = threading.Condition()  # guards what follows
        self._found: list[T] = []
        self._error: ScriptError | None = None
        self._waits = waits
        waits.add(self)

    def take(self, words: list[str]) -> None:
        """Check the words of a text."""
        with self._changed:
            try:
                found = self._find(words)
            except Exception as error:  # noqa: BLE001 - of the waiting script, not of this thread
                self._error = self._error or ScriptError(str(error))
            else:
                if found is None:
                    return
                self._found.append(found)
            self._changed.notify_all()

    def abort(self) -> None:
        """React to an abort of everything: end the wait if it has an `abort_error`."""
        if self._abort_error:
            self.end(ScriptError(self._abort_error))

    def end(self, error: ScriptError) -> None:
        """End the wait with an error."""
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def wait(self, deadline: Deadline | None) -> list[T]:
        """Wait for the results and return them.

        Raises:
            ScriptError: The wait was ended.
            TimeoutError: They did not come before the deadline.
        """
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._error is not None or len(self._found) >= self._count,
                None if deadline is None else deadline.remaining(),
            )
            if self._error is not None:
                raise self._error
            if not came:
                raise TimeoutError(f"{len(self._found)} of {self._count} answers in time")
            return self._found[: self._count]

    def sleep(self, seconds: float) -> None:
        """Wait this long; raises ScriptError if the wait is ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None, seconds)
            if self._error is not None:
                raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waits.remove(self)


class Waits:
    """The waits of running scripts, for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows
        self._waiting: list[ScriptWait[Any]] = []
        self._is_over = False

    def open(self) -> None:
        """Scripts may wait from now on."""
        with self._lock:
            self._is_over = False

    def close(self) -> None:
        """End all waits; there are no more until `open`."""
        with self._lock:
            self._is_over = True
        for waiting in self._all():
            waiting.end(ServerStoppedError("the server stops"))

    def add(self, waiting: ScriptWait[Any]) -> None:
        """Enter a wait; raises ServerStoppedError if the server stops."""
        with self._lock:
            if self._is_over:
                raise ServerStoppedError("the server stops")
            self._waiting.append(waiting)

    def remove(self, waiting: ScriptWait[Any]) -> None:
        """Remove a wait, if it is still there."""
        with self._lock:
            self._waiting = [each for each in self._waiting if each is not waiting]

    def hear(self, words: list[str]) -> None:
        """Give a text to all waits."""
        for waiting in self._all():
            waiting.take(words)

    def abort(self) -> None:
        """React to an abort of everything: end the waits that have an `abort_error`."""
        for waiting in self._all():
            waiting.abort()

    @property
    def are_there(self) -> bool:
        """Whether any script waits for anything."""
        return bool(self._waiting)

    def operations(self) -> list[tuple[str, str]]:
        """Name and handle of the operations that scripts wait for."""
        return [each.operation for each in self._all() if each.operation is not None]

    def _all(self) -> tuple[ScriptWait[Any], ...]:
        with self._lock:
            return tuple(self._waiting)
