"""`dhs check`: finds mistakes in a configuration, and hosts that cannot be reached."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from dhs_runtime.process.config_file import ConfigFileError, Mistake, load_yaml
from dhs_runtime.process.log_outputs import wants_colours
from dhs_runtime.process.probe import Peer, probe_dcss
from dhs_runtime.process.settings import RunConfig, run_config

if TYPE_CHECKING:
    from dhs_runtime.process.yaml_values import YamlSection

GOOD, UNREACHED, WRONG = 0, 1, 2
KINDS = ("loop", "run")


@attrs.define
class Report:
    """The report for one file."""

    file: str
    kind: str = ""
    mistakes: tuple[Mistake, ...] = ()
    peers: tuple[Peer, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """Exit code."""
        if self.mistakes:
            return WRONG
        return UNREACHED if any(peer.trouble for peer in self.peers) else GOOD


@click.command()
@click.argument(
    "path",
    metavar="CONFIG",
    required=False,
    type=click.Path(path_type=Path, readable=False),  # `load_yaml` reports it
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="The command that reads the file.  [default: by its keys]",
)
@click.option("--connect", is_flag=True, help="Also try to reach DCSS, camera, inference server.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--schema", is_flag=True, help="Print a JSON Schema for editors, and exit.")
def check(
    *, path: Path | None, kind: str | None, connect: bool, as_json: bool, schema: bool
) -> None:
    """Check a configuration file; shows every mistake with its line, path and reason.

    With --connect, it connects to DCSS's hardware port and disconnects before it gives a name,
    takes one picture, asks the inference server for its model, and opens the receiver for a moment.
    This changes nothing.

    Exit codes: 0 all is well, 1 the file is right but a host in it cannot be reached, 2 the file
    is wrong or cannot be read.

    \b
    Examples:
        dhs check loop.yaml
        dhs check loop.yaml --connect --json
        dhs check --schema --kind run > dhs-run.schema.json
    """  # noqa: D301 - click wants the sign itself
    if schema:
        click.echo(json.dumps(_schema(kind), indent=2))
        return
    if path is None:
        raise click.UsageError("Missing argument 'CONFIG'.")
    report = Report(str(path))
    try:
        values = load_yaml(path)
        report.kind = kind or _kind_of(values)
        if report.kind == "loop":
            report.peers, report.notes = _check_loop(values, path, connect)
        else:
            config = run_config(values, path)
            report.peers = (probe_dcss(config.dcss),) if connect else ()
    except ConfigFileError as error:
        report.mistakes = error.mistakes
    if as_json:
        click.echo(json.dumps(_as_json(report), indent=2))
    else:
        _print(report)
    sys.exit(report.code)


def _schema(kind: str | None) -> Mapping[str, object]:
    from dhs_runtime.loop.config import loop_schema  # noqa: PLC0415 - slow
    from dhs_runtime.process.schema import file_schema  # noqa: PLC0415 - slow

    known = {"loop": loop_schema(), "run": file_schema(RunConfig)}
    return {"anyOf": [known[name] for name in KINDS]} if kind is None else known[kind]


def _kind_of(values: Mapping[str, object]) -> str:
    from dhs_runtime.loop.config import is_loop_config  # noqa: PLC0415 - slow

    return "loop" if is_loop_config(values) else "run"


def _check_loop(
    values: "YamlSection", path: Path, connect: bool
) -> tuple[tuple[Peer, ...], tuple[str, ...]]:
    from dhs_runtime.loop.config import file_notes, loop_config  # noqa: PLC0415 - slow
    from dhs_runtime.loop.peers import (  # noqa: PLC0415 - slow
        probe_camera,
        probe_inference,
        probe_receiver,
    )

    config = loop_config(values, path)
    notes = (*config.notes(), *file_notes(values))
    if not connect:
        return (), notes
    probes = probe_camera, probe_inference, probe_receiver
    return (probe_dcss(config.dcss), *(ask(config) for ask in probes)), notes


def _as_json(report: Report) -> dict[str, object]:
    return {
        "file": report.file,
        "kind": report.kind,
        "ok": report.code == GOOD,
        "notes": list(report.notes),
        "mistakes": [attrs.asdict(mistake) for mistake in report.mistakes],
        "peers": [{**attrs.asdict(peer), "ok": not peer.trouble} for peer in report.peers],
    }


def _print(report: Report) -> None:
    for mistake in report.mistakes:
        _say("wrong", "red", mistake.at(report.file))
    if not report.mistakes:
        _say("right", "green", f"{report.file} for dhs {report.kind}")
    for note in report.notes:
        _say("note", "yellow", note)
    for peer in report.peers:
        said = f"{peer.name} {peer.address}: {peer.trouble or peer.detail} ({peer.seconds:.2f} s)"
        _say("fails" if peer.trouble else "works", "red" if peer.trouble else "green", said)


def _say(word: str, colour: str, text: str) -> None:
    """A line that begins with a word in colour, if the terminal shows colours."""
    colours = None if wants_colours(os.environ) else False  # None: if it is a terminal
    said = click.style(f"{word:7}", fg=colour) + text
    click.echo(said, sys.stdout, color=colours)  # its own choice writes UTF-8 in place of ASCII
