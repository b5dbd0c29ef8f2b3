"""`IonChamber` and `Count`: counters that are read together, for a time."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from dcs_codec import (
    HtosReportIonChambers,
    IonChamberFailure,
    IonChamberReading,
    Message,
    StohReadIonChambers,
    StohRegisterIonChamber,
)
from dhs_runtime.devices.base import Device, Hook, Wiring
from dhs_runtime.task import ERROR, NORMAL, Send, Task


class Count(Task):
    """One `stoh_read_ion_chambers`; its methods may be called from any thread.

    Attributes:
        names: The ion chambers to read, at least one.
        time_s: How long to count, in seconds.
        is_repeated: Whether to go on counting until aborted.
    """

    def __init__(self, message: StohReadIonChambers, send: Send) -> None:
        super().__init__(send)
        self.names = message.ion_chamber_names
        self.time_s = message.ion_chamber_time
        self.is_repeated = message.is_repeated
        self._counts: Mapping[str, float] | None = None

    @property
    def label(self) -> str:
        """`count` and the names."""
        return f"count {' '.join(self.names)}"

    def report(self, counts: Mapping[str, float]) -> None:
        """Send `htos_report_ion_chambers` in the middle of a repeated count.

        Raises:
            KeyError: A chamber that was asked for is missing.
            EncodeError: A number does not fit the wire, or the time is not positive.
            TaskFinishedError: The count is over.
        """
        self._say(self._readings(counts))

    def complete(self, counts: Mapping[str, float]) -> None:
        """Send `htos_report_ion_chambers`, the last; raises as `report`.

        Args:
            counts: Counts over `time_s` by name; others than asked for are left out, for dcss
                hangs at a name that it does not know.
        """
        self._counts = counts
        self._finish(NORMAL, "")

    def fail(self, reason: str) -> None:
        """Send `htos_report_ion_chambers` in its failure form; raises TaskFinishedError."""
        self._finish(ERROR, reason)

    def is_completed_by(self, message: Message) -> bool:
        """Whether this message is the report of this count."""
        if not isinstance(message, HtosReportIonChambers) or self.is_repeated:
            return False
        result = message.result
        if isinstance(result, IonChamberFailure):
            return set(result.names) == set(self.names)
        return {reading.name for reading in result} == set(self.names)

    def _status_of(self, message: Message) -> str:
        failed = isinstance(getattr(message, "result", None), IonChamberFailure)
        return ERROR if failed else NORMAL

    def _readings(self, counts: Mapping[str, float]) -> Message:
        return HtosReportIonChambers(
            ion_chamber_time=self.time_s,
            result=tuple(IonChamberReading(name, counts[name]) for name in self.names),
        )

    def _completion(self, status: str, text: str) -> Message:
        if status == NORMAL and self._counts is not None:
            return self._readings(self._counts)
        reason = text or ("no counts" if status == NORMAL else status)
        return HtosReportIonChambers(
            ion_chamber_time=0, result=IonChamberFailure(self.names, reason)
        )


Counter = Callable[[Count], Mapping[str, float]]
"""Counts for `count.time_s` seconds and returns counts by name."""


class IonChamber(Device):
    """An ion chamber; each read leads to one `htos_report_ion_chambers`.

    Attributes:
        on_count: Decorator: the function counts, in a thread of its own, and returns counts by
            name; it gets a `Count`. Chambers read together may share a function.
        counts: What it last counted.
    """

    kind = "ion chamber"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterIonChamber,)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.on_count: Hook[Counter] = Hook(f"counting {name}")
        self.counts = 0.0

    def accept(self, message: Message, send: Send) -> None:
        """As `Device.accept`; counts run beside everything else."""
        if not isinstance(message, StohReadIonChambers):
            super().accept(message, send)
        elif self._wiring is not None:
            self._start(Count(message, send), self._wiring)

    def _obey(self, message: Message, send: Send) -> None:
        """Registration and configuration of an ion chamber ask for nothing."""

    def _start(self, count: Count, wiring: Wiring) -> None:
        wiring.active.add(count)

        def run() -> None:
            try:
                count.run(self._count)
            finally:
                wiring.active.remove(count)

        def refuse() -> None:
            count.end(ERROR, "too much under way")
            wiring.active.remove(count)

        wiring.submit(run, refuse)

    def _count(self, count: Count) -> None:
        """Count once, or again and again until aborted; runs in a worker."""
        chambers = [self._companion(name) for name in count.names]
        counter = self.on_count.function
        if counter is None:
            raise LookupError(f"no handler for counting {self.name}")
        while True:
            counts = counter(count)
            if count.finished:
                return
            for chamber in chambers:
                chamber.counts = counts[chamber.name]
            if not count.is_repeated:
                count.complete(counts)
                return
            count.report(counts)
            count.raise_if_aborted()

    def _companion(self, name: str) -> "IonChamber":
        """The ion chamber of this name, which must be counted by the same function."""
        chamber = None if self._wiring is None else self._wiring.find(name)
        if not isinstance(chamber, IonChamber):
            raise LookupError(f"{name} is no ion chamber of this DHS")
        if chamber.on_count.function is not self.on_count.function:
            raise LookupError(f"{name} is not counted together with {self.name}")
        return chamber
