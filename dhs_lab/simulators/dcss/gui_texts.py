"""Messages to GUIs about devices, as dcss writes them: `%f` for the numbers it prints itself.

And the message with which a GUI configures a motor.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

import dcs_codec
from dcs_codec import StohConfigurePseudoMotor, StohConfigureRealMotor, StohConfigureString
from dcs_codec.limits import MAX_STRING_CONTENTS
from dhs_lab.simulators.dcss.circle import fold
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.wording import frame_of
from dhs_runtime.lowlevel import DhsError


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


def reconfigured(hardware_host: str, motor: MotorEntry, values: Mapping[str, Any]) -> str:
    """Change values of a motor, all or none; returns the message to GUIs. The database is locked.

    Raises:
        EncodeError: A value does not fit the wire.
    """
    told = configured(hardware_host, attrs.evolve(motor, **values))
    for name, value in values.items():
        setattr(motor, name, value)
    return told


def configuring(
    motor: MotorEntry, changes: Mapping[str, float]
) -> "dcs_codec.gui.GtosConfigureDevice":
    """The message of a GUI that changes these values of a motor, and repeats the others.

    Raises:
        DhsError: A pseudo motor does not have one of the values.
    """
    check_changes(motor, changes)
    values = [changes.get(name, getattr(motor, name)) for name, _ in motor.scanned]
    settings = tuple(int(each) if isinstance(each, bool) else each for each in values)
    return dcs_codec.gui.GtosConfigureDevice(motor_name=motor.name, settings=settings)


def check_changes(motor: MotorEntry, changes: Iterable[str]) -> None:
    """Raise DhsError if a pseudo motor does not have one of these values."""
    if foreign := set(changes) - dict(motor.scanned).keys():
        raise DhsError(f"{motor.name} is not a real motor, it has no {', '.join(sorted(foreign))}")


def positioned(keyword: str, motor: MotorEntry, position: float, status: str) -> str:
    """`stog_update_motor_position` or `stog_motor_move_completed`, folded to the circle."""
    folded, _ = fold(motor.circle_mode, position)
    return f"{keyword} {motor.name} {folded:f} {status}"


def too_long(name: str, contents: str) -> str:
    """The line of the log about contents of a string that dcss cuts, "" if they are short."""
    size = len(contents.encode(errors="surrogateescape"))
    if size <= MAX_STRING_CONTENTS:
        return ""
    limit = f"len={size} EXCEEDED MAX_STRING_SIZE={MAX_STRING_CONTENTS + 1}"
    return f"stog_log severe server {name} {limit}"
