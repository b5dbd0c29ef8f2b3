"""Oscillations and vector moves, on the wire: what a DHS that declares the motors answers."""

import threading

import pytest

from dcs_codec import Framing, HtosMotorMoveCompleted
from dhs_runtime import (
    Dhs,
    MotorConfig,
    Move,
    Oscillation,
    TaskAbortedError,
    VectorMove,
)
from tests.devices.talking import CONFIG, REAL_MOTOR, motor_of, online, read
from tests.runtime.peers import DEADLINE_S, RawDcss, eventually, running


def test_an_oscillation_is_a_move_with_the_shutter_open() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi", config=MotorConfig(lower_limit=-1, upper_limit=720), position=10)
    shutter = dhs.shutter("shutter")
    seen: list[object] = []

    @motor.on_move
    def go(move: Move) -> None:
        seen.append((move.destination, move.time_s, shutter.state))

    with online(dhs) as peer:
        peer.send("stoh_start_oscillation phi shutter 1.5 0.5")
        assert read(peer, 4) == [
            "htos_motor_move_started phi 11.5",
            "htos_report_shutter_state shutter open",
            "htos_report_shutter_state shutter closed",
            "htos_motor_move_completed phi 11.5 normal",
        ]
        peer.send("stoh_start_oscillation phi NULL 1.5 0.5")
        assert read(peer, 2)[-1] == "htos_motor_move_completed phi 13.0 normal"
    assert seen == [(11.5, 0.5, "open"), (13.0, 0.5, "closed")]


def test_an_aborted_oscillation_closes_the_shutter() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi")
    dhs.shutter("shutter")
    motor.on_move(lambda move: move.sleep(60))
    with online(dhs) as peer:
        peer.send("stoh_start_oscillation phi shutter 1 1")
        read(peer, 2)
        peer.send("stoh_abort_all hard")
        assert read(peer, 2) == [
            "htos_report_shutter_state shutter closed",
            "htos_motor_move_completed phi 0.0 aborted",
        ]


def test_an_oscillation_may_have_a_handler_of_its_own() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi")
    seen: list[object] = []

    @motor.on_oscillation
    def expose(move: Oscillation) -> None:
        seen.append((move.shutter, move.oscillation_range, move.time_s, move.start_angle))

    with online(dhs) as peer:
        peer.send("stoh_start_oscillation phi shutter 2 4")
        assert read(peer, 2)[-1] == "htos_motor_move_completed phi 2.0 normal"
        peer.send("stoh_start_oscillation phi shutter 2 4 2.000011")
        assert read(peer, 2)[-1] == "htos_motor_move_completed phi 4.0 normal"
    assert seen == [("shutter", 2.0, 4.0, None), ("shutter", 2.0, 4.0, 2.000011)]


@pytest.mark.parametrize("with_handler", [True, False])
def test_an_oscillation_that_cannot_be_fails(with_handler: bool) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi")
    if with_handler:
        motor.on_move(lambda move: None)
    with online(dhs) as peer:
        peer.send("stoh_start_oscillation phi shutter 2 4")
        assert read(peer, 3)[-1] == "htos_motor_move_completed phi 0.0 error"


def test_a_vector_move_takes_both_motors_along() -> None:
    dhs = Dhs("testDHS")
    motor, other = dhs.motor("x"), dhs.motor("y")
    go_on = threading.Event()
    speeds: list[float] = []

    @motor.on_vector_move
    def go(move: VectorMove) -> None:
        move.update_both(0.5, 1.0)
        assert go_on.wait(DEADLINE_S)
        speeds.append(move.speed)

    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x y 1 2 50")
        assert read(peer, 4) == [
            "htos_motor_move_started y 2.0",
            "htos_motor_move_started x 1.0",
            "htos_update_motor_position x 0.5 normal",
            "htos_update_motor_position y 1.0 normal",
        ]
        assert motor.is_moving
        assert other.is_moving
        peer.send("stoh_change_vector_speed x y 75", "stoh_start_motor_move y 9")
        assert read(peer, 2)[-1] == "htos_motor_move_completed y 1.0 moving"
        go_on.set()
        assert read(peer, 2) == [
            "htos_motor_move_completed y 2.0 normal",
            "htos_motor_move_completed x 1.0 normal",
        ]
    assert speeds == [75.0]


@pytest.mark.parametrize(
    "text",
    [
        "stoh_stop_vector_move x y",
        "stoh_stop_vector_move x",
        "stoh_abort_motor_move y soft",
        "stoh_abort_all hard",
    ],
)
def test_a_vector_move_stops_as_a_whole(text: str) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("x")
    dhs.motor("y")
    motor.on_vector_move(lambda move: move.sleep(60))
    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x y 1 2 50")
        read(peer, 2)
        peer.send(text)
        assert read(peer, 2) == [
            "htos_motor_move_completed y 0.0 aborted",
            "htos_motor_move_completed x 0.0 aborted",
        ]


