"""`IonChamber` and `Count`: counters that are read together, for a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from dcs_codec import (
    HtosReportIonChambers,
    IonChamberFailure,
    IonChamberReading,
    Message,
    StohConfigureIonChamber,
    StohReadIonChambers,
    StohRegisterIonChamber,
)
from dhs_runtime.answers import ERROR, NORMAL, SHORT_REASON, one_line
from dhs_runtime.devices.base import Device, plain_number
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.errors import DeviceError
from dhs_runtime.signatures import check_result
from dhs_runtime.task import Outlet, Task


class Count(Task):
    """One `stoh_read_ion_chambers`; its methods may be called from any thread.

    Attributes:
        names: The ion chambers to read, at least one.
        time_s: How long to count, in seconds.
        is_repeated: Whether to continue counting until aborted.
    """

    def __init__(
        self,
        message: StohReadIonChambers,
        outlet: Outlet,
        tell: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """A count; `tell` stores the reported counts in the ion chambers."""
        super().__init__(outlet)
        self.names = message.ion_chamber_names
        self.time_s = message.ion_chamber_time
        self.is_repeated = message.is_repeated
        self._told_to = tell

    @property
    def label(self) -> str:
        """`count` and the names."""
        return f"count {' '.join(self.names)}"

    def report(self, counts: Mapping[str, float]) -> None:
        """Send `htos_report_ion_chambers` in the middle of a repeated count.

        Raises:
            KeyError: A requested chamber is missing.
            EncodeError: A number does not fit the wire, or the time is not positive.
            TaskFinishedError: The count is over.
        """
        self._say(self._readings(counts))

    def complete(self, counts: Mapping[str, float]) -> None:
        """Send `htos_report_ion_chambers`, the last; raises as `report`.

        Args:
            counts: Counts over `time_s` by name; other names are left out, because dcss hangs at an
                unknown name.
        """
        self._say(self._readings(counts), NORMAL)

    def _begin(self) -> None:
        if not self.time_s > 0:
            raise DeviceError(f"cannot count for {self.time_s:g} s")
        self._outlet.encode(self._readings(dict.fromkeys(self.names, 0)))  # or it would be in vain

    def _status_in(self, message: Message) -> str | None:
        if not isinstance(message, HtosReportIonChambers) or self.is_repeated:
            return None
        if isinstance(message.result, IonChamberFailure):
            status, names = ERROR, set(message.result.names)
        else:
            status, names = NORMAL, {reading.name for reading in message.result}
        return status if names == set(self.names) else None

    def _success(self) -> Message:
        raise LookupError("no counts")

    def _failures(self, status: str, reason: str) -> Iterable[Message]:
        reason = reason or status
        for text in (reason, one_line(reason, SHORT_REASON), status, "x"):
            if text:
                yield _not_counted(self.names, text)
        # A v1 command of 199 bytes may name more chambers than an answer can.
        for count in range(len(self.names) - 1, 0, -1):
            yield _not_counted(self.names[:count], "x")

    def _told(self, message: Message) -> None:
        self._told_to(message)

    def _readings(self, counts: Mapping[str, float]) -> Message:
        return HtosReportIonChambers(
            ion_chamber_time=self.time_s,
            result=tuple(
                IonChamberReading(name, plain_number(counts[name])) for name in self.names
            ),
        )


def _not_counted(names: tuple[str, ...], reason: str) -> Message:
    return HtosReportIonChambers(ion_chamber_time=0, result=IonChamberFailure(names, reason))


Counter = Callable[[Count], Mapping[str, float]]
"""Counts for `count.time_s` seconds and returns counts by name."""


class IonChamber(Device):
    """An ion chamber; each read leads to one `htos_report_ion_chambers`.

    Attributes:
        on_count: Decorator: the function gets a `Count`, counts in its own thread, and returns
            counts by name. Chambers read together may share a function.
        counts: The last counts.
    """

    kind = "ion chamber"
    registrations = (StohRegisterIonChamber,)
    commands = (StohConfigureIonChamber, StohReadIonChambers)
    reports = (HtosReportIonChambers,)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.on_count: Hook[Counter] = Hook(self, "counting")
        self.counts = 0.0

    def _accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """As `Device._accept`; counts run in parallel with everything else."""
        if not isinstance(message, StohReadIonChambers):
            super()._accept(message, outlet, refusal)
            return
        wiring = self._wiring
        if wiring is None:
            return
        count = Count(message, outlet, wiring.tell)
        if refusal:
            wiring.active.refuse(count, refusal)
        else:
            wiring.active.start(count, self._count)

    @staticmethod
    def _named_in(message: Message) -> Sequence[str]:
        if isinstance(message, StohReadIonChambers):
            return message.ion_chamber_names
        if not isinstance(message, HtosReportIonChambers):
            return Device._named_in(message)
        if isinstance(message.result, IonChamberFailure):
            return ()
        return [reading.name for reading in message.result]

    def _remember(self, message: Message) -> None:
        if isinstance(message, HtosReportIonChambers) and isinstance(message.result, tuple):
            for reading in message.result:
                if reading.name == self.name:
                    self.counts = reading.counts

    def _count(self, count: Count) -> None:
        """Count once, or repeatedly until aborted; runs in a worker."""
        for name in count.names:
            self._check_companion(name)
        counter = self.on_count.function
        if counter is None:
            raise LookupError(f"no handler for counting {self.name}")
        while True:
            counts = counter(count)
            check_result(counts, counter)
            if count.finished:
                return
            if not count.is_repeated:
                count.complete(counts)
                return
            count.report(counts)
            count.raise_if_aborted()

    def _check_companion(self, name: str) -> None:
        """Check that the ion chamber with this name is counted by the same function."""
        chamber = None if self._wiring is None else self._wiring.find(name)
        if not isinstance(chamber, IonChamber):
            raise LookupError(f"{name} is not an ion chamber of this DHS")
        if chamber.on_count.function is not self.on_count.function:
            raise LookupError(f"{name} is not counted together with {self.name}")
