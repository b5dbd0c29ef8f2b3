"""`dhs stats`: counts and times the messages in a file, a capture or a log."""

import json
import sys
from collections.abc import Iterator

import click
from rich.console import Console, ConsoleDimensions
from rich.table import Table
from rich.text import Text

from dhs_lab.cli.wire import (
    DAMAGED,
    GOOD,
    ending_cleanly,
    keep_escapes,
    read_all,
    reading_options,
)
from dhs_lab.tools.inputs import STDIN
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.showing import show_time, show_word
from dhs_lab.tools.sightings import Damage
from dhs_lab.tools.statistics import KeywordStats, Statistics, TaskStats
from dhs_runtime.lowlevel import counted

_WIDTH = 140  # least width of a table


@click.command()
@click.argument("names", metavar="[FILE|-]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@reading_options
def stats(*, names: tuple[str, ...], as_json: bool, options: ReadOptions) -> None:
    """Count the messages in files, and time operations and moves from start to completion.

    Reads the same files as `dhs decode`. Per keyword it shows the number, the sizes and the rate.
    Per operation and motor it shows how many were started and completed, latencies (median, 99 %,
    longest), how many were not finished or completed twice, and completions without a start.

    Exit codes: 0 everything was read, 1 something is damaged or one of several files cannot be
    read, 2 the command line is wrong, no file can be read or nothing can be written, 130 Ctrl-C.

    \b
    Examples:
        dhs stats monday.jsonl
        dhs stats capture.pcap --json
    """  # noqa: D301 - click needs \b itself
    keep_escapes()
    statistics = Statistics()
    with ending_cleanly():
        for found in read_all(names or (STDIN,), options):
            statistics.add(found)
            if isinstance(found, Damage):
                click.echo(f"dhs stats: {found}", err=True)
        if as_json:
            for row in _rows(statistics):
                click.echo(json.dumps(row))
        else:
            _print(statistics)
    sys.exit(DAMAGED if statistics.damages else GOOD)


def _rows(statistics: Statistics) -> Iterator[dict[str, object]]:
    yield {
        "kind": "summary",
        "messages": statistics.count,
        "bytes": statistics.bytes,
        "damages": statistics.damages,
        "connections": len(statistics.connections),
        "first": statistics.first,
        "last": statistics.last,
        "per_second": statistics.rate(statistics.count),
        "busiest_second": statistics.busiest,
    }
    for each in _by_count(statistics):
        yield {
            "kind": "keyword",
            "keyword": each.keyword,
            "direction": None if each.direction is None else each.direction.value,
            "count": each.count,
            "odd": each.odd,
            "bytes": each.bytes,
            "smallest": each.smallest,
            "largest": each.largest,
            "per_second": statistics.rate(each.count),
        }
    for task in statistics.tasks.values():
        yield {
            "kind": task.kind,
            "name": task.name,
            "started": task.started,
            "completed": task.completed,
            "statuses": dict(task.statuses),
            "p50_s": task.percentile(50),
            "p99_s": task.percentile(99),
            "longest_s": task.percentile(100),
            "unfinished": task.unfinished,
            "replaced": task.replaced,
            "doubles": task.doubles,
            "unasked": task.unasked,
        }


def _by_count(statistics: Statistics) -> list[KeywordStats]:
    return sorted(statistics.keywords.values(), key=lambda each: (-each.count, each.keyword))


def _print(statistics: Statistics) -> None:
    console = Console(highlight=False)
    # A terminal wraps lines, so nothing is lost. Without the height a dumb one keeps 80 columns.
    console.size = ConsoleDimensions(max(console.width, _WIDTH), console.height)
    console.print(
        f"{counted(statistics.count, 'message')}, {counted(statistics.bytes, 'byte')}, "
        f"{counted(statistics.damages, 'place')} damaged; "
        f"{show_time(statistics.first)} to {show_time(statistics.last)}; "
        f"{_number(statistics.rate(statistics.count))} per second, "
        f"{statistics.busiest or '-'} in the busiest one",
        soft_wrap=True,
    )
    if statistics.keywords:
        console.print()
        console.print(_keyword_table(statistics))
    if statistics.tasks:
        console.print()
        console.print(_task_table(list(statistics.tasks.values())))


def _keyword_table(statistics: Statistics) -> Table:
    names = ("count", "odd", "per s", "bytes", "smallest", "largest")
    table = _table(("keyword", "direction"), names)
    for each in _by_count(statistics):
        table.add_row(
            Text(show_word(each.keyword)),
            "?" if each.direction is None else each.direction.value,
            str(each.count),
            str(each.odd or ""),
            _number(statistics.rate(each.count)),
            str(each.bytes),
            str(each.smallest),
            str(each.largest),
        )
    return table


def _task_table(tasks: list[TaskStats]) -> Table:
    times = ("p50 s", "p99 s", "longest s")
    names = ("started", "completed", *times, "unfinished", "twice", "unasked")
    table = _table(("", "name"), names)
    table.add_column("statuses", overflow="fold")
    for task in tasks:
        statuses = " ".join(f"{show_word(word)}:{n}" for word, n in task.statuses.most_common())
        table.add_row(
            task.kind,
            Text(show_word(task.name)),
            str(task.started),
            str(task.completed),
            *(_number(task.percentile(percent)) for percent in (50, 99, 100)),
            str(task.unfinished + task.replaced or ""),
            str(task.doubles or ""),
            str(task.unasked or ""),
            Text(statuses),
        )
    return table


def _table(words: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in words:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
