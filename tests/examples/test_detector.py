"""The detector of the example, with a goniometer and the work of a beamline's scripts."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, OperationRun, RealMotorEntry
from dhs_lab.testing import DcssMaker, DhsRunner, WatchedDcss
from tests.examples.loading import load
from tests.runtime.peers import DEADLINE_S

OPERATIONS = [
    "detector_collect_image",
    "detector_transfer_image",
    "detector_oscillation_ready",
    "detector_reset_run",
    "detector_stop",
]
EXPOSURE_S = 0.05


@pytest.fixture
def example() -> ModuleType:
    return load("detector_dhs")


@pytest.fixture
def dcss(
    example: ModuleType, simulated_dcss_factory: DcssMaker, dhs_runner: DhsRunner
) -> Iterator[WatchedDcss]:
    """A DCSS with a detector and a goniometer; it has no verdicts at the end."""
    goniometer = load("goniometer_dhs")
    phi = RealMotorEntry("gonio_phi", scale_factor=1000, speed=10_000_000, upper_limit=720)
    motors = [phi, *(name for name in goniometer.MOTORS if name != "gonio_phi")]
    dcss = simulated_dcss_factory(
        HardwareHost.of("gonioSimDHS", motors=motors, shutters=goniometer.SHUTTERS),
        HardwareHost.of("detectorDHS", operations=OPERATIONS, strings={"lastImageCollected": ""}),
    )
    dhs_runner.start(goniometer.goniometer(), dcss)
    dhs_runner.start(example.Detector().dhs, dcss)
    dcss.traffic.expect(["stoh_configure_real_motor gonio_phi ..."])
    yield dcss
    dcss.expect_no_verdicts()


def collect(dcss: WatchedDcss, folder: Path, file: str, run: int = 2) -> OperationRun:
    """Start to collect one image, with the words of a real script."""
    words = f"{run} {file} {folder} user gonio_phi {EXPOSURE_S} 1.000000 1 301.397003"
    return dcss.start_operation(
        "detector_collect_image", text=f"{words} 0.918370359275 0.000000 0.000000 0 0 PRIVATE0000"
    )


def obey(dcss: WatchedDcss, update: str) -> None:
    """Do what an update asks for, as the scripts of a beamline do."""
    word, *words = update.split()
    if word == "start_oscillation":
        shutter, seconds, _ = words
        name = None if shutter == "NULL" else shutter
        turn = dcss.oscillate("gonio_phi", name, 1.0, float(seconds))
        assert turn.wait(DEADLINE_S).status == "normal"
        then = dcss.start_operation("detector_transfer_image")
    else:
        assert word == "prepare_for_oscillation"
        assert dcss.move("gonio_phi", float(words[0])).wait(DEADLINE_S).status == "normal"
        then = dcss.start_operation("detector_oscillation_ready")
    assert then.wait(DEADLINE_S) == Completion("normal", "")


def collected(dcss: WatchedDcss, folder: Path, file: str, run: int = 2) -> tuple[str, ...]:
    """Collect a complete image; returns the first words of its updates."""
    image = collect(dcss, folder, file, run)
    for update in image.follow(DEADLINE_S):
        obey(dcss, update)
    assert image.wait(DEADLINE_S) == Completion("normal", "")
    return tuple(" ".join(update.split()[:2]) for update in image.updates)


def test_the_first_image_of_a_run_has_a_dark_image(dcss: WatchedDcss, tmp_path: Path) -> None:
    dcss.move("gonio_phi", 1).wait(DEADLINE_S)
    assert collected(dcss, tmp_path, "test_2_0001") == (
        "start_oscillation NULL",
        "prepare_for_oscillation 1.0",
        "start_oscillation shutter",
    )
    assert (tmp_path / "test_2_0001.dark").read_text() == "dark of 0.05 s from 1.0 deg\n"
    assert (tmp_path / "test_2_0001.img").read_text() == "image of 0.05 s from 1.0 deg\n"
    assert dcss.string("lastImageCollected") == f"{tmp_path}/test_2_0001.img"
    assert f"htos_note image_ready {tmp_path}/test_2_0001.img" in dcss.traffic.texts(arrow="<-")
    opened = [text for text in dcss.traffic.texts(arrow="<-") if text.endswith("shutter open")]
    assert len(opened) == 1


def test_each_run_has_one_dark_image_until_it_is_reset(dcss: WatchedDcss, tmp_path: Path) -> None:
    assert len(collected(dcss, tmp_path, "a")) == 3
    assert collected(dcss, tmp_path, "b") == ("start_oscillation shutter",)
    assert len(collected(dcss, tmp_path, "c", run=3)) == 3
    reset = dcss.start_operation("detector_reset_run", 2)
    assert reset.wait(DEADLINE_S).status == "normal"
    assert len(collected(dcss, tmp_path, "d")) == 3
    assert len(collected(dcss, tmp_path, "e", run=3)) == 1


@pytest.mark.parametrize("by", ["detector_stop", "abort"])
def test_a_stop_ends_the_image_and_the_next_one_is_collected(
    dcss: WatchedDcss, tmp_path: Path, by: str
) -> None:
    image = collect(dcss, tmp_path, "a")
    image.wait_update("start_oscillation", DEADLINE_S)
    if by == "abort":
        dcss.abort_all()
    else:
        assert dcss.start_operation("detector_stop").wait(DEADLINE_S).status == "normal"
    assert image.wait(DEADLINE_S).status == "aborted"
    assert not list(tmp_path.iterdir())
    late = dcss.start_operation("detector_transfer_image").wait(DEADLINE_S)
    assert late == Completion("error", "no image is being collected")
    assert len(collected(dcss, tmp_path, "b")) == 3


def test_what_comes_at_the_wrong_time_is_refused(dcss: WatchedDcss, tmp_path: Path) -> None:
    image = collect(dcss, tmp_path, "a")
    obey(dcss, image.wait_update("start_oscillation", DEADLINE_S))
    update = image.wait_update("prepare_for_oscillation", DEADLINE_S)
    early = dcss.start_operation("detector_transfer_image").wait(DEADLINE_S)
    assert early == Completion("error", "a does not wait for detector_transfer_image now")
    second = collect(dcss, tmp_path, "b").wait(DEADLINE_S)
    assert second.status == "error"
    obey(dcss, update)
    dcss.abort_all()
    assert image.wait(DEADLINE_S).status == "aborted"


def test_too_few_words_are_told(dcss: WatchedDcss) -> None:
    few = dcss.start_operation("detector_collect_image", text="2 file /data").wait(DEADLINE_S)
    assert few == Completion("error", "detector_collect_image has 3 words, not 15")


def test_an_image_that_cannot_be_written_fails(dcss: WatchedDcss, tmp_path: Path) -> None:
    image = collect(dcss, tmp_path / "nowhere", "a")
    image.wait_update("start_oscillation", DEADLINE_S)
    transfer = dcss.start_operation("detector_transfer_image").wait(DEADLINE_S)
    for end in (transfer, image.wait(DEADLINE_S)):
        assert end.status == "error"
        assert "No such file" in end.text


def test_scripts_that_do_not_go_on_end_the_image(
    example: ModuleType, dcss: WatchedDcss, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example, "PATIENCE_S", 0.01)
    end = collect(dcss, tmp_path, "a").wait(DEADLINE_S)
    reason = "no detector_transfer_image came after the update start_oscillation"
    assert end == Completion("error", reason)
