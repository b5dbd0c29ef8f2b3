"""Known values of words whose vocabulary is open: DHSs and sites add their own.

Fields remain text; a member is equal to its text and may be given instead of it.
"""

from enum import StrEnum
from typing import Final

__all__ = [
    "NO_DEVICE",
    "NO_HARDWARE_HOST",
    "AbortMode",
    "EncoderStatus",
    "LogLevel",
    "MotorStatus",
    "OperationStatus",
    "ShutterResult",
    "ShutterState",
    "StringStatus",
]


class MotorStatus(StrEnum):
    """How a move ended, or what a motor is doing.

    Anything but `normal` and `aborted` in a completion makes the scripting engine of dcss abort
    the whole beamline. Source: dmc2180API.cc:1546-1805, GwBaseMotor.h, simdhs.
    """

    NORMAL = "normal"
    """The motor is where it was sent."""
    ABORTED = "aborted"
    """An abort stopped it."""
    ABORT = "abort"
    """What a mar345 writes for it; the scripting engine does not take it for `aborted`."""
    MOVING = "moving"
    """It is moving already; the new move was refused."""
    LOCKED = "locked"
    """It is locked; the move was refused."""
    SW_LIMIT = "sw_limit"
    """A software limit stopped or refused the move."""
    CW_HW_LIMIT = "cw_hw_limit"
    """It is on the clockwise limit switch."""
    CCW_HW_LIMIT = "ccw_hw_limit"
    """It is on the counterclockwise limit switch."""
    BOTH_HW_LIMITS = "both_hw_limits"
    """Both limit switches are on."""
    NO_LIMITS = "no_limits"
    """It has no limits."""
    UNKNOWN = "unknown"
    """The DHS does not know why."""
    TOO_FAST = "too_fast"
    """The move would be too fast."""
    ERROR = "error"
    """Any other failure."""


class OperationStatus(StrEnum):
    """How an operation ended; any word but `normal` is a failure and its reason."""

    NORMAL = "normal"
    """It did what it should."""
    ABORTED = "aborted"
    """An abort ended it."""
    ERROR = "error"
    """It failed; the words after the status say why."""


class StringStatus(StrEnum):
    """Whether a string took its contents. Source: GwString.cc (EPICS gateway)."""

    NORMAL = "normal"
    """The string has the contents."""
    DISCONNECTED = "disconnected"
    """What the string stands for cannot be reached."""
    NO_WRITE_ACCESS = "no_write_access"
    """It may not be written."""
    CONVERT_FAILED = "convert_failed"
    """The contents do not fit its type."""


class EncoderStatus(StrEnum):
    """Whether an encoder could be read or set; dcss stores the position in any case."""

    NORMAL = "normal"
    """The position is the encoder's."""
    ERROR = "error"
    """It could not be read or set."""


class ShutterState(StrEnum):
    """State of a shutter or filter; dcss takes every word but `closed` for open."""

    OPEN = "open"
    """It is open."""
    CLOSED = "closed"
    """It is closed."""


class ShutterResult(StrEnum):
    """Why a shutter did not move; dcss stores the state only for `normal` or no word.

    Source: GwShutter.cc, which spells `disconneted` so.
    """

    NORMAL = "normal"
    """It moved."""
    DISCONNECTED = "disconneted"
    """It cannot be reached."""
    NO_WRITE_ACCESS = "no_write_access"
    """It may not be moved."""


class AbortMode(StrEnum):
    """How to stop: with deceleration or without. DHSs take any other word for `hard`."""

    SOFT = "soft"
    """Decelerate, then stop."""
    HARD = "hard"
    """Stop at once."""


class LogLevel(StrEnum):
    """Level of a line in the beamline's log."""

    NOTE = "note"
    """Nothing is wrong."""
    WARNING = "warning"
    """Something may be wrong."""
    ERROR = "error"
    """Something failed."""
    SEVERE = "severe"
    """Worse than `error`."""
    SOFTWARE_SEVERE = "software_severe"
    """Severe, and the fault of a program."""


NO_DEVICE: Final = "NULL"
"""The name for "no shutter" or "no second motor" (oscillations, vector moves)."""

NO_HARDWARE_HOST: Final = "no_hw_host_"
"""The beginning of a status that dcss reports for a DHS it has lost; the host's name follows.

It is in logs: dcss sends it to GUIs and scripts, never to a DHS.
"""
