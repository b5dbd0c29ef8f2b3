"""Shared parts of the commands of `dhs simulate`."""

import contextlib
import errno
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import click

from dhs_runtime.lowlevel import LONGEST_S, HostPort, StopToken, machine_error, stop_signals

F = TypeVar("F", bound=Callable[..., Any])

FAULT_METAVAR: Final = "'KIND [VALUE] [FIELD=VALUE...]'"


def fault_option(kinds: str) -> Callable[[F], F]:
    """The option --fault, repeatable, with these kinds."""
    return click.option(
        "--fault", "faults", multiple=True, metavar=FAULT_METAVAR, help=f"Add a fault: {kinds}."
    )


def port_option(*names: str, default: int | None = None, text: str) -> Callable[[F], F]:
    """An option with a port; `text` is its help."""
    kind = click.IntRange(0, 65535)
    show = default is not None
    return click.option(
        *names, type=kind, default=default, show_default=show, metavar="PORT", help=text
    )


def number_option(*names: str, default: float | None = None, text: str) -> Callable[[F], F]:
    """An option with a number from 0 to `LONGEST_S`; `text` is its help."""
    return click.option(
        *names,
        type=click.FloatRange(0, LONGEST_S),
        callback=_no_nan,
        default=default,
        show_default=True,
        help=text,
    )


def _no_nan(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """The value; refuses nan, which is inside every range of click."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number")
    return value


@contextlib.contextmanager
def listening(
    start: Callable[[], None], stop: Callable[[], None], where: HostPort, *, options: str = "--port"
) -> Iterator[None]:
    """Run a server inside `with`; `options` names the options that choose its ports.

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
