"""Sections of a dump: how each type of device stands in its lines.

Dumps of the second generation are newer: a motor has four more lines at its end, two of them `0`
and two times in seconds since 1970, which no DHS is told of; a string may have several lines. The
sizes of that server are not known, so none is demanded of its dumps.

Source: dcss_main.c restore_database (851-1486) for the first, dumps of newer dcss for the second.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from dhs_lab.simulators.dcss.circle import CircleMode
from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    Entry,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.motors import PseudoMotorEntry, RealMotorEntry, Scanned

HARDWARE_HOST: Final = 3
_MAX_NAME: Final = 39
_MAX_UNITS: Final = 31
_MAX_DEVICE_LIST: Final = 159
_MAX_RUN: Final = 799
_PERMITS: Final = 2  # lines: for staff, for users
_CONFIGURATION: Final = "configuration"
_REAL_MOTOR: Final = 1
_PSEUDO_MOTOR: Final = 2
_STRING: Final = 13
_MOTOR_LINES: Final = {_REAL_MOTOR: 5, _PSEUDO_MOTOR: 6}
_MORE_LINES: Final = 4
_STRING_LINES: Final = 4


class SectionError(Exception):
    """A section is damaged.

    Attributes:
        line: Line of the file, counted from 1.
        reason: What is wrong.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@attrs.frozen
class Section:
    """One section: its lines with their numbers in the file, name and type first.

    Below, lines are counted from 0 after the type.

    Attributes:
        all_lines: The lines without the blanks around them.
        is_newer: Whether the dump is of the second generation.
        notes: What was read, but not as it stands.
    """

    all_lines: tuple[tuple[int, str], ...]
    is_newer: bool = False
    notes: list[SectionError] = attrs.field(factory=list, eq=False)

    @property
    def name(self) -> str:
        """Name of the device or host."""
        return self.all_lines[0][1]

    @property
    def line(self) -> int:
        """Line of the file where it begins."""
        return self.all_lines[0][0]

    @property
    def end(self) -> int:
        """Line of the file where it ends."""
        return self.all_lines[-1][0]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines behind the type."""
        return tuple(text for _, text in self.all_lines[2:])

    def number(self, at: int) -> int:
        """Number in the file of a line behind the type."""
        return self.all_lines[at + 2][0]

    @property
    def has_type(self) -> bool:
        """Whether the second line is a number, as in every section."""
        return len(self.all_lines) > 1 and self.all_lines[1][1].split()[0].isdigit()

    @property
    def is_string(self) -> bool:
        """Whether it is a string's."""
        return self.has_type and self.kind() == _STRING

    @property
    def shows_newer(self) -> bool:
        """Whether only a dump of the second generation has such a section."""
        if not self.has_type:
            return False
        kind, count = self.kind(), len(self.lines)
        if kind in _MOTOR_LINES:
            has_times = all(line.isdigit() for line in self.lines[-2:])
            has_permits = any(map(is_permit, self.lines))
            return count == _MOTOR_LINES[kind] + _MORE_LINES and has_times and has_permits
        return kind == _STRING and count > _STRING_LINES

    def older(self) -> "Section":
        """A motor's section as the first generation has it, without the four lines more."""
        if not (self.is_newer and self.shows_newer):
            return self
        return attrs.evolve(self, all_lines=self.all_lines[:-_MORE_LINES])

    def kind(self) -> int:
        """Number of the type; raises SectionError where there is none."""
        if len(self.all_lines) == 1:
            raise SectionError(self.line, "has no type")
        return self.integer(-1, self.all_lines[1][1].split()[0], "type")

    def expect(self, *counts: int) -> int:
        """How many lines there are; raises SectionError where that is none of `counts`."""
        count = len(self.lines)
        if count not in counts:
            allowed = " or ".join(map(str, counts))
            raise SectionError(self.line, f"{count} lines behind the type, its type has {allowed}")
        return count

    def words(self, at: int, least: int, what: str) -> list[str]:
        """The words of a line; raises SectionError where there are fewer than `least`."""
        words = self.lines[at].split()
        if len(words) < least:
            raise SectionError(self.number(at), f"{len(words)} words for {what}, {least} needed")
        return words

    def host(self, at: int = 0) -> tuple[str, str]:
        """Hardware host and hardware name, which is the device's name where it is missing."""
        words = self.words(at, 1, "hardware host")
        host, hardware_name = words[0], words[1] if len(words) > 1 else self.name
        return self.short(at, host), self.short(at, hardware_name)

    def permits(self, at: int) -> None:
        """Two lines of permits; raises SectionError where one is none."""
        for number in range(at, at + _PERMITS):
            if not is_permit(self.lines[number]):
                raise SectionError(self.number(number), "is no permit, five 0 or 1")

    def short(self, at: int, text: str, most: int = _MAX_NAME) -> str:
        """The text; raises SectionError where it is longer than the older dcss's buffer."""
        if len(text) > most and not self.is_newer:
            raise SectionError(self.number(at), f"{len(text)} characters, dcss takes {most}")
        return text

    def integer(self, at: int, word: str, what: str) -> int:
        """The integer of a word; raises SectionError where it is none."""
        try:
            return int(word)
        except ValueError:
            raise SectionError(self.number(at), f"{what} is no integer: {word[:60]!r}") from None

    def real(self, at: int, word: str, what: str) -> float:
        """The number of a word; raises SectionError where it is none."""
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise SectionError(self.number(at), f"{what} is no number: {word[:60]!r}")
        return value

    def position(self, at: int, word: str) -> float:
        """The position of a word; 0 with a note where it is `nan` or infinite, as dcss stores.

        Raises:
            SectionError: It is no number at all.

        Source: what a real dcss did with a completion that gave `nan`
        """
        try:
            is_finite = math.isfinite(float(word))
        except ValueError:
            is_finite = True
        if is_finite:
            return self.real(at, word, "position")
        self.notes.append(SectionError(self.number(at), f"position is {word[:60]}, 0 is taken"))
        return 0.0

    def names(self, at: int) -> tuple[str, ...]:
        """Names of devices, in a line that dcss keeps as it is."""
        return tuple(self.short(at, self.lines[at], _MAX_DEVICE_LIST).split())


