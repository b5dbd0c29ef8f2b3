"""What the commands of `dhs simulate` share."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import click

from dhs_runtime.lowlevel import HostPort, StopToken, machine_error, stop_signals

F = TypeVar("F", bound=Callable[..., Any])

FAULT_METAVAR: Final = "'KIND [VALUE] [FIELD=VALUE...]'"


def fault_option(kinds: str) -> Callable[[F], F]:
    """--fault, to be given any number of times, with these kinds."""
    return click.option(
        "--fault", "faults", multiple=True, metavar=FAULT_METAVAR, help=f"Go wrong: {kinds}."
    )


@contextlib.contextmanager
def listening(
    start: Callable[[], None], stop: Callable[[], None], where: HostPort
) -> Iterator[None]:
    """A server between its start and its stop.

    Raises:
        MachineError: It cannot listen there for now, as the port is taken.
        ConfigError: It may not.
    """
    try:
        start()
    except OSError as error:
        raise machine_error(f"cannot listen at {where}", error) from None
    try:
        yield
    finally:
        stop()


def wait_for_signal(greeting: str) -> None:
    """Print a line, and wait for SIGINT or SIGTERM; who reads it may send one at once."""
    token = StopToken()
    with stop_signals(token.stop):
        click.echo(greeting)
        token.wait()
