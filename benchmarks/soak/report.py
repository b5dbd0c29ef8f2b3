"""The result of a soak, as a page."""

import platform
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from benchmarks.soak.account import Account
from benchmarks.soak.process import Sample

MAX_GROWTH_MB: Final = 10.0
MAX_GROWTH_COUNT: Final = 5  # threads or descriptors
_SHOWN_SAMPLES: Final = 12


@attrs.frozen(kw_only=True)
class Outcome:
    """One soak.

    Attributes:
        title: Its title.
        account: Commands and answers.
        samples: The resources of the DHS, in order.
        aborts: How many aborts it was sent.
        links: How many connections there were.
        seconds: How long it took.
        exit_code: Exit code of the DHS after SIGTERM.
        notes: Other facts for the report, by name.
    """

    title: str
    account: Account
    samples: Sequence[Sample]
    aborts: int
    links: int
    seconds: float
    exit_code: int
    notes: Sequence[tuple[str, str]] = ()

    @property
    def settled(self) -> Sequence[Sample]:
        """The samples after the first quarter; by then all caches are full."""
        return self.samples[len(self.samples) // 4 :]

    def growth(self, name: str) -> float:
        """The average growth of a resource from the second quarter to the last."""
        values = [float(getattr(sample, name)) for sample in self.settled]
        part = max(1, len(values) // 3)
        return sum(values[-part:]) / part - sum(values[:part]) / part

    def troubles(self) -> list[str]:
        """The faults; empty if all is well."""
        found = list(self.account.faults)
        if self.account.fault_count > len(found):
            found.append(f"and {self.account.fault_count - len(found)} more")
        if self.growth("resident_mb") > MAX_GROWTH_MB:
            found.append(f"memory grew by {self.growth('resident_mb'):.1f} MB")
        found += [
            f"{name} grew by {self.growth(name):.1f}"
            for name in ("threads", "descriptors")
            if self.growth(name) > MAX_GROWTH_COUNT
        ]
        if self.exit_code:
            found.append(f"the DHS ended with exit code {self.exit_code}")
        return found


def page(outcome: Outcome) -> str:
    """The report in Markdown."""
    account = outcome.account
    summary = (
        f"Python {platform.python_version()}, {outcome.seconds:,.0f} s, {outcome.links:,} links, "
        f"{outcome.aborts:,} aborts. {account.asked.total():,} commands and registrations: "
        f"{account.answered.total():,} answered exactly once, {account.lost.total():,} lost with "
        f"their link, {account.fault_count:,} faults."
    )
    memory, threads, descriptors = map(outcome.growth, ("resident_mb", "threads", "descriptors"))
    growth = (
        f"From the second quarter to the last memory grew by {memory:.1f} MB, threads by "
        f"{threads:.1f}, descriptors by {descriptors:.1f}, on average."
    )
    remarks = [f"- {name}: {text}" for name, text in outcome.notes]
    remarks += [f"- **wrong:** {trouble}" for trouble in outcome.troubles()]
    parts = (f"## {outcome.title}", summary, _commands(account), _samples(outcome.samples), growth)
    return "\n\n".join((*parts, "\n".join(remarks))).rstrip() + "\n"


def _commands(account: Account) -> str:
    head = ("command", "asked", "done", "failed", "aborted", "lost with its link")
    rows = [
        (
            kind,
            f"{asked:,}",
            *(f"{account.answered[kind, end]:,}" for end in ("done", "failed", "aborted")),
            f"{account.lost[kind]:,}",
        )
        for kind, asked in account.asked.most_common()
    ]
    return _table(head, rows)


def _samples(samples: Sequence[Sample]) -> str:
    head = ("after s", "commands", "memory, MB", "threads", "descriptors")
    step = max(1, len(samples) // _SHOWN_SAMPLES)
    rows = [
        (
            f"{one.at_s:,.0f}",
            f"{one.commands:,}",
            f"{one.resident_mb:.1f}",
            str(one.threads),
            str(one.descriptors),
        )
        for one in samples[::step]
    ]
    return _table(head, rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
