"""`LoopInfo`: the loop in one picture, and its words on the wire.

All lengths are fractions of the picture's width (x) or height (y), origin upper left.
"""

from collections.abc import Collection
from typing import Final

import attrs

from dhs_runtime.answers import NORMAL
from dhs_runtime.operation import Argument
from dhs_runtime.services.automl import Box, Prediction
from dhs_runtime.services.mount_sides import MountFrom, MountSide

FIBER_WIDTH: Final = 0.222
"""The value that loop-dhs sends; no detector measures the fibre."""

PIN_BASE_X: Final = 0.111
"""The value that loop-dhs sends; used here if no pin is in view."""

PIN: Final = "pin"
MICRO_MOUNT: Final = "mitegen"
LOOPS: Final = (MICRO_MOUNT, "nylon")
"""Classes that loop-dhs counts as loops."""

FAILED: Final = "failed"
_DIGITS: Final = 5
_NOWHERE: Final = Box(0.0, 0.0, 0.0, 0.0)


@attrs.frozen(kw_only=True)
class LoopInfo:
    """The loop in one picture.

    Attributes:
        status: `normal`, or `failed` if there is no loop (its box is all 0 then).
        box: Box around the loop.
        pin: Box around the pin, None if no pin is in view.
        loop_class: Class from the detector (`nylon`, `mitegen`), `none` without a loop.
        score: Its score, 0..1; without a loop, the best score found.
        seen_tip: The loop's far end `(x, y)` from the detector; None if it gives boxes only.
        mount_from: The side that the mount comes from, `any` if not configured.
        reason: Why there is no loop, "" if there is one.
    """

    status: str
    box: Box = _NOWHERE
    pin: Box | None = None
    loop_class: str = "none"
    score: float = 0.0
    seen_tip: tuple[float, float] | None = None
    mount_from: MountFrom = "any"
    reason: str = attrs.field(default="", eq=False)

    @classmethod
    def of(
        cls,
        prediction: Prediction,
        threshold: float,
        labels: Collection[str] = LOOPS,
        mount_from: MountFrom = "any",
    ) -> "LoopInfo":
        """The best detection with one of `labels`; `failed` if its score is below `threshold`."""
        loops = [found for found in prediction.detections if found.label in labels]
        pin = prediction.best(PIN, threshold=threshold)
        if not loops or loops[0].score < threshold:
            score = loops[0].score if loops else 0.0
            reason = _why_no_loop(prediction, score, threshold, labels)
            return cls(status=FAILED, score=score, reason=reason)
        return cls(
            status=NORMAL,
            box=loops[0].box,
            pin=None if pin is None else pin.box,
            loop_class=loops[0].label,
            score=loops[0].score,
            seen_tip=loops[0].tip,
            mount_from=mount_from,
        )

    @property
    def found(self) -> bool:
        """Whether there is a loop."""
        return self.status == NORMAL

    @property
    def tip(self) -> tuple[float, float]:
        """The loop's far end `(x, y)`.

        This is the tip from the detector. If the detector gives boxes only, it is the middle of the
        box's side away from the mount, which may be off by 10 % of the picture's height.
        """
        return self._ends[self._mount] if self.seen_tip is None else self.seen_tip

    @property
    def pin_base_x(self) -> float:
        """The pin's end towards the loop; a fixed value if no pin was seen."""
        if self.pin is None:
            return PIN_BASE_X
        return self.pin.min_x if self._mount == "right" else self.pin.max_x

    @property
    def _mount(self) -> MountSide:
        """The mount's side: as configured, else opposite the side next to the tip, else left."""
        if self.mount_from != "any":
            return self.mount_from
        if self.seen_tip is None:
            return "left"
        ends, (x, y) = self._ends, self.seen_tip
        away: dict[MountSide, float] = {
            "left": abs(x - ends["left"][0]),
            "right": abs(x - ends["right"][0]),
            "above": abs(y - ends["above"][1]),
            "below": abs(y - ends["below"][1]),
        }
        return min(away, key=lambda side: away[side])

    @property
    def _ends(self) -> dict[MountSide, tuple[float, float]]:
        """The middle of the box's side away from the mount, for each side of the mount."""
        box = self.box
        x, y = (box.min_x + box.max_x) / 2, (box.min_y + box.max_y) / 2
        return {
            "left": (box.max_x, y),
            "right": (box.min_x, y),
            "above": (x, box.max_y),
            "below": (x, box.min_y),
        }

    def tip_words(self) -> list[Argument]:
        """`tipX tipY`, the answer of getLoopTip."""
        return _rounded(*self.tip)

    def words(self) -> list[Argument]:
        """`tipX tipY pinBaseX fiberWidth loopWidth boxMinX boxMaxX boxMinY boxMaxY loopWidthX
        isMicroMount loopClass loopScore`, the answer of getLoopInfo.
        """  # noqa: D205 - the format is one line on the wire
        box = self.box
        return [
            *_rounded(*self.tip, self.pin_base_x, FIBER_WIDTH, box.height),
            *_rounded(box.min_x, box.max_x, box.min_y, box.max_y, box.width),
            int(self.loop_class == MICRO_MOUNT),
            self.loop_class,
            *_rounded(self.score),
        ]

    def update_words(self, index: int) -> list[Argument]:
        """`LOOP_INFO index status` and `words`, the update of collectLoopImages."""
        return ["LOOP_INFO", index, self.status, *self.words()]

    def rebox_words(self, index: int) -> list[Argument]:
        """`index boxMinY boxMaxY loopWidth`, the answer of reboxLoopImage."""
        return [index, *_rounded(self.box.min_y, self.box.max_y, self.box.height)]


def _why_no_loop(
    prediction: Prediction, score: float, threshold: float, labels: Collection[str]
) -> str:
    """Why there is no loop: first a row that cannot be read, because that may be the loop."""
    if prediction.refused:
        return prediction.refused[0]
    others = {found.label for found in prediction.detections if found.score >= threshold > 0}
    unknown = ", ".join(sorted(others - {PIN, *labels}))
    hint = f"; not in automl.loop_labels: {unknown}" if unknown else ""
    return f"no loop detected, best score {score:.3f}{hint}"


def _rounded(*values: float) -> list[Argument]:
    return [round(value, _DIGITS) for value in values]
