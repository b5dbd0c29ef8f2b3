"""Messages of strings: named texts that DCSS keeps and a DHS may own."""

from typing import ClassVar

import attrs

from dcs_codec.fields import HardwareName, Name, Status, StringContents, Text
from dcs_codec.message import Message

__all__ = [
    "HtosConfigureString",
    "HtosSetStringCompleted",
    "HtosStringCompleted",
    "StohConfigureString",
    "StohRegisterString",
    "StohRegisterStringMotor",
    "StohSetString",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterString(Message):
    """DCSS tells the DHS that this string is its own.

    Wire:   stoh_register_string string_name hardware_name
    Source: dcss_hardware_client.c:1390, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_string"
    string_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureString(Message):
    """Answer to `htos_send_configuration` of a string: its contents in DCSS's database.

    Wire:   stoh_configure_string string_name hardware_host string_contents
    Source: dcss_database.c:624 (contents may be empty; the blank before them is always there),
            confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_string"
    string_name: Name
    hardware_host: Name
    string_contents: StringContents


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetString(Message):
    """A client asks for new contents; the DHS answers `htos_set_string_completed`.

    Wire:   stoh_set_string string_name string_contents
    Source: dcss_gui_client.c:2225 (contents verbatim, may be missing), confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_set_string"
    string_name: Name
    string_contents: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosSetStringCompleted(Message):
    """The contents are set (also unasked, when the DHS changes them), or why they are not.

    Wire:   htos_set_string_completed string_name string_status string_contents
    Units:  string_status: `normal` stores the contents, any other word does not
    Source: dcss_hardware_client.c:1535 (finds the contents by counting one blank per word),
            confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_set_string_completed"
    string_name: Name
    string_status: Status
    string_contents: StringContents


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterStringMotor(Message):
    """Named in log texts of DHS code bases; dcss does not send it.

    Wire:   stoh_register_string_motor arguments
    Source: log texts only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_register_string_motor"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureString(Message):
    """dcss ignores it; no known DHS sends it.

    Wire:   htos_configure_string string_name arguments
    Source: confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_configure_string"
    string_name: Name
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosStringCompleted(Message):
    """Not `htos_set_string_completed`: dcss ignores this one.

    Wire:   htos_string_completed string_name arguments
    Source: simdetector (comments); confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_string_completed"
    string_name: Name
    arguments: Text = ""
