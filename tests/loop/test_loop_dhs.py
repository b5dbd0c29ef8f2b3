"""The loop DHS against simulated DCSS, camera and inference server, over real sockets."""

import csv
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import Completion, HardwareHost, OperationRun, SimulatedDcss
from dhs_lab.simulators.scene import Scene
from dhs_runtime import DcssConfig
from dhs_runtime.loop import LoopConfig, LoopDhs
from dhs_runtime.loop.collection import CollectedImage
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig
from dhs_runtime.loop.run_folder import RunFolder
from tests.runtime.peers import AT_ONCE_S, eventually

DEADLINE_S = 20.0
DRAWN_S = 60.0  # by a process of its own, on a busy machine
OPERATIONS = (
    "collectLoopImages",
    "stopCollectLoopImages",
    "getLoopTip",
    "getLoopInfo",
    "reboxLoopImage",
    "testAutoML",
)


class Beamline:
    """All peers, and a loop DHS with a test's changes of its configuration."""

    def __init__(self) -> None:
        self.dcss = SimulatedDcss([HardwareHost.of("loopDHS", operations=OPERATIONS)])
        self.axis = SimulatedAxis()
        self.automl = SimulatedAutoML()
        self.loop: LoopDhs
        self.stop: Callable[[], object] = lambda: None

    def start(self, **changes: Any) -> None:
        config = LoopConfig(
            dcss=DcssConfig.at(self.dcss.address),
            automl=AutoMLConfig(host="127.0.0.1", port=self.automl.port, timeout_s=DEADLINE_S),
            axis=AxisConfig(host="127.0.0.1", port=self.axis.port),
            jpeg_receiver=JpegReceiverConfig(port=0),
            osci_time=1.0,
            video_fps=3.0,
            collect_timeout_s=DEADLINE_S,
        )
        self.loop = LoopDhs(attrs.evolve(config, **changes))
        self.loop.dhs.start(self.loop.config.dcss)
        self.stop = partial(self.loop.dhs.stop, join_s=DEADLINE_S)
        self.dcss.wait_online("loopDHS", DEADLINE_S)

    def ask(self, name: str, *args: str) -> Completion:
        return self.dcss.start_operation(name, *args).wait(DEADLINE_S)

    def collect(self, pictures: int = 3) -> OperationRun:
        """Start collectLoopImages and post this many pictures."""
        run = self.dcss.start_operation("collectLoopImages")
        run.wait_update("start_oscillation", DEADLINE_S)
        self.axis.push(self.loop.receiver.url, 50, max_images=pictures, rotate=(0.0, 90.0))
        return run


@pytest.fixture
def beamline() -> Iterator[Beamline]:
    beamline = Beamline()
    with beamline.dcss, beamline.axis, beamline.automl:
        yield beamline
        assert beamline.stop() in ((), None)


def test_collects_looks_and_boxes_again(beamline: Beamline) -> None:
    beamline.start()
    run = beamline.collect()
    assert run.wait(DEADLINE_S) == Completion("normal", "done")
    updates = [update.split() for update in run.updates[1:]]
    assert sorted(words[1] for words in updates) == ["0", "1", "2"]
    assert {(words[0], words[2], words[14], len(words)) for words in updates} == {
        ("LOOP_INFO", "normal", "nylon", 16)
    }
    words = next(words for words in updates if words[1] == "2")
    rebox = beamline.ask("reboxLoopImage", "2", "0.1", "0.2")
    assert rebox == Completion("normal", " ".join(["2", words[10], words[11], words[7]]))
    assert not beamline.loop.receiver.is_open
    assert [image.index for image in beamline.loop.collected] == [0, 1, 2]


def test_tip_and_info_of_a_snapshot(beamline: Beamline) -> None:
    beamline.start()
    truth = beamline.axis.scene.truth(0.0).tip_px
    assert truth is not None
    status, text = attrs.astuple(beamline.ask("getLoopTip"))
    assert status == "normal"
    tip_x, tip_y = map(float, text.split())
    assert abs(tip_x * 704 - truth[0]) < 8
    assert abs(tip_y * 480 - truth[1]) < 8
    with_pin = beamline.ask("getLoopTip", "1").text.split()
    assert with_pin[:2] == text.split()
    assert 0.3 < float(with_pin[2]) < 0.5
    info = beamline.ask("getLoopInfo").text.split()
    assert info[:2] == text.split()
    assert len(info) == 13


