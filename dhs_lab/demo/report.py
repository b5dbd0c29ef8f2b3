"""The report of the demo: tables of what DCSS received, and the files."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from dcs_codec import OperationStatus
from dhs_lab.demo.evaluation import LEAST_IOU, LEAST_MEAN_IOU, Evaluation
from dhs_lab.demo.judging import HardResult, RightOrNot, counted
from dhs_lab.demo.pictures import draw_frame, plot
from dhs_lab.demo.sheet import contact_sheet
from dhs_lab.simulators.dcss import OperationRun, TrafficLine

FRAMES = "frames"
SHEET = "contact_sheet.png"
CHART = "loop_over_angle.png"
_STYLES: Final[dict[RightOrNot, str]] = {"right": "green", "abstained": "yellow", "wrong": "red"}


def print_report(
    console: Console,
    runs: Sequence[OperationRun],
    evaluation: Evaluation,
    hard: Sequence[HardResult],
) -> None:
    """Print what DCSS received, per operation, and how good it is."""
    table = Table(title="What DCSS received", title_justify="left", header_style="bold")
    for heading in ("operation", "handle", "updates", "status", "result"):
        table.add_column(
            heading, overflow="fold", justify="right" if heading == "updates" else "left"
        )
    for run in runs:
        completion = run.completions[0]
        style = "green" if completion.status == OperationStatus.NORMAL else "red"
        table.add_row(
            run.name,
            run.handle,
            str(len(run.updates)),
            f"[{style}]{completion.status}[/]",
            completion.text,
        )
    console.print(table)
    verdict = "[green]good[/]" if evaluation.good else "[red]not good enough[/]"
    console.print(
        f"{evaluation.pushed} pictures posted, {len(evaluation.frames)} answered. "
        f"IoU of the loop boxes with the truth: least {evaluation.least_iou:.3f} "
        f"(wanted {LEAST_IOU}), mean {evaluation.mean_iou:.3f} (wanted {LEAST_MEAN_IOU}): {verdict}"
    )
    if hard:
        _print_hard(console, hard)


def _print_hard(console: Console, hard: Sequence[HardResult]) -> None:
    counts = []
    for kind in ("photographs", "drawn scenes"):
        same = [each for each in hard if each.picture.is_photograph == (kind == "photographs")]
        numbers = ", ".join(
            f"[{_STYLES[verdict]}]{count} {verdict}[/]" for verdict, count in counted(same).items()
        )
        counts.append(f"{len(same)} {kind}: {numbers}")
    console.print(f"Hard pictures, asked one by one: {'; '.join(counts)}.")
    for result in hard:
        if result.verdict != "right":
            console.print(
                f"  {result.picture.name}: [{_STYLES[result.verdict]}]{result.verdict}[/]"
                f", score {result.score:.2f}"
            )


def write_pictures(
    folder: Path,
    evaluation: Evaluation,
    hard: Sequence[HardResult],
    traffic: Iterable[TrafficLine],
) -> tuple[Path, ...]:
    """Write traffic, frames, plot and contact sheet into `folder`; returns their paths.

    Raises:
        OSError: The folder cannot be written.
    """
    frames = folder / FRAMES
    shutil.rmtree(frames, ignore_errors=True)  # files of the last demo
    frames.mkdir(parents=True)
    for frame in evaluation.frames:
        draw_frame(frame).save(frames / f"loop_{frame.index:03}.jpg", quality=88)
    log = folder / "traffic.txt"
    log.write_text("".join(f"{line}\n" for line in traffic), encoding="utf-8")
    paths = [log, frames]
    if evaluation.frames:
        chart = folder / CHART
        chart.write_bytes(plot(evaluation))
        paths.append(chart)
    if evaluation.frames or hard:
        sheet = folder / SHEET
        contact_sheet(evaluation.frames, hard).save(sheet)
        paths.append(sheet)
    return tuple(paths)
