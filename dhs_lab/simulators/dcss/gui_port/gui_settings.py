"""`GuiSettings`: the settings of dcss and of its session server for GUIs."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from dhs_runtime.lowlevel import ConfigError

Location = Literal["LOCAL", "HUTCH", "REMOTE"]
Door = Literal["open", "closed"]

WAITING_S: Final = 1.0
BACKLOG: Final = 512_000


@attrs.frozen
class Display:
    """Where a display is.

    Attributes:
        location: `LOCAL` (at the beamline), `HUTCH` or `REMOTE`.
        place: The place in words; the client list shows it.
    """

    location: Location
    place: str = ""


@attrs.frozen
class Rights:
    """The rights of a session, as a session server sends them.

    Attributes:
        user: The user it belongs to; "" for any.
        is_staff: Whether the user may do what only staff may.
        is_roaming: Whether the user may be master from a remote place.
        full_name: Name of the person; the user's if empty.
        title: Job title.
    """

    user: str = ""
    is_staff: bool = True
    is_roaming: bool = True
    full_name: str = ""
    title: str = "unknown"


@attrs.frozen(kw_only=True)
class GuiSettings:
    """How the GUI port treats its clients.

    Attributes:
        displays: Where displays are (`:0.0`); without any, every client is local; otherwise a
            display that is not listed is remote.
        sessions: The sessions that may log in; without any, every session may, with all rights,
            as in a dcss built without authentication.
        checks_host: Whether the host of a login must be the address that it comes from, or
            `localhost` on loopback.
        door: State of the hutch door; None: the string `hutchDoorStatus` has it, and without
            such a string the door is open.
        waiting_s: How long a connection may wait for pieces of messages, in total.
        backlog: Bytes that may wait for a client that does not read, before it is dropped.
        records: Names of all records that clients get, in the order of a dump; see `Database`.
        runs: By name the messages about runs; see `Dump`.
    """

    displays: Mapping[str, Display] = attrs.field(factory=dict)
    sessions: Mapping[str, Rights] = attrs.field(factory=dict)
    checks_host: bool = False
    door: Door | None = None
    waiting_s: float = WAITING_S
    backlog: int = BACKLOG
    records: tuple[str, ...] = ()
    runs: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.waiting_s <= 0 or self.backlog <= 0:
            raise ConfigError("waiting_s and backlog of the GUI port must be above 0")

    def display(self, name: str) -> Display:
        """Where this display is."""
        if not self.displays:
            return Display("LOCAL")
        return self.displays.get(name, Display("REMOTE"))

    def rights(self, user: str, session: str) -> Rights | None:
        """The rights of this user with this session, None if the session may not log in.

        Source: dcss_users.c, confirmed on the wire
        """
        if not self.sessions:
            return Rights()
        rights = self.sessions.get(session)
        return rights if rights is not None and rights.user in ("", user) else None
