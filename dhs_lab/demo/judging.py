"""Compares what DCSS received about a hard picture with what the picture shows."""

import io
import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args

import attrs
from PIL import Image

from dcs_codec import OperationStatus
from dhs_lab.demo.evaluation import iou
from dhs_lab.demo.hard_pictures import HardPicture, LoopPlace
from dhs_lab.simulators.dcss import Completion

RightOrNot: TypeAlias = Literal["right", "abstained", "wrong"]

LEAST_OVERLAP: Final = 0.5
MAX_TIP_ERROR: Final = 0.03
SURE: Final = 0.5
_BEST_SCORE: Final = re.compile(r"best score ([\d.]+)")


@attrs.frozen(kw_only=True)
class HardResult:
    """The answer to getLoopInfo for one picture.

    Attributes:
        picture: The picture.
        told: The loop as sent to DCSS, None if DCSS was told that there is none.
        score: Score of this loop; without one, the best score seen.
        verdict: `right`: the IoU with a loop is at least 0.5 and the tip within 3 % of the width,
            or there is no loop and DCSS was told so. `abstained`: there is a loop, and DCSS was
            told that there is none. `wrong`: anything else.
    """

    picture: HardPicture
    told: LoopPlace | None
    score: float
    verdict: RightOrNot

    @property
    def is_confidently_wrong(self) -> bool:
        """Whether DCSS was told something wrong with a score of 0.5 or more."""
        return self.verdict == "wrong" and self.score >= SURE


def judged(picture: HardPicture, completion: Completion) -> HardResult:
    """Judge the completion of getLoopInfo for the picture.

    Raises:
        ValueError: The operation failed, and not because no loop was found.
    """
    if completion.status != OperationStatus.NORMAL:
        score = _BEST_SCORE.search(completion.text)
        if score is None:
            raise ValueError(f"getLoopInfo ended as {completion.status}: {completion.text}")
        verdict: RightOrNot = "abstained" if picture.loops else "right"
        return HardResult(picture=picture, told=None, score=float(score[1]), verdict=verdict)
    with Image.open(io.BytesIO(picture.jpeg)) as file:
        width, height = file.size
    words = completion.text.split()
    min_x, max_x, min_y, max_y = map(float, words[5:9])
    told = LoopPlace(
        (min_x * width, min_y * height, max_x * width, max_y * height),
        (float(words[0]) * width, float(words[1]) * height),
    )
    is_right = any(_agree(told, loop, width) for loop in picture.loops)
    return HardResult(
        picture=picture,
        told=told,
        score=float(words[12]),
        verdict="right" if is_right else "wrong",
    )


def _agree(told: LoopPlace, loop: LoopPlace, width_px: int) -> bool:
    off_px = max(abs(a - b) for a, b in zip(told.tip_px, loop.tip_px, strict=True))
    return off_px <= MAX_TIP_ERROR * width_px and iou(told.box_px, loop.box_px) >= LEAST_OVERLAP


def counted(results: Sequence[HardResult]) -> dict[RightOrNot, int]:
    """The number of results for each verdict that occurs."""
    verdicts = [result.verdict for result in results]
    return {each: verdicts.count(each) for each in get_args(RightOrNot) if each in verdicts}
