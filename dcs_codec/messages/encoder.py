"""Messages of encoders."""

from typing import ClassVar

import attrs

from dcs_codec.fields import HardwareName, Name, Scaled, Status, StoredScaled, Text
from dcs_codec.message import Message

__all__ = [
    "HtosConfigureEncoder",
    "HtosGetEncoderCompleted",
    "HtosSetEncoderCompleted",
    "StohConfigureEncoder",
    "StohGetEncoder",
    "StohRegisterEncoder",
    "StohSetEncoder",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohRegisterEncoder(Message):
    """DCSS tells the DHS that this encoder is its own.

    Wire:   stoh_register_encoder encoder_name hardware_name
    Source: dcss_hardware_client.c:1384, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_register_encoder"
    encoder_name: Name
    hardware_name: HardwareName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohConfigureEncoder(Message):
    """Answer to `htos_send_configuration` of an encoder.

    Wire:   stoh_configure_encoder encoder_name hardware_host position repeated_position
    Units:  position: scaled; repeated_position: the same value again
    Source: dcss_database.c:614, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_configure_encoder"
    encoder_name: Name
    hardware_host: Name
    position: StoredScaled
    repeated_position: StoredScaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohGetEncoder(Message):
    """Read an encoder; the DHS answers `htos_get_encoder_completed`.

    Wire:   stoh_get_encoder encoder_name
    Source: dcss_gui_client.c:2096, dhs_motor_messages.cc:231
    """

    keyword: ClassVar[str] = "stoh_get_encoder"
    encoder_name: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohSetEncoder(Message):
    """Give the present position another number; answered by `htos_set_encoder_completed`.

    Wire:   stoh_set_encoder encoder_name position
    Units:  position: scaled
    Source: dcss_gui_client.c:2157 (verbatim), dhs_motor_messages.cc:210
    """

    keyword: ClassVar[str] = "stoh_set_encoder"
    encoder_name: Name
    position: Scaled


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosGetEncoderCompleted(Message):
    """What an encoder reads.

    Wire:   htos_get_encoder_completed encoder_name position status
    Units:  position: scaled, stored with any status; status: `normal` or why not
    Source: dcss_hardware_client.c:1502, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_get_encoder_completed"
    encoder_name: Name
    position: Scaled
    status: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosSetEncoderCompleted(Message):
    """An encoder was set, or not.

    Wire:   htos_set_encoder_completed encoder_name position status
    Units:  position: scaled, stored with any status; status: `normal` or why not
    Source: dcss_hardware_client.c:1472, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_set_encoder_completed"
    encoder_name: Name
    position: Scaled
    status: Status


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosConfigureEncoder(Message):
    """Sent by some DHSs; dcss ignores it.

    Wire:   htos_configure_encoder encoder_name arguments
    Source: dhs_dmc2180.cc:1819, simdhs; confirmed on the wire that dcss ignores it
    """

    keyword: ClassVar[str] = "htos_configure_encoder"
    encoder_name: Name
    arguments: Text = ""
