"""Pictures with boxes and plots of a kept collection."""

import io
import math
import struct
import zlib
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dhs_runtime import ConfigError
from dhs_runtime.loop import LoopInfo
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.loop.drawing import (
    LOOP,
    PIN,
    TIP,
    draw_collection,
    draw_result,
    fit_widths,
    plot_scores,
    plot_widths,
)
from dhs_runtime.loop.info import FAILED
from dhs_runtime.loop.run_folder import KeptResult, RunFolder
from dhs_runtime.services.automl import Box
from tests.loop.test_run_folder import FOUND, finished

RESULT = KeptResult(
    index=3,
    angle_deg=6.0,
    box=Box(0.5, 0.25, 0.75, 0.5),
    pin=Box(0.0, 0.4, 0.4, 0.6),
    tip=(0.75, 0.375),
    pin_base_x=0.4,
    label="nylon",
    score=0.875,
)


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (400, 200), "grey").save(file, "JPEG")
    return file.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A small PNG whose header claims this size."""
    file = io.BytesIO()
    Image.new("1", (8, 8)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def kept(tmp_path: Path, images: list[CollectedImage]) -> Path:
    return finished(RunFolder(tmp_path, "run", 2.0), tuple(images))


def test_boxes_and_tip_are_where_dcss_was_told() -> None:
    picture = draw_result(Image.new("RGB", (400, 200), "grey"), RESULT)
    assert picture.getpixel((200, 75)) == LOOP  # the left side of the box
    assert picture.getpixel((250, 50)) == LOOP  # the upper one
    assert picture.getpixel((100, 80)) == PIN
    assert picture.getpixel((305, 75)) == TIP
    assert picture.getpixel((295, 75)) == TIP
    assert picture.getpixel((250, 75)) == (128, 128, 128)
    assert picture.height > 200  # the line of figures


def test_without_a_loop_nothing_is_drawn_into_the_picture() -> None:
    result = attrs.evolve(RESULT, box=None, pin=None, tip=None)
    picture = draw_result(Image.new("RGB", (400, 200), "grey"), result)
    assert picture.crop((0, 0, 400, 200)).getcolors() == [(400 * 200, (128, 128, 128))]


def test_a_collection_is_drawn_into_its_folder(tmp_path: Path) -> None:
    images = [CollectedImage(index, jpeg(), FOUND) for index in range(3)]
    images.append(CollectedImage(3, jpeg(), LoopInfo(status=FAILED)))
    images.append(CollectedImage(4, b"no picture", LoopInfo(status=FAILED)))
    folder = kept(tmp_path, images)
    drawn = draw_collection(folder)
    assert drawn.pictures == 4
    (trouble,) = drawn.troubles
    assert trouble.startswith(f"{folder}/loop_0004.jpeg is not drawn: cannot identify image file")
    names = sorted(path.name for path in (folder / "bboxes").iterdir())
    assert names == [f"automl_loop_000{index}.jpeg" for index in range(4)]
    for name in ("plot_loop_widths.png", "plot_automl_scores.png"):
        with Image.open(folder / name) as plot:
            assert len(plot.convert("L").getcolors() or []) > 50  # something is drawn
    assert draw_collection(folder) == drawn  # again changes nothing


def test_a_picture_that_would_fill_the_memory_is_left_out(tmp_path: Path) -> None:
    images = []
    for index, width in enumerate((3_000, 10_000, 20_000)):
        images.append(CollectedImage(index, png_that_says(width, 10_000), FOUND))
    drawn = draw_collection(kept(tmp_path, images))
    assert drawn.pictures == 0
    assert [trouble.rpartition(": ")[2] for trouble in drawn.troubles[:2]] == [
        "3000 x 10000 pixels are more than 25000000",
        "10000 x 10000 pixels are more than 25000000",
    ]


def test_a_folder_without_a_row_is_refused(tmp_path: Path) -> None:
    folder = kept(tmp_path, [CollectedImage(0, jpeg(), FOUND)])
    table = folder / "loop_info.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")
    with pytest.raises(ConfigError, match="has no pictures"):
        draw_collection(folder)


@given(
    face_deg=st.floats(0, 179),
    width=st.floats(0.05, 0.5),
    part=st.floats(0, 0.9),
    turn_deg=st.floats(100, 720),
)
def test_the_fit_finds_face_and_edge(
    face_deg: float, width: float, part: float, turn_deg: float
) -> None:
    """Of a flat loop, seen as an ellipse that turns."""
    angles = [turn_deg * i / 60 for i in range(61)]

    def height(angle_deg: float) -> float:
        turn = math.radians(angle_deg - face_deg)
        return math.hypot(width * math.cos(turn), part * width * math.sin(turn))

    fit = fit_widths(angles, [height(angle) for angle in angles])
    assert fit is not None
    away_deg = abs(fit.face_deg - face_deg) % 180
    assert min(away_deg, 180 - away_deg) < 0.1
    assert fit.at(face_deg) == pytest.approx(width, rel=1e-4)
    assert fit.at(face_deg + 90) == pytest.approx(part * width, abs=1e-4)


@pytest.mark.parametrize(
    ("angles", "heights"),
    [
        ([], []),
        ([0, 45, 90, 135], [0.1, 0.2, 0.1, 0.2]),  # a few
        ([0, 10, 20, 30, 40, 50], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),  # hardly a turn
        ([0, 45, 90, 135, 180], [0.2] * 5),  # nothing swings
        ([0, 1, 2, 3, 4, 90], [0.1, 0.5, 0.1, 0.5, 0.1, 0.3]),  # all is noise
    ],
)
def test_no_face_is_invented(angles: list[float], heights: list[float]) -> None:
    assert fit_widths(angles, heights) is None


@pytest.mark.parametrize("found", [True, False])
def test_plots_of_one_picture(found: bool) -> None:
    result = RESULT if found else attrs.evolve(RESULT, box=None, tip=None, pin=None)
    for plot in (plot_widths, plot_scores):
        file = io.BytesIO()
        plot([result]).savefig(file)
        assert file.getvalue()
