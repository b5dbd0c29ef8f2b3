"""Messages of operations: anything a DHS can do that is not a device of its own kind."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Handle, HardwareName, Name, Note, OptionalStatus, Text
from dcs_codec.message import Message

__all__ = [
    "HtosConfigureOperation",
    "HtosOperationComplete",
    "HtosOperationCompleted",
    "HtosOperationStart",
    "HtosOperationUpdate",
    "HtosStartOperation",
    "StohConfigureOperation",
    "StohRegisterOperation",
    "StohStartOperation",
    "StohStopOperation",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterOperation(Message):
    """DCSS tells the DHS that this operation is its own.

    Wire:   stoh_register_operation operation_name hardware_name
    Source: dcss_hardware_client.c:1378, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_operation"
    operation_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureOperation(Message):
    """Answer to `htos_send_configuration` of an operation.

    Wire:   stoh_configure_operation operation_name hardware_host
    Source: dcss_database.c:607, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_operation"
    operation_name: Name
    hardware_host: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStartOperation(Message):
    """Start an operation.

    Wire:   stoh_start_operation operation_name operation_handle operation_args
    Units:  operation_args: as the caller wrote them, usually a Tcl list; a C DHS keeps 499
            characters of the whole text
    Source: dcss_gui_client.c:1923, dhs_motor_messages.cc:1529, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_start_operation"
    operation_name: Name
    operation_handle: Handle
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohStopOperation(Message):
    """Stop an operation early; it has no answer of its own, and the operation completes as usual.

    Of the known code bases only the scripting engine of dcss handles it.

    Wire:   stoh_stop_operation operation_name operation_args
    Source: dcss_gui_client.c:2032, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_stop_operation"
    operation_name: Name
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosOperationUpdate(Message):
    """Progress of an operation, any number of times before it is completed.

    Wire:   htos_operation_update operation_name operation_handle operation_args
    Source: dcss_hardware_client.c:1450, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_operation_update"
    operation_name: Name
    operation_handle: Handle
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosOperationCompleted(Message):
    """The one end of an operation.

    Wire:   htos_operation_completed operation_name operation_handle [operation_status]
            operation_args
    Units:  operation_status: `normal` is success, any other word is the failure; "" if the DHS
            wrote none (a robot's did), which nobody takes for success
    Source: dcss_hardware_client.c:1436, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_operation_completed"
    operation_name: Name
    operation_handle: Handle
    operation_status: OptionalStatus
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosStartOperation(Message):
    """Tell GUIs and scripts that an operation begins; dcss forwards it and starts nothing.

    Wire:   htos_start_operation operation_name operation_handle operation_args
    Source: dcss_hardware_client.c:1464, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_start_operation"
    operation_name: Name
    operation_handle: Handle
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureOperation(Message):
    """dcss ignores it; no known DHS sends it.

    Wire:   htos_configure_operation operation_name arguments
    Source: confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_configure_operation"
    operation_name: Name
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosOperationStart(Message):
    """Not `htos_start_operation`: dcss ignores this one.

    Wire:   htos_operation_start operation_name arguments
    Source: simdetector (comments); confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_operation_start"
    operation_name: Name
    arguments: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosOperationComplete(Message):
    """Not `htos_operation_completed`: dcss ignores this one.

    Wire:   htos_operation_complete operation_name arguments
    Source: simdetector (comments); confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_operation_complete"
    operation_name: Name
    arguments: Note = ""
