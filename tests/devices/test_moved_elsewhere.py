"""Moves without a command of DCSS, and messages of a motor that authors send by hand."""

import threading

import attrs
import pytest

from dcs_codec import (
    AbortMode,
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosUpdateMotorPosition,
    StateError,
)
from dhs_runtime import DeviceError, Dhs, DhsError, MotorConfig
from tests.devices.hardware import Spindle
from tests.devices.talking import CONFIG, motor_of, online, read
from tests.runtime.peers import eventually, stopped


def test_a_move_from_elsewhere_is_told_with_a_command_in_between() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    spindle = Spindle(1.0)
    motor.on_read(spindle.read)
    with online(dhs) as peer:
        with motor.moved_elsewhere() as move:
            assert motor.is_moving
            assert read(peer, 2) == [
                "htos_update_motor_position z 1.0 normal",
                "htos_motor_move_started z 1.0",
            ]
            move.update(1.5)
            assert peer.read_text() == "htos_update_motor_position z 1.5 normal"
            assert motor.position == 1.5
            peer.send("stoh_start_motor_move z 3")
            assert read(peer, 2) == [
                "htos_log error z z is moving already",
                "htos_motor_move_completed z 1.5 moving",
            ]
            spindle.put(2.0)
        assert peer.read_text() == "htos_motor_move_completed z 2.0 normal"
        assert (motor.is_moving, motor.position) == (False, 2.0)
        peer.send("stoh_start_motor_move z 3")
        assert peer.read_text() == "htos_motor_move_started z 3.0"


def test_where_it_goes_may_be_known_and_where_it_ends_is_what_was_seen() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with online(dhs) as peer:
        with motor.moved_elsewhere(4) as move:
            move.update(3.75)
        assert read(peer, 3) == [
            "htos_motor_move_started z 4.0",
            "htos_update_motor_position z 3.75 normal",
            "htos_motor_move_completed z 3.75 normal",
        ]


@pytest.mark.parametrize("stops", [True, False])
def test_an_abort_stops_it_where_it_can_and_follows_it_to_rest(stops: bool) -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    spindle = Spindle(0, speed=20, coast=0.1)
    spindle.go(1000 if stops else 2)  # one that is stopped does not arrive
    stop = spindle.stop if stops else None
    with online(dhs) as peer:
        with motor.moved_elsewhere() as move:
            read(peer, 1)
            peer.send("stoh_abort_all soft")
            eventually(lambda: move.aborted)
            move.follow(spindle.read, spindle.is_moving, stop=stop, every_s=0.005)
        texts = [peer.read_text()]
        while "completed" not in texts[-1]:
            texts.append(peer.read_text())
        assert texts[-1] == f"htos_motor_move_completed z {spindle.read()} aborted"
    assert spindle.stops == ([AbortMode.SOFT] if stops else [])
    assert (spindle.read() == 2.0) is not stops


def test_the_block_may_fail_and_its_error_comes_out() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with online(dhs) as peer:
        with pytest.raises(OSError, match="unplugged"), motor.moved_elsewhere():
            raise OSError("unplugged")
        assert read(peer, 3)[1:] == [
            "htos_log error z OSError: unplugged",
            "htos_motor_move_completed z 0.0 error",
        ]


def test_one_that_moves_already_and_a_dhs_that_does_not_run_are_refused() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with pytest.raises(DhsError, match="does not run"), motor.moved_elsewhere():
        pass
    with online(dhs), motor.moved_elsewhere():
        with pytest.raises(DeviceError, match="moving already"), motor.moved_elsewhere():
            pass
        assert motor.is_moving


def test_without_a_link_it_is_only_remembered() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    dhs.start("127.0.0.1:1")
    with motor.moved_elsewhere() as move:
        move.update(3)
    assert motor.position == 3.0
    assert stopped(dhs) == ()


def test_a_stop_ends_it_for_dcss_and_quietly_for_the_author() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    over = threading.Event()
    begun = threading.Event()

    @dhs.every(0.001, while_offline=False)
    def watch() -> None:
        if not over.is_set():
            with motor.moved_elsewhere() as move:
                begun.set()
                move.sleep(60)
            over.set()

    with online(dhs) as peer:
        assert begun.wait(20)
        stopped(dhs)
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 0.0 aborted"
    assert over.is_set()


# -- by hand ---------------------------------------------------------------------------------


def test_messages_by_hand_change_the_device_as_well() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with online(dhs):
        dhs.send(HtosUpdateMotorPosition(motor_name="z", position=1, status="normal"))
        assert motor.position == 1
        dhs.send(HtosMotorMoveCompleted(motor_name="z", position=2, status="normal"))
        assert motor.position == 2
        dhs.send(
            HtosConfigureDevice(
                motor_name="z",
                position=3,
                upper_limit=8,
                lower_limit=-8,
                scale_factor=5,
                speed=6,
                acceleration=7,
                backlash=0,
                lower_limit_on=True,
                upper_limit_on=False,
                motor_lock_on=False,
                backlash_on=False,
                reverse_on=True,
            )
        )
    assert motor.position == 3
    assert motor.config == MotorConfig(
        upper_limit=8,
        lower_limit=-8,
        scale_factor=5,
        speed=6,
        acceleration=7,
        upper_limit_on=False,
        reverse_on=True,
    )


def test_a_configuration_by_hand_keeps_what_it_leaves_out() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with online(dhs):
        dhs.send(
            HtosConfigureDevice(
                motor_name="z",
                position=3,
                upper_limit=8,
                lower_limit=-8,
                lower_limit_on=True,
                upper_limit_on=True,
                motor_lock_on=True,
            )
        )
    assert motor.config == attrs.evolve(CONFIG, upper_limit=8, lower_limit=-8, motor_lock_on=True)


def test_who_says_by_hand_that_a_motor_moves_is_told_what_to_write() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    started = HtosMotorMoveStarted(motor_name="z", destination=1)
    with online(dhs) as peer:
        with pytest.raises(StateError, match=r"with motor\.moved_elsewhere"):
            dhs.send(started)
        dhs.send(HtosMotorMoveStarted(motor_name="not_declared", destination=1))
        assert peer.read_text() == "htos_motor_move_started not_declared 1"
        with motor.moved_elsewhere():
            dhs.send(started)  # another goal, perhaps
        assert read(peer, 3)[1] == "htos_motor_move_started z 1"
