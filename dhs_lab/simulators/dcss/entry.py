"""`Entry`: a device in the database of a simulated DCSS, and all that its kind is to say of itself.

How a file and a dump have it, what its DHS is told of it, what it is asked and how it answers.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import attrs

from dcs_codec import Message, format_number
from dhs_lab.simulators.dcss.dump_sections import Section, is_permit

EVERYBODY: Final = "1 1 1 1 1"
"""Permits of a device that any client may use: passive, remote, local, hutch, closed hutch."""


def _check_permits(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_permit(value):
        raise ValueError(f"{attribute.name} are five 0 or 1 with blanks between, got {value!r}")


def permits_field() -> str:
    """A field for who may use a device: passive, remote, local, hutch, closed hutch, each 0 or 1.

    Two devices that differ in nothing else are equal: a DHS is never told.
    """
    return attrs.field(default=EVERYBODY, kw_only=True, eq=False, validator=_check_permits)


class Entry:
    """What the server asks of a device's entry; each kind is a class below it.

    For a command that one report answers, list both in `answers`, and write `take`, `lost` and
    where the report is no such thing `status_of`; `SimulatedDcss.ask` sends it then.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """What it is, in words for people."""
    listed: ClassVar[str]
    """What a list of them is called: in files, and as an argument of `HardwareHost.of`."""
    short_for: ClassVar[str] = ""
    """The attribute that a text in place of a mapping sets in a file, "" for none."""
    key_words: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Keys of a file that take few words, and what those stand for."""
    dump_type: ClassVar[int]
    """Number of its type in a dump."""
    name_field: ClassVar[str] = ""
    """The field that names it, in the messages of `answers`."""
    answers: ClassVar[Mapping[type[Message], type[Message]]] = {}
    """By command: the report that answers it, and is about this one device."""

    staff_permits: str
    """Who of the staff may use it: five 0 or 1, as a dump has them."""
    user_permits: str
    """The same of everybody else."""

    @property
    def name(self) -> str:
        """Name in the database."""
        raise NotImplementedError

    @property
    def value(self) -> str | float | None:
        """What the database says of it: position, counts, state or contents; None for nothing."""
        return None

    def describe(self) -> str:
        """It in one line."""
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
        """Enter what a report of its DHS says; the report as a value. The database is locked."""
        raise NotImplementedError

    def lost(self, status: str) -> object:
        """The report in place of that of a lost DHS."""
        raise NotImplementedError

    @classmethod
    def status_of(cls, report: Any) -> str:
        """The status in a report, a message."""
        return str(report.status)

    def is_answer(self, _command: Any, _report: Any) -> bool:
        """Whether a report, as `take` gives it, answers this command, or was on its way before."""
        return True


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else format_number(value)
