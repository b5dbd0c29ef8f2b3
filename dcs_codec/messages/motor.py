"""Messages of motors: what they are, how they are set up, moved, stopped and reported."""

from typing import ClassVar

import attrs

from dcs_codec.fields import (
    HardwareName,
    MotorNames,
    MotorNamesOrNone,
    MoveDestination,
    Name,
    Note,
    OnOff,
    OptionalHardwareName,
    OptionalName,
    OptionalOnOff,
    OptionalScaled,
    OptionalStatus,
    OptionalSteps,
    Scaled,
    Status,
    Steps,
    StoredScaled,
    Text,
)
from dcs_codec.message import Message

__all__ = [
    "HtosConfigureDevice",
    "HtosLimitHit",
    "HtosMotorCorrectStarted",
    "HtosMotorMoveCompleted",
    "HtosMotorMoveStarted",
    "HtosSetMotorMessage",
    "HtosSimulatingDevice",
    "HtosUpdateMotorPosition",
    "StohAbortMotorMove",
    "StohConfigurePseudoMotor",
    "StohConfigureRealMotor",
    "StohCorrectMotorPosition",
    "StohRegisterPseudoMotor",
    "StohRegisterRealMotor",
    "StohSetMotorChildren",
    "StohSetMotorDependency",
    "StohSetMotorPosition",
    "StohStartMotorMove",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterRealMotor(Message):
    """DCSS tells the DHS that this motor is its own.

    Wire:   stoh_register_real_motor motor_name hardware_name
    Source: dcss_hardware_client.c:1325, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_real_motor"
    motor_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterPseudoMotor(Message):
    """DCSS tells the DHS that this pseudo motor is its own.

    Wire:   stoh_register_pseudo_motor motor_name hardware_name
    Source: dcss_hardware_client.c:1335, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_pseudo_motor"
    motor_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetMotorDependency(Message):
    """Motors that a motor's position depends on; sent after the registrations.

    Wire:   stoh_set_motor_dependency motor_name dependencies
    Source: dcss_hardware_client.c:1215 (only if there are any), confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_set_motor_dependency"
    motor_name: Name
    dependencies: MotorNames


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetMotorChildren(Message):
    """Motors that a pseudo motor is made of; sent after its dependencies.

    Wire:   stoh_set_motor_children motor_name children
    Units:  children: may be none at all
    Source: dcss_hardware_client.c:1231 (only if there are dependencies), confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_set_motor_children"
    motor_name: Name
    children: MotorNamesOrNone


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureRealMotor(Message):
    """The configuration of a real motor: the answer to `htos_send_configuration`, or a change.

    The form of a real dcss has the hardware's host and name, and ends in a status; the manual's
    form has neither.

    Wire:   stoh_configure_real_motor motor_name [hardware_host hardware_name] position upper_limit
            lower_limit scale_factor speed acceleration backlash lower_limit_on upper_limit_on
            motor_lock_on backlash_on reverse_on [status]
    Units:  position, upper_limit, lower_limit: scaled; scale_factor: steps per scaled unit;
            speed: steps/s; acceleration: ms to full speed; backlash: steps; status: the server's
            own, always 0 in practice
    Source: dcss_database.c:513, dhs_motor_messages.cc:325, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_real_motor"
    motor_name: Name
    hardware_host: OptionalName = ""
    hardware_name: OptionalHardwareName = ""
    position: StoredScaled
    upper_limit: StoredScaled
    lower_limit: StoredScaled
    scale_factor: StoredScaled
    speed: Steps
    acceleration: Steps
    backlash: Steps
    lower_limit_on: OnOff
    upper_limit_on: OnOff
    motor_lock_on: OnOff
    backlash_on: OnOff
    reverse_on: OnOff
    status: OptionalSteps = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigurePseudoMotor(Message):
    """The configuration of a pseudo motor: the answer to `htos_send_configuration`, or a change.

    The form of a real dcss has the hardware's host and name, and ends in a status; the manual's
    form has neither.

    Wire:   stoh_configure_pseudo_motor motor_name [hardware_host hardware_name] position
            upper_limit lower_limit lower_limit_on upper_limit_on motor_lock_on [status]
    Units:  position, upper_limit, lower_limit: scaled; status: the server's own, always 0 in
            practice
    Source: dcss_database.c:545, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_pseudo_motor"
    motor_name: Name
    hardware_host: OptionalName = ""
    hardware_name: OptionalHardwareName = ""
    position: StoredScaled
    upper_limit: StoredScaled
    lower_limit: StoredScaled
    lower_limit_on: OnOff
    upper_limit_on: OnOff
    motor_lock_on: OnOff
    status: OptionalSteps = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStartMotorMove(Message):
    """Move a motor; every move ends in one `htos_motor_move_completed`.

    Wire:   stoh_start_motor_move motor_name destination
    Units:  destination: scaled, or a word for the DHS (`home`, `#HM1`) as the caller wrote it
    Source: dcss_gui_client.c:1463-1470 (`%f`, or verbatim if that is 0), confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_start_motor_move"
    motor_name: Name
    destination: MoveDestination


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohAbortMotorMove(Message):
    """Stop one motor; its move completes as `aborted`.

    Wire:   stoh_abort_motor_move motor_name [abort_arg]
    Units:  abort_arg: `soft` (decelerate) or `hard`, may be missing; anything else means hard
    Source: dcss_gui_client.c:1509 (verbatim), dhs_motor_messages.cc:656 (only a moving motor)
    """

    keyword: ClassVar[str] = "stoh_abort_motor_move"
    motor_name: Name
    abort_arg: OptionalStatus = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetMotorPosition(Message):
    """Give the present position another number; the motor does not move.

    Wire:   stoh_set_motor_position motor_name position
    Units:  position: scaled
    Source: dcss_gui_client.c:1233, dhs_motor_messages.cc:749, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_set_motor_position"
    motor_name: Name
    position: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohCorrectMotorPosition(Message):
    """Add to the position of a circle motor, after dcss folded what the DHS reported.

    Wire:   stoh_correct_motor_position motor_name correction
    Units:  correction: scaled, a multiple of 360 and so an integer
    Source: dcss_hardware_client.c:634, 933; dhs_motor_messages.cc:812, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_correct_motor_position"
    motor_name: Name
    correction: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosMotorMoveStarted(Message):
    """A move has begun.

    Wire:   htos_motor_move_started motor_name destination
    Units:  destination: scaled
    Source: dcss_hardware_client.c:661, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_motor_move_started"
    motor_name: Name
    destination: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosUpdateMotorPosition(Message):
    """Where a motor is, while it moves or unasked.

    Wire:   htos_update_motor_position motor_name position status
    Units:  position: scaled; status: see `MotorStatus`
    Source: dcss_hardware_client.c:724, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_update_motor_position"
    motor_name: Name
    position: Scaled
    status: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosMotorMoveCompleted(Message):
    """The one end of a move.

    Anything but `normal` and `aborted` makes the scripting engine abort the whole beamline.

    Wire:   htos_motor_move_completed motor_name position status
    Units:  position: scaled; status: see `MotorStatus`
    Source: dcss_hardware_client.c:587 (without a status it would broadcast stale bytes),
            confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_motor_move_completed"
    motor_name: Name
    position: Scaled
    status: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureDevice(Message):
    """Tell DCSS the configuration of a motor, which it stores and broadcasts.

    With the fields of a real motor, or for a pseudo motor without `scale_factor`, `speed`,
    `acceleration`, `backlash`, `backlash_on` and `reverse_on`.

    Wire:   htos_configure_device motor_name position upper_limit lower_limit [scale_factor speed
            acceleration backlash] lower_limit_on upper_limit_on motor_lock_on
            [backlash_on reverse_on]
    Units:  position, upper_limit, lower_limit: scaled; scale_factor: steps per scaled unit;
            speed: steps/s; acceleration: ms to full speed; backlash: steps
    Source: dcss_hardware_client.c:889, dcss_client.c:245-300, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_configure_device"
    motor_name: Name
    position: Scaled
    upper_limit: Scaled
    lower_limit: Scaled
    scale_factor: OptionalScaled = None
    speed: OptionalSteps = None
    acceleration: OptionalSteps = None
    backlash: OptionalSteps = None
    lower_limit_on: OnOff
    upper_limit_on: OnOff
    motor_lock_on: OnOff
    backlash_on: OptionalOnOff = None
    reverse_on: OptionalOnOff = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosMotorCorrectStarted(Message):
    """A motor's position is being corrected; forwarded, and scripts do not know it.

    Wire:   htos_motor_correct_started arguments
    Units:  arguments: any words, a motor's name in practice
    Source: dcss_hardware_client.c:708, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_motor_correct_started"
    arguments: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosLimitHit(Message):
    """A motor has hit a hardware limit; the scripting engine aborts everything.

    Wire:   htos_limit_hit motor_name direction
    Units:  direction: for example `cw`
    Source: dcss_hardware_client.c:1009 (forwards), confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_limit_hit"
    motor_name: Name
    direction: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosSimulatingDevice(Message):
    """Tell GUIs and scripts that a device is simulated.

    Wire:   htos_simulating_device arguments
    Units:  arguments: any words, a device's name in practice
    Source: dcss_hardware_client.c:1020, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_simulating_device"
    arguments: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosSetMotorMessage(Message):
    """A text about a motor; dcss ignores it.

    Wire:   htos_set_motor_message motor_name message_text
    Source: pydhsfw; confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_set_motor_message"
    motor_name: Name
    message_text: Text = ""
