"""`Entry`: a device in the database of a simulated DCSS, and everything about its kind.

Its form in files and dumps, its messages to the DHS, its commands and their answers.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import attrs

from dcs_codec import Message
from dhs_lab.simulators.dcss.dump_sections import Section, is_permit
from dhs_runtime.lowlevel import number_text

EVERYBODY: Final = "1 1 1 1 1"
"""Permits of a device that any client may use: passive, remote, local, hutch, closed hutch."""


def _check_permits(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_permit(value):
        raise ValueError(f"{attribute.name} are five 0 or 1 with blanks between, got {value!r}")


def permits_field() -> str:
    """A field for permits of a device: passive, remote, local, hutch, closed hutch, each 0 or 1.

    It does not count in comparisons, because a DHS never gets it.
    """
    return attrs.field(default=EVERYBODY, kw_only=True, eq=False, validator=_check_permits)


class Entry:
    """What the server needs from the entry of a device; each kind is a subclass.

    For a command that one report answers, list both in `answers` and write `take` and `lost`, and
    `status_of` if the report needs it; then `SimulatedDcss.ask` can send it.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """Name of the kind, for people."""
    listed: ClassVar[str]
    """Name of a list of them, in files and as an argument of `HardwareHost.of`."""
    short_for: ClassVar[str] = ""
    """In a file, the attribute that a text in place of a mapping sets; "" for none."""
    key_words: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Keys of a file that accept only some words, and the value of each word."""
    dump_type: ClassVar[int]
    """Number of its type in a dump."""
    name_field: ClassVar[str] = ""
    """The field that names it, in the messages of `answers`."""
    answers: ClassVar[Mapping[type[Message], type[Message]]] = {}
    """By command: the report about this one device that answers it."""

    staff_permits: str
    """When staff may use it: five 0 or 1, as in a dump."""
    user_permits: str
    """The same for all other users."""

    @property
    def name(self) -> str:
        """Name in the database."""
        raise NotImplementedError

    @property
    def value(self) -> str | float | None:
        """Its value in the database: position, counts, state or contents; None if it has none."""
        return None

    def describe(self) -> str:
        """One line about it."""
        value = self.value
        shown = [] if value is None else [_shown(value)]
        return " ".join([self.kind, self.name, *shown])

    def registration(self) -> Message:
        """The message that gives the device to its DHS, after the handshake."""
        raise NotImplementedError

    def configuration(self, hardware_host: str) -> Message:
        """The answer to `htos_send_configuration`."""
        raise NotImplementedError

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """Hardware host and entry in a section of a dump; raises SectionError."""
        raise NotImplementedError

    def take(self, message: Any) -> object:
        """Store the content of a report; returns it as a value. The database is locked."""
        raise NotImplementedError

    def lost(self, status: str) -> object:
        """The report to use if the DHS is lost."""
        raise NotImplementedError

    @classmethod
    def status_of(cls, report: Any) -> str:
        """The status in a report, a message."""
        return str(report.status)

    def is_answer(self, _command: Any, _report: Any) -> bool:
        """Whether a report from `take` answers this command; else it was sent before that."""
        return True


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else number_text(value)
