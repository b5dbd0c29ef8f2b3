"""Messages of motions that several devices make together: oscillations and vector moves."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, OptionalName, OptionalScaled, Scaled, Seconds
from dcs_codec.message import Message

__all__ = [
    "StohChangeVectorSpeed",
    "StohStartOscillation",
    "StohStartVectorMove",
    "StohStopVectorMove",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStartOscillation(Message):
    """Turn a motor by a range in a time with the shutter open, as one exposure.

    The DHS answers as for a move to the present position plus the range.

    Wire:   stoh_start_oscillation motor_name shutter_name oscillation_range oscillation_time
            [start_angle]
    Units:  shutter_name: may be `NULL`; oscillation_range: scaled; oscillation_time: s;
            start_angle: scaled, where the exposure begins; older servers send none
    Source: dcss_gui_client.c:1540 (verbatim), dhs_motor_messages.cc:386, confirmed on the wire;
            start_angle: logs of TPS 07A, whose dcss always sends it
    """

    keyword: ClassVar[str] = "stoh_start_oscillation"
    motor_name: Name
    shutter_name: Name
    oscillation_range: Scaled
    oscillation_time: Seconds
    start_angle: OptionalScaled = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStartVectorMove(Message):
    """Move two motors along a straight line; sent to the owner of the first.

    Wire:   stoh_start_vector_move motor_name_1 motor_name_2 destination_1 destination_2 speed
    Units:  motor_name_2: may be `NULL`; destination_1, destination_2: scaled; speed: as the DHS
            takes it
    Source: dcss_gui_client.c:1571 (verbatim), dhs_motor_messages.cc:893, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_start_vector_move"
    motor_name_1: Name
    motor_name_2: Name
    destination_1: Scaled
    destination_2: Scaled
    speed: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStopVectorMove(Message):
    """Stop a vector move.

    Wire:   stoh_stop_vector_move motor_name_1 [motor_name_2]
    Units:  motor_name_2: may be `NULL`, or missing (dcss passes on what the caller wrote, and a
            stop must stop)
    Source: dcss_gui_client.c:1617 (verbatim), dhs_motor_messages.cc:1009, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_stop_vector_move"
    motor_name_1: Name
    motor_name_2: OptionalName = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohChangeVectorSpeed(Message):
    """Change the speed of a vector move that is under way.

    Wire:   stoh_change_vector_speed motor_name_1 motor_name_2 speed
    Units:  motor_name_2: may be `NULL`; speed: as the DHS takes it
    Source: dcss_gui_client.c:1655 (verbatim), dhs_motor_messages.cc:1090
    """

    keyword: ClassVar[str] = "stoh_change_vector_speed"
    motor_name_1: Name
    motor_name_2: Name
    speed: Scaled
