"""`dhs simulate dcss`: a simulated DCSS with a prompt, a script or a page in the browser."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from dcs_codec import Framing
from dhs_lab.cli.simulate_common import F, fault_option, listening, number_option, port_option
from dhs_lab.cli.simulate_prompt import drive, open_voice
from dhs_lab.simulators.dcss import (
    FaultKind,
    GuiSettings,
    HardwareHost,
    SimulatedDcss,
    StringEntry,
    Verdict,
    VerdictKind,
)
from dhs_lab.simulators.dcss.database import KINDS, NAME_RULE, LoadedDatabase, is_name
from dhs_lab.simulators.dcss.judge import ANSWER_WITHIN_S, MOVE_TOLERANCE
from dhs_lab.simulators.dcss.shell import TIMEOUT_S, Shell
from dhs_runtime.cli.options import LogFlags, listen_options, logging_options
from dhs_runtime.lowlevel import ConfigError, HostPort

if TYPE_CHECKING:
    from dhs_lab.simulators.web import BeamlinePage

_REPORTED: Final = 10  # verdicts of each kind


@attrs.frozen(kw_only=True)
class DcssFlags:
    """The options of the command line."""

    database: Path | None
    sample_database: bool
    names: tuple[str, ...]
    devices: dict[str, tuple[str, ...]]  # by the name of a list of their kind
    framing: str
    patience: float
    reset_range: float
    faults: tuple[str, ...]
    seed: int
    nodelay: bool
    answer_within: float
    move_tolerance: float
    script: Path | None
    lines: tuple[str, ...]
    timeout_s: float | None
    no_wait: bool
    keep_going: bool
    web: int | None
    camera: str | None
    gui_port: int | None
    host: str
    port: int
    logs: LogFlags

    def database_parts(self) -> LoadedDatabase:
        """The database: that of the file, plus the devices of the command line.

        Raises:
            ConfigError: The file is wrong, or there is no host at all.
        """
        loaded = LoadedDatabase(()) if self.database is None else self._loaded(self.database)
        return attrs.evolve(loaded, hosts=self._hosts(loaded.hosts))

    def _hosts(self, loaded: tuple[HardwareHost, ...]) -> tuple[HardwareHost, ...]:
        hosts = {host.name: host for host in loaded}
        for name in self.names:
            hosts.setdefault(name, HardwareHost(name, framing=Framing(self.framing)))
        strings = dict(pair.partition("=")[::2] for pair in self.devices["strings"])
        given: dict[str, Any] = {**self.devices, "strings": strings}
        devices = HardwareHost.of("", **given).devices
        if devices and not self.names:
            raise ConfigError("which DHS owns these devices? Name it with --dhs")
        if devices:
            first = hosts[self.names[0]]
            hosts[first.name] = attrs.evolve(first, devices=(*first.devices, *devices))
        for name in (*self.names, *(device.name for device in devices)):
            if not is_name(name):
                raise ConfigError(f"{name!r}: {NAME_RULE}")
        if not hosts:
            raise ConfigError(
                "name DHSs with --dhs, or give a --database; --sample-database prints one"
            )
        return tuple(hosts.values())

    def script_lines(self) -> Iterable[str] | None:
        """The lines of --script and -e, None if there are none.

        Raises:
            ConfigError: The script cannot be read.
        """
        if self.script is None:
            return self.lines or None
        try:
            text = self.script.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.script}: {error}") from None
        return (*text.splitlines(), *self.lines)

    @staticmethod
    def _loaded(path: Path) -> LoadedDatabase:
        from dhs_lab.simulators.dcss.database_file import load_database  # noqa: PLC0415 - slow

        loaded = load_database(path)
        if loaded.generation > 1:
            click.echo(f"{path}: a dump of the second generation of dcss", err=True)
        for problem in loaded.problems:
            click.echo(f"left out: {problem}", err=True)
        for note in loaded.notes:
            click.echo(note, err=True)
        return loaded


def _device_options(command: F) -> F:
    """An option for each kind of device; a string has its contents, too."""
    for kind in reversed(KINDS):
        command = click.option(
            f"--{kind.kind.replace(' ', '-')}",
            kind.listed,
            multiple=True,
            metavar="NAME=TEXT" if kind is StringEntry else "NAME",
            help=f"{kind.kind.capitalize()} of the first DHS; repeat.",
        )(command)
    return command


@click.command()
@click.option(
    "-d",
    "--database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hosts and devices: a dump of dcss, or YAML.",
)
@click.option("--sample-database", is_flag=True, help="Print a YAML database with all keys, exit.")
@click.option(
    "--dhs", "names", multiple=True, metavar="NAME", help="Hardware host in the database; repeat."
)
@_device_options
@click.option(
    "--framing",
    type=click.Choice(["v1", "v2"]),
    default="v2",
    show_default=True,
    help="Protocol version of hosts that are not in the file.",
)
@number_option(
    "--patience",
    default=1.0,
    text="Factor for the 3 s after which dcss closes a second DHS with the same name.",
)
@number_option(
    "--reset-range",
    default=0.0,
    text="The setting motor.circular.reset_range of dcss, in degrees.",
)
@fault_option(", ".join(FaultKind))
@click.option("--seed", default=0, show_default=True, help="Seed of faults with a chance.")
@number_option(
    "--answer-within",
    default=ANSWER_WITHIN_S,
    text="Seconds in which a DHS must answer all commands except operations.",
)
@number_option(
    "--move-tolerance",
    default=MOVE_TOLERANCE,
    text="How far from its destination a move may end as normal, in scaled units.",
)
@click.option(
    "--nodelay",
    is_flag=True,
    help="Send each message in one piece; a dcss sends header and text separately.",
)
@click.option(
    "-s",
    "--script",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Run these lines and exit: 0 if all went well and there is no verdict, else 1.",
)
@click.option("-e", "lines", multiple=True, metavar="LINE", help="Run this line, and exit; repeat.")
@number_option(
    "--timeout",
    "timeout_s",
    text=f"Longest wait of a line, s: {TIMEOUT_S:g}; no limit for operations at the prompt.",
)
@click.option("--no-wait", is_flag=True, help="Do not wait for completions.")
@click.option("--keep-going", is_flag=True, help="Continue after a line that fails.")
@port_option("--web", text="Also serve a web page.")
@click.option("--camera", metavar="URL", help="Axis camera for that page: http://HOST:PORT.")
@port_option(
    "--gui-port",
    text="Also serve GUIs and clients on this port; a dcss has 14243.",
)
@listen_options(14242, what="hardware")
@logging_options
def dcss(**options: Any) -> None:
    """A simulated DCSS that drives DHSs from a prompt or a script.

    At the prompt, `help` lists the commands and Tab completes them. Standard input that is not a
    terminal is a script, too; if it is empty, the DCSS runs until it is stopped.

    \b
    Example, with `dhs run echo_dhs.py:dhs` in another terminal:
        dhs simulate dcss --dhs echoDHS --operation echo
        dcss> start echo hello
    More:
        dhs simulate dcss --sample-database > beamline.yaml
        dhs simulate dcss --database beamline.yaml --web 8000
        dhs simulate dcss -d beamline.yaml --gui-port 14243
        dhs simulate dcss -d beamline.yaml -e 'wait stageDHS' -e 'move gonio_phi 90'
        dhs simulate dcss -d beamline.yaml --fault 'late 0.5 keyword=stoh_start_* every=3'
    """  # noqa: D301 - click needs \b itself
    devices = {kind.listed: options.pop(kind.listed) for kind in KINDS}
    flags = DcssFlags(devices=devices, **options)
    if flags.sample_database:
        from dhs_lab.simulators.dcss.database_file import SAMPLE  # noqa: PLC0415 - slow

        click.echo(SAMPLE, nl=False)
        return
    flags.logs.set_up()
    script = flags.script_lines()
    database = flags.database_parts()
    server = SimulatedDcss(
        database.hosts,
        host=flags.host,
        port=flags.port,
        patience=flags.patience,
        reset_range=flags.reset_range,
        faults=flags.faults,
        seed=flags.seed,
        nodelay=flags.nodelay,
        answer_within_s=flags.answer_within,
        move_tolerance=flags.move_tolerance,
        gui_port=flags.gui_port,
        gui=GuiSettings(records=database.records, runs=database.runs),
    )
    is_script = script is not None or not sys.stdin.isatty()
    limit_s = TIMEOUT_S if is_script and flags.timeout_s is None else flags.timeout_s
    listens = listening(
        server.start,
        server.stop,
        HostPort(flags.host, flags.port),
        options="--port" if flags.gui_port is None else "--port or --gui-port",
    )
    served = _page(server, flags)
    with listens, served as page:
        gui = "" if flags.gui_port is None else f", GUI port {server.gui_address}"
        greeting = f"{page}simulated DCSS: hardware port {server.address}{gui}; type help"
        voice = open_voice(script)
        with Shell(server, voice.say, timeout_s=limit_s, waits=not flags.no_wait) as shell:
            code = drive(shell, script, voice=voice, greeting=greeting, keep_going=flags.keep_going)
    verdicts = server.verdicts  # after the stop, so that unanswered commands are included
    if verdicts:
        click.echo(_report(verdicts), err=True)
    sys.exit(1 if verdicts and is_script else code)


def _report(verdicts: tuple[Verdict, ...]) -> str:
    """The report of verdicts: each kind with its count and its last cases."""
    lines = [f"verdicts on DHSs: {len(verdicts)}"]
    for kind in VerdictKind:
        if found := [verdict for verdict in verdicts if verdict.kind is kind]:
            lines.append(f"  {kind}: {len(found)}")
            lines += [f"    {verdict}" for verdict in found[-_REPORTED:]]
    return "\n".join(lines)


def _page(server: SimulatedDcss, flags: DcssFlags) -> AbstractContextManager[str]:
    """The web page, if it was requested, and the line with its address.

    Raises:
        ConfigError: An option is wrong, or the page is not installed.
    """
    if flags.web is None:
        if flags.camera:
            raise ConfigError("--camera: the page shows its picture; give --web PORT, too")
        return contextlib.nullcontext("")
    try:
        from dhs_lab.simulators.web import BeamlinePage  # noqa: PLC0415 - only where needed
    except ImportError as error:
        raise ConfigError(f"--web: the page is not installed: {error}") from None
    page = BeamlinePage(server, host=flags.host, port=flags.web, camera_url=flags.camera or "")
    return _served(page, HostPort(flags.host, flags.web))


@contextlib.contextmanager
def _served(page: "BeamlinePage", where: HostPort) -> Iterator[str]:
    with listening(page.start, page.stop, where, options="--web"):
        yield f"simulated beamline: {page.url}\n"
