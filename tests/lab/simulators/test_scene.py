"""The rendered sample: one solid, seen from all sides."""

import math
from collections.abc import Callable

import attrs
import numpy as np
import pytest

from dhs_lab.simulators.scene import Scene, Truth
from tests.lab.simulators.boxes import grey, open_jpeg

SCENE = Scene()


def height(truth: Truth) -> float:
    assert truth.loop_px is not None
    return truth.loop_px[3] - truth.loop_px[1]


def dark_box(scene: Scene, angle_deg: float) -> tuple[float, float, float, float]:
    """Box of what the loop darkens, found by comparison with the same picture without it."""
    with_loop = grey(attrs.evolve(scene, noise=0.0).render(angle_deg))
    bare = grey(attrs.evolve(scene, noise=0.0, has_loop=False).render(angle_deg))
    difference = bare - with_loop
    difference[:, : int(scene.neck_px)] = 0  # the fibre
    rows, columns = np.nonzero(difference > 25)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_picture_has_the_size_of_the_scene_and_is_in_colour() -> None:
    picture = SCENE.render(10)
    assert (picture.size, picture.mode) == ((704, 480), "RGB")
    small = Scene(width_px=320, height_px=240, axis_y_px=120, pin_end_px=100, fibre_length_px=40)
    assert small.render(10).size == (320, 240)


def test_a_jpeg_is_the_same_picture_and_has_a_plausible_size() -> None:
    data = SCENE.jpeg(10)
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    assert 10_000 < len(data) < 80_000
    difference = np.abs(grey(open_jpeg(data)) - grey(SCENE.render(10)))
    assert difference.mean() < 2.0
    assert len(SCENE.jpeg(10, quality=20)) < len(data) / 2


def test_equal_scenes_give_equal_bytes_and_others_do_not() -> None:
    data = Scene(seed=7).jpeg(33.5)
    assert Scene(seed=7).jpeg(33.5) == data
    assert Scene(seed=8).jpeg(33.5) != data
    assert Scene(seed=7).jpeg(34.0) != data


def test_the_noise_of_two_pictures_differs() -> None:
    still = Scene(has_loop=False, pin_end_px=0)
    one, other, again = (grey(still.render(angle_deg)) for angle_deg in (10, 12, 10))
    assert np.array_equal(one, again)
    assert (one - other).std() > still.noise


def test_every_angle_of_a_scan_gives_another_picture() -> None:
    assert len({SCENE.jpeg(4.0 * index) for index in range(90)}) == 90


@pytest.mark.parametrize("angle_deg", [0, 35, 90, 140, 180, 265])
def test_the_truth_is_where_the_picture_is_dark(angle_deg: float) -> None:
    truth = SCENE.truth(angle_deg)
    assert truth.loop_px is not None
    assert dark_box(SCENE, angle_deg) == pytest.approx(truth.loop_px, abs=3)
    assert truth.tip_px is not None
    rows = np.nonzero(grey(SCENE.render(angle_deg))[:, int(truth.tip_px[0]) - 1] < 130)[0]
    inside = rows[(rows > truth.loop_px[1] - 3) & (rows < truth.loop_px[3] + 3)]
    assert inside.mean() + 0.5 == pytest.approx(truth.tip_px[1], abs=2.5)


def test_the_pin_is_where_the_truth_says() -> None:
    truth = SCENE.truth(0)
    assert truth.pin_px == (0.0, 281 - 42.5, 305.0, 281 + 42.5)
    levels = grey(SCENE.render(0))
    assert levels[245:270, 10:290].max() < 70
    assert levels[:230, 10:290].mean() > 120
    assert levels[int(281 + 0.45 * 42.5), 10:280].mean() > 100  # the bright stripe


def test_seen_edge_on_the_loop_is_as_thin_as_its_material() -> None:
    straight = Scene(tilt_deg=0, tip_offset_px=0, root_offset_px=0, face_deg=20)
    assert height(straight.truth(20)) == pytest.approx(54, abs=1)
    assert height(straight.truth(200)) == pytest.approx(54, abs=1)
    assert height(straight.truth(110)) == pytest.approx(16, abs=1)
    between = height(straight.truth(20 + 60))
    assert between == pytest.approx(math.hypot(54 * math.cos(math.radians(60)), 14), abs=1.5)


