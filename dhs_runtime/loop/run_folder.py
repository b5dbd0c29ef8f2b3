"""Keeps the pictures and results of a collectLoopImages, in a folder of its own.

Names and columns are those of loop-dhs: `loop_0000.jpeg` and so on, `loop_info.csv`; `results.txt`
has the updates as DCSS got them.
"""

import contextlib
import csv
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import attrs

from dhs_runtime.answers import NORMAL
from dhs_runtime.errors import ConfigError
from dhs_runtime.loggers import get_logger
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.operation import Argument
from dhs_runtime.services.automl import Box

logger = get_logger(__name__)

TABLE: Final = "loop_info.csv"
UPDATES: Final = "results.txt"
COLUMNS: Final = (
    *("LOOP_INFO", "index", "status", "tipX", "tipY", "pinBaseX", "fiberWidth", "loopWidth"),
    *("boxMinX", "boxMaxX", "boxMinY", "boxMaxY", "loopWidthX"),
    *("isMicroMount", "loopClass", "loopScore"),
)
"""Columns of the table, as in loop-dhs: the words of an update."""

PIN_COLUMNS: Final = ("pinMinX", "pinMaxX", "pinMinY", "pinMaxY")
"""Columns for the pin's box, empty if no pin was seen."""

ANGLE: Final = "angle"
"""Column for the degrees since the oscillation began, assuming equal intervals."""

_DIGITS: Final = 5


class RunFolder:
    """The folder of one collection; it is made when there is something to keep.

    If it cannot be written, that is logged once, and the rest of the collection is not kept. Only
    one thread may use it.
    """

    def __init__(self, parent: Path, name: str, degrees_per_picture: float) -> None:
        """A folder; nothing is written yet.

        Args:
            parent: Where the folder will be. It is made if it is missing.
            name: Name of the folder. If there is such a folder already, a number is added.
            degrees_per_picture: Turn of the sample from one picture to the next.
        """
        self._parent = parent
        self._name = name
        self._degrees_per_picture = degrees_per_picture
        self._kept: set[int] = set()
        self._is_broken = False
        self.path: Path | None = None
        """Path of the folder; None before the first picture."""

    def keep(self, image: CollectedImage) -> None:
        """Keep a picture and its line of results, unless they are kept already."""
        if self._is_broken or image.index in self._kept:
            return
        self._kept.add(image.index)
        name = picture_name(image.index)
        try:
            folder = self._made()
            (folder / name).write_bytes(image.data)
            with (folder / UPDATES).open("a", encoding="utf-8") as file:
                file.write(" ".join(map(str, image.update_words())) + "\n")
        except OSError as error:
            self._give_up(error, name)

    def finish(self, images: Iterable[CollectedImage]) -> Path | None:
        """Keep the rest, and write the table; returns the folder, None if it is incomplete."""
        ordered = sorted(images, key=lambda image: image.index)
        for image in ordered:
            self.keep(image)
        if self.path is None or self._is_broken:
            return None
        part = f"{TABLE}.part"
        try:
            with (self.path / part).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow((*COLUMNS, *PIN_COLUMNS, ANGLE))
                writer.writerows(self._row(image) for image in ordered)
            (self.path / part).replace(self.path / TABLE)  # so that it is never incomplete
        except OSError as error:
            self._give_up(error, part)
            return None
        return self.path

    def _row(self, image: CollectedImage) -> Sequence[Argument]:
        pin = None if image.info is None else image.info.pin
        sides: tuple[Argument, ...] = ("",) * len(PIN_COLUMNS)
        if pin is not None:
            sides = tuple(
                round(side, _DIGITS) for side in (pin.min_x, pin.max_x, pin.min_y, pin.max_y)
            )
        return (
            *image.update_words(),
            *sides,
            round(image.index * self._degrees_per_picture, _DIGITS),
        )

    def _made(self) -> Path:
        if self.path is not None:
            return self.path
        self._parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):  # DCSS counts handles from the start when it restarts
            folder = self._parent / (self._name if number == 1 else f"{self._name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                self.path = folder
                return folder
        raise AssertionError("the numbers have no end")

    def _give_up(self, error: OSError, name: str) -> None:
        """Keep no more, and remove the file `name`, which may be incomplete."""
        self._is_broken = True
        if self.path is not None:
            with contextlib.suppress(OSError):
                (self.path / name).unlink(missing_ok=True)
        where = self._parent / self._name if self.path is None else self.path
        reason = error.strerror or error
        logger.warning("%s: the rest of this collection is not kept: %s", where, reason)


@attrs.frozen(kw_only=True)
class KeptResult:
    """One row of the table, with lengths in fractions of the picture.

    Attributes:
        index: Number of the picture.
        angle_deg: Degrees since the oscillation began.
        box: Box around the loop, None if no loop was found.
        pin: Box around the pin, None if no pin was seen.
        tip: The loop's far end `(x, y)`, None if no loop was found.
        pin_base_x: The pin's end towards the loop.
        label: Class of the loop.
        score: Score of the loop; without a loop, the best score found.
    """

    index: int
    angle_deg: float
    box: Box | None
    pin: Box | None
    tip: tuple[float, float] | None
    pin_base_x: float
    label: str
    score: float


def picture_name(index: int) -> str:
    """File name of the picture."""
    return f"loop_{index:04}.jpeg"


def read_results(folder: Path) -> list[KeptResult]:
    """Read the table of a folder.

    Raises:
        ConfigError: The table is missing, or is not that of a collection.
    """
    path = folder / TABLE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_result(row) for row in csv.DictReader(file)]
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is not a table of a collection: {error!r}") from None


def _result(row: dict[str, str]) -> KeptResult:
    found = row["status"] == NORMAL
    pin = [float(row[name]) for name in PIN_COLUMNS if row[name]]
    box = [float(row[name]) for name in ("boxMinX", "boxMaxX", "boxMinY", "boxMaxY")]
    return KeptResult(
        index=int(row["index"]),
        angle_deg=float(row[ANGLE]),
        box=_box(box) if found else None,
        pin=_box(pin) if pin else None,
        tip=(float(row["tipX"]), float(row["tipY"])) if found else None,
        pin_base_x=float(row["pinBaseX"]),
        label=row["loopClass"],
        score=float(row["loopScore"]),
    )


def _box(sides: Sequence[float]) -> Box:
    min_x, max_x, min_y, max_y = sides
    return Box(min_x, min_y, max_x, max_y)
