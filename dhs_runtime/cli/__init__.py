"""The `dhs` command (extra `runtime`; simulators and demo need `sim`)."""

import sys

import click

from dcs_codec import __version__
from dhs_runtime.cli.check import check
from dhs_runtime.cli.decode import decode
from dhs_runtime.cli.demo import demo
from dhs_runtime.cli.dissector import dissector
from dhs_runtime.cli.encode import encode
from dhs_runtime.cli.loop import loop
from dhs_runtime.cli.messages import messages
from dhs_runtime.cli.record import record
from dhs_runtime.cli.replay import replay_command
from dhs_runtime.cli.run import run
from dhs_runtime.cli.simulate import simulate
from dhs_runtime.cli.stats import stats
from dhs_runtime.errors import ConfigError, DhsError, HandlerError

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def group() -> None:
    """Run, simulate and try out DHSs (Distributed Hardware Servers) of DCSS.

    \b
    A first look, with everything simulated:
        dhs demo
    Your own DHS against a DCSS:
        dhs run my_dhs.py:dhs --dcss dcss-host:14242
    At a beamline, before it runs there:
        dhs check loop.yaml --connect
    What a log or a capture says:
        dhs decode dcss.log
    """  # noqa: D301 - click wants the sign itself


for command in (
    *(run, loop, check, simulate, demo),
    *(decode, encode, messages, stats, record, replay_command, dissector),
):
    group.add_command(command)


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, not a traceback.

    They are exit code 2; what fails while it runs is 1, and worth another start.
    """
    try:
        group()
    except DhsError as error:
        click.echo(f"dhs: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigError | HandlerError) else 1)
