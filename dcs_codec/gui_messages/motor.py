"""Messages of motors."""

from typing import ClassVar

import attrs

from dcs_codec.fields import (
    MotorNamesOrNone,
    Name,
    OnOff,
    OptionalStatus,
    Scaled,
    Steps,
    Text,
)
from dcs_codec.gui_fields import Contents, GuiMoveDestination, Settings, ToldName, ToldNumber
from dcs_codec.message import Message

__all__ = [
    "GtosAbortMotorMove",
    "GtosClearMotorSystemMessage",
    "GtosConfigureDevice",
    "GtosCorrectMotor",
    "GtosSetMotorMessage",
    "GtosSetMotorPosition",
    "GtosStartMotorMove",
    "StogConfigurePseudoMotor",
    "StogConfigureRealMotor",
    "StogDeviceActive",
    "StogLimitHit",
    "StogMotorCorrectStarted",
    "StogMotorMoveCompleted",
    "StogMotorMoveStarted",
    "StogNoHardwareHost",
    "StogSetMotorBaseUnits",
    "StogSetMotorChildren",
    "StogSetMotorDependency",
    "StogSetMotorSystemMessage",
    "StogSetMotorUserMessage",
    "StogSimulatingDevice",
    "StogUpdateMotorPosition",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStartMotorMove(Message):
    """Move a motor.

    For most refusals the scripting engine stops the whole beamline.

    Wire:   gtos_start_motor_move motor_name destination
    Units:  destination: scaled, or a word for the DHS
    Source: dcss_gui_client.c:1463-1470, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_start_motor_move"
    motor_name: Name
    destination: GuiMoveDestination


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosAbortMotorMove(Message):
    """Stop one motor; a motor of the scripting engine itself does not stop.

    Wire:   gtos_abort_motor_move motor_name [abort_arg]
    Units:  abort_arg: `soft` (decelerate) or `hard`
    Source: dcss_gui_client.c:1509, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_abort_motor_move"
    motor_name: Name
    abort_arg: OptionalStatus = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosSetMotorPosition(Message):
    """Give the present position another number; for staff. It has no answer.

    Wire:   gtos_set_motor_position motor_name position
    Units:  position: scaled
    Source: dcss_gui_client.c:1233, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_set_motor_position"
    motor_name: Name
    position: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosConfigureDevice(Message):
    """Change the configuration of a motor; for staff.

    `settings` are the numbers of `stog_configure_real_motor` or `stog_configure_pseudo_motor` from
    the position to the last flag, 12 or 6; what is missing at the end stays as it was.

    Wire:   gtos_configure_device motor_name settings
    Units:  settings: position upper_limit lower_limit [scale_factor speed acceleration backlash]
            lower_limit_on upper_limit_on motor_lock_on [backlash_on reverse_on]
    Source: dcss_gui_client.c, dcss_client.c:245-300, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_configure_device"
    motor_name: Name
    settings: Settings


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureRealMotor(Message):
    """The configuration of a real motor.

    Wire:   stog_configure_real_motor motor_name hardware_host hardware_name position upper_limit
            lower_limit scale_factor speed acceleration backlash lower_limit_on upper_limit_on
            motor_lock_on backlash_on reverse_on status
    Units:  position, upper_limit, lower_limit: scaled; scale_factor: steps per scaled unit; speed:
            steps/s; acceleration: ms to full speed; backlash: steps; status: always 0, also of a
            motor under way
    Source: dcss_database.c:506, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_real_motor"
    motor_name: ToldName
    hardware_host: ToldName
    hardware_name: ToldName
    position: ToldNumber
    upper_limit: ToldNumber
    lower_limit: ToldNumber
    scale_factor: ToldNumber
    speed: Steps
    acceleration: Steps
    backlash: Steps
    lower_limit_on: OnOff
    upper_limit_on: OnOff
    motor_lock_on: OnOff
    backlash_on: OnOff
    reverse_on: OnOff
    status: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigurePseudoMotor(Message):
    """The configuration of a pseudo motor.

    Wire:   stog_configure_pseudo_motor motor_name hardware_host hardware_name position upper_limit
            lower_limit lower_limit_on upper_limit_on motor_lock_on status
    Units:  position, upper_limit, lower_limit: scaled; status: always 0, also of a motor under way
    Source: dcss_database.c:545, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_pseudo_motor"
    motor_name: ToldName
    hardware_host: ToldName
    hardware_name: ToldName
    position: ToldNumber
    upper_limit: ToldNumber
    lower_limit: ToldNumber
    lower_limit_on: OnOff
    upper_limit_on: OnOff
    motor_lock_on: OnOff
    status: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetMotorBaseUnits(Message):
    """The units of a motor.

    Wire:   stog_set_motor_base_units motor_name units
    Units:  units: `mm`, `deg` ...; may be empty
    Source: dcss_gui_client.c:1010-1040, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_motor_base_units"
    motor_name: ToldName
    units: Contents


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetMotorDependency(Message):
    """Motors that a motor's position depends on.

    Wire:   stog_set_motor_dependency motor_name dependencies
    Source: dcss_gui_client.c:1010-1040, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_motor_dependency"
    motor_name: ToldName
    dependencies: MotorNamesOrNone


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetMotorChildren(Message):
    """Motors that a pseudo motor is made of.

    Wire:   stog_set_motor_children motor_name children
    Source: dcss_gui_client.c:1010-1040, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_motor_children"
    motor_name: ToldName
    children: MotorNamesOrNone


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogMotorMoveStarted(Message):
    """A move has begun.

    Wire:   stog_motor_move_started motor_name destination
    Units:  destination: scaled
    Source: dcss_hardware_client.c:661, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_motor_move_started"
    motor_name: ToldName
    destination: ToldNumber


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUpdateMotorPosition(Message):
    """Where a motor is, while it moves or unasked.

    Wire:   stog_update_motor_position motor_name position status
    Units:  position: scaled; status: `normal`, or a hardware limit
    Source: dcss_hardware_client.c:724, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_update_motor_position"
    motor_name: ToldName
    position: ToldNumber
    status: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogMotorMoveCompleted(Message):
    """The end of a move, or why it was refused.

    Wire:   stog_motor_move_completed motor_name position status
    Units:  position: scaled; status: `normal`, or why not; braced if it has blanks,
            `{no_hw_host galilDHS}`
    Source: dcss_hardware_client.c:587, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_motor_move_completed"
    motor_name: ToldName
    position: ToldNumber
    status: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogMotorCorrectStarted(Message):
    """A DHS corrects a motor's position; passed on unchanged.

    Wire:   stog_motor_correct_started motor_name arguments
    Source: dcss_hardware_client.c:708, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_motor_correct_started"
    motor_name: ToldName
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogLimitHit(Message):
    """A motor has hit a hardware limit; passed on unchanged.

    Wire:   stog_limit_hit motor_name direction
    Units:  direction: for example `cw`
    Source: dcss_hardware_client.c:1009, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_limit_hit"
    motor_name: ToldName
    direction: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSimulatingDevice(Message):
    """A DHS only simulates a device; passed on unchanged.

    Wire:   stog_simulating_device device_name arguments
    Source: dcss_hardware_client.c:1020, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_simulating_device"
    device_name: ToldName
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogNoHardwareHost(Message):
    """The DHS of a device is not connected, so a command was not sent.

    Wire:   stog_no_hardware_host device_name
    Source: dcss_gui_client.c, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_no_hardware_host"
    device_name: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogDeviceActive(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_device_active arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_device_active"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetMotorUserMessage(Message):
    """A text about a motor, of a newer dcss.

    Wire:   stog_set_motor_user_message motor_name timestamp message_text
    Units:  timestamp: s since 1970, unchanged
    Source: DcsProtocol.tcl:1071-1094
    """

    keyword: ClassVar[str] = "stog_set_motor_user_message"
    motor_name: ToldName
    timestamp: ToldName
    message_text: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetMotorSystemMessage(Message):
    """A text about a motor, of a newer dcss.

    Wire:   stog_set_motor_system_message motor_name timestamp message_text
    Units:  timestamp: s since 1970, unchanged
    Source: DcsProtocol.tcl:1071-1094
    """

    keyword: ClassVar[str] = "stog_set_motor_system_message"
    motor_name: ToldName
    timestamp: ToldName
    message_text: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosCorrectMotor(Message):
    """Sent by old GUIs. dcss does not know it.

    Wire:   gtos_correct_motor device_name arguments
    Source: sources of other GUIs; confirmed on the wire that dcss does not know it
    """

    keyword: ClassVar[str] = "gtos_correct_motor"
    device_name: Name
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosSetMotorMessage(Message):
    """Sent by newer GUIs. dcss does not know it.

    Wire:   gtos_set_motor_message device_name arguments
    Source: sources of other GUIs; confirmed on the wire that dcss does not know it
    """

    keyword: ClassVar[str] = "gtos_set_motor_message"
    device_name: Name
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosClearMotorSystemMessage(Message):
    """Sent by newer GUIs. dcss does not know it.

    Wire:   gtos_clear_motor_system_message device_name arguments
    Source: sources of other GUIs; confirmed on the wire that dcss does not know it
    """

    keyword: ClassVar[str] = "gtos_clear_motor_system_message"
    device_name: Name
    arguments: Text = ""