def test_the_edge_is_always_thicker_than_the_fibre() -> None:
    heights = [height(SCENE.truth(angle_deg)) for angle_deg in range(0, 360, 5)]
    assert min(heights) > 2 * 2 * SCENE.thread_px
    assert max(heights) > 3 * min(heights)


def test_the_tip_swings_about_the_axis() -> None:
    scene = Scene(tip_offset_px=30, offset_deg=40)
    for angle_deg in range(0, 360, 15):
        tip = scene.truth(angle_deg).tip_px
        assert tip is not None
        assert tip[0] == scene.tip_x_px
        expected = scene.axis_y_px + 30 * math.cos(math.radians(angle_deg - 40))
        assert tip[1] == pytest.approx(expected, abs=1e-6)


def test_half_a_turn_shows_the_same_upside_down() -> None:
    one, other = SCENE.truth(25), SCENE.truth(205)
    assert one.loop_px is not None
    assert other.loop_px is not None
    mirrored = 2 * SCENE.axis_y_px
    assert mirrored - other.loop_px[3] == pytest.approx(one.loop_px[1])
    assert mirrored - other.loop_px[1] == pytest.approx(one.loop_px[3])


def test_boxes_end_at_the_edges_of_the_picture() -> None:
    half = Scene(pin_end_px=305 + 270).truth(0)
    assert half.loop_px is not None
    assert half.loop_px[0] == 645
    assert half.loop_px[2] == pytest.approx(704, abs=1)
    assert half.tip_px is None
    beyond = Scene(pin_end_px=305 + 400)
    assert beyond.truth(0).loop_px is None
    assert beyond.truth(0).pin_px == (0.0, 238.5, 704.0, 323.5)
    left = Scene(pin_end_px=-100).truth(0)
    assert left.pin_px is None
    assert left.loop_px is not None
    assert left.loop_px[0] == pytest.approx(0, abs=1)
    assert left.loop_px[2] == 82
    below = Scene(axis_y_px=900).truth(0)
    assert below == Truth(None, None, None)


@pytest.mark.parametrize(
    "scene",
    [
        Scene(pin_end_px=-100),
        Scene(pin_end_px=-600),
        Scene(pin_end_px=690),
        Scene(pin_end_px=900),
        Scene(axis_y_px=900),
        Scene(axis_y_px=2),
        Scene(pin_end_px=303.99, fibre_length_px=0.01, loop_length_px=0.2),
        Scene(crystal_px=0, noise=0, blur_px=0),
        Scene(pin_diameter_px=3, thread_px=0.5),
        Scene(width_px=4096, height_px=32, axis_y_px=16),
    ],
    ids=lambda scene: f"{scene.pin_end_px:g}-{scene.axis_y_px:g}-{scene.pin_diameter_px:g}",
)
def test_whatever_is_out_of_view_a_picture_comes(scene: Scene) -> None:
    assert scene.render(45).size == (scene.width_px, scene.height_px)
    scene.truth(45)


def test_a_bare_pin_has_no_loop() -> None:
    bare = Scene(has_loop=False)
    assert bare.truth(0).loop_px is None
    assert bare.truth(0).tip_px is None
    assert bare.truth(0).pin_px is not None
    levels = grey(bare.render(0))
    assert levels[:, 330:].min() > 80


def test_brightness_and_noise_do_what_they_say() -> None:
    levels = grey(Scene(noise=0).render(0))[20:60, 400:]
    assert grey(Scene(noise=0, brightness=0.5).render(0))[20:60, 400:].mean() == pytest.approx(
        levels.mean() / 2, rel=0.02
    )
    noisy = grey(Scene(noise=6).render(0))[20:60, 400:]
    assert (noisy - levels).std() == pytest.approx(6, rel=0.25)


def test_scratches_of_the_pin_turn_with_it() -> None:
    still, turned = (grey(Scene(noise=0).render(angle)) for angle in (0, 20))
    assert np.abs(still - turned)[290:312, 10:290].mean() > 4


@pytest.mark.parametrize(
    "make",
    [
        lambda: Scene(pin_diameter_px=0),
        lambda: Scene(loop_length_px=0),
        lambda: Scene(loop_width_px=-1),
        lambda: Scene(brightness=0),
        lambda: Scene(noise=-1),
        lambda: Scene(width_px=0),
        lambda: Scene(height_px=5000),
    ],
)
def test_a_scene_of_no_size_is_refused(make: Callable[[], Scene]) -> None:
    with pytest.raises(ValueError, match="must be"):
        make()
