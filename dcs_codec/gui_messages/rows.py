"""Values inside the texts that dcss writes as Tcl lists: rights, and rows of the client list."""

import attrs

from dcs_codec.errors import DecodeError
from dcs_codec.lists import split_list
from dcs_codec.word_kinds import FLAGS

__all__ = ["ClientRow", "Permissions"]

_BITS = "permission_bits"
_ROW = "row"


@attrs.frozen
class Permissions:
    """From where a device may be used.

    Attributes:
        passive: Without being master.
        remote: By a GUI elsewhere.
        local: By a GUI at the beamline.
        hutch: By a GUI in the open hutch.
        closed_hutch: With the hutch closed.
    """

    passive: bool
    remote: bool
    local: bool
    hutch: bool
    closed_hutch: bool

    def __str__(self) -> str:
        """The five digits as dcss writes them."""
        return " ".join(str(int(value)) for value in attrs.astuple(self))


def permission_pair(keyword: str, text: str) -> tuple[Permissions, Permissions]:
    """The rights of staff and of users in a text `{1 1 1 1 1} {0 1 1 1 1}`.

    Raises:
        DecodeError: The text is something else.
    """
    try:
        staff, users = (
            Permissions(*(FLAGS[digit] for digit in split_list(line))) for line in split_list(text)
        )
    except (KeyError, TypeError, ValueError):
        raise DecodeError(keyword, _BITS, f"is not two times five digits: {text[:60]!r}") from None
    return staff, users


@attrs.frozen(kw_only=True)
class ClientRow:
    """One client of the server.

    Attributes:
        user: Name of the user; `self` is the scripting engine.
        full_name: Name of the person.
        location: `HUTCH`, `LOCAL` or `REMOTE`; empty for `self`.
        title: Job title, if the session server has one.
        is_staff: Whether the user is staff.
        is_roaming: Whether the user may be master from elsewhere.
        host: Host of the GUI.
        place: Where the GUI is, in words.
        is_master: Whether the client is master.
        was_master: Whether it was the one before.
    """

    user: str
    full_name: str
    location: str
    title: str
    is_staff: bool
    is_roaming: bool
    host: str
    place: str
    is_master: bool
    was_master: bool

    @classmethod
    def from_text(cls, keyword: str, text: str) -> "ClientRow":
        """The row of a text.

        Raises:
            DecodeError: The text is not a Tcl list of ten words, or a flag is not 0 or 1.
        """
        try:
            user, name, location, title, staff, roaming, host, place, master, was = split_list(text)
            return cls(
                user=user,
                full_name=name,
                location=location,
                title=title,
                is_staff=FLAGS[staff],
                is_roaming=FLAGS[roaming],
                host=host,
                place=place,
                is_master=FLAGS[master],
                was_master=FLAGS[was],
            )
        except (KeyError, ValueError):
            reason = f"is not a row of the client list: {text[:60]!r}"
            raise DecodeError(keyword, _ROW, reason) from None

    def __str__(self) -> str:
        """The row as dcss writes it: names and places in braces."""
        return (
            f"{self.user} {{{self.full_name}}} {{{self.location}}} {{{self.title}}}"
            f" {self.is_staff:d} {self.is_roaming:d} {self.host} {{{self.place}}}"
            f" {self.is_master:d} {self.was_master:d}"
        )
