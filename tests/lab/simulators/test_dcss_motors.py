"""Motors of the simulated DCSS: registered, configured, moved, aborted, lost."""

import pytest

from dcs_codec import (
    EncodeError,
    HtosConfigureDevice,
    HtosSendConfiguration,
)
from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    MoveCompletion,
    RealMotorEntry,
    SimulatedDcss,
)
from dhs_runtime import DhsError, NotConnectedError
from tests.lab.simulators import galil
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.galil import completed, started, updated

REAL = "stoh_configure_real_motor"


dcss, dhs, other = galil.dcss, galil.dhs, galil.other  # fixtures


# -- registration and configuration ----------------------------------------------------------


def test_motors_register_without_line_end_and_dependencies_follow_all_devices(
    dhs: DhsPeer,
) -> None:
    assert dhs.registrations == [
        "stoh_register_real_motor gonio_z stage_z",
        "stoh_register_real_motor gonio_phi gonio_phi",
        "stoh_register_real_motor sample_x sample_x",
        "stoh_register_pseudo_motor energy energy",
        "stoh_register_pseudo_motor no_dependencies no_dependencies",
        "stoh_register_pseudo_motor no_children no_children",
        "stoh_register_shutter shutter closed shutter",
        "stoh_register_operation op op",
        "stoh_set_motor_dependency sample_x gonio_phi",
        "stoh_set_motor_dependency energy gonio_z gonio_phi",
        "stoh_set_motor_children energy gonio_z",
        "stoh_set_motor_dependency no_children gonio_z",
        "stoh_set_motor_children no_children",
    ]
    assert b"stoh_register_real_motor gonio_z stage_z\0" in dhs.received
    assert b"stoh_register_pseudo_motor energy energy\0" in dhs.received
    assert b"stoh_register_shutter shutter closed shutter\n\0" in dhs.received
    assert b"stoh_register_operation op op\n\0" in dhs.received
    assert b"stoh_set_motor_dependency sample_x gonio_phi\0" in dhs.received


def test_configurations_have_dcss_s_own_form(dhs: DhsPeer) -> None:
    for name in ("gonio_z", "energy"):
        dhs.send(HtosSendConfiguration(device_name=name))
    assert dhs.read_until_now() == [
        f"{REAL} gonio_z galil stage_z 1.5 25.0 -20.0 400.0 2000 100 -40 1 1 0 1 0 0",
        "stoh_configure_pseudo_motor energy galil energy 12000.0 20000.0 5000.0 1 1 0 0",
    ]


def test_a_dhs_configures_its_motors(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dhs.send(
        HtosConfigureDevice(
            motor_name="gonio_z",
            position=2.25,
            upper_limit=24,
            lower_limit=-19.5,
            scale_factor=410,
            speed=2100,
            acceleration=110,
            backlash=-41,
            lower_limit_on=False,
            upper_limit_on=True,
            motor_lock_on=True,
            backlash_on=False,
            reverse_on=True,
        )
    )
    dhs.send(
        HtosConfigureDevice(
            motor_name="energy",
            position=12100.5,
            upper_limit=19000,
            lower_limit=6000,
            lower_limit_on=True,
            upper_limit_on=False,
            motor_lock_on=True,
        )
    )
    for name in ("gonio_z", "energy"):
        dhs.send(HtosSendConfiguration(device_name=name))
    assert dhs.read_until_now() == [
        f"{REAL} gonio_z galil stage_z 2.25 24.0 -19.5 410.0 2100 110 -41 0 1 1 0 1 0",
        "stoh_configure_pseudo_motor energy galil energy 12100.5 19000.0 6000.0 1 0 1 0",
    ]
    assert dcss.position("gonio_z") == 2.25


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2.5", "2.5 25.0 -20.0 400.0 2000 100 -40 1 1 0 1 0 0"),
        ("2.5 24 -19 410 2100", "2.5 24.0 -19.0 410.0 2100 100 -40 1 1 0 1 0 0"),
        # a real motor reads by position: the three switches of a pseudo motor become other fields
        ("2.5 24 -19 1 0 1", "2.5 24.0 -19.0 1.0 0 1 -40 1 1 0 1 0 0"),
        ("2.5 24 -19 410 2100.7 110", "2.5 24.0 -19.0 410.0 2100 100 -40 1 1 0 1 0 0"),
        ("2.5 24 -19 410 fast", "2.5 24.0 -19.0 410.0 2000 100 -40 1 1 0 1 0 0"),
        (
            "2.5 24 -19 410 2100 110 -41 0 0 1 0 1 surplus 7",
            "2.5 24.0 -19.0 410.0 2100 110 -41 0 0 1 0 1 0",
        ),
    ],
)
def test_a_configuration_counts_as_far_as_dcss_scans_it(
    dhs: DhsPeer, words: str, expected: str
) -> None:
    dhs.send_text(f"htos_configure_device gonio_z {words}")
    dhs.send(HtosSendConfiguration(device_name="gonio_z"))
    assert dhs.read_until_now() == [f"stoh_configure_real_motor gonio_z galil stage_z {expected}"]


