"""The tables of the codec's benchmarks: figures, ratios to the floor, and aims."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyperf
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.bench_codec import BINARY_SIZE, CHUNKED_SIZES, WORKS, cases

Figures = Mapping[str, Sequence[float]]
"""Seconds for one message, byte or call, by the name of the case; each measured many times.

The values of compared cases belong together: first to first, second to second.
"""

RATIOS: Final = {"frames": 1.3, "decode": 1.25, "encode": 1.3}
"""The aim for each work, in units of the floor."""

MICROSECONDS_PER_BYTE: Final = 2.0
COPIES: Final = 3.0

ELSEWHERE: Final = (("pydhsfw, read", "mixed", 5.6, 1.4), ("pydhsfw, write", "", 2.6, None))
"""Measured on another machine: work, load, µs, and µs of hand-written code, if measured.

It reads a frame and makes a message whose values stay text, and makes, encodes and frames one.
"""

LOOK: Final[dict[str, Any]] = {
    "box": box.SIMPLE_HEAD,
    "collapse_padding": True,
    "pad_edge": False,
    "title_justify": "left",
}


def figures_of(path: Path) -> Figures:
    """The measured values."""
    suite = pyperf.BenchmarkSuite.load(str(path))
    return {bench.get_name(): bench.get_values() for bench in suite.get_benchmarks()}


def ratio_of(ours: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of alternating measurements."""
    return statistics.median(our / its for our, its in zip(ours, floor, strict=True))


def print_tables(figures: Figures, console: Console) -> None:
    """All results."""
    console.print(message_table(figures))
    console.print(stream_table(figures))


def message_table(figures: Figures) -> Table:
    """Work on whole messages."""
    table = Table(title="Codec, v2, µs per message", **LOOK)
    for heading in ("work", "workload"):
        table.add_column(heading, no_wrap=True)
    for heading in ("µs", "floor", "ratio", "target", "", "msgspec"):
        table.add_column(heading, justify="right", no_wrap=True)
    in_messages = [case for case in cases() if case.work in WORKS]
    in_messages.sort(key=lambda case: list(WORKS).index(case.work))
    for work, same in itertools.groupby(in_messages, lambda case: case.work):
        table.add_section()
        for load, rivals in itertools.groupby(same, lambda case: case.load):
            seconds = {case.who: figures[case.name] for case in rivals}
            table.add_row(work, load, *_row(seconds, RATIOS.get(work)))
    table.add_section()
    table.add_row("measured elsewhere")
    for work, load, ours, by_hand in ELSEWHERE:
        seconds = {"ours": [ours * 1e-6], **({"floor": [by_hand * 1e-6]} if by_hand else {})}
        table.add_row(f"  {work}", load, *_row(seconds, None))
    return table


def stream_table(figures: Figures) -> Table:
    """Streams in small pieces, and large frames."""
    table = Table(title="Frames in pieces", **LOOK)
    table.add_column("work")
    for heading in ("figure", "target", ""):
        table.add_column(heading, justify="right")
    for load, size in itertools.product(("short frames", "one frame"), CHUNKED_SIZES):
        micros = statistics.median(figures[f"chunks, {load}, {size}, ours"]) * 1e6
        work = f"1 byte at a time, {load}, {size // 1000} kB"
        table.add_row(work, f"{micros:.2f} µs/byte", *_verdict(micros, MICROSECONDS_PER_BYTE))
    copies = ratio_of(figures["binary, 2 MB, ours"], figures["binary, 2 MB, floor"])
    work = f"{BINARY_SIZE // 1_000_000} MB binary in one frame, 64 KiB at a time"
    table.add_row(work, f"{copies:.2f} copies", *_verdict(copies, COPIES))
    return table


def _row(seconds: Figures, target: float | None) -> tuple[str, ...]:
    ours, floor, msgspec = (seconds.get(who) for who in ("ours", "floor", "msgspec"))
    assert ours is not None
    ratio = None if floor is None else ratio_of(ours, floor)
    verdict = ("", "") if target is None or ratio is None else _verdict(ratio, target)
    shown = (f"{ratio:.2f}" if ratio is not None else "", *verdict)
    return _micros(ours), _micros(floor), *shown, _micros(msgspec)


def _verdict(figure: float, target: float) -> tuple[str, str]:
    return f"≤ {target:g}", "[green]met[/]" if figure <= target else "[red]not met[/]"


def _micros(seconds: Sequence[float] | None) -> str:
    return "" if seconds is None else f"{statistics.median(seconds) * 1e6:.2f}"
