"""Motors of a simulated DCSS's database: real and pseudo."""

from typing import ClassVar, Literal

import attrs

from dcs_codec import (
    Message,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
)
from dhs_lab.simulators.dcss.circle import CircleMode

Scanned = tuple[str, Literal["%lf", "%d"]]
"""A field of a motor, and how dcss scans its word."""

_POSITION_AND_LIMITS: tuple[Scanned, ...] = (
    ("position", "%lf"),
    ("upper_limit", "%lf"),
    ("lower_limit", "%lf"),
)
_SWITCHES: tuple[Scanned, ...] = (
    ("lower_limit_on", "%d"),
    ("upper_limit_on", "%d"),
    ("motor_lock_on", "%d"),
)


@attrs.define(kw_only=True)
class MotorEntry:
    """What real and pseudo motors have in common.

    Attributes:
        name: Name in the database.
        hardware_name: Name of the hardware; the device's name where empty.
        position: Last position, scaled.
        upper_limit: Upper software limit, scaled.
        lower_limit: Lower software limit, scaled.
        lower_limit_on: Whether the lower limit counts.
        upper_limit_on: Whether the upper limit counts.
        motor_lock_on: Whether the motor is locked.
        circle_mode: How positions are folded; a DHS is never told.
        units: Of the position; a DHS is never told.
        dependencies: Motors that the position depends on.
        is_moving: Whether a move was reported as started and not yet as completed.
    """

    kind: ClassVar[str] = "motor"
    scanned: ClassVar[tuple[Scanned, ...]]

    name: str = attrs.field(kw_only=False)
    hardware_name: str = ""
    position: float = 0.0
    upper_limit: float = 1000.0
    lower_limit: float = -1000.0
    lower_limit_on: bool = True
    upper_limit_on: bool = True
    motor_lock_on: bool = False
    circle_mode: CircleMode = CircleMode.NONE
    units: str = "mm"
    dependencies: tuple[str, ...] = ()
    is_moving: bool = attrs.field(default=False, init=False, eq=False)

    def registration(self) -> Message:
        """The message that gives the motor to its DHS."""
        raise NotImplementedError

    def configuration(self, hardware_host: str) -> Message:
        """The answer to `htos_send_configuration`."""
        raise NotImplementedError


@attrs.define(kw_only=True)
class RealMotorEntry(MotorEntry):
    """A motor that a DHS drives.

    Attributes:
        scale_factor: Steps per scaled unit.
        speed: Steps per second.
        acceleration: Time to full speed, ms.
        backlash: Steps; the sign tells the side it is taken up from.
        backlash_on: Whether backlash is taken up.
        reverse_on: Whether the motor turns the other way.
    """

    scanned: ClassVar[tuple[Scanned, ...]] = (
        *_POSITION_AND_LIMITS,
        ("scale_factor", "%lf"),
        ("speed", "%d"),
        ("acceleration", "%d"),
        ("backlash", "%d"),
        *_SWITCHES,
        ("backlash_on", "%d"),
        ("reverse_on", "%d"),
    )

    scale_factor: float = 1000.0
    speed: int = 1000
    acceleration: int = 100
    backlash: int = 0
    backlash_on: bool = False
    reverse_on: bool = False

    def registration(self) -> Message:
        """`stoh_register_real_motor`."""
        return StohRegisterRealMotor(
            motor_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_real_motor`, with its host and the status that is always 0."""
        return StohConfigureRealMotor(
            motor_name=self.name,
            hardware_host=hardware_host,
            hardware_name=self.hardware_name or self.name,
            position=self.position,
            upper_limit=self.upper_limit,
            lower_limit=self.lower_limit,
            scale_factor=self.scale_factor,
            speed=self.speed,
            acceleration=self.acceleration,
            backlash=self.backlash,
            lower_limit_on=self.lower_limit_on,
            upper_limit_on=self.upper_limit_on,
            motor_lock_on=self.motor_lock_on,
            backlash_on=self.backlash_on,
            reverse_on=self.reverse_on,
            status=0,
        )


@attrs.define(kw_only=True)
class PseudoMotorEntry(MotorEntry):
    """A motor that a DHS makes out of others.

    Attributes:
        children: The motors it is made of; a DHS is told only where there are dependencies.
    """

    kind: ClassVar[str] = "pseudo motor"
    scanned: ClassVar[tuple[Scanned, ...]] = (*_POSITION_AND_LIMITS, *_SWITCHES)

    children: tuple[str, ...] = ()

    def registration(self) -> Message:
        """`stoh_register_pseudo_motor`."""
        return StohRegisterPseudoMotor(
            motor_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_pseudo_motor`, with its host and the status that is always 0."""
        return StohConfigurePseudoMotor(
            motor_name=self.name,
            hardware_host=hardware_host,
            hardware_name=self.hardware_name or self.name,
            position=self.position,
            upper_limit=self.upper_limit,
            lower_limit=self.lower_limit,
            lower_limit_on=self.lower_limit_on,
            upper_limit_on=self.upper_limit_on,
            motor_lock_on=self.motor_lock_on,
            status=0,
        )