def test_a_gui_configures_the_dhs_and_the_database(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.configure("gonio_z", position=2.0, speed=500, backlash_on=False)
    dcss.configure("gonio_phi", position=370)
    dcss.configure("energy", motor_lock_on=True)
    assert dhs.read_until_now() == [
        f"{REAL} gonio_z galil stage_z 2.0 25.0 -20.0 400.0 500 100 -40 1 1 0 0 0 0",
        f"{REAL} gonio_phi galil gonio_phi 10.0 1000.0 -1000.0 1000.0 1000 100 0 1 1 0 0 0 0",
        "stoh_configure_pseudo_motor energy galil energy 12000.0 20000.0 5000.0 1 1 1 0",
    ]
    assert dcss.position("gonio_z") == 2.0
    with pytest.raises(DhsError, match="energy is not a real motor, it has no backlash, speed"):
        dcss.configure("energy", speed=1, backlash=1)


def test_nothing_is_configured_where_the_dhs_is_not_connected(dcss: SimulatedDcss) -> None:
    with pytest.raises(NotConnectedError, match="galil is not connected"):
        dcss.configure("gonio_z", position=2.0)
    assert dcss.position("gonio_z") == 1.5


# -- moves -----------------------------------------------------------------------------------


def test_a_move_is_seen_from_start_to_end(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.move("gonio_z", 5.25)
    assert dhs.read_text() == "stoh_start_motor_move gonio_z 5.25"
    assert (run.started, run.positions, run.completions) == (None, (), ())
    assert not dcss.is_moving("gonio_z")
    started(dhs, "gonio_z", 5.25)
    assert run.wait_started(DEADLINE_S) == 5.25
    assert dcss.is_moving("gonio_z")
    assert dcss.position("gonio_z") == 1.5
    for position in (2.0, 4.0):
        updated(dhs, "gonio_z", position)
    assert run.wait_positions(2, DEADLINE_S) == (2.0, 4.0)
    assert dcss.position("gonio_z") == 4.0
    completed(dhs, "gonio_z", 5.25)
    assert run.wait(DEADLINE_S) == MoveCompletion(5.25, "normal")
    assert not dcss.is_moving("gonio_z")
    assert dcss.position("gonio_z") == 5.25
    assert dhs.read_until_now() == []


def test_answers_belong_to_moves_in_order_and_a_second_completion_is_seen(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    first, second = dcss.move("gonio_z", 1), dcss.move("gonio_z", 2)
    completed(dhs, "gonio_z", 1)
    completed(dhs, "gonio_z", 2)
    completed(dhs, "gonio_z", 3, "aborted")
    dhs.settle()
    assert first.completions == (MoveCompletion(1, "normal"),)
    assert second.completions == (MoveCompletion(2, "normal"), MoveCompletion(3, "aborted"))


@pytest.mark.parametrize("destination", [float("inf"), float("nan"), 1e300])
@pytest.mark.parametrize("motor", ["gonio_z", "gonio_phi"])
def test_a_move_to_no_place_is_refused(
    dcss: SimulatedDcss, dhs: DhsPeer, motor: str, destination: float
) -> None:
    with pytest.raises(EncodeError, match="destination"):
        dcss.move(motor, destination)
    assert dhs.read_until_now() == []


def test_a_move_that_nobody_asked_for_changes_the_database(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    started(dhs, "gonio_z", 3)
    dhs.settle()
    assert dcss.is_moving("gonio_z")
    updated(dhs, "gonio_z", 2)
    dhs.settle()
    assert dcss.position("gonio_z") == 2
    completed(dhs, "gonio_z", 3)
    dhs.settle()
    assert (dcss.position("gonio_z"), dcss.is_moving("gonio_z")) == (3, False)


def test_what_a_move_does_not_do_is_a_timeout_that_tells(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.move("gonio_z", 1)
    with pytest.raises(TimeoutError, match=r"move of gonio_z to 1: no completion within 0\.01 s"):
        run.wait(0.01)
    with pytest.raises(TimeoutError, match="no start"):
        run.wait_started(0.01)
    with pytest.raises(TimeoutError, match="no 2 positions"):
        run.wait_positions(2, 0.01)


def test_destinations_go_out_as_numbers_or_words(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    for destination in (0, "home", "#HM1", -3.5):
        dcss.move("gonio_z", destination)
    assert dhs.read_until_now() == [
        "stoh_start_motor_move gonio_z 0.0",
        "stoh_start_motor_move gonio_z home",
        "stoh_start_motor_move gonio_z #HM1",
        "stoh_start_motor_move gonio_z -3.5",
    ]


def test_commands_to_motors(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dcss.abort_move("gonio_z")
    dcss.abort_move("gonio_z", "hard")
    dcss.set_position("gonio_z", 1.25)
    dcss.set_position("gonio_phi", -10)
    assert dhs.read_until_now() == [
        "stoh_abort_motor_move gonio_z soft",
        "stoh_abort_motor_move gonio_z hard",
        "stoh_set_motor_position gonio_z 1.25",
        "stoh_set_motor_position gonio_phi 350.0",
    ]
    assert dcss.position("gonio_z") == 1.5  # until the DHS reports


def test_oscillations_are_answered_as_moves(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.oscillate("gonio_phi", "shutter", 1.0, 2.5)
    dcss.oscillate("gonio_phi", None, 1.0, 2.5, start_angle=10.0)
    assert dhs.read_until_now() == [
        "stoh_start_oscillation gonio_phi shutter 1.0 2.5",
        "stoh_start_oscillation gonio_phi NULL 1.0 2.5 10.0",
    ]
    started(dhs, "gonio_phi", 11)
    completed(dhs, "gonio_phi", 11)
    assert run.wait(DEADLINE_S) == MoveCompletion(11, "normal")
    assert run.started == run.destination == 11


def test_vector_moves_end_with_all_their_motors(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    run = dcss.vector_move("gonio_z", "sample_x", 1.0, 2.0, 300)
    dcss.change_vector_speed("gonio_z", "sample_x", 200)
    dcss.stop_vector_move("gonio_z", "sample_x")
    single = dcss.vector_move("gonio_phi", None, 1.0, 0.0, 300)
    dcss.stop_vector_move("gonio_phi")
    assert dhs.read_until_now() == [
        "stoh_start_vector_move gonio_z sample_x 1.0 2.0 300.0",
        "stoh_change_vector_speed gonio_z sample_x 200.0",
        "stoh_stop_vector_move gonio_z sample_x",
        "stoh_start_vector_move gonio_phi NULL 1.0 0.0 300.0",
        "stoh_stop_vector_move gonio_phi NULL",
    ]
    completed(dhs, "sample_x", 2)
    with pytest.raises(TimeoutError, match="gonio_z"):
        run.wait(0.01)
    completed(dhs, "gonio_z", 1, "aborted")
    assert run.wait(DEADLINE_S) == (MoveCompletion(1, "aborted"), MoveCompletion(2, "normal"))
    assert len(single.moves) == 1


# -- circle motors ---------------------------------------------------------------------------


def test_a_circle_motor_goes_the_shorter_way_and_is_corrected(
    dcss: SimulatedDcss, dhs: DhsPeer
) -> None:
    run = dcss.move("gonio_phi", 350)
    assert dhs.read_text() == "stoh_start_motor_move gonio_phi -10.0"
    assert run.destination == -10
    started(dhs, "gonio_phi", -10)
    updated(dhs, "gonio_phi", -5)
    completed(dhs, "gonio_phi", -10)
    assert run.wait(DEADLINE_S) == MoveCompletion(350, "normal")
    assert (run.started, run.positions) == (350, (355,))
    assert dcss.position("gonio_phi") == 350
    assert dhs.read_until_now() == ["stoh_correct_motor_position gonio_phi 360"]


def test_a_configuration_of_a_circle_motor_is_corrected(dcss: SimulatedDcss, dhs: DhsPeer) -> None:
    dhs.send_text("htos_configure_device gonio_phi 370.0 3600 -3600 1000 5000 200 0 0 0 0 0 0")
    assert dhs.read_until_now() == ["stoh_correct_motor_position gonio_phi -360"]
    assert dcss.position("gonio_phi") == 10


def test_a_reset_range_leaves_gui_modes_alone() -> None:
    mode = CircleMode.UP_TO_360_FOR_GUIS
    host = HardwareHost.of("galil", motors=[RealMotorEntry("phi", circle_mode=mode)])
    with (
        SimulatedDcss([host], reset_range=1000.0) as dcss,
        DhsPeer.logged_in(dcss, "galil") as dhs,
    ):
        run = dcss.move("phi", 90)
        completed(dhs, "phi", 400)
        assert run.wait(DEADLINE_S) == MoveCompletion(40, "normal")  # as GUIs are told
        assert dcss.position("phi") == 400
        dhs.send_text("htos_configure_device phi 500")
        assert dhs.read_until_now() == ["stoh_start_motor_move phi 90.0"]
        assert dcss.position("phi") == 500
