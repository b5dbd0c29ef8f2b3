"""Configurations of motors, with the names of `stoh_configure_real_motor`."""

import math

import attrs


@attrs.frozen(kw_only=True)
class PseudoMotorConfig:
    """The configuration of a motor.

    Attributes:
        lower_limit: In the motor's own units, as the next.
        upper_limit: Highest position.
        lower_limit_on: Whether the limit holds, as the next.
        upper_limit_on: Whether the limit holds.
        motor_lock_on: Whether the motor may not move.
    """

    lower_limit: float
    upper_limit: float
    lower_limit_on: bool = True
    upper_limit_on: bool = True
    motor_lock_on: bool = False


@attrs.frozen(kw_only=True)
class MotorConfig(PseudoMotorConfig):
    """The configuration of a real motor.

    Attributes:
        scale_factor: Steps per scaled unit.
        speed: Steps per second.
        acceleration: Milliseconds to full speed.
        backlash: Steps.
        backlash_on: Whether to take up the backlash.
        reverse_on: Whether the direction is reversed.
    """

    scale_factor: float = 1000.0
    speed: int = 1000
    acceleration: int = 100
    backlash: int = 0
    backlash_on: bool = False
    reverse_on: bool = False

    def to_steps(self, position: float) -> int:
        """A position or distance in scaled units as steps (dhs_dmc2180.h:43 rounds so)."""
        return math.floor(position * self.scale_factor + 0.5)

    def to_scaled(self, steps: int) -> float:
        """Steps as a position or distance in scaled units."""
        return steps / self.scale_factor
