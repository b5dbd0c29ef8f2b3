"""The `dhs` command (extra `runtime`; simulators and demo need `sim`)."""

import sys

import click

from dcs_codec import __version__
from dhs_runtime.cli.demo import demo
from dhs_runtime.cli.run import loop, run
from dhs_runtime.cli.simulate import simulate
from dhs_runtime.errors import DhsError

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def group() -> None:
    r"""Run, simulate and try out DHSs (Distributed Hardware Servers) of DCSS.

    \b
    A first look, with everything simulated:
        dhs demo
    Your own DHS against a DCSS:
        dhs run my_dhs.py:dhs --dcss dcss-host:14242
    """


for command in (run, loop, simulate, demo):
    group.add_command(command)


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, not a traceback."""
    try:
        group()
    except DhsError as error:
        click.echo(f"dhs: {error}", err=True)
        sys.exit(2)