@pytest.mark.parametrize("word", ["abc", "2", "true", "{}"])
def test_the_tip_wants_0_or_1(beamline: Beamline, word: str) -> None:
    beamline.start()
    status, text = attrs.astuple(beamline.ask("getLoopTip", word))
    assert status == "error"
    assert text.startswith("1 (with the pin), 0 or nothing wanted, got")


def test_stop_ends_the_collection_with_what_came(beamline: Beamline) -> None:
    beamline.start(osci_time=100.0)
    run = beamline.collect(pictures=2)
    eventually(lambda: len(run.updates) == 3)
    assert beamline.ask("stopCollectLoopImages") == Completion("normal", "flag set")
    assert run.wait(DEADLINE_S) == Completion("normal", "done")
    assert beamline.ask("stopCollectLoopImages") == Completion("normal", "flag set")


def test_the_deadline_ends_a_collection_that_brings_nothing(beamline: Beamline) -> None:
    beamline.start(collect_timeout_s=0.05)
    status, text = attrs.astuple(beamline.ask("collectLoopImages"))
    assert status == "error"
    where = f"127.0.0.1:{beamline.loop.receiver.port}"
    advice = "a camera elsewhere needs jpeg_receiver: host: 0.0.0.0"
    assert text == f"no picture came to {where}; {advice}"
    assert beamline.ask("reboxLoopImage", "0").text == (
        "no picture 0: the last collectLoopImages has 0"
    )


def test_an_inference_server_that_hangs_ends_at_the_deadline(beamline: Beamline) -> None:
    beamline.start(collect_timeout_s=3.0)  # in which three pictures come
    release = threading.Event()
    beamline.automl.faults.hang(release)
    run = beamline.collect()
    status, text = attrs.astuple(run.wait(DEADLINE_S))
    release.set()
    assert (status, text) == ("error", "no picture analysed: no answer in time")
    assert [update.split()[2] for update in run.updates[1:]] == ["failed"] * 3


def test_an_inference_server_that_fails_fails_those_pictures(beamline: Beamline) -> None:
    beamline.start(
        automl=attrs.evolve(AutoMLConfig(host="127.0.0.1", port=beamline.automl.port), in_flight=1)
    )
    beamline.automl.faults.fail_next(500, 2)
    run = beamline.collect()
    assert run.wait(DEADLINE_S) == Completion("normal", "done")
    assert sorted(update.split()[2] for update in run.updates[1:]) == ["failed", "failed", "normal"]
    assert beamline.ask("reboxLoopImage", "0") == Completion("error", "no loop in picture 0")


def test_no_inference_server_fails_the_operation_with_the_reason(beamline: Beamline) -> None:
    beamline.start()
    beamline.automl.stop()
    status, text = attrs.astuple(beamline.collect().wait(DEADLINE_S))
    assert status == "error"
    where = f"127.0.0.1:{beamline.automl.port}"
    assert text.startswith(f"no picture analysed: {where} refused the connection")
    beamline.automl.start()
    assert beamline.collect().wait(DEADLINE_S).status == "normal"


@pytest.mark.parametrize("operation", ["getLoopTip", "getLoopInfo"])
def test_a_camera_that_fails_fails_the_operation_and_no_more(
    beamline: Beamline, operation: str
) -> None:
    beamline.start()
    beamline.axis.faults.fail_next(500, 1)
    status, text = attrs.astuple(beamline.ask(operation))
    assert status == "error"
    assert "500" in text
    beamline.axis.faults.cut_next()
    assert beamline.ask(operation).status == "error"
    beamline.axis.stop()
    assert beamline.ask(operation).status == "error"
    beamline.axis.start()
    assert beamline.ask(operation).status == "normal"


