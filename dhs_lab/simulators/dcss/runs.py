"""Runs: an operation, a move or a report, as seen by the side that asked for it.

A run collects what the DHS answers, and waits for it with a deadline.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import attrs

from dcs_codec import HtosOperationCompleted, HtosOperationUpdate
from dhs_runtime.lowlevel import Deadline

C = TypeVar("C")
R = TypeVar("R")


class Asked(Protocol):
    """What the judge needs from a run.

    Attributes:
        asked: The command, as text.
        takes_s: Seconds that it takes by itself, such as counting; None if unknown.
        is_told: Whether the missing answer was already reported.
    """

    asked: str
    takes_s: float | None
    is_told: bool

    @property
    def hardware_host(self) -> str:
        """Hardware host that got the command."""

    @property
    def awaits(self) -> bool:
        """Whether an answer is still to come; it fails if the DHS is lost."""

    @property
    def heard_s(self) -> float:
        """Time of the last message about it, or of the command; on `time.monotonic`."""


class CommandRun(Asked, Protocol):
    """What the server needs from a run."""

    @property
    def is_over(self) -> bool:
        """Whether the answer has come."""

    def fail(self, status: str) -> None:
        """Enter a failure that DCSS found by itself; does nothing if it is over."""


@attrs.frozen
class Completion:
    """How an operation ended: `normal` means success, any other status names the failure."""

    status: str
    text: str


class _Heard:
    """A command to a DHS, and the time of the last message about it."""

    def __init__(self, name: str, hardware_host: str, takes_s: float | None) -> None:
        self.name = name
        self.hardware_host = hardware_host
        self.takes_s = takes_s
        self.asked = ""
        self.is_told = False
        self._changed = threading.Condition()  # guards all answers of the DHS
        self._heard_s = time.monotonic()

    @property
    def heard_s(self) -> float:
        """Time of the last message about it, or of the command; on `time.monotonic`."""
        return self._heard_s

    def _tell(self) -> None:
        """Wake all waiting threads after a message; the lock is held."""
        self._heard_s = time.monotonic()
        self._changed.notify_all()


class CompletedRun(_Heard, Generic[C]):
    """A run that ends with one completion; subclasses keep more."""

    def __init__(self, name: str, hardware_host: str, takes_s: float | None) -> None:
        super().__init__(name, hardware_host, takes_s)
        self._completions: list[C] = []

    @property
    def completions(self) -> tuple[C, ...]:
        """All completions so far; more than one is a fault of the DHS."""
        with self._changed:
            return tuple(self._completions)

    @property
    def is_over(self) -> bool:
        """Whether it is completed."""
        return bool(self.completions)

    @property
    def awaits(self) -> bool:
        """Whether the completion is still to come."""
        return not self.is_over

    def wait(self, timeout_s: float) -> C:
        """Wait for the (first) completion.

        Raises:
            TimeoutError: It did not come within `timeout_s` seconds.
        """
        self._wait(lambda: bool(self._completions), timeout_s, "completion")
        return self._completions[0]

    def fail(self, status: str) -> None:
        """Enter a failure that DCSS found by itself; does nothing if it is completed."""
        with self._changed:
            if not self._completions:
                self._completions.append(self._failure(status))
                self._tell()

    def _failure(self, status: str) -> C:
        """The completion to use if the DHS is lost; the lock is held."""
        raise NotImplementedError

    def _so_far(self) -> tuple[str, str]:
        """A description of this run and of its progress, for an error; the lock is held."""
        raise NotImplementedError

    def _wait(self, happened: Callable[[], bool], timeout_s: float, what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(happened, timeout_s):
                raise self._late(what, timeout_s)

    def _late(self, what: str, timeout_s: float) -> TimeoutError:
        this, so_far = self._so_far()
        return TimeoutError(f"{this}: no {what} within {timeout_s} s, {so_far}")


class OperationRun(CompletedRun[Completion]):
    """An operation that was started: its updates, and its completion."""

    def __init__(self, name: str, handle: str, hardware_host: str) -> None:
        super().__init__(name, hardware_host, None)
        self.handle = handle
        self._updates: list[str] = []

    @property
    def updates(self) -> tuple[str, ...]:
        """Texts of the updates so far."""
        with self._changed:
            return tuple(self._updates)

    def wait_update(self, first_word: str, timeout_s: float) -> str:
        """Wait for the first update that begins with this word; raises like `wait`."""

        def found() -> list[str]:
            return [text for text in self._updates if text.split()[:1] == [first_word]]

        self._wait(lambda: bool(found()), timeout_s, f"update {first_word!r}")
        return found()[0]

    def follow(self, timeout_s: float | None = None) -> Iterator[str]:
        """Each update as it comes, until the operation is completed.

        Raises:
            TimeoutError: It was not completed within `timeout_s` seconds in all.
        """
        deadline = None if timeout_s is None else Deadline.after(timeout_s)
        seen = 0
        while fresh := self._updates_after(seen, deadline):
            seen += len(fresh)
            yield from fresh
        if timeout_s is not None:
            self._check_completed(timeout_s)

    def take(self, message: HtosOperationUpdate | HtosOperationCompleted) -> None:
        """Enter an answer of the DHS."""
        with self._changed:
            if isinstance(message, HtosOperationUpdate):
                self._updates.append(message.operation_args)
            else:
                self._completions.append(
                    Completion(message.operation_status, message.operation_args)
                )
            self._tell()

    def _updates_after(self, seen: int, deadline: Deadline | None) -> list[str]:
        """Wait for updates after the first `seen`; returns none when completed."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._updates) > seen or self._completions,
                None if deadline is None else deadline.remaining(),
            )
            return self._updates[seen:]

    def _check_completed(self, timeout_s: float) -> None:
        with self._changed:
            if not self._completions:
                raise self._late("completion", timeout_s)

    def _failure(self, status: str) -> Completion:
        return Completion(status, "")

    def _so_far(self) -> tuple[str, str]:
        return f"{self.name} {self.handle}", f"updates so far: {self._updates[-5:]}"


