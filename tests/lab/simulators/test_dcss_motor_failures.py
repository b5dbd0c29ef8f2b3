"""Motors of the simulated DCSS that fail, are aborted, or are reported wrong."""

import logging

import pytest

from dcs_codec import (
    HtosSendConfiguration,
)
from dhs_lab.simulators.dcss import (
    MoveCompletion,
    SimulatedDcss,
)
from dhs_runtime import DhsError, NotConnectedError
from tests.lab.simulators import galil
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.galil import completed, started, updated

REAL = "stoh_configure_real_motor"


dcss, dhs, other = galil.dcss, galil.dhs, galil.other  # fixtures


def test_a_move_that_fails_aborts_everything(
    dcss: SimulatedDcss, dhs: DhsPeer, other: DhsPeer
) -> None:
    run = dcss.move("gonio_z", 5)
    completed(dhs, "gonio_z", 3, "aborted")
    assert run.wait(DEADLINE_S) == MoveCompletion(3, "aborted")
    run = dcss.move("gonio_z", 5)
    completed(dhs, "gonio_z", 4, "cw_hw_limit")
    assert run.wait(DEADLINE_S) == MoveCompletion(4, "cw_hw_limit")
    assert dhs.read_until_now()[2:] == ["stoh_abort_all soft"]
    assert other.read_until_now() == ["stoh_abort_all soft"]


def test_a_lost_dhs_fails_its_moves_and_every_other_is_told_to_abort_once_per_motor(
    dcss: SimulatedDcss, dhs: DhsPeer, other: DhsPeer
) -> None:
    run, untouched = dcss.move("gonio_z", 5), dcss.move("other_motor", 5)
    report = dcss.set_shutter("shutter", "open")
    started(dhs, "gonio_z", 5)
    updated(dhs, "gonio_z", 2)
    dhs.settle()
    dhs.close()
    assert run.wait(DEADLINE_S) == MoveCompletion(2, "no_hw_host_galil")
    assert report.wait(DEADLINE_S).status == "no_hw_host_galil"
    assert not dcss.is_moving("gonio_z")
    assert other.read_until_now() == [
        "stoh_start_motor_move other_motor 5.0",
        *["stoh_abort_all soft"] * 6,
    ]
    assert untouched.completions == ()
    with pytest.raises(NotConnectedError, match="galil is not connected"):
        dcss.move("gonio_z", 5)


def test_a_move_that_never_reached_a_dhs_takes_no_answers(dcss: SimulatedDcss) -> None:
    with pytest.raises(NotConnectedError):
        dcss.move("gonio_z", 1)
    with DhsPeer.logged_in(dcss, "galil") as dhs:
        run = dcss.move("gonio_z", 2)
        completed(dhs, "gonio_z", 2)
        assert run.wait(DEADLINE_S) == MoveCompletion(2, "normal")


def test_a_server_that_stops_aborts_nothing(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    with DhsPeer.logged_in(dcss, "other"):
        run = dcss.move("gonio_z", 1)
        dcss.stop()
        assert run.wait(DEADLINE_S).status == "no_hw_host_galil"
        assert not [text for text in dcss.traffic.texts() if "abort" in text]


def test_what_the_database_does_not_have(dcss: SimulatedDcss) -> None:
    with pytest.raises(DhsError, match="no motor 'nosuch'"):
        dcss.move("nosuch", 1)
    with pytest.raises(DhsError, match="no motor 'shutter'; shutter is of kind shutter"):
        dcss.abort_move("shutter")
    with pytest.raises(DhsError, match="no motor 'shutter'; shutter is of kind shutter"):
        dcss.position("shutter")
    with pytest.raises(DhsError, match="no motor 'nosuch'"):
        dcss.is_moving("nosuch")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("htos_motor_move_completed nosuch 1.0 normal", "unknown device nosuch"),
        ("htos_motor_move_completed shutter 1.0 normal", "shutter is of kind shutter"),
        ("htos_motor_move_started nosuch 1.0", "unknown device nosuch"),
        ("htos_update_motor_position nosuch 1.0 normal", "unknown device nosuch"),
        ("htos_configure_device nosuch 1 2 3", "unknown device nosuch"),
        ("htos_configure_device op 1 2", "op is of kind operation"),
        ("htos_configure_device", "unknown device"),
        ("htos_motor_move_completed gonio_z 1.0", "status is missing"),
        ("htos_motor_move_completed gonio_z nan normal", "is not a number: 'nan'"),
        ("htos_motor_move_completed gonio_z 1e300 normal", "would crash at the position 1e+300"),
        ("htos_configure_device gonio_z 1e300", "would crash at the position 1e+300"),
        ("htos_motor_move_completed gonio_phi 1e20 normal", "would fold the position 1e+20"),
        (f"htos_motor_move_completed {'m' * 200} 1 normal", "crash at a word of 200 characters"),
        (f"htos_motor_move_completed gonio_z 1 {'s' * 400}", "crash at a word of 400 characters"),
        (f"htos_motor_move_completed {'m' * 200} 1", "crash at a word of 200 characters"),
        (f"htos_{'x' * 200} gonio_z", "crash at a command of 205 characters"),
    ],
)
def test_what_dcss_ignores_or_dies_of_is_a_line_in_the_log(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture, text: str, line: str
) -> None:
    with caplog.at_level(logging.INFO, "dhs_lab.simulators.dcss"):
        dhs.send_text(text)
        assert dhs.read_until_now() == []
    assert line in caplog.text
    assert dcss.position("gonio_z") == 1.5
    assert dcss.position("gonio_phi") == 10


@pytest.mark.parametrize("status", ["moving very fast", "{moving fast}"])
def test_of_a_status_only_the_first_word_counts(
    dcss: SimulatedDcss, dhs: DhsPeer, status: str
) -> None:
    dhs.send_text(f"htos_update_motor_position gonio_z 2.6 {status}")
    dhs.settle()
    assert dcss.position("gonio_z") == 2.6
    run = dcss.move("gonio_z", 5)
    dhs.send_text(f"htos_motor_move_completed gonio_z 2.9 {status}")
    assert run.wait(DEADLINE_S) == MoveCompletion(2.9, status.split(maxsplit=1)[0])


def test_a_position_that_fits_c_but_not_the_codec_is_kept_and_not_sent(
    dcss: SimulatedDcss, dhs: DhsPeer, caplog: pytest.LogCaptureFixture
) -> None:
    completed_text = "htos_motor_move_completed gonio_z 1e11 normal"
    dhs.send_text(completed_text)
    dhs.send(HtosSendConfiguration(device_name="gonio_z"))
    assert dhs.read_until_now() == []
    assert dcss.position("gonio_z") == 1e11
    assert "stoh_configure_real_motor not sent to galil" in caplog.text
