"""The detector on photographs of seven places, and on harder drawn scenes."""

import functools
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.photographs import SOUND, TURNS, Verdict, labelled
from dhs_lab.demo.evaluation import iou
from dhs_lab.simulators.detector import LOOP, find
from dhs_lab.simulators.scene import Scene
from dhs_runtime.lowlevel import MOUNT_SIDES, MountSide
from tests.lab.simulators.boxes import best
from tests.shared import shared_path

FROM_LEFT: dict[MountSide, Image.Transpose | None] = {
    "left": None,
    "right": Image.Transpose.FLIP_LEFT_RIGHT,
    "above": Image.Transpose.ROTATE_270,
    "below": Image.Transpose.ROTATE_90,
}


@functools.cache
def verdicts() -> tuple[Verdict, ...]:
    folder = shared_path("images/real/labels.json").parent
    return tuple(each.judge() for each in labelled(folder))


def test_photographs_as_taken() -> None:
    loops = [each for each in verdicts() if each.has_loop and each.turn == "as taken"]
    assert len(loops) == 49
    assert sum(each.right for each in loops) >= 44


def test_photographs_mirrored_and_turned() -> None:
    loops = [each for each in verdicts() if each.has_loop and each.turn != "as taken"]
    assert len(loops) == 49 * (len(TURNS) - 1)
    assert sum(each.right for each in loops) >= 178


def test_no_photograph_is_confidently_wrong() -> None:
    assert [each for each in verdicts() if each.confidently_wrong] == []


def test_photographs_without_a_loop() -> None:
    empty = [each for each in verdicts() if not each.has_loop]
    assert len(empty) == 5 * len(TURNS)
    assert [each for each in empty if each.score >= SOUND] == []


def test_the_score_ranks() -> None:
    low, high = (
        [each.right for each in verdicts() if least <= each.score < most]
        for least, most in ((0.1, 0.5), (0.5, 1.0))
    )
    assert np.mean(low) >= 0.75
    assert np.mean(high) >= 0.98


@pytest.mark.parametrize("side", MOUNT_SIDES)
@pytest.mark.parametrize("angle_deg", [0, 60])
def test_a_mount_from_any_side(side: MountSide, angle_deg: int) -> None:
    scene = Scene(seed=21)
    truth = scene.truth(angle_deg)
    method = FROM_LEFT[side]
    picture = scene.render(angle_deg)
    finding = find(picture if method is None else picture.transpose(method))
    expected = find(picture)
    assert best(finding, LOOP).score >= 0.5
    assert best(finding, LOOP).score == pytest.approx(best(expected, LOOP).score, abs=0.15)
    assert truth.tip_px is not None
    (x, y), (width, height) = truth.tip_px, picture.size
    tips = {
        "left": (x, y),
        "right": (width - x, y),
        "above": (height - y, x),
        "below": (y, width - x),
    }
    assert finding.tip_px == pytest.approx(tips[side], abs=5)


def test_a_side_that_is_set_wins() -> None:
    picture = Scene(seed=21).render(0)
    assert find(picture, "left") == find(picture)
    for side in ("right", "above", "below"):
        assert all(each.score < SOUND for each in find(picture, side).detections)


def front_lit(scene: Scene, angle_deg: float) -> Image.Image:
    """With light from the front: pin and loop are bright on grey."""
    levels = 255 - np.asarray(scene.render(angle_deg).convert("L"), dtype=np.float32)
    return Image.fromarray((0.8 * levels).astype(np.uint8))


@pytest.mark.parametrize("angle_deg", [0, 45, 150])
def test_front_light(angle_deg: float) -> None:
    scene = Scene(seed=22)
    found = best(find(front_lit(scene, angle_deg)), LOOP)
    truth = scene.truth(angle_deg).loop_px
    assert truth is not None
    assert iou(found.box_px, truth) >= 0.6
    assert found.score >= 0.5


@pytest.mark.parametrize("sigma_px", [2, 4, 6])
def test_out_of_focus_it_is_right_or_not_sure(sigma_px: float) -> None:
    scene = Scene(seed=23)
    for angle_deg in (0, 45, 90):
        picture = scene.render(angle_deg).filter(ImageFilter.GaussianBlur(sigma_px))
        truth = scene.truth(angle_deg).loop_px
        loops = [each for each in find(picture).detections if each.label == LOOP]
        assert truth is not None
        assert all(each.score < 0.5 or iou(each.box_px, truth) >= 0.5 for each in loops)


def two_specimens() -> tuple[Image.Image, tuple[Scene, Scene]]:
    """One mount from the left in the upper half, one in the lower."""
    upper, lower = (
        Scene(seed=24, axis_y_px=axis_y_px, pin_diameter_px=60, loop_length_px=length_px)
        for axis_y_px, length_px in ((120.0, 112.0), (360.0, 140.0))
    )
    picture = upper.render(0)
    picture.paste(lower.render(0).crop((0, 240, 704, 480)), (0, 240))
    return picture, (upper, lower)


def test_two_specimens_are_two_loops() -> None:
    picture, scenes = two_specimens()
    loops = [each for each in find(picture).detections if each.label == LOOP]
    assert len(loops) == 2
    for scene in scenes:
        truth = scene.truth(0).loop_px
        assert truth is not None
        (found,) = [each for each in loops if iou(each.box_px, truth) >= 0.5]
        assert found.score >= 0.5


@pytest.mark.parametrize("seed", range(40))
def test_an_empty_scene_has_no_loop(seed: int) -> None:
    scene = Scene(
        seed=500 + seed,
        pin_end_px=0,
        has_loop=False,
        noise=(0, 2, 8, 16)[seed % 4],
        brightness=(0.2, 0.6, 1.0, 1.5, 2.0)[seed % 5],
    )
    assert [each for each in find(scene.render(0)).detections if each.score >= SOUND] == []


def resized(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))


def saved_again(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def in_light_from_one_side(picture: Image.Image) -> Image.Image:
    light = np.asarray(picture) * np.linspace(0.7, 1.3, picture.width)[:, np.newaxis]
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda picture: resized(picture, 0.77),
    "larger": lambda picture: resized(picture, 1.5),
    "quality 20": lambda picture: saved_again(picture, 20),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.5),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "sharper": lambda picture: picture.filter(ImageFilter.UnsharpMask(3, 300, 0)),
    "light from one side": in_light_from_one_side,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_photograph_gives_no_tip_that_is_wrong(change: str) -> None:
    folder = shared_path("images/real/labels.json").parent
    right = 0
    for each in labelled(folder, ("as taken",)):
        picture = CHANGES[change](each.picture.convert("RGB"))
        factor = picture.width / each.picture.width
        loops = [found for found in find(picture).detections if found.label == LOOP]
        found = loops[0] if loops else None
        if found is None or found.score < SOUND:
            continue
        assert found.tip_px is not None
        assert each.tip is not None, each.name
        off = max(abs(a - b * factor) for a, b in zip(found.tip_px, each.tip, strict=True))
        assert off <= 0.04 * picture.width, each.name
        right += 1
    assert right >= 25
