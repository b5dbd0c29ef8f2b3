"""The `dhs` command (extra `runtime`; simulators and demo need `sim`)."""

import contextlib
import difflib
import importlib
import sys
from typing import Final

import click

from dcs_codec import __version__
from dhs_runtime.errors import ConfigError, DhsError, HandlerError

__all__ = ["main"]

COMMANDS: Final = (
    *("run", "loop", "check", "simulate", "demo"),
    *("decode", "encode", "messages", "stats", "record", "replay", "dissector"),
)
"""Each is a module of this package and the command in it, of one name."""


class LazyGroup(click.Group):
    """Imports a command when it is asked for: all of them start, and end, a DHS 0.1 s later."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """As `click.Group.list_commands`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """As `click.Group.get_command`."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(importlib.import_module(f"dhs_runtime.cli.{cmd_name}"), cmd_name)
        assert isinstance(found, click.Command)  # noqa: S101 - a test walks all of them
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As `click.Group.resolve_command`, and names what may have been meant.

        Raises:
            click.UsageError: There is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0].casefold(), COMMANDS, n=1)
            if not close or "mean" in error.message:  # click itself may say it one day
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
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


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, not a traceback.

    They are exit code 2; what fails while it runs is 1, and worth another start.
    """
    try:
        group()
    except DhsError as error:
        with contextlib.suppress(OSError):  # standard error takes no more
            click.echo(f"dhs: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigError | HandlerError) else 1)
