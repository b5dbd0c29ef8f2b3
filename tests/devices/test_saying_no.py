"""Refusals of a device, with the reason; reports with a status other than `normal`."""

from collections.abc import Callable

import pytest

from dcs_codec import EncodeError, ShutterState
from dhs_runtime import DeviceError, Dhs, Motor, Move, PseudoMotorConfig
from tests.devices.talking import CONFIG, REAL_MOTOR, motor_of, online, read
from tests.runtime.peers import eventually

# -- moves -----------------------------------------------------------------------------------

COMMANDS = [
    "stoh_start_motor_move z 4",
    "stoh_start_oscillation z NULL 4 0.1",
    "stoh_start_vector_move z other 4 1 1",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_check_refuses_a_move_before_dcss_hears_that_it_begins(command: str) -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    other = dhs.motor("other")
    called: list[Move] = []
    motor.on_vector_move(called.append)
    seen: list[object] = []

    @motor.on_check
    def check(move: Move) -> None:
        seen.append(move.destination)
        if other.position > 10:
            raise DeviceError("the other axis is in the way", status="locked")

    with online(dhs) as peer:
        other.report(20.0)
        assert peer.read_text() == "htos_update_motor_position other 20.0 normal"
        peer.send(command)
        texts = read(peer, 4 if "vector" in command else 2)
        assert "htos_log error z the other axis is in the way" in texts
        assert texts[-1] == "htos_motor_move_completed z 0.0 locked"
        assert not any("started" in text for text in texts)
        other.report(0.0)
        peer.read_text()
        peer.send(command)
        assert "htos_motor_move_started z 4.0" in read(peer, 2)
    assert seen == [4.0, 4.0]
    assert len(called) == ("vector" in command)


def test_the_second_motor_of_a_vector_move_is_checked_too() -> None:
    dhs = Dhs("testDHS")
    motor_of(dhs).on_vector_move(lambda move: None)

    @dhs.motor("other").on_check
    def check(move: Move) -> None:
        raise DeviceError("no")

    with online(dhs) as peer:
        peer.send("stoh_start_vector_move z other 4 1 1")
        assert sorted(read(peer, 4))[2:] == [
            "htos_motor_move_completed other 0.0 error",
            "htos_motor_move_completed z 0.0 error",
        ]


# -- configurations --------------------------------------------------------------------------


def _told(motor: Motor) -> list[PseudoMotorConfig]:
    seen: list[PseudoMotorConfig] = []
    motor.on_configure(seen.append)
    return seen


def test_a_new_configuration_reaches_its_handler_once() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs, config=None)
    seen = _told(motor)
    with online(dhs) as peer:
        peer.send(*[REAL_MOTOR.format(name="z")] * 2)
        peer.send(REAL_MOTOR.format(name="z").replace(" 500 ", " 700 "))
        eventually(lambda: len(seen) == 2)
        eventually(lambda: motor.config is not None and motor.config.speed == 700)
    assert [getattr(config, "speed", None) for config in seen] == [500, 700]


def test_a_configuration_that_the_hardware_refuses_is_taken_back() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)

    @motor.on_configure
    def configure(config: PseudoMotorConfig) -> None:
        if config.upper_limit > 10:
            raise DeviceError("its rail ends at 10")

    with online(dhs) as peer:
        peer.send(REAL_MOTOR.format(name="z").replace(" 10.000000 ", " 99.000000 "))
        assert read(peer, 2) == [
            "htos_log error z its rail ends at 10",
            "htos_configure_device z 0.0 10 -10 1000 500 100 0 1 1 0 0 0",
        ]
        assert (motor.config, motor.position) == (CONFIG, 0.0)
        peer.send(REAL_MOTOR.format(name="z"))
        eventually(lambda: motor.position == 1.5)


def test_the_first_configuration_is_taken_even_so() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs, config=None)

    @motor.on_configure
    def configure(config: PseudoMotorConfig) -> None:
        raise OSError("no power")

    with online(dhs) as peer:
        peer.send(REAL_MOTOR.format(name="z"))
        assert peer.read_text() == "htos_log error z OSError: no power"
        eventually(lambda: motor.config is not None)  # without limits it would be worse


# -- reports ---------------------------------------------------------------------------------


def test_reports_may_say_what_is_wrong() -> None:
    dhs = Dhs("testDHS")
    motor, shutter = motor_of(dhs), dhs.shutter("s", state=ShutterState.OPEN)
    string, encoder = dhs.string("t", "kept"), dhs.encoder("e", position=2)
    with online(dhs) as peer:
        motor.report(status="disconnected")
        shutter.report(status="disconnected")
        string.set(status="no_write_access")
        string.set("not kept", status="convert_failed")
        encoder.report(status="disconnected")
        encoder.report(3.5)
        assert read(peer, 6) == [
            "htos_update_motor_position z 0.0 disconnected",
            "htos_report_shutter_state s open disconnected",
            "htos_set_string_completed t no_write_access kept",
            "htos_set_string_completed t convert_failed not kept",
            "htos_get_encoder_completed e 2.0 disconnected",
            "htos_get_encoder_completed e 3.5 normal",
        ]
    assert (string.contents, shutter.state, encoder.position) == ("kept", "open", 3.5)


@pytest.mark.parametrize("status", ["two words", "{", "x" * 80, "a\nb"])
def test_a_status_that_is_no_word_is_refused_where_it_stands(status: str) -> None:
    dhs = Dhs("testDHS")
    motor, shutter = motor_of(dhs), dhs.shutter("s")
    string, encoder = dhs.string("t", "kept"), dhs.encoder("e")
    reports: list[Callable[..., None]] = [
        *(motor.report, shutter.report, string.set, encoder.report)
    ]
    with online(dhs) as peer:
        for report in reports:
            with pytest.raises(EncodeError):
                report(status=status)
        motor.report(1.0)
        assert peer.read_text() == "htos_update_motor_position z 1.0 normal"
