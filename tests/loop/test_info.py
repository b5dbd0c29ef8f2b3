import pytest

from dhs_runtime.loop import LoopInfo
from dhs_runtime.services.automl import Box, Detection, Prediction
from dhs_runtime.services.mount_sides import MountFrom

LOOP = Detection(0.9, "nylon", Box(0.5, 0.4, 0.75, 0.6))
PIN = Detection(0.95, "pin", Box(0.0, 0.45, 0.4, 0.55))


def prediction(*detections: Detection) -> Prediction:
    return Prediction("key", tuple(sorted(detections, key=lambda found: -found.score)))


def test_words_stand_in_the_order_of_loop_dhs() -> None:
    info = LoopInfo.of(prediction(LOOP, PIN), 0.1)
    assert info.update_words(7) == [
        "LOOP_INFO", 7, "normal",
        0.75, 0.5,  # tipX tipY
        0.4, 0.222, 0.2,  # pinBaseX fiberWidth loopWidth
        0.5, 0.75, 0.4, 0.6,  # boxMinX boxMaxX boxMinY boxMaxY
        0.25, 0, "nylon", 0.9,  # loopWidthX isMicroMount loopClass loopScore
    ]  # fmt: skip
    assert info.words() == info.update_words(7)[3:]
    assert info.tip_words() == [0.75, 0.5]
    assert info.rebox_words(7) == [7, 0.4, 0.6, 0.2]


def test_a_pin_is_no_loop_and_may_be_out_of_view() -> None:
    assert LoopInfo.of(prediction(PIN), 0.1) == LoopInfo(status="failed")
    info = LoopInfo.of(prediction(LOOP), 0.1)
    assert info.found
    assert info.pin_base_x == 0.111


@pytest.mark.parametrize(("score", "status"), [(0.1, "normal"), (0.099, "failed"), (0.0, "failed")])
def test_the_threshold_is_the_lowest_score_that_counts(score: float, status: str) -> None:
    info = LoopInfo.of(prediction(Detection(score, "nylon", LOOP.box)), 0.1)
    assert info.status == status
    assert info.score == score


def test_a_failed_picture_keeps_the_number_of_words() -> None:
    words = LoopInfo(status="failed", score=0.05).update_words(3)
    assert len(words) == 16
    assert words[:3] == ["LOOP_INFO", 3, "failed"]
    assert words[-2:] == ["none", 0.05]


def test_a_micro_mount_is_marked() -> None:
    info = LoopInfo.of(prediction(Detection(0.9, "mitegen", LOOP.box)), 0.1)
    assert info.words()[-3:-1] == [1, "mitegen"]


def test_labels_say_what_is_a_loop() -> None:
    other = Detection(0.99, "crystal", Box(0.1, 0.1, 0.2, 0.2))
    assert LoopInfo.of(prediction(other, LOOP), 0.1).loop_class == "nylon"
    assert not LoopInfo.of(prediction(other), 0.1).found
    assert LoopInfo.of(prediction(other, LOOP), 0.1, ("crystal",)).loop_class == "crystal"


@pytest.mark.parametrize(
    ("mount_from", "tip", "pin_base_x"),
    [
        ("any", [0.75, 0.5], 0.4),
        ("left", [0.75, 0.5], 0.4),
        ("right", [0.5, 0.5], 0.0),
        ("above", [0.625, 0.6], 0.4),
        ("below", [0.625, 0.4], 0.4),
    ],
)
def test_a_detector_without_tips_gives_the_middle_of_the_far_side(
    mount_from: MountFrom, tip: list[float], pin_base_x: float
) -> None:
    info = LoopInfo.of(prediction(LOOP, PIN), 0.1, mount_from=mount_from)
    assert info.tip_words() == tip
    assert info.pin_base_x == pin_base_x


@pytest.mark.parametrize(
    ("tip", "pin_base_x"),
    [((0.75, 0.43), 0.4), ((0.5, 0.58), 0.0), ((0.6, 0.6), 0.4), ((0.6, 0.4), 0.4)],
    ids=["left", "right", "above", "below"],
)
def test_the_tip_that_was_seen_is_in_every_message(
    tip: tuple[float, float], pin_base_x: float
) -> None:
    seen = Detection(0.9, "nylon", LOOP.box, tip)
    info = LoopInfo.of(prediction(seen, PIN), 0.1)
    assert info.tip_words() == list(tip)
    assert info.words()[:3] == [*tip, pin_base_x]
    assert info.update_words(0)[3:6] == [*tip, pin_base_x]
