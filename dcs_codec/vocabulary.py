"""Known values of words whose vocabulary is open: DHSs and sites add their own.

Fields stay text; a member compares equal to its text and may be given wherever the text may.
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
    ABORTED = "aborted"
    ABORT = "abort"  # mar345 writes it so; to the scripting engine it is no `aborted`
    MOVING = "moving"
    LOCKED = "locked"
    SW_LIMIT = "sw_limit"
    CW_HW_LIMIT = "cw_hw_limit"
    CCW_HW_LIMIT = "ccw_hw_limit"
    BOTH_HW_LIMITS = "both_hw_limits"
    NO_LIMITS = "no_limits"
    UNKNOWN = "unknown"
    TOO_FAST = "too_fast"
    ERROR = "error"


class OperationStatus(StrEnum):
    """How an operation ended; any word but `normal` is a failure and its reason."""

    NORMAL = "normal"
    ABORTED = "aborted"
    ERROR = "error"


class StringStatus(StrEnum):
    """Whether a string took its contents. Source: GwString.cc (EPICS gateway)."""

    NORMAL = "normal"
    DISCONNECTED = "disconnected"
    NO_WRITE_ACCESS = "no_write_access"
    CONVERT_FAILED = "convert_failed"


class EncoderStatus(StrEnum):
    """Whether an encoder could be read or set; dcss stores the position whatever this says."""

    NORMAL = "normal"
    ERROR = "error"


class ShutterState(StrEnum):
    """State of a shutter or filter; dcss takes every word but `closed` for open."""

    OPEN = "open"
    CLOSED = "closed"


class ShutterResult(StrEnum):
    """Why a shutter did not move; dcss stores the state only for `normal` or no word.

    Source: GwShutter.cc, which spells `disconneted` so.
    """

    NORMAL = "normal"
    DISCONNECTED = "disconneted"
    NO_WRITE_ACCESS = "no_write_access"


class AbortMode(StrEnum):
    """How to stop: with deceleration or without. DHSs take any other word for `hard`."""

    SOFT = "soft"
    HARD = "hard"


class LogLevel(StrEnum):
    """Level of a line in the beamline's log."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    SEVERE = "severe"
    SOFTWARE_SEVERE = "software_severe"


NO_DEVICE: Final = "NULL"
"""Stands for a shutter or a second motor that takes no part (oscillations, vector moves)."""

NO_HARDWARE_HOST: Final = "no_hw_host_"
"""A status begins so, with the host's name behind, where dcss speaks for a DHS it has lost.

It stands in logs: dcss tells GUIs and scripts, never a DHS.
"""
