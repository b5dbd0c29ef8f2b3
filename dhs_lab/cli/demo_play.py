"""Plays the demo on the terminal: progress, table, pictures."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dcs_codec import OperationStatus
from dhs_lab.demo import (
    DemoBeamline,
    DemoSettings,
    evaluate,
    hard_pictures,
    judged,
    print_report,
    write_pictures,
)
from dhs_runtime.lowlevel import DhsError


def play(output: Path, seconds: float, fps: float, seed: int) -> bool:
    """Play the demo; returns whether the result is good.

    Raises:
        DhsError: A step took too long or failed, or the pictures cannot be written.
    """
    console = Console()
    settings = DemoSettings(seconds=seconds, fps=fps, seed=seed)
    try:
        with DemoBeamline(settings) as beamline:
            console.print(
                f"DCSS at [bold]{beamline.dcss.address}[/], camera at {beamline.axis.url}, "
                f"inference at {beamline.automl.url}; [bold]{beamline.loop.dhs.name}[/] is online"
            )
            beamline.ask("getLoopTip")
            beamline.ask("getLoopInfo")
            with _progress(console) as progress:
                task = progress.add_task("collectLoopImages", total=round(seconds * fps))
                run, push = beamline.collect(
                    lambda text: progress.advance(task, int(text.startswith("LOOP_INFO")))
                )
            beamline.ask("reboxLoopImage", "0", "0.0", "1.0")
            with console.status("hard pictures"):
                hard = [judged(picture, beamline.look(picture)) for picture in hard_pictures()]
            size = (beamline.scene.width_px, beamline.scene.height_px)
            result = evaluate(run.updates, push.sent, beamline.loop.collected, size)
            traffic = beamline.dcss.traffic.lines()
    except (TimeoutError, ValueError) as error:
        raise DhsError(f"the demo failed: {error}") from None
    print_report(console, beamline.runs, result, hard)
    with console.status("drawing pictures"):
        try:
            paths = write_pictures(output, result, hard, traffic)
        except OSError as error:
            raise DhsError(f"cannot write to {output}: {error.strerror}") from None
    *others, sheet = map(str, paths)
    console.print(f"Written: {', '.join(others)}", soft_wrap=True)
    console.print(f"Look at [bold]{sheet}[/]", soft_wrap=True)
    return (
        result.good
        and not any(each.is_confidently_wrong for each in hard)
        and all(one.completions[0].status == OperationStatus.NORMAL for one in beamline.runs)
    )


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
