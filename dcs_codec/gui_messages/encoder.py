"""Messages of encoders."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, Scaled, Text
from dcs_codec.gui_fields import ToldName, ToldNumber
from dcs_codec.message import Message

__all__ = [
    "GtosGetEncoder",
    "GtosSetEncoder",
    "StogConfigureEncoder",
    "StogGetEncoderCompleted",
    "StogSetEncoderCompleted",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosGetEncoder(Message):
    """Read an encoder.

    Wire:   gtos_get_encoder encoder_name
    Source: dcss_gui_client.c:2096, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_get_encoder"
    encoder_name: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosSetEncoder(Message):
    """Give the present position of an encoder another number.

    Wire:   gtos_set_encoder encoder_name position
    Units:  position: scaled
    Source: dcss_gui_client.c:2157, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_set_encoder"
    encoder_name: Name
    position: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogConfigureEncoder(Message):
    """An encoder, and the position that dcss remembers.

    Wire:   stog_configure_encoder encoder_name hardware_host position repeated_position
    Units:  position: scaled; repeated_position: the same value again
    Source: dcss_database.c:614, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_configure_encoder"
    encoder_name: ToldName
    hardware_host: ToldName
    position: ToldNumber
    repeated_position: ToldNumber


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogGetEncoderCompleted(Message):
    """What an encoder reads, or why it was not read.

    Wire:   stog_get_encoder_completed encoder_name position status
    Units:  position: scaled; status: `normal`, or why not
    Source: dcss_hardware_client.c:1502, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_get_encoder_completed"
    encoder_name: ToldName
    position: ToldNumber
    status: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetEncoderCompleted(Message):
    """An encoder was set, or why it was not.

    Wire:   stog_set_encoder_completed encoder_name position status
    Units:  position: scaled; status: `normal`, or why not
    Source: dcss_hardware_client.c:1472, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_encoder_completed"
    encoder_name: ToldName
    position: ToldNumber
    status: Text = ""
