"""The examples work, against a simulated DCSS."""

import re
import time
from collections.abc import Iterator

import pytest

from dcs_codec import NEED_DATA, FrameDecoder, Framing, decode_text, encode_frame
from dhs_lab.simulators.dcss import Completion, HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_runtime import Dhs
from dhs_runtime.loop import LoopConfig, LoopDhs
from dhs_runtime.loop.config import JpegReceiverConfig
from tests.examples.loading import EXAMPLES, load
from tests.runtime.peers import DEADLINE_S, configured, eventually, fast_config, running
from tests.shared import shared_path

HOWTO = EXAMPLES.parent / "docs" / "howto"
PAGES = {
    "bluesky_scan": "bluesky",
    "detector_dhs": "detector",
    "epics_dhs": "epics",
    "line_stage_dhs": "motor_dhs",
    "robot_dhs": "robot",
}
LIBRARIES = {"bluesky_scan": "bluesky", "epics_dhs": "caproto", "line_stage_dhs": "serial"}


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_every_example_can_be_imported(example: str) -> None:
    if example in LIBRARIES:
        library = LIBRARIES[example]
        pytest.importorskip(library, reason=f"{library} is not installed (extra `test`)")
    assert load(example).__doc__


@pytest.mark.parametrize(("example", "page"), PAGES.items())
def test_the_page_of_an_example_has_its_length(example: str, page: str) -> None:
    text = (HOWTO / f"{page}.md").read_text(encoding="utf-8")
    (told,) = re.findall(rf"`examples/{example}\.py`, (\d+) lines", text)
    assert int(told) == len((EXAMPLES / f"{example}.py").read_text().splitlines())


def test_the_stage_moves_and_its_shutter_opens(capsys: pytest.CaptureFixture[str]) -> None:
    dhs = load("stage_dhs").dhs
    assert isinstance(dhs, Dhs)
    host = HardwareHost.of("stageDHS", motors=["sample_z"], shutters=["shutter"])
    with SimulatedDcss([host]) as dcss, running(dhs, fast_config(dcss.port)):
        dcss.wait_online("stageDHS", DEADLINE_S)
        run = dcss.move("sample_z", 0.5)
        assert run.wait(DEADLINE_S).status == "normal"
        assert len(run.positions) == 10
        assert dcss.position("sample_z") == 0.5
        assert dcss.set_shutter("shutter", "open").wait(DEADLINE_S).state == "open"
    assert "the shutter is open" in capsys.readouterr().out


def test_the_stage_dhs_is_no_longer_than_promised() -> None:
    assert len((EXAMPLES / "stage_dhs.py").read_text().splitlines()) <= 25


def wait_said(dcss: SimulatedDcss, text: str) -> None:
    """Wait until the DHS says this."""
    dcss.traffic.wait_for(lambda line: (line.arrow, line.text) == ("<-", text), DEADLINE_S)


@pytest.fixture
def goniometer() -> Iterator[SimulatedDcss]:
    """A DCSS whose goniometer is that of the example; all its devices registered."""
    example = load("goniometer_dhs")
    dhs = example.goniometer()
    motors = [
        RealMotorEntry(name, upper_limit=720, lower_limit=-720, scale_factor=1000, speed=100_000)
        for name in example.MOTORS
    ]
    host = HardwareHost.of(dhs.name, motors=motors, shutters=example.SHUTTERS)
    with SimulatedDcss([host]) as dcss, running(dhs, fast_config(dcss.port)):
        dcss.wait_online(dhs.name, DEADLINE_S)
        eventually(lambda: configured(dhs))
        for shutter in example.SHUTTERS:  # each on a thread of its own
            wait_said(dcss, f"htos_report_shutter_state {shutter} closed")
        yield dcss


def test_the_goniometer_registers_five_motors_and_three_shutters(
    goniometer: SimulatedDcss,
) -> None:
    texts = goniometer.traffic.texts(arrow="<-")
    assert sum(text.startswith("htos_send_configuration ") for text in texts) == 5
    assert sum(text.startswith("htos_report_shutter_state ") for text in texts) == 3


def test_the_goniometer_takes_its_time_and_tells_its_way(goniometer: SimulatedDcss) -> None:
    began = time.monotonic()
    run = goniometer.move("gonio_phi", 30)  # at 100 degrees a second
    assert run.wait(DEADLINE_S).status == "normal"
    assert time.monotonic() - began >= 0.3
    assert list(run.positions) == sorted(run.positions)
    assert 2 <= len(run.positions) <= 4
    assert goniometer.position("gonio_phi") == 30


def test_the_goniometer_exposes_with_the_shutter_open(goniometer: SimulatedDcss) -> None:
    run = goniometer.oscillate("gonio_phi", "shutter", 1.0, 0.25)
    assert run.wait(DEADLINE_S).status == "normal"
    told = goniometer.traffic.texts(arrow="<-")
    opened = told.index("htos_report_shutter_state shutter open")
    assert told[opened - 1].startswith("htos_motor_move_started gonio_phi 1")
    assert told[-2:] == [
        "htos_report_shutter_state shutter closed",
        "htos_motor_move_completed gonio_phi 1.0 normal",
    ]


