"""The demo's last words: a table of what DCSS received, and the files."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dcs_codec import OperationStatus
from dhs_lab.demo.evaluation import LEAST_IOU, LEAST_MEAN_IOU, Evaluation
from dhs_lab.demo.pictures import contact_sheet, draw_frame, plot
from dhs_lab.simulators.dcss import OperationRun, TrafficLine

FRAMES = "frames"


def print_report(console: Console, runs: Sequence[OperationRun], evaluation: Evaluation) -> None:
    """Print what DCSS received, operation by operation, and how good the boxes are."""
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


def write_pictures(
    folder: Path, evaluation: Evaluation, traffic: Iterable[TrafficLine]
) -> tuple[Path, ...]:
    """Write frames, contact sheet, plot and traffic into `folder`; the paths to look at.

    Raises:
        OSError: The folder cannot be written.
    """
    frames = folder / FRAMES
    shutil.rmtree(frames, ignore_errors=True)  # of the last demo
    frames.mkdir(parents=True)
    for frame in evaluation.frames:
        draw_frame(frame).save(frames / f"loop_{frame.index:03}.jpg", quality=88)
    paths = [frames]
    if evaluation.frames:
        sheet, chart = folder / "contact_sheet.png", folder / "loop_over_angle.png"
        contact_sheet(evaluation.frames).save(sheet)
        chart.write_bytes(plot(evaluation))
        paths += [sheet, chart]
    log = folder / "traffic.txt"
    log.write_text("".join(f"{line}\n" for line in traffic), encoding="utf-8")
    return (*paths, log)
