"""Messages of a connection: the handshake, and what belongs to no single device."""

from typing import ClassVar

import attrs

from dcs_codec.fields import Name, Note, OptionalStatus, Steps, Text
from dcs_codec.message import Message

__all__ = [
    "HtosClientIsHardware",
    "HtosClientTypeIsHardware",
    "HtosLog",
    "HtosNote",
    "HtosSendConfiguration",
    "StocReconnectOnPort",
    "StocSendClientType",
    "StohAbortAll",
    "StohKickWatchdog",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StocSendClientType(Message):
    """DCSS asks who connected; the first message of every connection, always 200 bytes.

    dcss waits one second in all for the answer, then closes.

    Wire:   stoc_send_client_type
    Source: dcss_hardware_client.c:167 (hardware port), confirmed on the wire
    """

    keyword: ClassVar[str] = "stoc_send_client_type"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StocReconnectOnPort(Message):
    """Connect again on another port; an old server sent it, dcss never does.

    Wire:   stoc_reconnect_on_port port
    Source: simdhs message_handlers.tcl:159
    """

    keyword: ClassVar[str] = "stoc_reconnect_on_port"
    port: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosClientIsHardware(Message):
    """The DHS says which hardware host of DCSS's database it is; always 200 bytes.

    Wire:   htos_client_is_hardware hardware_name
    Units:  hardware_name: name of the hardware host
    Source: dcss_hardware_client.c:185 (reads the second word only), dhs_dcs_messages.cc:242
    """

    keyword: ClassVar[str] = "htos_client_is_hardware"
    hardware_name: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosClientTypeIsHardware(Message):
    """The same answer as the Tcl code bases write it; dcss takes both alike.

    Wire:   htos_client_type_is_hardware hardware_name dcs_version
    Units:  hardware_name: name of the hardware host; dcs_version: with the blanks that pad it
    Source: DcsNetworkProtocol.tcl handleFirstReadableEvent (`dcsProtocol_2.0`)
    """

    keyword: ClassVar[str] = "htos_client_type_is_hardware"
    hardware_name: Name
    dcs_version: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosSendConfiguration(Message):
    """Ask for the configuration of a device as DCSS remembers it.

    The answer, a `stoh_configure_*`, goes to the DHS that owns the device, also if another asked.
    There is none for a name that is not in the database, or whose owner is offline.

    Wire:   htos_send_configuration device_name
    Source: dcss_hardware_client.c:957, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_send_configuration"
    device_name: Name


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohAbortAll(Message):
    """Stop everything: motors, exposures, operations. No answer is expected.

    Sent to every DHS, also once per motor of a DHS that was lost.

    Wire:   stoh_abort_all [abort_arg]
    Units:  abort_arg: `soft` (decelerate) or `hard`; may be missing, anything else means hard
    Source: dcss_gui_client.c:1693 (verbatim), dhs_motor_messages.cc:538, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoh_abort_all"
    abort_arg: OptionalStatus = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StohKickWatchdog(Message):
    """Named in comments of a detector's DHS; nothing sends it.

    Wire:   stoh_kick_watchdog arguments
    Source: comments only, so no format is known
    """

    keyword: ClassVar[str] = "stoh_kick_watchdog"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosNote(Message):
    """A note to GUIs and scripts; scripts turn notes they do not know into a warning.

    Wire:   htos_note note_message
    Source: dcss_hardware_client.c:1422, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_note"
    note_message: Note = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosLog(Message):
    """A line for the beamline's log.

    Wire:   htos_log log_level log_sender log_message
    Units:  log_level: see `LogLevel`
    Source: dcss_hardware_client.c:1422, DcsMessageManager.cxx:322, confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_log"
    log_level: Name
    log_sender: Name
    log_message: Text = ""