def test_the_goniometer_serves_the_oscillations_of_tps_07a(goniometer: SimulatedDcss) -> None:
    """Of five words, as its dcss sent them: nine of them take less than a second."""
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(shared_path("field/tps_07a_oscillation.raw").read_bytes())
    position, served = 0.0, 0
    while (frame := decoder.next_frame()) is not NEED_DATA:
        words = frame.text.decode().split()
        if words[0] != "stoh_start_oscillation" or float(words[4]) > 1:
            continue  # three seconds each
        assert len(words) == 6
        goniometer.session("gonioSimDHS").send_bytes(encode_frame(frame, Framing.V2))
        position += float(words[3])
        wait_said(goniometer, f"htos_motor_move_completed gonio_phi {position} normal")
        served += 1
    assert served == 9


def test_the_goniometer_serves_commands_with_surplus_words(goniometer: SimulatedDcss) -> None:
    text = "stoh_start_motor_move sample_x 1.5 by {the  script}"
    goniometer.send("gonioSimDHS", decode_text(text))
    wait_said(goniometer, "htos_motor_move_completed sample_x 1.5 normal")
    assert "stoh_start_motor_move sample_x 1.500000 by {the  script}" in goniometer.traffic.texts(
        arrow="->"
    )


def test_the_goniometer_stops_where_it_is(goniometer: SimulatedDcss) -> None:
    run = goniometer.move("sample_x", 500)  # five seconds
    run.wait_started(DEADLINE_S)
    goniometer.abort_all("hard")
    end = run.wait(DEADLINE_S)
    assert end.status == "aborted"
    assert 0 <= goniometer.position("sample_x") < 400
    assert not goniometer.is_moving("sample_x")


def test_the_goniometer_coasts_and_tells_where_it_stands(goniometer: SimulatedDcss) -> None:
    run = goniometer.move("sample_x", 500)  # at 100 a second
    run.wait_started(DEADLINE_S)
    goniometer.abort_all("soft")
    assert run.wait(DEADLINE_S).status == "aborted"
    assert goniometer.position("sample_x") >= 10  # 0.1 s on


def test_the_goniometer_makes_vector_moves(goniometer: SimulatedDcss) -> None:
    began = time.monotonic()
    run = goniometer.vector_move("sample_x", "sample_y", 3, 4, 25)  # 5 at 25 a second
    assert [move.wait(DEADLINE_S).status for move in run.moves] == ["normal", "normal"]
    assert time.monotonic() - began >= 0.2
    assert goniometer.position("sample_x") == 3
    assert goniometer.position("sample_y") == 4
    assert goniometer.vector_move("sample_x", None, 2, 0, 25).wait(DEADLINE_S)
    assert goniometer.position("sample_x") == 2


def test_a_vector_move_can_be_hurried_and_stopped(goniometer: SimulatedDcss) -> None:
    run = goniometer.vector_move("sample_x", "sample_y", 300, 400, 1)  # 500 s
    run.moves[0].wait_started(DEADLINE_S)
    goniometer.change_vector_speed("sample_x", "sample_y", 100)
    wait_for_position(goniometer, "sample_x", 6)
    goniometer.stop_vector_move("sample_x", "sample_y")
    assert [move.wait(DEADLINE_S).status for move in run.moves] == ["aborted", "aborted"]
    x, y = goniometer.position("sample_x"), goniometer.position("sample_y")
    assert y == pytest.approx(x * 4 / 3)  # both stand on the line
    assert 6 <= x < 300


def wait_for_position(dcss: SimulatedDcss, name: str, least: float) -> None:
    """Wait until a motor has told that it is there, or beyond."""
    eventually(lambda: dcss.position(name) >= least)


def test_the_goniometer_goes_home_and_knows_no_other_word(goniometer: SimulatedDcss) -> None:
    assert goniometer.move("sample_y", 5).wait(DEADLINE_S).status == "normal"
    assert goniometer.move("sample_y", "home").wait(DEADLINE_S).status == "normal"
    assert goniometer.position("sample_y") == 0
    assert goniometer.move("sample_y", "#HM1").wait(DEADLINE_S).status == "error"


def test_the_loop_dhs_counts_what_it_collected() -> None:
    loop = load("loop_dhs").with_count(
        LoopDhs(LoopConfig(jpeg_receiver=JpegReceiverConfig(port=0)))
    )
    host = HardwareHost.of("loopDHS", operations=["countLoopImages"])
    with SimulatedDcss([host]) as dcss, running(loop.dhs, fast_config(dcss.port)):
        dcss.wait_online("loopDHS", DEADLINE_S)
        assert dcss.start_operation("countLoopImages").wait(DEADLINE_S) == Completion(
            "normal", "0 0"
        )
