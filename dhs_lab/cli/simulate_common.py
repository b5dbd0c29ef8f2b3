"""Shared parts of the commands of `dhs simulate`."""

import contextlib
import errno
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import click

from dhs_runtime.lowlevel import HostPort, StopToken, machine_error, stop_signals

F = TypeVar("F", bound=Callable[..., Any])

FAULT_METAVAR: Final = "'KIND [VALUE] [FIELD=VALUE...]'"


def fault_option(kinds: str) -> Callable[[F], F]:
    """The option --fault, repeatable, with these kinds."""
    return click.option(
        "--fault", "faults", multiple=True, metavar=FAULT_METAVAR, help=f"Add a fault: {kinds}."
    )


@contextlib.contextmanager
def listening(
    start: Callable[[], None], stop: Callable[[], None], where: HostPort, *, options: str = "--port"
) -> Iterator[None]:
    """A server between its start and its stop; `options` choose its ports.

    Raises:
        MachineError: The port is taken, or cannot be used for now.
        ConfigError: This user may not listen there.
    """
    try:
        start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = f"perhaps by another dhs simulate; {options} chooses another port, 0 a free one"
            error = OSError(error.errno, f"{error.strerror}, {hint}")
        raise machine_error(f"cannot listen at {where}", error) from None
    try:
        yield
    finally:
        stop()


def wait_for_signal(greeting: str) -> None:
    """Print a line and wait for SIGINT or SIGTERM, which may come right after the line."""
    token = StopToken()
    with stop_signals(token.stop):
        click.echo(greeting)
        token.wait()