def test_a_jpeg_that_is_no_image_fails_that_picture(beamline: Beamline) -> None:
    beamline.start()
    run = beamline.dcss.start_operation("collectLoopImages")
    run.wait_update("start_oscillation", DEADLINE_S)
    url = beamline.loop.receiver.url
    headers = {"Content-Type": "image/jpeg"}
    garbage = requests.post(url, b"no jpeg at all", headers=headers, timeout=DEADLINE_S)
    assert garbage.status_code == 415
    for data in (b"\xff\xd8\xff\xe0 looks like one", *[beamline.axis.scene.jpeg(0.0)] * 2):
        assert requests.post(url, data, headers=headers, timeout=DEADLINE_S).ok
    assert run.wait(DEADLINE_S) == Completion("normal", "done")
    assert sorted(update.split()[2] for update in run.updates[1:]) == ["failed", "normal", "normal"]


def test_a_picture_without_loop_is_said_so(beamline: Beamline) -> None:
    empty = SimulatedAxis(Scene(has_loop=False))
    with empty:
        beamline.start(axis=AxisConfig(host="127.0.0.1", port=empty.port))
        status, text = attrs.astuple(beamline.ask("getLoopTip"))
    assert status == "error"
    assert text.startswith("no loop detected, best score 0.")


def test_only_one_collection_at_a_time(beamline: Beamline) -> None:
    beamline.start(osci_time=100.0)
    run = beamline.collect(pictures=1)
    refused = beamline.ask("collectLoopImages")
    assert refused == Completion("error", "another collectLoopImages is under way")
    eventually(lambda: len(run.updates) == 2)
    beamline.ask("stopCollectLoopImages")
    assert run.wait(DEADLINE_S).status == "normal"


