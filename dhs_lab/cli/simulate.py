"""`dhs simulate`: runs one simulator."""

from typing import TYPE_CHECKING

import click

from dhs_lab.cli.simulate_beamline import beamline
from dhs_lab.cli.simulate_common import fault_option, listening, wait_for_signal
from dhs_lab.cli.simulate_dcss import dcss
from dhs_runtime.cli.click_group import WholeGroup
from dhs_runtime.cli.options import LogFlags, listen_options, logging_options
from dhs_runtime.lowlevel import HostPort, read_url

if TYPE_CHECKING:
    from dhs_lab.simulators.http_faults import HttpFaults
    from dhs_runtime.lowlevel import MountFrom

HTTP_FAULTS = "status 503, hang, late 0.5, truncate, slow 1000, reset; every=N, count=N"


@click.group(cls=WholeGroup)
def simulate() -> None:
    """Run a simulated DCSS, Axis camera or inference server, or a whole beamline."""


simulate.add_command(dcss)
simulate.add_command(beamline)


@simulate.command()
@click.option("--angle", default=0.0, show_default=True, help="Angle of the loop, degrees.")
@click.option("--turn", default=0.0, show_default=True, help="Rotation, degrees per second.")
@click.option("--push", "push_url", metavar="URL", help="Also post pictures there for 10 minutes.")
@click.option(
    "--fps",
    type=click.FloatRange(min=0, min_open=True, max=1000),
    default=5.0,
    show_default=True,
    help="Pictures per second to post.",
)
@fault_option(HTTP_FAULTS)
@listen_options(8080, what="HTTP")
@logging_options
def axis(
    *,
    angle: float,
    turn: float,
    push_url: str | None,
    fps: float,
    faults: tuple[str, ...],
    host: str,
    port: int,
    logs: LogFlags,
) -> None:
    """An Axis camera that looks at a loop on a pin.

    \b
    Examples:
        dhs simulate axis --turn 30 --port 8080
        curl -o loop.jpg 'http://127.0.0.1:8080/axis-cgi/jpg/image.cgi?camera=1'
        dhs simulate axis --fault 'status 503 every=3' --fault 'truncate count=1'
    """  # noqa: D301 - click needs \b itself
    from dhs_lab.simulators.axis import SimulatedAxis  # noqa: PLC0415 - needs extra sim

    logs.set_up()
    if push_url:
        read_url(push_url)  # before anything starts
    camera = SimulatedAxis(host=host, port=port)
    camera.angle_deg = angle
    _add_faults(camera.faults, faults)
    with listening(camera.start, camera.stop, HostPort(host, port)):
        if turn:
            camera.rotate(angle, angle + turn * 86_400, 86_400)
        if push_url:
            camera.push(push_url, fps, duration_s=600)
        picture = f"{camera.url}/axis-cgi/jpg/image.cgi"
        wait_for_signal(f"simulated Axis camera: {picture}; Ctrl-C ends it")


@simulate.command()
@fault_option(HTTP_FAULTS)
@listen_options(5000, what="HTTP")
@click.option(
    "--mount-from",
    type=click.Choice(["any", "left", "right", "above", "below"]),
    default="any",
    show_default=True,
    help="Side of the picture that the mount comes from; any finds it.",
)
@logging_options
def automl(
    *, faults: tuple[str, ...], host: str, port: int, mount_from: "MountFrom", logs: LogFlags
) -> None:
    """An inference server with AutoML's REST API; finds pin and loop by image processing.

    \b
    Examples:
        dhs simulate automl --port 5000
        curl http://127.0.0.1:5000/v1/models/default
        dhs simulate automl --mount-from right
        dhs simulate automl --fault 'late 2' --fault 'reset every=10'
    """  # noqa: D301 - click needs \b itself
    from dhs_lab.simulators.automl import SimulatedAutoML  # noqa: PLC0415 - needs extra sim

    logs.set_up()
    server = SimulatedAutoML(host=host, port=port, mount_from=mount_from)
    _add_faults(server.faults, faults)
    with listening(server.start, server.stop, HostPort(host, port)):
        predict = f"{server.url}/v1/models/default:predict"
        wait_for_signal(f"simulated AutoML: {predict}; Ctrl-C ends it")


def _add_faults(faults: "HttpFaults", texts: tuple[str, ...]) -> None:
    for text in texts:
        faults.add(text)
