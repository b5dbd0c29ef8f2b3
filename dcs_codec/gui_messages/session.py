"""Messages of a GUI's connection: its login, the end of the first push, rights and clients."""

from typing import ClassVar

import attrs

from dcs_codec.fields import OnOff, OptionalSteps, Steps, Text
from dcs_codec.gui_fields import LoginWord, ToldName
from dcs_codec.gui_messages.rows import ClientRow, Permissions, permission_pair
from dcs_codec.message import Message

__all__ = [
    "GtosClientIsGui",
    "GtosInquireGuiClients",
    "StocSendClientType",
    "StogAuthenticationFailed",
    "StogDcssEndUpdateAllDevice",
    "StogDevicePermissionBit",
    "StogInsufficientPrivilege",
    "StogLoginComplete",
    "StogQuit",
    "StogRespondToChallenge",
    "StogSetPermissionLevel",
    "StogTestSocketConnection",
    "StogUnrecognizedCommand",
    "StogUpdateClient",
    "StogUpdateClientList",
]


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StocSendClientType(Message):
    """DCSS asks who connected; the first message of every connection, in v2 on this port.

    The number is there if the server has its keys; then a session may be sent encrypted. dcss waits
    one second in total, for the login and for missing pieces of later messages.

    Wire:   stoc_send_client_type [client_id]
    Units:  client_id: number of this connection
    Source: dcss_gui_client.c:824, confirmed on the wire
    """

    keyword: ClassVar[str] = "stoc_send_client_type"
    client_id: OptionalSteps = None


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosClientIsGui(Message):
    """A GUI logs in; a block of 200 bytes. dcss does not look at the keyword.

    Wire:   gtos_client_is_gui user session host display
    Units:  session: the session's id, or `CYPHER` or `DCS_CYPHER` if a ticket follows; host: as
            dcss resolves the address of the client (`localhost` on loopback); display: tells
            where the GUI is
    Source: dcss_gui_client.c:821-853, dcss_users.c:326-333, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_client_is_gui"
    user: LoginWord
    session: LoginWord
    host: LoginWord
    display: LoginWord


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogLoginComplete(Message):
    """The login is accepted; everything at the beamline follows.

    Wire:   stog_login_complete client_id
    Units:  client_id: number of this connection, which handles of operations begin with
    Source: dcss_gui_client.c:532, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_login_complete"
    client_id: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogAuthenticationFailed(Message):
    """The login is refused, or the session has ended; dcss closes the connection.

    Wire:   stog_authentication_failed client_id
    Units:  client_id: number of this connection
    Source: dcss_gui_client.c:501, 582, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_authentication_failed"
    client_id: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogRespondToChallenge(Message):
    """An older server's way to log in; dcss does not send it. The challenge is the binary part.

    Wire:   stog_respond_to_challenge arguments
    Source: DcsProtocol.tcl:923-939
    """

    keyword: ClassVar[str] = "stog_respond_to_challenge"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogSetPermissionLevel(Message):
    """What the user of this connection may do, and where the GUI is.

    Wire:   stog_set_permission_level is_staff is_roaming location
    Units:  location: `HUTCH`, `LOCAL` or `REMOTE`
    Source: dcss_gui_client.c:541, dcss_broadcast.c:640, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_set_permission_level"
    is_staff: OnOff
    is_roaming: OnOff
    location: ToldName


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogDcssEndUpdateAllDevice(Message):
    """The end of the first push: all devices have been sent.

    Wire:   stog_dcss_end_update_all_device
    Source: dcss_gui_client.c:563, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_dcss_end_update_all_device"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogDevicePermissionBit(Message):
    """Who may use a device, from where.

    Wire:   stog_device_permission_bit device_name permission_bits
    Units:  permission_bits: `{passive remote local hutch closed_hutch}` of staff, the same of users
    Source: dcss_gui_client.c:1001, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_device_permission_bit"
    device_name: ToldName
    permission_bits: Text

    @property
    def permissions(self) -> tuple[Permissions, Permissions]:
        """What staff and what users may; raises DecodeError if the text is something else."""
        return permission_pair(self.keyword, self.permission_bits)


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosInquireGuiClients(Message):
    """Ask for the list of clients; all clients get it.

    Wire:   gtos_inquire_gui_clients
    Source: dcss_gui_client.c:246-273, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_inquire_gui_clients"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUpdateClientList(Message):
    """How many clients there are; as many `stog_update_client` follow, at most 64.

    Wire:   stog_update_client_list client_count
    Source: dcss_broadcast.c:508, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_update_client_list"
    client_count: Steps


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUpdateClient(Message):
    """One client of the server.

    The row is a Tcl list as dcss writes it; long names cut it, so it is kept to the letter.

    Wire:   stog_update_client client_id row
    Units:  row: `user {full name} {LOCAL} {title} staff roaming host {place} master was_master`
    Source: dcss_broadcast.c:531-560, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_update_client"
    client_id: Steps
    row: Text

    @property
    def client(self) -> ClientRow:
        """What the row says; raises DecodeError if it is cut, or not a list."""
        return ClientRow.from_text(self.keyword, self.row)


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogQuit(Message):
    """All GUIs are asked to leave; dcss itself closes no connection.

    Wire:   stog_quit
    Source: dcss_gui_client.c:2440, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_quit"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogUnrecognizedCommand(Message):
    """Known to GUIs; dcss does not send it, it logs `Unrecognized command`.

    Wire:   stog_unrecognized_command arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_unrecognized_command"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogInsufficientPrivilege(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_insufficient_privilege arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_insufficient_privilege"
    arguments: Text = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogTestSocketConnection(Message):
    """Known to GUIs; dcss does not send it.

    Wire:   stog_test_socket_connection arguments
    Source: handlers of GUIs only, so the words are kept unchanged
    """

    keyword: ClassVar[str] = "stog_test_socket_connection"
    arguments: Text = ""
