"""The demo's hard pictures, and what is said of the answers."""

import io
import json
from importlib.resources import files

import attrs
import pytest
from PIL import Image

from dhs_lab.demo import DemoBeamline, DemoSettings
from dhs_lab.demo.evaluation import iou
from dhs_lab.demo.hard_pictures import HardPicture, LoopPlace, drawn_scenes, photographs
from dhs_lab.demo.judging import HardResult, RightOrNot, counted, judged
from dhs_lab.demo.sheet import COLUMNS, TILE_PX, contact_sheet
from dhs_lab.simulators.dcss import Completion
from dhs_lab.simulators.detector import LOOP, detect

PICTURE = HardPicture(
    name="one",
    jpeg=next(iter(drawn_scenes())).jpeg,  # 704 x 480
    loops=(LoopPlace((352.0, 120.0, 528.0, 240.0), (528.0, 180.0)),),
)


def told(tip_x: float = 0.75, tip_y: float = 0.375, score: float = 0.9) -> Completion:
    words = f"{tip_x} {tip_y} 0.111 0.222 0.25 0.5 0.75 0.25 0.5 0.25 0 nylon {score}"
    return Completion("normal", words)


def test_every_photograph_may_be_carried_and_names_its_source() -> None:
    folder = files("dhs_lab.demo") / "photographs"
    labels = json.loads((folder / "labels.json").read_text())
    licences = (folder / "LICENCES.txt").read_text()
    pictures = {path.name for path in folder.iterdir() if path.name.endswith(".jpg")}
    assert set(labels) == pictures
    for name, label in labels.items():
        assert label["licence"] == "MIT"
        assert f"{name:18} {label['source']} ({label['changes']})" in licences
        assert label["source"].partition(",")[0] in licences
    assert licences.count("The MIT License (MIT)") == 2
    assert licences.count("Copyright (c)") == 2


def test_the_truths_lie_in_the_pictures_and_names_differ() -> None:
    hard = [*photographs(), *drawn_scenes()]
    assert [one.is_photograph for one in hard] == [True] * 10 + [False] * 10
    for picture in hard:
        with Image.open(io.BytesIO(picture.jpeg)) as file:
            width, height = file.size
        for loop in picture.loops:
            min_x, min_y, max_x, max_y = loop.box_px
            assert 0 <= min_x < max_x <= width
            assert 0 <= min_y < max_y <= height
            assert min_x - 2 <= loop.tip_px[0] <= max_x + 2
            assert min_y - 2 <= loop.tip_px[1] <= max_y + 2
    names = [one.name for one in drawn_scenes()]
    assert len(set(names)) == len(names)


def test_both_of_two_specimens_are_seen() -> None:
    (picture,) = [one for one in drawn_scenes() if one.name == "two specimens"]
    with Image.open(io.BytesIO(picture.jpeg)) as file:
        found = [one for one in detect(file) if one.label == LOOP]
    assert len(found) == len(picture.loops) == 2
    for loop in picture.loops:
        assert max(iou(one.box_px, loop.box_px) for one in found) > 0.5


@pytest.mark.parametrize(
    ("completion", "verdict"),
    [
        (told(), "right"),
        (told(tip_x=0.775), "right"),
        (told(tip_x=0.785), "wrong"),
        (told(tip_y=0.45), "wrong"),
        (Completion("error", "no loop detected, best score 0.125"), "abstained"),
    ],
)
def test_box_and_tip_decide(completion: Completion, verdict: str) -> None:
    result = judged(PICTURE, completion)
    assert result.verdict == verdict
    assert not attrs.evolve(result, score=0.49).is_confidently_wrong
    assert attrs.evolve(result, score=0.5).is_confidently_wrong == (verdict == "wrong")


def test_without_a_loop_to_find_none_is_right() -> None:
    empty = attrs.evolve(PICTURE, loops=())
    assert (
        judged(empty, Completion("error", "no loop detected, best score 0.000")).verdict == "right"
    )
    assert judged(empty, told()).verdict == "wrong"
    elsewhere = attrs.evolve(PICTURE, loops=(LoopPlace((0, 0, 9, 9), (9, 9)),))
    assert judged(elsewhere, told()).verdict == "wrong"


def test_another_failure_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="getLoopInfo ended as error: no camera"):
        judged(PICTURE, Completion("error", "no camera"))


def test_dcss_is_told_of_each_picture() -> None:
    with DemoBeamline(DemoSettings()) as beamline:
        results = [
            judged(one, beamline.look(one))
            for one in drawn_scenes()
            if one.name in ("mount from above", "nothing there")
        ]
    assert [(one.verdict, one.told is None) for one in results] == [
        ("right", False),
        ("right", True),
    ]


def test_the_sheet_has_a_tile_for_each() -> None:
    results = [judged(PICTURE, told()) for _ in range(COLUMNS + 1)]
    one_row, two_rows = contact_sheet([], results[:1]), contact_sheet([], results)
    assert two_rows.height - one_row.height > TILE_PX[1]
    assert one_row.width == two_rows.width > COLUMNS * TILE_PX[0]


@pytest.mark.parametrize(
    ("verdict", "colour"), [("abstained", (240, 140, 60)), ("wrong", (235, 80, 80))]
)
def test_what_is_not_right_is_framed(verdict: RightOrNot, colour: tuple[int, int, int]) -> None:
    result = attrs.evolve(judged(PICTURE, told()), verdict=verdict)
    sheets = [contact_sheet([], [each]) for each in (result, judged(PICTURE, told()))]
    framed, plain = (
        sum(count for count, found in sheet.getcolors(1 << 20) or [] if found == colour)
        for sheet in sheets
    )
    assert framed - plain > 2 * sum(TILE_PX)


def test_verdicts_are_counted() -> None:
    results: list[HardResult] = [
        judged(PICTURE, told()),
        judged(PICTURE, Completion("error", "no loop detected, best score 0.1")),
        judged(PICTURE, told()),
    ]
    assert counted(results) == {"right": 2, "abstained": 1}
