"""Circle modes: how dcss folds the positions of rotating motors, and shortens their moves.

Only the database has the mode; a DHS notices it only by `stoh_correct_motor_position`.
"""

import enum
import math
from typing import Final

TURN: Final = 360.0  # degrees
HALF_TURN: Final = 180.0
_FURTHEST: Final = 1e15  # beyond it a float cannot resolve degrees


class CircleMode(enum.IntEnum):
    """How positions of a motor are folded. Source: dcss_device.h:72-79.

    The modes "for GUIs" fold the positions that GUIs get; the database keeps the reported position
    while it is within the reset range.
    """

    NONE = 0
    """Positions are kept as they are."""
    UP_TO_360 = 1
    """Into [0, 360)."""
    AROUND_ZERO = 2
    """Into [-180, 180)."""
    UP_TO_360_FOR_GUIS = 3
    """Into [0, 360), only for GUIs."""
    AROUND_ZERO_FOR_GUIS = 4
    """Into [-180, 180), only for GUIs."""


_FOR_GUIS: Final = (CircleMode.UP_TO_360_FOR_GUIS, CircleMode.AROUND_ZERO_FOR_GUIS)
_FROM_ZERO: Final = (CircleMode.UP_TO_360, CircleMode.UP_TO_360_FOR_GUIS)


def fold(mode: CircleMode, position: float) -> tuple[float, int]:
    """A position folded into the range of its mode, degrees, and the added correction.

    Source: dcss_client.c get_circle_corrected_value, confirmed on the wire
    """
    if mode is CircleMode.NONE or not math.isfinite(position):
        return position, 0
    low = 0.0 if mode in _FROM_ZERO else -HALF_TURN
    turns = math.floor((position - low) / TURN)
    folded = position - turns * TURN
    if folded < low:  # rounding, close to the ends of the range
        folded, turns = folded + TURN, turns - 1
    if folded >= low + TURN:
        folded, turns = folded - TURN, turns + 1
    return folded, round(-turns * TURN)


def after_move(mode: CircleMode, position: float, reset_range: float) -> tuple[float, int]:
    """The position to store after a reported one, and the correction to send.

    Source: dcss_hardware_client.c:587 and 724, confirmed on the wire for a reset range of 0
    """
    if mode in _FOR_GUIS and abs(position) < reset_range:
        return position, 0
    return fold(mode, position)


def after_configuration(mode: CircleMode, position: float, reset_range: float) -> tuple[float, int]:
    """The same for a position that a DHS sent by `htos_configure_device`.

    Source: dcss_client.c:261, 283, confirmed on the wire
    """
    if reset_range > 0 and abs(position) < reset_range:
        return position, 0
    return fold(mode, position)


def shorten(mode: CircleMode, position: float, destination: float) -> float:
    """The destination by the shorter way round: at most 180 degrees from `position`.

    A destination that is too large to have a place on a circle does not change.

    Source: dcss_client.c get_circle_corrected_destination, confirmed on the wire
    """
    way = destination - position
    if mode is CircleMode.NONE or abs(way) <= HALF_TURN or not abs(way) < _FURTHEST:
        return destination
    turns = math.ceil((abs(way) - HALF_TURN) / TURN)
    return destination - math.copysign(turns * TURN, way)
