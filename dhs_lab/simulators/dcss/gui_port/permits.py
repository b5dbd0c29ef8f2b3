"""`Permits`: who may do what, and the messages to a client that may not.

Source: DcssDeviceLocker.cxx:39-123, dcss_gui_client.c:430-511 and 2268, confirmed on the wire
"""

import time
from typing import Final, Literal

from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.entries import StringEntry
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient
from dhs_lab.simulators.dcss.gui_port.gui_settings import Door, GuiSettings

DOOR: Final = "hutchDoorStatus"
_DOOR_S: Final = 5.0
_DOOR_WORDS: Final = 2
_AT: Final = {"REMOTE": 1, "LOCAL": 2, "HUTCH": 3}
_OPEN_REASON: Final = {
    "REMOTE": "hutch_door_open_remote",
    "LOCAL": "hutch_door_open_local",
    "HUTCH": "in_hutch_restricted",
}

Checked = Literal["any", "staff"]


class Permits:
    """Checks whether a client may use a device."""

    def __init__(self, database: Database, settings: GuiSettings) -> None:
        self._database = database
        self._settings = settings

    def refusal(
        self,
        client: GuiClient,
        name: str,
        *kinds: type[Entry],
        check: Checked = "any",
    ) -> str:
        """Why a client may not use the device of this name, "" if it may; also tells the client.

        Args:
            client: The client that asks.
            name: Name of the device.
            kinds: Allowed kinds of the device; none: any kind.
            check: What to check; `staff` if only staff may.
        """
        found = self._database.find(name)
        if found is None:
            client.log(f"{name} not_exist")
            return "not_exist"
        if kinds and not isinstance(found[1], kinds):
            kind = type_word(kinds[0])
            client.log(f"{name} type is not {kind}")
            return f"type_not_{kind}"
        reason = self._staff_only(client) if check == "staff" else None
        if reason is None:
            reason = self._generic(client, name)
        if reason:
            client.log(f"{name} permit check failed: {reason}")
        return reason

    def _staff_only(self, client: GuiClient) -> str | None:
        """A reason, "" if it may, None if the check for all clients decides."""
        if not client.rights.is_staff:
            client.log("only_stafff_allowed")  # as dcss spells it
            return "no_permission"
        return "" if client.is_master else None

    def _generic(self, client: GuiClient, name: str) -> str:
        door = self._door(client)
        if door == "closed" and client.location == "HUTCH":
            return "in_hutch_and_door_closed"
        with self._database.lock:
            staff, users = self._database.permits[name]
        bits = [bit == "1" for bit in (staff if client.rights.is_staff else users).split()]
        if not any(bits[1:]):
            return "no_permission"
        if not bits[0] and not client.is_master:
            return "must_be_active"
        if door == "closed":
            return "" if bits[4] else "hutch_door_closed"
        return "" if bits[_AT[client.location]] else _OPEN_REASON[client.location]

    def _door(self, client: GuiClient) -> Door:
        """The state of the door; an unknown one counts as open, and the client gets a message."""
        if self._settings.door is not None:
            return self._settings.door
        found = self._database.find(DOOR)
        if found is None or not isinstance(found[1], StringEntry):
            return "open"  # the database has no door: a real dcss would complain each time
        with self._database.lock:
            words = found[1].contents.split()
        if len(words) != _DOOR_WORDS or words[0] not in ("open", "closed"):
            client.log("Strange contents in hutchDoorStatus entry in database.dat")
            return "open"
        if not words[1].isdigit() or time.time() - int(words[1]) > _DOOR_S:
            unknown = "Hutch door status is unknown. Verify that all DHS programs are online."
            client.log(unknown)
            return "open"
        return "closed" if words[0] == "closed" else "open"


def type_word(kind: type[Entry]) -> str:
    """The name of a kind of device in dcss."""
    return kind.kind.replace(" ", "_")
