"""Messages of shutters and filters."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, OptionalStatus, Text
from dcs_codec.gui_fields import ToldName
from dcs_codec.message import Message

__all__ = ["GtosSetShutterState", "StogConfigureShutter", "StogReportShutterState"]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosSetShutterState(Message):
    """Open or close a shutter. If it is not permitted, only a log line says so.

    Wire:   gtos_set_shutter_state shutter_name [shutter_state]
    Units:  shutter_state: `open` or `closed`; a C DHS opens at any other word
    Source: dcss_gui_client.c:1791, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_set_shutter_state"
    shutter_name: Name
    shutter_state: OptionalStatus


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureShutter(Message):
    """A shutter, and the state that dcss remembers.

    Wire:   stog_configure_shutter shutter_name hardware_host shutter_state
    Units:  shutter_state: `open` or `closed`
    Source: dcss_database.c:574, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_shutter"
    shutter_name: ToldName
    hardware_host: ToldName
    shutter_state: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogReportShutterState(Message):
    """A shutter is open or closed, or why it did not obey.

    Wire:   stog_report_shutter_state shutter_name shutter_state result
    Units:  shutter_state: `open`, `closed` or `unknown`; result: why it failed; `normal` or
            nothing if it did not
    Source: dcss_hardware_client.c:842, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_report_shutter_state"
    shutter_name: ToldName
    shutter_state: ToldName
    result: Text = ""
