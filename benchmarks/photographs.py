"""The embedded detector on labelled photographs: score, overlap and tip error of each.

`python -m benchmarks.photographs FOLDER [SHEET]`: the folder holds pictures and `labels.json`,
which has for each picture `loop` as `[min_x, min_y, max_x, max_y]` and `tip` as `[x, y]`, in
pixels, or null. Every picture is tested as it is, mirrored, and turned by 90, 180 and 270 degrees.
With SHEET, it writes a contact sheet of the pictures whose labels allow it (`may_be_shipped`).
"""

import itertools
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
from PIL import Image

from dhs_lab.demo.evaluation import iou
from dhs_lab.demo.judging import LEAST_OVERLAP, MAX_TIP_ERROR, SURE
from dhs_lab.demo.sheet import SheetSection, Tile, sheet_of
from dhs_lab.simulators.detector import LOOP, PixelDetection, find
from dhs_lab.simulators.outlines import OutlineBox, Point
from dhs_runtime.loop.drawing import LOOP as LOOP_COLOUR
from dhs_runtime.loop.drawing import NONE

SHEET_PX: Final = 1240
SOUND: Final = 0.25  # the default threshold of a loop
BINS: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 1.01)
TURNS: Final = {
    "as taken": None,
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "90": Image.Transpose.ROTATE_90,
    "180": Image.Transpose.ROTATE_180,
    "270": Image.Transpose.ROTATE_270,
}


@attrs.frozen(kw_only=True)
class Verdict:
    """The result of the detector for one picture.

    Attributes:
        name: File.
        turn: A key of `TURNS`.
        has_loop: Whether the label has a loop.
        score: Score of the best loop found; 0 without one.
        overlap: IoU with the label.
        tip_error: The larger distance of the tip from the label's in x and y, as a part of the
            picture's width; infinite if one is missing.
        found: The best loop, None if none was found.
    """

    name: str
    turn: str
    has_loop: bool
    score: float
    overlap: float
    tip_error: float
    found: PixelDetection | None

    @property
    def right(self) -> bool:
        """Whether box and tip are right, with a score of at least 0.1."""
        is_near = self.tip_error <= MAX_TIP_ERROR
        return is_near and self.score >= BINS[0] and self.overlap >= LEAST_OVERLAP

    @property
    def confidently_wrong(self) -> bool:
        """Whether it is wrong, or there is no loop, with a score of at least 0.5."""
        return self.score >= SURE and not self.right

    @property
    def words(self) -> str:
        """The verdict in a word or two."""
        if self.right:
            return "right"
        if self.score >= BINS[0]:
            return "wrong"
        return "no loop found" if self.has_loop else "right: no loop"


@attrs.frozen(eq=False)
class Labelled:
    """One picture in one orientation."""

    name: str
    turn: str
    picture: Image.Image
    loop: OutlineBox | None
    tip: Point | None
    may_be_shipped: bool

    def judge(self) -> Verdict:
        """Let the detector find the loop."""
        finding = find(self.picture)
        best = next((each for each in finding.detections if each.label == LOOP), None)
        overlap, error = 0.0, math.inf
        if best is not None and best.tip_px and self.loop is not None and self.tip is not None:
            overlap = iou(best.box_px, self.loop)
            error = max(abs(a - b) for a, b in zip(best.tip_px, self.tip, strict=True))
            error /= self.picture.width
        return Verdict(
            name=self.name,
            turn=self.turn,
            has_loop=self.loop is not None,
            score=best.score if best else 0.0,
            overlap=overlap,
            tip_error=error,
            found=best,
        )


def labelled(folder: Path, turns: Sequence[str] = tuple(TURNS)) -> Iterator[Labelled]:
    """The pictures of a folder, in each of these orientations."""
    labels = json.loads((folder / "labels.json").read_text())
    for name, label in labels.items():
        if name.startswith("_"):
            continue
        with Image.open(folder / name) as file:
            picture = file.convert("RGB")
        for turn in turns:
            method = TURNS[turn]
            yield Labelled(
                name,
                turn,
                picture if method is None else picture.transpose(method),
                _turned_box(label["loop"], turn, picture.size) if label["loop"] else None,
                _turned(label["tip"], turn, picture.size) if label["tip"] else None,
                bool(label.get("may_be_shipped")),
            )


def _turned(point: Sequence[float], turn: str, size_px: tuple[int, int]) -> Point:
    (x, y), (width, height) = point, size_px
    return {
        "as taken": (x, y),
        "mirrored": (width - x, y),
        "90": (y, width - x),
        "180": (width - x, height - y),
        "270": (height - y, x),
    }[turn]


def _turned_box(box: Sequence[float], turn: str, size_px: tuple[int, int]) -> OutlineBox:
    (x, y), (other_x, other_y) = (_turned(each, turn, size_px) for each in (box[:2], box[2:]))
    return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def contact_sheet(pictures: Sequence[Labelled]) -> Image.Image:
    """The pictures with what was found, and the label dashed."""
    tiles = [_tile(one, one.judge()) for one in pictures]
    return sheet_of([SheetSection("Photographs", f"{len(tiles)} pictures", tiles)])


def _tile(one: Labelled, verdict: Verdict) -> Tile:
    found = verdict.found if verdict.score >= BINS[0] else None
    return Tile(
        picture=one.picture,
        truths=[one.loop] if one.loop else [],
        loop=found.box_px if found else None,
        tip=found.tip_px if found else None,
        name=Path(one.name).stem,
        verdict=f"{verdict.words}  {verdict.score:.2f}",
        colour=LOOP_COLOUR if verdict.right and verdict.score >= SOUND else NONE,
    )


def calibration(verdicts: Sequence[Verdict]) -> list[tuple[str, int, float]]:
    """For each bin of the score: its name, how many are in it, and the part that is right."""
    rows = []
    for low, high in itertools.pairwise(BINS):
        inside = [each for each in verdicts if low <= each.score < high]
        part = sum(each.right for each in inside) / len(inside) if inside else math.nan
        rows.append((f"{low:g} to {min(high, 1.0):g}", len(inside), part))
    return rows


def main() -> None:
    folder = Path(sys.argv[1])
    verdicts = [each.judge() for each in labelled(folder)]
    print("| picture | score | IoU | tip error | verdict | turned: right of 4 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for one in (each for each in verdicts if each.turn == "as taken"):
        turned = [each for each in verdicts if each.name == one.name and each is not one]
        error = f"{100 * one.tip_error:.1f} %" if math.isfinite(one.tip_error) else "-"
        right = sum(each.right for each in turned) if one.has_loop else "-"
        figures = f"{one.score:.2f} | {one.overlap:.2f} | {error}"
        print(f"| {one.name} | {figures} | {one.words} | {right} |")
    for turn in TURNS:
        loops = [each for each in verdicts if each.has_loop and each.turn == turn]
        print(f"{turn}: {sum(each.right for each in loops)} of {len(loops)} right")
    wrong = [f"{each.name} {each.turn}" for each in verdicts if each.confidently_wrong]
    print(f"confidently wrong: {', '.join(wrong) or 'none'}")
    for name, count, part in calibration(verdicts):
        print(f"score {name}: {count}, {100 * part:.0f} % right")
    if len(sys.argv) > 2:
        shipped = [each for each in labelled(folder, ["as taken"]) if each.may_be_shipped]
        sheet = contact_sheet(shipped)
        sheet.thumbnail((SHEET_PX, sheet.height))
        sheet.save(sys.argv[2], quality=80)


if __name__ == "__main__":
    main()
