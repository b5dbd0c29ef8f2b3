"""`OperationRun`: one operation as the side that started it sees it."""

import threading
from collections.abc import Callable, Iterator

import attrs

from dcs_codec import HtosOperationCompleted, HtosOperationUpdate


@attrs.frozen
class Completion:
    """How an operation ended: `normal` is success, any other status the failure."""

    status: str
    text: str


class OperationRun:
    """An operation that was started: its updates, and its completion when that is there."""

    def __init__(self, name: str, handle: str, hardware_host: str) -> None:
        self.name = name
        self.handle = handle
        self.hardware_host = hardware_host
        self._changed = threading.Condition()  # guards the rest
        self._updates: list[str] = []
        self._completions: list[Completion] = []

    @property
    def updates(self) -> tuple[str, ...]:
        """Texts of the updates so far."""
        with self._changed:
            return tuple(self._updates)

    @property
    def completions(self) -> tuple[Completion, ...]:
        """All completions so far; more than one is a fault of the DHS."""
        with self._changed:
            return tuple(self._completions)

    def wait(self, timeout_s: float) -> Completion:
        """The (first) completion, once it is there.

        Raises:
            TimeoutError: It did not come within `timeout_s` seconds.
        """
        self._wait(lambda: bool(self._completions), timeout_s, "completion")
        return self._completions[0]

    def wait_update(self, first_word: str, timeout_s: float) -> str:
        """The first update that begins with this word, once it is there; raises as `wait`."""

        def found() -> list[str]:
            return [text for text in self._updates if text.split()[:1] == [first_word]]

        self._wait(lambda: bool(found()), timeout_s, f"update {first_word!r}")
        return found()[0]

    def follow(self) -> Iterator[str]:
        """Each update as it comes, until the operation is completed."""
        seen = 0
        while fresh := self._updates_after(seen):
            seen += len(fresh)
            yield from fresh

    def take(self, message: HtosOperationUpdate | HtosOperationCompleted) -> None:
        """Enter an answer of the DHS."""
        with self._changed:
            if isinstance(message, HtosOperationUpdate):
                self._updates.append(message.operation_args)
            else:
                self._completions.append(
                    Completion(message.operation_status, message.operation_args)
                )
            self._changed.notify_all()

    def fail(self, status: str) -> None:
        """Enter a failure that DCSS found by itself; nothing when it is completed."""
        with self._changed:
            if not self._completions:
                self._completions.append(Completion(status, ""))
                self._changed.notify_all()

    def _updates_after(self, seen: int) -> list[str]:
        """The updates behind the first `seen`, once there are some; none when completed."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._updates) > seen or self._completions)
            return self._updates[seen:]

    def _wait(self, happened: Callable[[], bool], timeout_s: float, what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(happened, timeout_s):
                raise TimeoutError(
                    f"{self.name} {self.handle}: no {what} within {timeout_s} s, "
                    f"updates so far: {self._updates[-5:]}"
                )
