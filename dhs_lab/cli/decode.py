"""`dhs decode`: shows the messages in a file, a capture or a log."""

import gc
import sys
from collections.abc import Callable
from typing import Final

import attrs
import click

from dhs_lab.cli.wire import (
    DAMAGED,
    GOOD,
    ending_cleanly,
    keep_escapes,
    read_all,
    reading_options,
)
from dhs_lab.tools.inputs import STDIN
from dhs_lab.tools.keyword_filter import KeywordFilter
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.showing import show
from dhs_lab.tools.sightings import ODD, Damage, Found, Sighting
from dhs_runtime.lowlevel import counted

_SELDOM: Final = 50_000  # objects


@attrs.define
class Teller:
    """Prints what is found, and counts it.

    Attributes:
        write: Makes the line of a message.
        wanted: The keywords to print.
        lines: Lines to print at the next `flush`.
        again: How often a log repeated a message.
        odd: How many messages are unknown or malformed.
        damages: Number of places that cannot be read.
    """

    write: Callable[[Sighting], str]
    wanted: KeywordFilter
    lines: list[str] = attrs.Factory(list)
    messages: int = 0
    again: int = 0
    odd: int = 0
    damages: int = 0

    def tell(self, found: Found) -> None:
        """Keep the line of a message for the next `flush`; print a damage at once."""
        if isinstance(found, Damage):
            self.damages += 1
            self.flush()  # so that it appears between its neighbours on a terminal
            click.echo(f"dhs decode: {found}", err=True)
        elif self.wanted.patterns and not self.wanted.admits(found.keyword):
            return
        elif found.is_again:
            self.again += 1
        else:
            self.messages += 1
            self.odd += isinstance(found.message, ODD)
            self.lines.append(self.write(found) + "\n")

    def flush(self) -> None:
        """Write the lines; called before each read, which may wait."""
        lines, self.lines = self.lines, []
        sys.stdout.write("".join(lines))
        sys.stdout.flush()

    def __str__(self) -> str:
        again = f"; {self.again} repeated in another line" if self.again else ""
        return (
            f"{counted(self.messages, 'message')}, {self.odd} of them unknown or malformed; "
            f"{counted(self.damages, 'place')} damaged{again}"
        )


@click.command()
@click.argument("names", metavar="[FILE|-]...", nargs=-1)
@click.option(
    "-k", "--keyword", "keywords", multiple=True, help="Show only these; * and ? are wildcards."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets and pandas.")
@click.option("--strict", is_flag=True, help="Count unknown and malformed messages as damage.")
@reading_options
def decode(
    *,
    names: tuple[str, ...],
    keywords: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
    strict: bool,
    options: ReadOptions,
) -> None:
    """Show the messages in files: time, direction, keyword, fields by name.

    FILE is raw bytes of a connection (v1, v2 or both), a hex dump, a log of dcss or a DHS, a trace
    of `dhs run --trace`, a capture of tcpdump or Wireshark (pcap, pcapng), or JSON Lines of
    `dhs record`; also compressed with gzip, bzip2 or xz. `-` or no FILE means standard input.
    Unknown and malformed messages are shown with the reason after `!!`. Damage is reported on
    stderr with its place, and skipped.

    Exit codes: 0 everything was read, 1 something is damaged or one of several files cannot be
    read, 2 the command line is wrong, no file can be read or nothing can be written, 130 Ctrl-C,
    141 the reader of the output has gone.

    \b
    Examples:
        dhs decode dcss.log
        dhs decode capture.pcapng --keyword 'htos_operation_*'
        ssh beamline tail -F dcss.log | dhs decode --json
    """  # noqa: D301 - click needs \b itself
    keep_escapes()
    gc.set_threshold(_SELDOM)  # messages have no cycles; to look for some takes a tenth of the time
    wanted = KeywordFilter(keywords)
    if as_json and as_csv:
        raise click.UsageError("--json and --csv: choose one")
    teller = Teller(_writer(as_json=as_json, as_csv=as_csv), wanted)
    if as_csv:
        from dhs_lab.tools.csv_rows import header  # noqa: PLC0415 - cattrs imports slowly

        teller.lines.append(header() + "\n")
    with ending_cleanly():
        try:
            options = attrs.evolve(options, wanted=wanted)
            for found in read_all(names or (STDIN,), options, teller.flush):
                teller.tell(found)
        finally:
            teller.flush()
        click.echo(f"dhs decode: {teller}", err=True)
        if not (teller.messages or teller.damages or keywords):
            click.echo("dhs decode: is it another kind of file? give --format", err=True)
    is_damaged = teller.damages or (strict and teller.odd)
    sys.exit(DAMAGED if is_damaged else GOOD)


def _writer(*, as_json: bool, as_csv: bool) -> Callable[[Sighting], str]:
    # both need cattrs, which imports slowly
    if as_json:
        from dhs_lab.tools.jsonl import line_of  # noqa: PLC0415

        return line_of
    if as_csv:
        from dhs_lab.tools.csv_rows import csv_of  # noqa: PLC0415

        return csv_of
    return show