def is_permit(line: str) -> bool:
    """Whether a line is five 0 or 1 with one blank between: exactly nine characters."""
    return len(line) == 9 and set(line[::2]) <= {"0", "1"} and set(line[1::2]) == {" "}  # noqa: PLR2004


# -- motors ----------------------------------------------------------------------------------


def _real_motor(section: Section) -> tuple[str, Entry]:
    section = section.older()
    section.expect(_MOTOR_LINES[_REAL_MOTOR])
    host, hardware_name = section.host()
    dependencies, configuration = _order(section, new=(3, 4), old=(2, 1), old_permits=3)
    return host, RealMotorEntry(
        section.name,
        hardware_name=hardware_name,
        dependencies=_dependencies(section, dependencies),
        **_configuration(section, configuration, RealMotorEntry.scanned),
    )


def _pseudo_motor(section: Section) -> tuple[str, Entry]:
    section = section.older()
    section.expect(_MOTOR_LINES[_PSEUDO_MOTOR])
    host, hardware_name = section.host()
    dependencies, configuration, children = _order(
        section, new=(3, 4, 5), old=(2, 1, 3), old_permits=4
    )
    return host, PseudoMotorEntry(
        section.name,
        hardware_name=hardware_name,
        dependencies=_dependencies(section, dependencies),
        children=section.names(children),
        **_configuration(section, configuration, PseudoMotorEntry.scanned),
    )


def _order(
    section: Section, *, new: tuple[int, ...], old: tuple[int, ...], old_permits: int
) -> tuple[int, ...]:
    """Where the lines stand: permits come behind the host, or in old dumps at the end."""
    if all(map(is_permit, section.lines[1:3])):
        return new
    if all(map(is_permit, section.lines[old_permits:])):
        return old
    raise SectionError(section.number(1), "no permits, neither here nor at the end")


def _dependencies(section: Section, at: int) -> tuple[str, ...]:
    """Dependencies; a line that begins with 0 stands for none."""
    return () if section.lines[at].startswith("0") else section.names(at)


