"""Messages built wrongly. Where and how, the comments say; test_typing reads them."""

from dcs_codec import (
    HtosMotorMoveCompleted,
    HtosReportIonChambers,
    HtosUpdateMotorPosition,
    IonChamberFailure,
    MotorStatus,
    StohAbortAll,
    StohConfigureRuns,
    StohRegisterString,
    StohSetMotorDependency,
    StohStartMotorMove,
)

# A required field is missing; one too many is given; its name is misspelt.
HtosUpdateMotorPosition(motor_name="phi", position=1.0)  # error: call
StohAbortAll(abort_arg="soft", why="why not")  # error: call
StohStartMotorMove(motor_name="phi", destinaton=1.0)  # error: call

# Text in place of a number, a number in place of text, None in place of a required value.
HtosUpdateMotorPosition(motor_name="a", position="1", status="b")  # error: argument
HtosMotorMoveCompleted(motor_name="a", position=1, status=0)  # error: argument
HtosMotorMoveCompleted(motor_name="a", position=1, status=None)  # error: argument
HtosMotorMoveCompleted(motor_name="a", position=MotorStatus.NORMAL, status="b")  # error: argument
StohStartMotorMove(motor_name="phi", destination=None)  # error: argument
StohConfigureRuns(run_count=1, current_run=0.5, is_active=0, dose_mode=0)  # error: argument
StohSetMotorDependency(motor_name="energy", dependencies=["mono_theta"])  # error: argument
HtosReportIonChambers(ion_chamber_time=1.0, result=(("i0", 5.0),))  # error: argument
IonChamberFailure(names=("i0",), reason=b"no beam")  # error: argument
StohAbortAll(binary="text")  # error: argument

# Fields are named: nobody remembers the order of sixteen.
StohAbortAll("soft")  # error: positional
StohRegisterString("a", "b")  # error: positional

# Messages are values.
message = StohStartMotorMove(motor_name="phi", destination=1.0)
message.destination = 2.0  # error: frozen
message.binary = b"a"  # error: frozen
message.speed = 5  # error: attribute
