"""What is kept of a collection, and read again."""

import csv
import logging
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_runtime import ConfigError
from dhs_runtime.loop import LoopInfo
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.loop.info import FAILED
from dhs_runtime.loop.run_folder import COLUMNS, RunFolder, read_results
from dhs_runtime.services.automl import Box

FOUND = LoopInfo(
    status="normal",
    box=Box(0.5, 0.25, 0.75, 0.5),
    pin=Box(0.0, 0.4, 0.4, 0.6),
    loop_class="nylon",
    score=0.875,
    seen_tip=(0.75, 0.375),
)
IMAGES = (
    CollectedImage(0, b"first", FOUND),
    CollectedImage(1, b"second", LoopInfo(status=FAILED, score=0.125)),
)


def finished(folder: RunFolder, images: tuple[CollectedImage, ...] = IMAGES) -> Path:
    path = folder.finish(images)
    assert path is not None
    return path


def test_it_has_the_files_of_loop_dhs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "new" / "RESULTS", "collectLoopImages1_1", 2.0)
    folder.keep(IMAGES[1])  # in the order of the answers
    folder.keep(IMAGES[0])
    path = finished(folder)
    assert path == folder.path == tmp_path / "new" / "RESULTS" / "collectLoopImages1_1"
    assert sorted(each.name for each in path.iterdir()) == [
        *("loop_0000.jpeg", "loop_0001.jpeg", "loop_info.csv", "results.txt"),
    ]
    assert (path / "loop_0001.jpeg").read_bytes() == b"second"
    told = [" ".join(map(str, image.update_words())) for image in reversed(IMAGES)]
    assert (path / "results.txt").read_text().splitlines() == told
    with (path / "loop_info.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [*COLUMNS, "pinMinX", "pinMaxX", "pinMinY", "pinMaxY", "angle"]
    assert [row[: len(COLUMNS)] for row in rows[1:]] == [line.split() for line in reversed(told)]
    assert [row[len(COLUMNS) :] for row in rows[1:]] == [
        ["0.0", "0.4", "0.4", "0.6", "0.0"],
        ["", "", "", "", "2.0"],
    ]


def test_the_table_is_read_again(tmp_path: Path) -> None:
    first, second = read_results(finished(RunFolder(tmp_path, "run", 1.5)))
    assert (first.index, first.angle_deg, first.label, first.score) == (0, 0.0, "nylon", 0.875)
    assert (first.box, first.pin, first.tip) == (FOUND.box, FOUND.pin, FOUND.seen_tip)
    assert first.pin_base_x == FOUND.pin_base_x
    assert (second.index, second.angle_deg, second.score) == (1, 1.5, 0.125)
    assert (second.box, second.pin, second.tip) == (None, None, None)


def test_nothing_kept_is_no_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "RESULTS", "run", 2.0)
    assert folder.finish(()) is None
    assert list(tmp_path.iterdir()) == []


@given(runs=st.lists(st.sampled_from(["run", "run-2", "other"]), max_size=8))
def test_no_run_touches_the_folder_of_another(
    runs: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    parent = tmp_path_factory.mktemp("RESULTS")
    paths = []
    for number, name in enumerate(runs):
        image = CollectedImage(0, str(number).encode(), FOUND)
        paths.append(finished(RunFolder(parent, name, 2.0), (image,)))
    assert len(set(paths)) == len(runs)
    for number, path in enumerate(paths):
        assert (path / "loop_0000.jpeg").read_bytes() == str(number).encode()
        assert len((path / "results.txt").read_text().splitlines()) == 1


def test_a_disk_that_takes_nothing_costs_the_pictures_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    folder = RunFolder(tmp_path / "file" / "RESULTS", "run", 2.0)
    with caplog.at_level(logging.WARNING):
        for image in IMAGES:
            folder.keep(image)
        assert folder.finish(IMAGES) is None
    (line,) = caplog.messages
    assert line == (
        f"{tmp_path}/file/RESULTS/run: the rest of this collection is not kept: Not a directory"
    )


def test_no_picture_is_kept_cut_short(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = RunFolder(tmp_path, "run", 2.0)
    folder.keep(IMAGES[0])
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most[1]))  # as if the disk were full
    try:
        folder.keep(CollectedImage(1, bytes(5000), FOUND))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    folder.keep(CollectedImage(2, b"third", FOUND))
    assert folder.finish(IMAGES) is None
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"loop_0000.jpeg", "results.txt"}
    assert [line.rpartition(": ")[2] for line in caplog.messages] == ["File too large"]


def test_a_table_that_cannot_be_written_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = RunFolder(tmp_path, "run", 2.0)
    folder.keep(IMAGES[0])
    assert folder.path is not None
    (folder.path / "loop_info.csv").mkdir()
    assert folder.finish(IMAGES[:1]) is None
    assert not (folder.path / "loop_info.csv.part").exists()
    assert caplog.messages[0].startswith(
        f"{folder.path}: the rest of this collection is not kept: "
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot read .*loop_info.csv: No such file or directory"),
        ("a,b\n1,2\n", "loop_info.csv is not a table of a collection"),
        (",".join(COLUMNS) + "\nLOOP_INFO,0\n", "loop_info.csv is not a table of a collection"),
        ("\0\n1\n", "loop_info.csv is not a table of a collection"),
    ],
)
def test_another_folder_is_refused(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "loop_info.csv").write_text(text)
    with pytest.raises(ConfigError, match=reason):
        read_results(tmp_path)
