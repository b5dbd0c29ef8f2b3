"""`dhs simulate beamline`: a whole beamline in one command."""

from typing import Any

import click

from dhs_lab.cli.simulate_common import listening, port_option, wait_for_signal
from dhs_runtime.cli.options import LogFlags, logging_options
from dhs_runtime.lowlevel import HostPort

_GUI_PORT = 14243


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option("--port", default=14242, text="Hardware port, for DHSs; 0 picks a free one.")
@port_option("--gui-port", default=_GUI_PORT, text="GUI port, for clients; 0 picks a free one.")
@port_option(
    "--web", "web_port", default=8000, text="Port of the page for browsers; 0 picks a free one."
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["gonioDHS", "loopDHS", "camera", "page"]),
    help="Leave this part out, to run one of your own in its place; repeat.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1, max=600),
    default=3.0,
    show_default=True,
    help="Duration of the oscillation, in seconds.",
)
@click.option(
    "--fps",
    type=click.FloatRange(min=0.1, max=100),
    default=10.0,
    show_default=True,
    help="Pictures per second during the oscillation.",
)
@click.option("--seed", default=1, show_default=True, help="Selects the sample.")
@logging_options
def beamline(*, logs: LogFlags, **options: Any) -> None:
    """A whole beamline: DCSS with its GUI port, goniometer, loop DHS, camera, inference, page.

    It prints its ports, and what to try in another terminal. Ctrl-C ends all of it.
    collectLoopImages works as at a real beamline: the sample turns, the camera posts pictures, and
    their results come as updates. centerLoop is a script of DCSS, as a Python function.

    To rehearse your own DHS, leave out the one that it replaces. Yours needs the same name, and the
    same operations or devices.

    \b
    Examples:
        dhs simulate beamline
        dhs devices                          # in another terminal, like the next lines
        dhs move gonio_phi 90
        dhs start collectLoopImages
        dhs simulate beamline --without loopDHS
        dhs loop --dcss localhost:14242 loop.yaml
    """  # noqa: D301 - click needs \b itself
    from dhs_lab.simulators.whole_beamline import (  # noqa: PLC0415 - needs extra sim
        BeamlineSettings,
        SimulatedBeamline,
    )

    logs.set_up()
    settings = BeamlineSettings(**options)
    line = SimulatedBeamline(settings)
    where = HostPort(settings.host, settings.port)
    with listening(line.start, line.stop, where, options="--port, --gui-port or --web"):
        option = "" if settings.gui_port == _GUI_PORT else f" --dcss {line.dcss.gui_address}"
        page = "" if line.page is None else f"page: {line.page.url}\n"
        wait_for_signal(
            f"simulated beamline: hardware port {line.dcss.address}, "
            f"GUI port {line.dcss.gui_address}\n{page}"
            "in another terminal:\n"
            f"  dhs devices{option}\n"
            f"  dhs move{option} gonio_phi 90\n"
            f"  dhs start{option} collectLoopImages\n"
            "Ctrl-C ends it"
        )
