"""`ScriptWait`: how a script waits for messages to all GUIs."""

import threading
from collections.abc import Callable
from typing import Generic, Self, TypeVar

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
        find: Callable[[list[str]], T | None],
        *,
        count: int = 1,
        abort_error: str = "",
        operation: tuple[str, str] | None = None,
        close: "Callable[[ScriptWait[T]], None]",
    ) -> None:
        """A wait that starts now.

        Args:
            find: Gets the words of each text; returns what is waited for, or None for other texts.
                It may raise ScriptError, which ends the wait.
            count: How many results to wait for.
            abort_error: The error with which an abort of everything ends it; "" if none does.
            operation: Name and handle of the operation to wait for.
            close: Called at its end.
        """
        self.operation = operation
        self._find = find
        self._count = count
        self._abort_error = abort_error
        self._close = close
        self._changed = threading.Condition()  # guards what follows
        self._found: list[T] = []
        self._error: ScriptError | None = None

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
        """Everything is aborted, which ends only waits with an `abort_error`."""
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
        self._close(self)
