"""Messages to GUIs about devices, as dcss writes them: `%f` for the numbers it prints itself."""

from typing import Any

import attrs

from dcs_codec import StohConfigurePseudoMotor, StohConfigureRealMotor, StohConfigureString
from dhs_lab.simulators.dcss.circle import fold
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.wording import frame_of


def configured(hardware_host: str, device: Entry) -> str:
    """`stog_configure_...` of a device: like the message to its DHS, with the position folded.

    Raises:
        EncodeError: A value does not fit the wire.

    Source: dcss_database.c:506, confirmed on the wire
    """
    message: Any = device.configuration(hardware_host)
    if isinstance(message, StohConfigureString):  # unchanged, and a blank if it is empty
        return f"stog_configure_string {device.name} {hardware_host} {message.string_contents}"
    if isinstance(device, MotorEntry) and isinstance(
        message, (StohConfigureRealMotor, StohConfigurePseudoMotor)
    ):
        folded, _ = fold(device.circle_mode, message.position)
        message = attrs.evolve(message, position=folded)
    return "stog_" + str(frame_of(message)).removeprefix("stoh_")


def positioned(keyword: str, motor: MotorEntry, position: float, status: str) -> str:
    """`stog_update_motor_position` or `stog_motor_move_completed`, folded to the circle."""
    folded, _ = fold(motor.circle_mode, position)
    return f"{keyword} {motor.name} {folded:f} {status}"
