"""`GuiClient`: one GUI, as the server sees it; `ConnectedGui`: one at the GUI port."""

from typing import Final, NamedTuple

import attrs

import dcs_codec
from dcs_codec import EncodeError, Frame, Framing, encode_frame
from dhs_lab.simulators.dcss.gui_port.gui_settings import Display, Location, Rights
from dhs_lab.simulators.dcss.outbox import Outbox
from dhs_runtime.lowlevel import get_logger

logger = get_logger(__name__)

LIST_MAX: Final = 64  # clients in a list


class Party(NamedTuple):
    """Who is at a GUI, and where: clients of one party are master together."""

    user: str
    session: str
    host: str
    display: str


@attrs.frozen
class GuiSession:
    """A client of the GUI port at one moment.

    Attributes:
        client_id: Number of the connection.
        user: Name of the user.
        host: Host that the client gave.
        location: `LOCAL`, `HUTCH` or `REMOTE`.
        place: Where it is, in words.
        is_master: Whether it is master ("Active").
        is_staff: Whether the user is staff.
    """

    client_id: int
    user: str
    host: str
    location: Location
    place: str
    is_master: bool
    is_staff: bool


@attrs.define(eq=False)
class GuiClient:
    """One client; the audience's lock guards its changing values.

    Attributes:
        client_id: Number of its connection; handles of its operations begin with it.
        party: What it said at its login.
        rights: The rights of its session.
        display: Where it is.
        place: Where it is, in words; the client may set it.
        is_master: Whether it is master.
        was_master: Whether it was the previous master.
    """

    client_id: int
    party: Party
    rights: Rights
    display: Display
    place: str = attrs.field(init=False)
    is_master: bool = attrs.field(default=False, init=False)
    was_master: bool = attrs.field(default=False, init=False)

    @place.default
    def _display_place(self) -> str:
        return self.display.place

    @property
    def location(self) -> Location:
        """Whether it is local, in the hutch or remote."""
        return self.display.location

    def __str__(self) -> str:
        return f"GUI {self.client_id} of {self.party.user}"

    def tell(self, text: str) -> None:
        """Send a text to this client only."""
        raise NotImplementedError

    def log(self, text: str) -> None:
        """Send an error line of the log to this client only, as dcss does for most refusals."""
        self.tell(f"stog_log error server {text}")

    def row(self) -> "dcs_codec.gui.ClientRow":
        """Its row of the client list."""
        rights = self.rights
        return dcs_codec.gui.ClientRow(
            user=self.party.user,
            full_name=rights.full_name or self.party.user,
            location=self.location,
            title=rights.title,
            is_staff=rights.is_staff,
            is_roaming=rights.is_roaming,
            host=self.party.host,
            place=self.place,
            is_master=self.is_master,
            was_master=self.was_master,
        )

    def permission_level(self) -> str:
        """`stog_set_permission_level` of it."""
        rights = self.rights
        words = f"{rights.is_staff:d} {rights.is_roaming:d} {self.location}"
        return f"stog_set_permission_level {words}"

    def session(self) -> GuiSession:
        """The client as a value."""
        return GuiSession(
            client_id=self.client_id,
            user=self.party.user,
            host=self.party.host,
            location=self.location,
            place=self.place,
            is_master=self.is_master,
            is_staff=self.rights.is_staff,
        )


@attrs.define(eq=False)
class ConnectedGui(GuiClient):
    """A client that is logged in at the GUI port.

    Attributes:
        outbox: Sends to it.
    """

    outbox: Outbox

    def tell(self, text: str) -> None:
        """Send a text to this client only."""
        try:
            self.outbox.put(framed(text))
        except EncodeError as error:
            logger.warning("%s does not get %.80r: %s", self, text, error)


def framed(text: str) -> bytes:
    """The bytes of a text; raises EncodeError if it does not fit a frame."""
    return encode_frame(Frame(text.encode(errors="surrogateescape")), Framing.V2)
