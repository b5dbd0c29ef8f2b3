"""The whole beamline in one process, driven through its GUI port."""

from collections.abc import Iterator

import pytest

from dhs_lab.simulators.whole_beamline import BeamlineSettings, SimulatedBeamline
from dhs_runtime.client import DcssClient

DEADLINE_S = 20.0


@pytest.fixture
def line() -> Iterator[SimulatedBeamline]:
    with SimulatedBeamline(BeamlineSettings(seconds=0.4, fps=10.0)) as running:
        yield running


@pytest.fixture
def client(line: SimulatedBeamline) -> Iterator[DcssClient]:
    with DcssClient(line.dcss.gui_address, user="alice") as connected:
        yield connected


def test_motors_move_and_the_ion_chamber_sees_the_beam(client: DcssClient) -> None:
    assert client.move("sample_z", 0.5, timeout_s=DEADLINE_S) == 0.5
    cut = client.count(0.05, "i2", timeout_s=DEADLINE_S).counts["i2"]
    client.move("sample_z", 0, timeout_s=DEADLINE_S)
    assert client.count(0.05, "i2", timeout_s=DEADLINE_S).counts["i2"] > 2 * cut > 0


def test_a_collection_turns_the_sample_and_ends(
    line: SimulatedBeamline, client: DcssClient
) -> None:
    run = client.start_operation("collectLoopImages")
    updates = list(run.follow(DEADLINE_S))
    assert updates[0] == "start_oscillation"
    assert [text.split()[0] for text in updates[1:]] == ["LOOP_INFO"] * 4
    client.wait(lambda: line.dcss.position("gonio_phi") == 180.0, timeout_s=DEADLINE_S)


def test_a_script_of_dcss_moves_and_asks(client: DcssClient) -> None:
    run = client.start_operation("centerLoop")
    updates = list(run.follow(DEADLINE_S))
    assert [text.split()[1] for text in updates] == ["0", "90", "180", "270"]


def test_parts_may_be_left_out() -> None:
    settings = BeamlineSettings(without=("loopDHS", "camera", "page"))
    with SimulatedBeamline(settings) as line:
        assert (line.camera, line.page, line.loop) == (None, None, None)
        assert line.dcss.online() == ("gonioDHS",)


def test_a_port_that_is_taken_leaves_nothing_behind(line: SimulatedBeamline) -> None:
    port = line.dcss.gui_port
    with pytest.raises(OSError, match=f"GUI port {port}: Address already in use"):
        SimulatedBeamline(BeamlineSettings(gui_port=port)).start()
    with pytest.raises(OSError, match=f"page at {port}: Address already in use"):
        SimulatedBeamline(BeamlineSettings(web_port=port)).start()