class ReportRun(_Heard, Generic[R]):
    """A command that the DHS answers by one report, or by several if it is repeated."""

    def __init__(
        self,
        name: str,
        hardware_host: str,
        failure: Callable[[str], R],
        *,
        takes_s: float = 0.0,
        is_repeated: bool = False,
        is_answer: Callable[[R], bool] = lambda _: True,
    ) -> None:
        """A command for a device.

        Args:
            name: Name of the device.
            hardware_host: Its owner.
            failure: Makes the report with a status, if the DHS is lost.
            takes_s: Seconds that each report takes by itself.
            is_repeated: Whether reports go on until one is a failure.
            is_answer: Whether a report is an answer, and was not sent before the command.
        """
        super().__init__(name, hardware_host, takes_s)
        self._failure = failure
        self._is_repeated = is_repeated
        self._is_answer = is_answer
        self._reports: list[R] = []
        self._ended = False

    @property
    def reports(self) -> tuple[R, ...]:
        """All reports so far."""
        with self._changed:
            return tuple(self._reports)

    @property
    def is_over(self) -> bool:
        """Whether there is a report."""
        return bool(self.reports)

    @property
    def awaits(self) -> bool:
        """Whether a report is still to come."""
        with self._changed:
            return not self._ended

    def wait(self, timeout_s: float) -> R:
        """Wait for the first report.

        Raises:
            TimeoutError: It did not come within `timeout_s` seconds.
        """
        return self.wait_reports(1, timeout_s)[0]

    def wait_reports(self, count: int, timeout_s: float) -> tuple[R, ...]:
        """The reports, once there are `count`; raises like `wait`."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._reports) >= count, timeout_s):
                raise TimeoutError(
                    f"{self.name}: {len(self._reports)} of {count} reports within {timeout_s} s"
                )
            return tuple(self._reports)

    def take(self, report: R, *, is_last: bool = False) -> None:
        """Enter a report of the DHS; `is_last` if it ends a repetition."""
        if not self._is_answer(report):
            return
        with self._changed:
            self._reports.append(report)
            self._ended = self._ended or is_last or not self._is_repeated
            self._tell()

    def fail(self, status: str) -> None:
        """Enter a failure that DCSS found by itself; does nothing if no report is expected."""
        with self._changed:
            if not self._ended:
                self._reports.append(self._failure(status))
                self._ended = True
                self._tell()
