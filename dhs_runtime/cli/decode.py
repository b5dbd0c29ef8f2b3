"""`dhs decode`: what a file, a capture or a log says, message by message."""

import fnmatch
import gc
import json
import sys
from collections.abc import Callable

import attrs
import click

from dhs_runtime.cli.wire import (
    DAMAGED,
    GOOD,
    ending_cleanly,
    keep_escapes,
    read_all,
    reading_options,
)
from dhs_runtime.tools.inputs import STDIN
from dhs_runtime.tools.jsonl import row_of
from dhs_runtime.tools.reading import ReadOptions
from dhs_runtime.tools.showing import show, show_trouble
from dhs_runtime.tools.sightings import Damage, Finding, Sighting


@attrs.define
class Count:
    """What was found so far."""

    messages: int = 0
    again: int = 0
    odd: int = 0
    damages: int = 0

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.odd} of them unknown or malformed; "
            f"{self.damages} places damaged"
        )


@click.command()
@click.argument("names", metavar="[FILE|-]...", nargs=-1)
@click.option(
    "-k", "--keyword", "keywords", multiple=True, help="Only these; * and ? stand for any."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.option("--strict", is_flag=True, help="Take unknown and malformed messages for damage.")
@reading_options
def decode(
    *,
    names: tuple[str, ...],
    keywords: tuple[str, ...],
    as_json: bool,
    strict: bool,
    options: ReadOptions,
) -> None:
    """Show the messages in files: time, direction, keyword, fields by name.

    FILE is raw bytes of a connection (v1, v2 or both), a hex dump, a log of dcss or a DHS, a trace
    of `dhs run --trace`, a capture of tcpdump or Wireshark (pcap, pcapng), or JSON Lines of
    `dhs record`; packed with gzip or not. - or nothing is standard input. Messages unknown and
    malformed are shown with the reason behind `!!`. What cannot be read is reported on stderr with
    its place, and passed over.

    Exit codes: 0 all was read, 1 something is damaged or one of several files cannot be read,
    2 the command line is wrong, no file can be read or nothing can be written, 130 Ctrl-C, 141 the
    reader of the output has gone.

    \b
    Examples:
        dhs decode dcss.log
        dhs decode capture.pcapng --keyword 'htos_operation_*'
        ssh beamline tail -F dcss.log | dhs decode --json
    """  # noqa: D301 - click wants the sign itself
    keep_escapes()
    gc.freeze()  # what was imported stays, and need not be looked through again and again
    write = _json_line if as_json else show
    count = Count()
    with ending_cleanly():
        for found in read_all(names or (STDIN,), options, sys.stdout.flush):
            _tell(found, count, write, keywords)
        sys.stdout.flush()
        click.echo(f"dhs decode: {count}", err=True)
        if count.again:
            click.echo(
                f"dhs decode: {count.again} times a line told a message again: left out", err=True
            )
        if not (count.messages or count.damages or keywords):
            click.echo("dhs decode: is it of another kind? --format says what it is", err=True)
    is_damaged = count.damages or (strict and count.odd)
    sys.exit(DAMAGED if is_damaged else GOOD)


def _tell(
    found: Finding, count: Count, write: Callable[[Sighting], str], keywords: tuple[str, ...]
) -> None:
    if isinstance(found, Damage):
        count.damages += 1
        sys.stdout.flush()  # so that it stands between its neighbours on a terminal
        click.echo(f"dhs decode: {found}", err=True)
        return
    if keywords and not any(fnmatch.fnmatchcase(found.keyword, each) for each in keywords):
        return
    if found.is_again:
        count.again += 1
        return
    count.messages += 1
    count.odd += bool(show_trouble(found.message))
    sys.stdout.write(write(found) + "\n")


def _json_line(found: Sighting) -> str:
    return json.dumps(row_of(found), allow_nan=False)
