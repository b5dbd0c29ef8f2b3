"""Which moves the scripting engine refuses, and how it says so.

Source: motor_control.tcl 473, scriptingEngine 480-687, confirmed on the wire
"""

import math
from typing import Final

import attrs

from dcs_codec import format_number
from dhs_lab.simulators.dcss.motors import MotorEntry, RealMotorEntry


@attrs.frozen
class Refusal:
    """A move that is not begun.

    Attributes:
        status: The status of its completion.
        logs: Lines of the log before it: level and text.
        reason: What a script is told that asked for it.
    """

    status: str
    logs: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def limits(motor: MotorEntry) -> tuple[str | None, str | None]:
    """Lower and upper limit as the engine shows them, None where there is none.

    Backlash narrows one side: the engine computes that limit, and shows it in the shortest form.
    """
    lower = f"{motor.lower_limit:f}" if motor.lower_limit_on else None
    upper = f"{motor.upper_limit:f}" if motor.upper_limit_on else None
    if isinstance(motor, RealMotorEntry) and motor.backlash_on and motor.scale_factor:
        way = abs(motor.backlash) / motor.scale_factor
        if motor.backlash < 0 and upper is not None:
            upper = shortest(motor.upper_limit - way)
        elif motor.backlash >= 0 and lower is not None and way:
            lower = shortest(motor.lower_limit + way)
    return lower, upper


def shortest(number: float) -> str:
    """A number as Tcl prints what it computed, with 12 digits."""
    text = f"{number:.12g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def beyond(motor: MotorEntry, destination: str) -> str | None:
    """The line of the log where a destination is beyond a limit, None where it is not.

    What is no number is compared as text: any letter is above a numeric limit.
    """
    lower, upper = limits(motor)
    for side, limit in (("upper", upper), ("lower", lower)):
        if limit is not None and _is_beyond(destination, limit, side):
            exceeds = f"would exceed {side} limit of {limit} if moved to {destination}."
            return f"{motor.name} {exceeds}"
    return None


def _is_beyond(destination: str, limit: str, side: str) -> bool:
    try:
        number: float | str = float(destination)
    except ValueError:
        number = destination
    if isinstance(number, str) or math.isnan(number):  # a word, or nan: Tcl compares texts
        return destination > limit if side == "upper" else destination < limit
    return number > float(limit) if side == "upper" else number < float(limit)


_NEAR: Final = 1e-9


def parents_beyond(
    parent: MotorEntry, place: float, child: str
) -> tuple[tuple[str, str], ...] | None:
    """The lines of the log where a child's move carries a parent out of its limits, else None."""
    shown = shortest_or_whole(place)
    line = beyond(parent, shown)
    if line is None:
        return None
    if abs(place - parent.position) < _NEAR and child:
        second = f"{parent.name} is not within software limits."
    else:
        second = f"{parent.name} would exceed software limit if moved to {shown}."
    return (("warning", line), ("error", second))


def shortest_or_whole(number: float) -> str:
    """A computed number, as `shortest`, without the noise of the last digits."""
    return format_number(float(shortest(number)))
