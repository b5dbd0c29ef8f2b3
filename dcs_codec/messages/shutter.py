"""Messages of shutters and filters."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, OptionalHardwareName, OptionalStatus, Status, Text
from dcs_codec.message import Message

__all__ = [
    "HtosConfigureShutter",
    "HtosReportShutterState",
    "StohConfigureShutter",
    "StohRegisterShutter",
    "StohSetShutterState",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterShutter(Message):
    """DCSS tells the DHS that this shutter is its own, and the state it remembers.

    Older servers leave the hardware's name out.

    Wire:   stoh_register_shutter shutter_name shutter_state [hardware_name]
    Units:  shutter_state: `open` or `closed`, from DCSS's database, not from the hardware
    Source: dcss_hardware_client.c:1355-1371, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_shutter"
    shutter_name: Name
    shutter_state: Status
    hardware_name: OptionalHardwareName = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureShutter(Message):
    """Answer to `htos_send_configuration` of a shutter.

    Wire:   stoh_configure_shutter shutter_name hardware_host shutter_state
    Units:  shutter_state: `open` or `closed`
    Source: dcss_database.c:574, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_shutter"
    shutter_name: Name
    hardware_host: Name
    shutter_state: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetShutterState(Message):
    """Open or close a shutter; the DHS answers `htos_report_shutter_state`.

    Wire:   stoh_set_shutter_state shutter_name shutter_state
    Units:  shutter_state: `open` or `closed`; a C DHS opens at any other word, the EPICS gateway
            logs an error
    Source: dcss_gui_client.c:1791 (verbatim), dhs_motor_messages.cc:861
    """

    keyword: ClassVar[str] = "stoh_set_shutter_state"
    shutter_name: Name
    shutter_state: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosReportShutterState(Message):
    """A shutter is open or closed, or did not obey.

    Wire:   htos_report_shutter_state shutter_name shutter_state [result]
    Units:  shutter_state: `open` or `closed` (dcss takes any other word for open); result: why it
            failed, dcss stores the state only for `normal` or none; see `ShutterResult`
    Source: dcss_hardware_client.c:842, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_report_shutter_state"
    shutter_name: Name
    shutter_state: Status
    result: OptionalStatus = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureShutter(Message):
    """Sent by some DHSs; dcss ignores it.

    Wire:   htos_configure_shutter shutter_name arguments
    Source: confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_configure_shutter"
    shutter_name: Name
    arguments: Text = ""
