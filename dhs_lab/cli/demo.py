"""`dhs demo`: the loop DHS at work, with everything around it simulated."""

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
@click.option("--seconds", default=3.0, show_default=True, help="Time of the oscillation.")
@click.option("--fps", default=30.0, show_default=True, help="Pictures per second.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another sample.")
@logging_options
def demo(
    *,
    output: Path,
    seconds: float,
    fps: float,
    seed: int,
    logs: LogFlags,
) -> None:
    """Let the loop DHS work for a simulated DCSS, Axis camera and inference server.

    All four talk over loopback sockets. DCSS starts collectLoopImages; the sample turns while the
    camera posts pictures; each goes to inference and comes back to DCSS as an update. Then hard
    pictures are put before the camera, one by one: photographs, and scenes such as two specimens or
    none. At the end: what DCSS received, and a contact sheet of it all.

    Exit code 0 when every posted picture was answered, every box is where the loop is, and DCSS was
    told nothing wrong of a hard picture with a score of 0.5 or more; else 1.
    """
    try:
        from dhs_lab.cli import demo_play  # noqa: PLC0415 - heavy, and needs the extra
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error}; install the extra: pip install 'dcs-codec[sim]'") from None

    logs.set_up(quieter=1)
    sys.exit(0 if demo_play.play(output, seconds, fps, seed) else 1)
