"""The format of numbers of the simulated DCSS, without a recording."""

import pytest

from dcs_codec import (
    EncodeError,
    Message,
    StohConfigureRealMotor,
    StohCorrectMotorPosition,
    StohReadIonChambers,
    StohSetEncoder,
    StohSetMotorPosition,
    StohStartMotorMove,
)
from dhs_lab.simulators.dcss.wording import frame_of


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            StohStartMotorMove(motor_name="z", destination=5.25),
            "stoh_start_motor_move z 5.250000",
        ),
        (StohStartMotorMove(motor_name="z", destination=5), "stoh_start_motor_move z 5.000000"),
        (StohStartMotorMove(motor_name="z", destination=1e-9), "stoh_start_motor_move z 0.000000"),
        (StohStartMotorMove(motor_name="z", destination=0.0), "stoh_start_motor_move z 0.0"),
        (StohStartMotorMove(motor_name="z", destination="home"), "stoh_start_motor_move z home"),
        (
            StohSetMotorPosition(motor_name="z", position=-0.1),
            "stoh_set_motor_position z -0.100000",
        ),
        (
            StohCorrectMotorPosition(motor_name="z", correction=-360),
            "stoh_correct_motor_position z -360",
        ),
        (StohSetEncoder(encoder_name="e", position=1.5), "stoh_set_encoder e 1.5"),
        (
            StohReadIonChambers(
                ion_chamber_time=0.1, is_repeated=False, ion_chamber_names=("a", "b")
            ),
            "stoh_read_ion_chambers 0.1 0 a b",
        ),
    ],
)
def test_dcss_prints_six_decimals_where_it_does_not_forward(message: Message, text: str) -> None:
    assert frame_of(message).text.decode() == text


def test_of_a_configuration_the_floats_alone_are_printed_so() -> None:
    message = StohConfigureRealMotor(
        motor_name="z",
        hardware_host="dhs",
        hardware_name="stage_z",
        position=1.5,
        upper_limit=25,
        lower_limit=-20,
        scale_factor=400,
        speed=2000,
        acceleration=100,
        backlash=-40,
        lower_limit_on=True,
        upper_limit_on=True,
        motor_lock_on=False,
        backlash_on=True,
        reverse_on=False,
        status=0,
    )
    assert frame_of(message).text.decode() == (
        "stoh_configure_real_motor z dhs stage_z 1.500000 25.000000 -20.000000 400.000000"
        " 2000 100 -40 1 1 0 1 0 0"
    )


def test_what_does_not_fit_the_wire_is_refused() -> None:
    with pytest.raises(EncodeError, match="destination"):
        frame_of(StohStartMotorMove(motor_name="z", destination=float("inf")))
