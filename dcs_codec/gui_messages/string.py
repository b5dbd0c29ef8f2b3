"""Messages of strings: named texts."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name
from dcs_codec.gui_fields import Contents, ListOrNothing, ToldName
from dcs_codec.message import Message

__all__ = ["GtosSetString", "StogConfigureString", "StogSetStringCompleted"]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosSetString(Message):
    """Set a string. If it is not permitted, only a log line says so.

    Wire:   gtos_set_string string_name string_contents
    Source: dcss_gui_client.c:2225 (the name goes to `deviceName[81]`, unchecked), confirmed on the
            wire
    """

    keyword: ClassVar[str] = "gtos_set_string"
    string_name: Name
    string_contents: ListOrNothing = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureString(Message):
    """A string and its contents.

    Wire:   stog_configure_string string_name hardware_host string_contents
    Source: dcss_database.c:624 (there is a blank before empty contents, too), confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_string"
    string_name: ToldName
    hardware_host: ToldName
    string_contents: Contents


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetStringCompleted(Message):
    """A string has new contents, or why it has not.

    Wire:   stog_set_string_completed string_name string_status string_contents
    Units:  string_status: `normal`, or why not
    Source: dcss_hardware_client.c:1535, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_string_completed"
    string_name: ToldName
    string_status: ToldName
    string_contents: Contents
