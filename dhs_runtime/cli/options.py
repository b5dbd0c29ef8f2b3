"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def logging_options(command: F) -> F:
    """-v, --log-file and --wire."""
    for option in (
        click.option(
            "-v", "--verbose", "verbosity", count=True, help="Log more; twice: even more."
        ),
        click.option(
            "--log-file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Also log to this file; it rotates at 10 MB.",
        ),
        click.option("--wire", is_flag=True, help="Log every message sent and received."),
    ):
        command = option(command)
    return command


def listen_options(port: int, *, what: str) -> Callable[[F], F]:
    """--host and --port of a server."""

    def add(command: F) -> F:
        for option in (
            click.option(
                "--host",
                default="127.0.0.1",
                show_default=True,
                help="Address to listen on; 0.0.0.0 for all of this machine's.",
            ),
            click.option(
                "--port",
                type=click.IntRange(0, 65535),
                default=port,
                show_default=True,
                help=f"Port for {what}; 0 picks a free one.",
            ),
        ):
            command = option(command)
        return command

    return add
