"""`dhs demo`: runs the loop DHS with simulated peers."""

import sys
from pathlib import Path

import click

from dhs_runtime.cli.options import LogFlags, logging_options
from dhs_runtime.lowlevel import ConfigError


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for pictures and traffic.",
)
@click.option("--seconds", default=3.0, show_default=True, help="Duration of the oscillation.")
@click.option("--fps", default=30.0, show_default=True, help="Pictures per second.")
@click.option("--seed", default=1, show_default=True, help="Selects the sample.")
@logging_options
def demo(
    *,
    output: Path,
    seconds: float,
    fps: float,
    seed: int,
    logs: LogFlags,
) -> None:
    """Run the loop DHS with a simulated DCSS, Axis camera and inference server.

    All four talk over loopback sockets. DCSS starts collectLoopImages; the sample turns while the
    camera posts pictures; each picture goes to the inference server, and the result to DCSS as an
    update. Then the camera shows hard pictures, one by one: photographs, and scenes with, for
    example, two specimens or none. At the end the demo prints what DCSS received, and writes a
    contact sheet of all pictures.

    Exit code: 0 if every operation ended as normal, every posted picture was answered, every box is
    at the loop, and no wrong result for a hard picture had a score of 0.5 or more; else 1.
    """
    try:
        from dhs_lab.cli import demo_play  # noqa: PLC0415 - heavy, and needs the extra
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error}; install the extra: pip install 'dcs-codec[sim]'") from None

    logs.set_up(quieter=1)
    sys.exit(0 if demo_play.play(output, seconds, fps, seed) else 1)
