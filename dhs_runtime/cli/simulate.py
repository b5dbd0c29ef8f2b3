"""`dhs simulate`: each simulator on its own."""

import contextlib
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final

import click

from dcs_codec import EncodeError, Framing
from dhs_runtime.cli.options import LogFlags, listen_options, logging_options
from dhs_runtime.errors import ConfigError, DhsError
from dhs_runtime.signals import stop_signals
from dhs_runtime.simulators.dcss import HardwareHost, OperationRun, SimulatedDcss
from dhs_runtime.threads import StopToken

PROMPT_HELP: Final = """\
start OPERATION [ARGS...]   start an operation and print its updates and completion
set STRING [CONTENTS...]    ask the owner of a string for new contents
abort [soft|hard]           abort all
drop DHS [reset]            close a DHS's connection (with RST)
who                         connected DHSs
traffic [N]                 the last N messages
help, quit"""


@click.group()
def simulate() -> None:
    """Run one simulated peer of a DHS: a DCSS, an Axis camera or an inference server."""


@simulate.command()
@click.option("--dhs", "names", multiple=True, required=True, help="Hardware host to know; repeat.")
@click.option(
    "--operation", "operations", multiple=True, help="Operation of the first DHS; repeat."
)
@click.option(
    "--string", "strings", multiple=True, metavar="NAME=TEXT", help="String of the first DHS."
)
@click.option(
    "--framing",
    type=click.Choice(["v1", "v2"]),
    default="v2",
    show_default=True,
    help="Protocol version of all of them.",
)
@listen_options(14242, what="hardware")
@logging_options
def dcss(
    *,
    names: tuple[str, ...],
    operations: tuple[str, ...],
    strings: tuple[str, ...],
    framing: str,
    host: str,
    port: int,
    logs: LogFlags,
) -> None:
    """A DCSS with a prompt: start operations, set strings, abort.

    \b
    Example, with `dhs run echo_dhs.py:dhs` in another terminal:
        dhs simulate dcss --dhs echoDHS --operation echo
        dcss> start echo hello
    """  # noqa: D301 - click wants the sign itself
    logs.set_up()
    contents = dict(pair.partition("=")[::2] for pair in strings)
    first = HardwareHost.of(
        names[0], operations=operations, strings=contents, framing=Framing(framing)
    )
    others = [HardwareHost(name, framing=Framing(framing)) for name in names[1:]]
    server = SimulatedDcss([first, *others], host=host, port=port)
    with _listening(server.start, f"{host}:{port}"), contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        click.echo(f"simulated DCSS: hardware port {server.address}; type help")
        token = StopToken()
        # A daemon: nothing wakes a thread that waits for somebody to type.
        threading.Thread(target=_prompt, args=(server, token), name="prompt", daemon=True).start()
        with stop_signals(token.stop):
            token.wait()


@simulate.command()
@click.option("--angle", default=0.0, show_default=True, help="Angle of the loop, degrees.")
@click.option("--turn", default=0.0, show_default=True, help="Turn on, degrees per second.")
@click.option("--push", "push_url", metavar="URL", help="Also post pictures there (10 minutes).")
@click.option("--fps", default=5.0, show_default=True, help="Pictures per second to post.")
@listen_options(8080, what="HTTP")
@logging_options
def axis(
    *,
    angle: float,
    turn: float,
    push_url: str | None,
    fps: float,
    host: str,
    port: int,
    logs: LogFlags,
) -> None:
    """An Axis camera that looks at a loop on a pin.

    \b
    Example:
        dhs simulate axis --turn 30 --port 8080
        curl -o loop.jpg 'http://127.0.0.1:8080/axis-cgi/jpg/image.cgi?camera=1'
    """  # noqa: D301 - click wants the sign itself
    from dhs_runtime.simulators.axis import SimulatedAxis  # noqa: PLC0415 - needs extra sim

    logs.set_up()
    camera = SimulatedAxis(host=host, port=port)
    camera.angle_deg = angle
    with _listening(camera.start, f"{host}:{port}"), contextlib.ExitStack() as stack:
        stack.callback(camera.stop)
        if turn:
            camera.rotate(angle, angle + turn * 86_400, 86_400)
        if push_url:
            camera.push(push_url, fps, duration_s=600)
        click.echo(f"simulated Axis camera: {camera.url}/axis-cgi/jpg/image.cgi; Ctrl-C ends it")
        _wait_for_signal()


@simulate.command()
@listen_options(5000, what="HTTP")
@logging_options
def automl(*, host: str, port: int, logs: LogFlags) -> None:
    """An inference server with AutoML's REST API that finds pin and loop by image processing.

    \b
    Example:
        dhs simulate automl --port 5000
        curl http://127.0.0.1:5000/v1/models/default
    """  # noqa: D301 - click wants the sign itself
    from dhs_runtime.simulators.automl import SimulatedAutoML  # noqa: PLC0415 - needs extra sim

    logs.set_up()
    server = SimulatedAutoML(host=host, port=port)
    with _listening(server.start, f"{host}:{port}"), contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        click.echo(f"simulated AutoML: {server.url}/v1/models/default:predict; Ctrl-C ends it")
        _wait_for_signal()


@contextlib.contextmanager
def _listening(start: Callable[[], None], where: str) -> Iterator[None]:
    try:
        start()
    except OSError as error:
        raise ConfigError(f"cannot listen at {where}: {error.strerror}") from None
    yield


def _wait_for_signal() -> None:
    token = StopToken()
    with stop_signals(token.stop):
        token.wait()


def _prompt(server: SimulatedDcss, token: StopToken) -> None:
    """Obey commands until quit or Ctrl-D; without a person, the end of input ends nothing."""
    tty = sys.stdin.isatty()
    while True:
        if tty:
            click.echo("dcss> ", nl=False)
        line = sys.stdin.readline()
        if line.strip() in ("quit", "exit") or (tty and not line):
            token.stop()
        if not line:
            return
        try:
            _obey(server, line)
        except (DhsError, EncodeError, ValueError, TimeoutError) as error:
            click.echo(f"error: {error}")


def _obey(server: SimulatedDcss, line: str) -> None:
    words = shlex.split(line)
    match words:
        case [] | ["quit" | "exit"]:
            pass
        case ["start", name, *args]:
            run = server.start_operation(name, *args)
            click.echo(f"{run.name} {run.handle} started")
            threading.Thread(target=_watch, args=(run,), name="watch", daemon=True).start()
        case ["set", name, *args]:
            server.set_string(name, " ".join(args))
        case ["abort", *how]:
            server.abort_all(*how[:1])
        case ["drop", name, *how]:
            server.disconnect(name, by_reset=how == ["reset"])
        case ["who"]:
            click.echo(" ".join(server.online()) or "nobody is connected")
        case ["traffic", *count]:
            last = int(count[0]) if count else 20
            click.echo("\n".join(map(str, server.traffic.lines()[-last:])))
        case _:
            click.echo(PROMPT_HELP)


def _watch(run: OperationRun) -> None:
    for update in run.follow():
        click.echo(f"{run.name} {run.handle} update: {update}")
    done = run.completions[0]
    click.echo(f"{run.name} {run.handle} completed {done.status} {done.text}".rstrip())
