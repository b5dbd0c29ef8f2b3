"""Messages of motions that several devices make together: oscillations and vector moves."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, OptionalScaled, Scaled, Seconds
from dcs_codec.message import Message

__all__ = [
    "GtosChangeVectorSpeed",
    "GtosStartOscillation",
    "GtosStartVectorMove",
    "GtosStopVectorMove",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStartOscillation(Message):
    """Turn a motor by a range in a time with the shutter open; passed on unchanged.

    Wire:   gtos_start_oscillation motor_name shutter_name oscillation_range oscillation_time
            [start_angle]
    Units:  shutter_name: may be `NULL`; oscillation_range: scaled; oscillation_time: s;
            start_angle: scaled
    Source: dcss_gui_client.c:1540, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_start_oscillation"
    motor_name: Name
    shutter_name: Name
    oscillation_range: Scaled
    oscillation_time: Seconds
    start_angle: OptionalScaled = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStartVectorMove(Message):
    """Move two motors along a straight line; passed on unchanged.

    Wire:   gtos_start_vector_move motor_name_1 motor_name_2 destination_1 destination_2 speed
    Units:  motor_name_2: may be `NULL`; destination_1, destination_2: scaled; speed: as the DHS
            takes it
    Source: dcss_gui_client.c:1571, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_start_vector_move"
    motor_name_1: Name
    motor_name_2: Name
    destination_1: Scaled
    destination_2: Scaled
    speed: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStopVectorMove(Message):
    """Stop a vector move.

    Wire:   gtos_stop_vector_move motor_name_1 motor_name_2
    Units:  motor_name_2: may be `NULL`
    Source: dcss_gui_client.c:1617, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_stop_vector_move"
    motor_name_1: Name
    motor_name_2: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosChangeVectorSpeed(Message):
    """Change the speed of a vector move that is under way.

    Wire:   gtos_change_vector_speed motor_name_1 motor_name_2 speed
    Units:  motor_name_2: may be `NULL`; speed: as the DHS takes it
    Source: dcss_gui_client.c:1655, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_change_vector_speed"
    motor_name_1: Name
    motor_name_2: Name
    speed: Scaled
