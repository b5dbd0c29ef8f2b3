"""The demo, with fewer pictures than people get to see."""

import io
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner
from PIL import Image
from rich.console import Console

from dhs_lab.cli import demo_play
from dhs_lab.demo import (
    DemoBeamline,
    DemoSettings,
    Evaluation,
    FrameResult,
    evaluate,
    print_report,
    write_pictures,
)
from dhs_lab.demo.evaluation import iou
from dhs_lab.simulators.dcss import OperationRun
from dhs_runtime import DhsError
from dhs_runtime.cli import group


def test_the_main_job_from_the_command_line(tmp_path: Path) -> None:
    output = tmp_path / "out"
    args = ["demo", "--output", str(output), "--seconds", "0.4", "--fps", "15"]
    result = CliRunner().invoke(group, args)
    assert result.exit_code == 0, result.output
    for word in (
        "What DCSS received",
        "collectLoopImages",
        "6 pictures posted, 6 answered",
        "good",
        "10 photographs: 7 right, 3 abstained; 10 drawn scenes: 10 right.",
        "cut twice: abstained, score 0.0",
    ):
        assert word in " ".join(result.output.split())
    assert f"Look at {output}/contact_sheet.png" in result.stdout.splitlines()[-5:]
    assert len(list((output / "frames").glob("*.jpg"))) == 6
    for name in ("contact_sheet.png", "loop_over_angle.png"):
        with Image.open(output / name) as picture:
            assert min(picture.size) > 200
            assert len(picture.convert("L").getcolors() or []) > 50  # something is drawn
    traffic = (output / "traffic.txt").read_text()
    assert "-> stoh_start_operation collectLoopImages 1.3" in traffic
    assert "<- htos_operation_completed collectLoopImages 1.3 normal done" in traffic


def test_every_picture_is_matched_with_its_truth() -> None:
    settings = DemoSettings(seconds=0.3, fps=20, seed=5)
    seen: list[str] = []
    with DemoBeamline(settings) as beamline:
        run, push = beamline.collect(seen.append)
        result = evaluate(run.updates, push.sent, beamline.loop.collected, (704, 480))
    assert seen == list(run.updates)
    assert result.good
    assert [frame.index for frame in result.frames] == list(range(6))
    angles = [frame.angle_deg for frame in result.frames]
    assert angles == sorted(angles)
    told = {  # updates come in the order of the answers
        int(update.split()[1]): update for update in run.updates if update.startswith("LOOP_INFO")
    }
    for frame in result.frames:
        assert frame.tip_px is not None
        assert frame.tip_truth_px is not None
        assert abs(frame.tip_px[0] - frame.tip_truth_px[0]) < 8
        assert abs(frame.tip_px[1] - frame.tip_truth_px[1]) < 8
        assert frame.tip_px == told_tip(told[frame.index], (704, 480))


def told_tip(update: str, size_px: tuple[int, int]) -> tuple[float, float]:
    """The third and fourth word of `LOOP_INFO`, which need not be in the middle of the box."""
    _, _, _, x, y, *_ = update.split()
    return float(x) * size_px[0], float(y) * size_px[1]


FRAME = FrameResult(
    index=0,
    angle_deg=0.0,
    jpeg=b"",
    size_px=(100, 100),
    found_px=(10.0, 10.0, 20.0, 20.0),
    pin_px=None,
    truth_px=(10.0, 10.0, 20.0, 20.0),
    tip_px=(20.0, 16.0),
    tip_truth_px=(20.0, 15.0),
    score=0.9,
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3),
        ((0, 0, 2, 2), (2, 2, 4, 4), 0.0),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
    ],
)
def test_iou(
    one: tuple[float, float, float, float],
    other: tuple[float, float, float, float],
    expected: float,
) -> None:
    assert iou(one, other) == pytest.approx(expected)


@pytest.mark.parametrize(
    "evaluation",
    [
        Evaluation((), 0),
        Evaluation((FRAME,), 2),
        Evaluation((attrs.evolve(FRAME, found_px=None),), 1),
        Evaluation((attrs.evolve(FRAME, truth_px=None),), 1),
        Evaluation((attrs.evolve(FRAME, found_px=(14.0, 10.0, 24.0, 20.0)),), 1),
    ],
    ids=["nothing", "one missing", "not found", "out of view", "beside it"],
)
def test_what_is_not_good_enough_is_said(evaluation: Evaluation) -> None:
    assert not evaluation.good
    run = OperationRun("op", "1.1", "loopDHS")
    run.fail("error")
    console = Console(file=io.StringIO(), width=120)
    print_report(console, [run], evaluation, [])
    assert isinstance(console.file, io.StringIO)
    assert "not good enough" in console.file.getvalue()


def test_frames_with_nothing_found_are_drawn_too(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (100, 100), "grey").save(file, "JPEG")
    frame = attrs.evolve(FRAME, jpeg=file.getvalue(), found_px=None, truth_px=None)
    paths = write_pictures(tmp_path, Evaluation((frame,), 1), [], [])
    assert all(path.exists() for path in paths)
    log, frames = write_pictures(tmp_path, Evaluation((), 0), [], [])
    assert log.read_text() == ""
    assert not list(frames.iterdir())


def test_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DhsError, match=r"cannot write to .*file/x: Not a directory"):
        demo_play.play(tmp_path / "file" / "x", 0.2, 10, 1)


def test_a_demo_that_is_stuck_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dhs_lab.demo.beamline.ANSWER_S", 0.0)
    with pytest.raises(DhsError, match="the demo failed: getLoopTip"):
        demo_play.play(tmp_path, 0.2, 10, 1)
