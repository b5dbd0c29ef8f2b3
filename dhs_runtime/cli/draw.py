"""`dhs draw`: pictures with boxes, and plots, of a kept collection."""

from pathlib import Path

import click

from dhs_runtime.errors import ConfigError, machine_error


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
def draw(folder: Path) -> None:
    """Draw a collection that the loop DHS kept: pictures with boxes, and plots.

    FOLDER is the folder of one collectLoopImages, in `save_image_dir`. `dhs loop` draws each
    collection that it keeps; this command draws one again.

    \b
    Examples:
        dhs draw RESULTS/collectLoopImages1_4
    """  # noqa: D301 - click wants the sign itself
    try:
        from dhs_runtime.loop.drawing import draw_collection  # noqa: PLC0415 - an extra, and slow
    except ModuleNotFoundError as error:
        from dhs_runtime.loop.painter import INSTALL  # noqa: PLC0415 - slow

        raise ConfigError(f"{error}; install the extra: {INSTALL}") from None
    try:
        drawn = draw_collection(folder)
    except OSError as error:
        raise machine_error(f"cannot write to {folder}", error) from None
    for trouble in drawn.troubles:
        click.echo(trouble, err=True)
    click.echo(f"{drawn.pictures} pictures with boxes and two plots are in {folder}")
