"""Messages of operations."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Handle, Name, Text
from dcs_codec.gui_fields import ListOrNothing, OptionalTold, ToldHandle, ToldName
from dcs_codec.message import Message

__all__ = [
    "GtosStartOperation",
    "GtosStopOperation",
    "StogConfigureOperation",
    "StogOperationCompleted",
    "StogOperationUpdate",
    "StogStartOperation",
    "StogStopOperation",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStartOperation(Message):
    """Start an operation.

    A handle begins with the number of the client that starts it. dcss does not check
    handles: the client must use each of them once.

    Wire:   gtos_start_operation operation_name operation_handle operation_args
    Units:  operation_handle: `client_id.counter`; operation_args: a Tcl list
    Source: dcss_gui_client.c:1923, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_start_operation"
    operation_name: Name
    operation_handle: Handle
    operation_args: ListOrNothing = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosStopOperation(Message):
    """Ask an operation to end early; it completes as usual, or ignores this.

    Wire:   gtos_stop_operation operation_name operation_args
    Source: dcss_gui_client.c:2032, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_stop_operation"
    operation_name: Name
    operation_args: ListOrNothing = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureOperation(Message):
    """An operation.

    Wire:   stog_configure_operation operation_name hardware_host
    Source: dcss_database.c:607, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_operation"
    operation_name: ToldName
    hardware_host: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogStartOperation(Message):
    """Somebody started an operation.

    Wire:   stog_start_operation operation_name operation_handle operation_args
    Units:  operation_args: words that begin with `PRIVATE` are masked
    Source: dcss_gui_client.c:1923, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_start_operation"
    operation_name: ToldName
    operation_handle: ToldHandle
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogStopOperation(Message):
    """Somebody asked an operation to end early.

    Wire:   stog_stop_operation operation_name operation_args
    Source: dcss_gui_client.c:2032, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_stop_operation"
    operation_name: ToldName
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogOperationUpdate(Message):
    """Progress of an operation.

    Wire:   stog_operation_update operation_name operation_handle operation_args
    Source: dcss_hardware_client.c:1450, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_operation_update"
    operation_name: ToldName
    operation_handle: ToldHandle
    operation_args: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogOperationCompleted(Message):
    """The end of an operation, or why it was refused.

    There is none for an operation whose DHS went away.

    Wire:   stog_operation_completed operation_name operation_handle [operation_status]
            operation_args
    Units:  operation_status: `normal` is success
    Source: dcss_hardware_client.c:1436, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_operation_completed"
    operation_name: ToldName
    operation_handle: ToldHandle
    operation_status: OptionalTold
    operation_args: Text = ""