def test_a_vector_beyond_a_limit_of_either_motor_is_refused() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("x", config=CONFIG)
    dhs.motor("y", config=CONFIG)
    called: list[VectorMove] = []
    motor.on_vector_move(called.append)
    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x y 1 20 50")
        texts = read(peer, 4)
        assert texts[1] == "htos_motor_move_completed y 0.0 sw_limit"
        assert texts[3] == "htos_motor_move_completed x 0.0 sw_limit"
    assert called == []


def test_both_motors_of_a_vector_completed_by_hand_are_completed_once() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("x")
    dhs.motor("y")

    @motor.on_vector_move
    def go(move: VectorMove) -> None:
        for name in ("x", "y"):
            dhs.send(HtosMotorMoveCompleted(motor_name=name, position=9, status="normal"))

    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x y 1 2 50")
        texts = read(peer, 4)
        assert sorted(texts[2:]) == [
            "htos_motor_move_completed x 9 normal",
            "htos_motor_move_completed y 9 normal",
        ]
        peer.send("stoh_start_operation nothing 1.1")
        assert "nothing" in peer.read_text()


def test_a_vector_of_one_motor() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("x")
    motor.on_vector_move(lambda move: move.update_both(0.5, 0))
    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x NULL 1 0 50")
        assert read(peer, 3)[-1] == "htos_motor_move_completed x 1.0 normal"


def test_a_vector_with_a_motor_of_somebody_else_fails() -> None:
    dhs = Dhs("testDHS")
    dhs.motor("x").on_vector_move(lambda move: None)
    with online(dhs) as peer:
        peer.send("stoh_start_vector_move x w 1 0 50")
        assert read(peer, 2) == [
            "htos_log error x w is not a motor of this DHS",
            "htos_motor_move_completed x 0.0 error",
        ]


def test_a_vector_whose_second_motor_moves_is_refused() -> None:
    dhs = Dhs("testDHS")
    motor, other = dhs.motor("x"), dhs.motor("y")
    motor.on_vector_move(lambda move: None)
    other.on_move(lambda move: move.sleep(60))
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move y 1")
        assert peer.read_text() == "htos_motor_move_started y 1.0"
        peer.send("stoh_start_vector_move x y 1 2 50")
        assert peer.read_text() == "htos_log error x y is moving already"
        assert peer.read_text() == "htos_motor_move_completed x 0.0 moving"
        peer.send("stoh_abort_all soft")
        assert peer.read_text() == "htos_motor_move_completed y 0.0 aborted"


def test_a_position_that_dcss_missed_is_told_on_the_next_link() -> None:
    dhs = Dhs("testDHS")
    motor, stands = dhs.motor("z", config=CONFIG), threading.Event()

    @motor.on_move
    def coast(move: Move) -> None:
        try:
            move.update(1.0)
            move.sleep(DEADLINE_S)
        except TaskAbortedError:
            assert stands.wait(DEADLINE_S)
            move.update(2.0)
            raise

    with RawDcss() as dcss, running(dhs, dcss.config(Framing.V2)):
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_motor_move z 5")
            assert peer.read_text() == "htos_motor_move_started z 5.0"
            assert peer.read_text() == "htos_update_motor_position z 1.0 normal"
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_register_real_motor z z")
            assert peer.read_text().startswith("htos_configure_device z 1.0 ")
            stands.set()
            assert peer.read_text() == "htos_update_motor_position z 2.0 normal"


def test_a_position_that_dcss_missed_is_not_taken_from_its_database() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.report(2.0)
    with online(dhs) as peer:
        peer.send("stoh_register_real_motor z z")
        assert peer.read_text() == "htos_send_configuration z"
        peer.send(REAL_MOTOR.format(name="z"))
        assert peer.read_text() == "htos_update_motor_position z 2.0 normal"
        peer.send(REAL_MOTOR.format(name="z"))  # from now on DCSS knows better
        eventually(lambda: motor.position == 1.5)


def test_a_limit_that_is_no_number_lets_nothing_pass() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z", words="home")
    motor.on_move(lambda move: None)
    with online(dhs) as peer:
        peer.send(REAL_MOTOR.format(name="z").replace(" 10.000000 ", " nan "))
        peer.send("stoh_start_motor_move z 2")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 1.5 sw_limit"
        peer.send("stoh_start_motor_move z home")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 1.5 normal"


def test_an_oscillation_cannot_take_less_than_no_time() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    motor.on_oscillation(lambda move: None)
    with online(dhs) as peer:
        peer.send("stoh_start_oscillation z NULL 1 -0.5")
        assert read(peer, 2) == [
            "htos_log error z an oscillation cannot take -0.5 s",
            "htos_motor_move_completed z 0.0 error",
        ]
