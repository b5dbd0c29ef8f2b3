"""`CountingRun`: a reading of ion chambers, which may belong to several DHSs."""

from collections.abc import Iterable

from dcs_codec import OperationStatus
from dhs_lab.simulators.dcss.reports import IonChamberReport
from dhs_lab.simulators.dcss.runs import ReportRun
from dhs_runtime.lowlevel import Deadline


class CountingRun:
    """A reading of ion chambers: one command to each DHS that owns some of them.

    Attributes:
        parts: The commands, in the order of their first chambers.
    """

    def __init__(self, parts: Iterable[ReportRun[IonChamberReport]]) -> None:
        self.parts = tuple(parts)

    @property
    def reports(self) -> tuple[IonChamberReport, ...]:
        """The complete reports so far, each of all chambers."""
        return tuple(map(_together, zip(*(part.reports for part in self.parts), strict=False)))

    @property
    def is_over(self) -> bool:
        """Whether there is a report of all chambers."""
        return all(part.is_over for part in self.parts)

    def wait(self, timeout_s: float) -> IonChamberReport:
        """The first report, once every DHS has sent its part.

        Raises:
            TimeoutError: One did not come within `timeout_s` seconds.
        """
        return self.wait_reports(1, timeout_s)[0]

    def wait_reports(self, count: int, timeout_s: float) -> tuple[IonChamberReport, ...]:
        """The reports, once there are `count`; raises like `wait`."""
        deadline = Deadline.after(timeout_s)
        for part in self.parts:
            try:
                part.wait_reports(count, deadline.remaining())
            except TimeoutError:
                raise TimeoutError(
                    f"{part.name}: {len(part.reports)} of {count} reports within {timeout_s} s"
                ) from None
        return self.reports


def _together(reports: tuple[IonChamberReport, ...]) -> IonChamberReport:
    """Several reports as one, with all their counts; its status is the first failure, if any."""
    if len(reports) == 1:
        return reports[0]
    return IonChamberReport(
        time_s=max(report.time_s for report in reports),
        counts={name: count for report in reports for name, count in report.counts.items()},
        status=next(
            (each.status for each in reports if each.status != OperationStatus.NORMAL),
            OperationStatus.NORMAL,
        ),
    )