def _configuration(section: Section, at: int, scanned: tuple[Scanned, ...]) -> Mapping[str, Any]:
    """The numbers of a motor in the order of its messages, the circle mode, and maybe units."""
    words = section.words(at, len(scanned) + 1, _CONFIGURATION)
    values: dict[str, Any] = {}
    for word, (name, kind) in zip(words, scanned, strict=False):
        if name == "position":
            values[name] = section.position(at, word)
        elif kind == "%lf":
            values[name] = section.real(at, word, name)
        else:
            number = section.integer(at, word, name)
            values[name] = bool(number) if name.endswith("_on") else number
    mode, *units = words[len(scanned) :]
    try:
        values["circle_mode"] = CircleMode(section.integer(at, mode, "circle mode"))
    except ValueError:
        raise SectionError(section.number(at), f"circle mode {mode} is not 0 to 4") from None
    values["units"] = section.short(at, units[0] if units else "", _MAX_UNITS)
    return values


# -- the other devices -----------------------------------------------------------------------


def _ion_chamber(section: Section) -> tuple[str, Entry]:
    if section.expect(1, 3) > 1:
        section.permits(1)
    host, counter, channel, timer, timer_type = section.words(0, 5, "ion chamber")[:5]
    for name in (host, counter, timer, timer_type):
        section.short(0, name)
    channel_number = section.integer(0, channel, "channel")
    return host, IonChamberEntry(section.name, counter, channel_number, timer, timer_type)


def _shutter(section: Section) -> tuple[str, Entry]:
    if section.expect(1, 3) > 1:
        section.permits(1)
    host, state, *more = section.words(0, 2, "host and state")
    hardware_name = more[0] if more else section.name
    for name in (host, hardware_name):
        section.short(0, name)
    is_closed = section.integer(0, state, "state") == 1
    return host, ShutterEntry(section.name, "closed" if is_closed else "open", hardware_name)


def _operation(section: Section) -> tuple[str, Entry]:
    section.expect(3)
    section.permits(1)
    host, hardware_name = section.host()
    return host, OperationEntry(section.name, hardware_name)


def _encoder(section: Section) -> tuple[str, Entry]:
    if section.expect(1, 3) > 1:
        section.permits(1)
    host, hardware_name = section.host()
    return host, EncoderEntry(section.name, hardware_name)


def _string(section: Section) -> tuple[str, Entry]:
    if not section.is_newer:
        section.expect(1, 2, 3, _STRING_LINES)
    at = 1
    lines = section.lines
    if len(lines) > at + 1 and not (section.is_newer and not all(map(is_permit, lines[1:3]))):
        section.permits(at)
        at += _PERMITS
    host, hardware_name = section.host()
    return host, StringEntry(section.name, "\n".join(lines[at:]), hardware_name)


def _object(section: Section) -> tuple[str, Entry]:
    """An object: dcss writes its name and type only, and reads none at all."""
    count = section.expect(0, 1, 3)
    if count > 1:
        section.permits(1)
    host, hardware_name = section.host() if count else ("self", section.name)
    return host, ObjectEntry(section.name, hardware_name)


def _run(section: Section) -> None:
    at = _behind_host(section)
    section.short(at, section.lines[at], _MAX_RUN)


def _runs_status(section: Section) -> None:
    _behind_host(section)  # dcss takes defaults where the four numbers are damaged


def _behind_host(section: Section) -> int:
    """The line of a run's own words: the first, or behind host and permits."""
    if section.expect(1, 4) == 1:
        return 0
    section.host()
    section.permits(1)
    return 1 + _PERMITS


def _blank(section: Section) -> None:
    section.expect(0)


DEVICE_READERS: Final[Mapping[int, Callable[[Section], tuple[str, Entry]]]] = {
    _REAL_MOTOR: _real_motor,
    _PSEUDO_MOTOR: _pseudo_motor,
    4: _ion_chamber,
    6: _shutter,
    11: _operation,
    12: _encoder,
    _STRING: _string,
    14: _object,
}
"""By number of the type: hardware host and device of a section."""

NO_DEVICE_READERS: Final[Mapping[int, Callable[[Section], None]]] = {
    0: _blank,
    8: _run,
    9: _runs_status,
}
"""Sections that no DHS is told of."""
