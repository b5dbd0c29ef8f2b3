"""Limits of motors as the scripting engine checks and prints them.

Source: motor_control.tcl 473, confirmed on the wire
"""

import math
from typing import Final

from dhs_lab.simulators.dcss.motors import MotorEntry, RealMotorEntry

_DIGITS: Final = 12


def limits(motor: MotorEntry) -> tuple[str | None, str | None]:
    """Lower and upper limit as the engine prints them, None if there is none.

    Backlash narrows one side: the engine computes that limit, and shows it in the shortest form.
    """
    lower = f"{motor.lower_limit:f}" if motor.lower_limit_on else None
    upper = f"{motor.upper_limit:f}" if motor.upper_limit_on else None
    if isinstance(motor, RealMotorEntry) and motor.backlash_on and motor.scale_factor:
        way = abs(motor.backlash) / motor.scale_factor
        if motor.backlash < 0 and upper is not None:
            upper = shortest(motor.upper_limit - way)
        elif motor.backlash >= 0 and lower is not None:
            lower = shortest(motor.lower_limit + way)
    return lower, upper


def shortest(number: float) -> str:
    """A number as Tcl prints it: at most 12 digits, at least one decimal."""
    text = f"{number:.{_DIGITS}g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def beyond(motor: MotorEntry, destination: str) -> str | None:
    """The line of the log if a destination is beyond a limit, else None.

    A destination exactly at the limit is allowed; the current position does not matter.
    """
    lower, upper = limits(motor)
    for side, limit in (("upper", upper), ("lower", lower)):
        if limit is not None and _is_beyond(destination, limit, side):
            exceeds = f"would exceed {side} limit of {limit} if moved to {destination}."
            return f"{motor.name} {exceeds}"
    return None


def _is_beyond(destination: str, limit: str, side: str) -> bool:
    """Compare as Tcl does: a word that is not a number as text; letters are above numbers."""
    try:
        number: float | None = float(destination)
    except ValueError:
        number = None
    if number is None or math.isnan(number):
        return destination > limit if side == "upper" else destination < limit
    return number > float(limit) if side == "upper" else number < float(limit)
