"""`dhs messages`: looks up messages in the catalogue."""

import json
import sys
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dcs_codec.catalogue import FieldDescription, MessageDescription
from dhs_lab.cli.wire import GOOD, ending_cleanly
from dhs_lab.tools.lookup import as_object, closest, find

NOTHING: Final = 1
_WIDTH: Final = 160  # width of a table if there is no terminal
_CLASS_FROM: Final = 110  # columns of a terminal; a narrower one has no room for the classes


@click.command()
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, each message in full.")
def messages(*, pattern: str, as_json: bool) -> None:
    """Look up messages by keyword, field, class or kind of device.

    PATTERN is a part of a name, or contains * and ?. A single match is shown in full: format,
    fields with their limits and units, and the source of the format.

    Exit codes: 0 found, 1 no message matches, 2 the command line is wrong.

    \b
    Examples:
        dhs messages
        dhs messages shutter
        dhs messages stoh_start_motor_move
        dhs messages 'htos_*' --json
    """  # noqa: D301 - click needs \b itself
    found = find(pattern)
    if not found:
        near = closest(pattern)
        hint = f"; did you mean {near}?" if near else ""
        click.echo(f"dhs messages: nothing is called {pattern!r}{hint}", err=True)
        sys.exit(NOTHING)
    with ending_cleanly():
        if as_json:
            for each in found:
                click.echo(json.dumps(as_object(each)))
            return
        is_terminal = sys.stdout.isatty()
        console = Console(highlight=False, width=None if is_terminal else _WIDTH)
        if len(found) == 1:
            _print_one(console, found[0])
        else:
            console.print(_table(found, with_class=console.width >= _CLASS_FROM))
    sys.exit(GOOD)


def _table(found: tuple[MessageDescription, ...], *, with_class: bool) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = {"keyword": [each.keyword for each in found]}
    names["direction"] = [each.direction.value for each in found]
    if with_class:
        names["class"] = [each.class_name for each in found]
    for head, words in names.items():  # a name that is cut is useless
        table.add_column(head, no_wrap=True, min_width=max(map(len, words)))
    table.add_column("purpose")
    for *row, each in zip(*names.values(), found, strict=True):
        table.add_row(*row, escape(each.summary))
    return table


def _print_one(console: Console, found: MessageDescription) -> None:
    console.print(f"[bold]{found.keyword}[/]  {found.direction.value}, class {found.class_name}")
    console.print(escape(found.summary))
    if found.notes:
        console.print("\n" + escape(found.notes))
    console.print(f"\nWire:   {escape(found.wire)}")
    console.print(f"Source: {escape(found.source)}")
    if found.fields:
        console.print()
        console.print(_fields(found.fields))


def _fields(fields: tuple[FieldDescription, ...]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("field", "type", "limit", "units"):
        table.add_column(name)
    for field in fields:
        name = f"[{field.name}]" if field.is_optional else field.name
        table.add_row(escape(name), field.type, escape(field.limit), escape(field.units))
    return table
