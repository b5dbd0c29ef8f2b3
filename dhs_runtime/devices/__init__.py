"""The devices a DHS may own: motors, shutters, strings, ion chambers, encoders."""

from typing import Final

from dhs_runtime.devices.base import Device
from dhs_runtime.devices.encoder import Encoder
from dhs_runtime.devices.ion_chamber import Count, IonChamber
from dhs_runtime.devices.motion import MotorConfig, Move, PseudoMotorConfig
from dhs_runtime.devices.motor import Motor, PseudoMotor
from dhs_runtime.devices.moving_device import Oscillation, VectorMove
from dhs_runtime.devices.shutter import Shutter
from dhs_runtime.devices.string import StringDevice

KINDS: Final[tuple[type[Device], ...]] = (PseudoMotor, Shutter, StringDevice, IonChamber, Encoder)
"""Every kind of device; a real motor is a pseudo motor with a configuration of steps."""

__all__ = [
    "KINDS",
    "Count",
    "Device",
    "Encoder",
    "IonChamber",
    "Motor",
    "MotorConfig",
    "Move",
    "Oscillation",
    "PseudoMotor",
    "PseudoMotorConfig",
    "Shutter",
    "StringDevice",
    "VectorMove",
]
