"""The group of all commands, as click runs it."""

import gc
import importlib
from typing import Final

import click

from dhs_runtime.cli.commands import COMMANDS, INTRODUCTION, help_text

_WHOLE: Final = 1_000
"""More characters than any summary has."""


class WholeGroup(click.Group):
    """Shows the whole first sentence of each command's help; click would cut it to one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As `click.Group.format_commands`."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class LazyGroup(click.Group):
    """Imports a command when it is called; importing all would delay start and end by 0.1 s."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """As `click.Group.list_commands`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """As `click.Group.get_command`."""
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        package = importlib.import_module(f"{COMMANDS[cmd_name].package}.{module}")
        gc.freeze()  # what is imported stays
        gc.enable()
        found = getattr(package, module)
        assert isinstance(found, click.Command)  # noqa: S101 - a test walks all of them
        return found

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """As `click.Group.format_help`, without importing the commands."""
        formatter.write(help_text())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As `click.Group.resolve_command`, and suggests the command that was probably meant.

        Raises:
            click.UsageError: There is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib  # noqa: PLC0415 - only for mistakes

            close = difflib.get_close_matches(args[0].casefold(), COMMANDS, n=1)
            if not close or "mean" in error.message:  # click may suggest one itself one day
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from None


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from dcs_codec import __version__  # noqa: PLC0415 - the help does without the codec

        click.echo(f"dhs, version {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    help=INTRODUCTION.replace("\n\n", "\n\n\b\n"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
def group() -> None:
    """All commands."""