def test_a_receiver_port_in_use_is_told(beamline: Beamline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        beamline.start(jpeg_receiver=JpegReceiverConfig(port=port))
        status, text = attrs.astuple(beamline.ask("collectLoopImages"))
    assert status == "error"
    assert str(port) in text


def test_abort_ends_a_collection_and_a_look_at_once(beamline: Beamline) -> None:
    beamline.start()
    release = threading.Event()
    beamline.axis.faults.hang(release)
    runs = [beamline.dcss.start_operation(n) for n in ("collectLoopImages", "getLoopTip")]
    runs[0].wait_update("start_oscillation", DEADLINE_S)
    beamline.dcss.abort_all("soft")
    for run in runs:
        assert run.wait(DEADLINE_S) == Completion("aborted", "stoh_abort_all soft")
    release.set()
    eventually(lambda: not beamline.loop.receiver.is_open)


def test_stop_is_not_held_up_by_a_camera_that_hangs(beamline: Beamline) -> None:
    beamline.start()
    release = threading.Event()
    beamline.axis.faults.hang(release)
    run = beamline.dcss.start_operation("getLoopTip")
    eventually(lambda: bool(beamline.loop.dhs.active_operations("getLoopTip")))
    began = time.monotonic()
    assert beamline.stop() == ()
    assert time.monotonic() - began < AT_ONCE_S
    assert run.wait(DEADLINE_S) == Completion("aborted", "DHS is stopping")
    release.set()


@pytest.mark.parametrize("word", ["", "x", "-1", "1" * 30, "²"])
def test_rebox_wants_an_index(beamline: Beamline, word: str) -> None:
    beamline.start()
    completion = beamline.ask("reboxLoopImage", *([word] if word else []))
    assert completion.status == "error"
    assert completion.text.startswith("index of a picture wanted, got")


def test_pictures_are_kept_where_asked(beamline: Beamline, tmp_path: Path) -> None:
    beamline.start(save_image_files=True, save_image_dir=tmp_path)
    run = beamline.collect()
    run.wait(DEADLINE_S)
    folder = tmp_path / ("collectLoopImages" + run.handle.replace(".", "_"))
    kept = {image.index: image.data for image in beamline.loop.collected}
    names = [folder / "bboxes" / f"automl_loop_{index:04}.jpeg" for index in kept]
    names += [folder / "plot_loop_widths.png", folder / "plot_automl_scores.png"]
    eventually(lambda: all(name.exists() for name in names), DRAWN_S)
    for index, data in kept.items():
        assert (folder / f"loop_{index:04}.jpeg").read_bytes() == data
    assert (folder / "results.txt").read_text().splitlines() == list(run.updates[1:])


def test_a_disk_that_hangs_holds_up_no_answer(
    beamline: Beamline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    keep = RunFolder.keep

    def hang(folder: RunFolder, image: CollectedImage) -> None:
        release.wait(DEADLINE_S)
        keep(folder, image)

    monkeypatch.setattr(RunFolder, "keep", hang)
    beamline.start(save_image_files=True, save_image_dir=tmp_path)
    try:
        for _ in range(2):
            assert beamline.collect().wait(DEADLINE_S) == Completion("normal", "done")
        assert not release.is_set()
        assert list(tmp_path.iterdir()) == []
    finally:
        release.set()
    eventually(lambda: len(list(tmp_path.glob("*/loop_info.csv"))) == 2)


@pytest.mark.parametrize("end", ["stop", "lost"])
def test_a_collection_that_is_broken_off_is_kept_whole(
    beamline: Beamline, tmp_path: Path, end: str
) -> None:
    beamline.start(save_image_files=True, save_image_dir=tmp_path, osci_time=100.0)
    run = beamline.collect(pictures=2)
    eventually(lambda: len(run.updates) == 3)
    if end == "stop":
        beamline.stop()
    else:
        beamline.dcss.stop()
    eventually(lambda: len(list(tmp_path.glob("*/loop_info.csv"))) == 1)
    (folder,) = tmp_path.iterdir()
    assert len((folder / "loop_info.csv").read_text().splitlines()) == 3


def test_what_was_kept_before_an_abort_is_whole(beamline: Beamline, tmp_path: Path) -> None:
    beamline.start(save_image_files=True, save_image_dir=tmp_path, osci_time=100.0)
    run = beamline.collect(pictures=2)
    eventually(lambda: len(run.updates) == 3)
    beamline.dcss.abort_all()
    assert run.wait(DEADLINE_S).status == "aborted"
    eventually(lambda: len(list(tmp_path.glob("*/loop_info.csv"))) == 1)
    assert len(list(tmp_path.glob("*/*.jpeg"))) == 2


def test_a_disk_that_takes_nothing_costs_no_collection(beamline: Beamline, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    beamline.start(save_image_files=True, save_image_dir=tmp_path / "file" / "RESULTS")
    run = beamline.collect()
    assert run.wait(DEADLINE_S) == Completion("normal", "done")
    assert [update.split()[2] for update in run.updates[1:]] == ["normal"] * 3


def test_a_picture_at_the_wrong_time_is_dropped(beamline: Beamline) -> None:
    beamline.start()
    beamline.loop.receiver.open()
    with beamline.axis:
        push = beamline.axis.push(beamline.loop.receiver.url, 50, max_images=1)
        assert push.wait(DEADLINE_S)
    assert len(push.sent) == 1
    assert beamline.loop.collected == ()


def test_one_folder_per_run_never_mixes_two(beamline: Beamline, tmp_path: Path) -> None:
    """Handles start again with each start of DCSS, so the name of a folder repeats."""
    beamline.start(save_image_files=True, save_image_dir=tmp_path)
    for number in range(1, 10):  # of runs of yesterday
        old = tmp_path / f"collectLoopImages1_{number}"
        old.mkdir()
        (old / "loop_0099.jpeg").write_bytes(b"old")
    run = beamline.collect()
    assert run.wait(DEADLINE_S).status == "normal"
    name = "collectLoopImages" + run.handle.replace(".", "_")
    assert [path.name for path in (tmp_path / name).iterdir()] == ["loop_0099.jpeg"]
    folder = tmp_path / f"{name}-2"
    eventually((folder / "loop_info.csv").exists)
    assert len(list(folder.glob("*.jpeg"))) == 3
    with (folder / "loop_info.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = (folder / "results.txt").read_text().splitlines()
    assert sorted(" ".join(list(row.values())[:16]) for row in rows) == sorted(lines)
    assert {row["index"] for row in rows} == {"0", "1", "2"}


def test_the_sixth_operation_looks_at_one_picture(beamline: Beamline) -> None:
    beamline.start()
    run = beamline.dcss.start_operation("testAutoML")
    completion = run.wait(DEADLINE_S)
    assert completion.status == "normal"
    assert run.updates == ("about to predict one test image",)
    key, score, *sides, label, again = completion.text.split()
    assert (key, score) == ("THE-TEST-IMAGE", again)
    assert label in ("nylon", "mitegen", "pin")
    assert len(sides) == 4
    assert all(0 <= float(side) <= 1 for side in sides)
    beamline.automl.faults.fail_next(503)
    assert beamline.ask("testAutoML").status == "error"
