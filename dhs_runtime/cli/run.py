"""`dhs run`: a DHS as a process."""

from pathlib import Path

import attrs
import click

from dcs_codec import Framing
from dhs_runtime.cli.options import (
    LogFlags,
    ProcessFlags,
    checked,
    logging_options,
    process_options,
)
from dhs_runtime.cli.target import make_dhs
from dhs_runtime.loggers import get_logger
from dhs_runtime.process import Launch, RunConfig
from dhs_runtime.process.rules import is_own_name
from dhs_runtime.process.service import run_service
from dhs_runtime.process.settings import load_run_config
from dhs_runtime.secrets import named_secrets

logger = get_logger(__name__)


@click.command()
@click.argument("target", metavar="FILE.py:NAME")
@click.argument("args", metavar="[-- ARGS]...", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="YAML file with name, dcss, log, trace, production, status_port and settings.",
)
@click.option(
    "--dcss",
    "address",
    metavar="HOST:PORT",
    help="DCSS's hardware port.  [default: localhost:14242]",
)
@click.option(
    "--name",
    callback=checked(is_own_name.trouble),
    help="Name of the DHS at DCSS, instead of the name in the code.",
)
@click.option(
    "--framing",
    type=click.Choice([framing.value for framing in Framing]),
    help="Protocol version of this DHS in DCSS's database.  [default: auto]",
)
@process_options
@logging_options
def run(
    *,
    target: str,
    args: tuple[str, ...],
    path: Path | None,
    address: str | None,
    name: str | None,
    framing: str | None,
    flags: ProcessFlags,
    logs: LogFlags,
) -> None:
    """Run a DHS until Ctrl-C, SIGTERM or SIGHUP.

    FILE.py:NAME is a Python file and the name of a Dhs object in it, or of a function that takes a
    `dhs_runtime.process.Launch` and returns a Dhs; package.module:NAME works, too. The DHS connects
    as soon as DCSS is there, and reconnects by itself.

    With --pretend, `launch.pretend` is true and the function must not touch the hardware. A plain
    Dhs object is refused, because it cannot know this. ARGS belong to the DHS; the function reads
    them from `launch.args` or with `launch.arguments(parser)`.

    Exit codes: 0 it was stopped by Ctrl-C, SIGTERM or SIGHUP at any moment, or stopped by itself; 1
    the code of the DHS, its hardware, this machine (a port that is taken, a full disk) or a thread
    of the runtime failed; another start may help; 2 the command line or the configuration is wrong,
    or a production host needs --production; another start does not help. A signal that is ignored
    at the start, as under `nohup`, stays ignored.

    \b
    Examples:
        dhs run echo_dhs.py:dhs --dcss localhost:14242 --trace
        dhs run stage_dhs.py:make_dhs --config stage.yaml --pretend
        dhs run stage_dhs.py:make_dhs -- --beamline BL831
    """  # noqa: D301 - click wants the sign itself
    config = RunConfig() if path is None else load_run_config(path)
    config = flags.apply(config, address)
    if framing is not None:
        config = attrs.evolve(config, dcss=attrs.evolve(config.dcss, framing=Framing(framing)))
    logs.set_up(config.log, config.trace, secrets=named_secrets(config.settings))
    source = "the configuration" if path is None else str(path)
    guard = flags.guard(config, source)
    guard.check_host(config.dcss.host)  # before the code of the DHS runs
    name = name or config.name
    if name:
        guard.check_name(name)
    launch = Launch(pretend=flags.pretend, args=args, values=config.settings, source=source)
    dhs = make_dhs(target, launch)
    if name:
        dhs.name = name
    guard.check_name(dhs.name)
    if flags.pretend:
        logger.warning("REHEARSAL: %s was told to touch no hardware", dhs.name)
    run_service(dhs, config, pretend=flags.pretend)
