"""The messages to a DHS after the handshake, in dcss's order and with dcss's line ends."""

from collections.abc import Iterable, Iterator
from typing import Final

from dcs_codec import (
    Message,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
    StohSetMotorChildren,
    StohSetMotorDependency,
)
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry, PseudoMotorEntry

_WITHOUT_LINE_END: Final = (StohRegisterRealMotor, StohRegisterPseudoMotor)


def registrations(devices: Iterable[Entry]) -> Iterator[tuple[Message, bool]]:
    """The messages of the first pass, each with whether a line end comes before its NUL.

    Source: dcss_hardware_client.c:1325-1396, confirmed on the wire
    """
    for device in devices:
        message = device.registration()
        yield message, not isinstance(message, _WITHOUT_LINE_END)


def dependencies(devices: Iterable[Entry]) -> Iterator[Message]:
    """The messages of the second pass: dependencies of motors, children of pseudo motors.

    Children are sent only if there are dependencies.

    Source: dcss_hardware_client.c:1208-1243, confirmed on the wire
    """
    for device in devices:
        if not isinstance(device, MotorEntry) or not device.dependencies:
            continue
        yield StohSetMotorDependency(motor_name=device.name, dependencies=device.dependencies)
        if isinstance(device, PseudoMotorEntry):
            yield StohSetMotorChildren(motor_name=device.name, children=device.children)
