"""`load_dump`: dcss's database as text, the form that `dcss -d` writes and `dcss -r` reads.

Blank lines separate sections: name, number of the type, and the lines of that type. A real dcss
gives up at the first fault; here only that section is left out, and reported. A motor with a stored
position that is `nan` or infinite is read with the position 0, and that is reported, too.

The sections show which of the two generations a dump has; see `dump_sections`.

Source: dcss_main.c restore_database (851-1486), dcss_device.h:36-53 for the sizes
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs

from dcs_codec import Framing
from dcs_codec.limits import MAX_NAME
from dhs_lab.simulators.dcss.database import KINDS, SCRIPTING_ENGINE, HardwareHost
from dhs_lab.simulators.dcss.dump_sections import (
    HARDWARE_HOST,
    NO_DEVICE_READERS,
    PERMITS,
    Section,
    SectionError,
    is_permit,
)
from dhs_lab.simulators.dcss.entry import Entry

MAX_DEVICES: Final = 1000  # records of the database
_PERMITS: Final = ("staff_permits", "user_permits")
_MAX_LINES: Final = 10
_MAX_LINE: Final = 1022  # characters: fgets takes 1023 with the line end
_KINDS: Final = {kind.dump_type: kind for kind in KINDS}
_FRAMINGS: Final = {1: Framing.V1, 2: Framing.V2}
_RUNS: Final = {8: "stog_configure_run {} {}", 9: "stog_configure_runs {1}"}
"""Messages to GUIs by type: about a run, and about all runs, which has no name."""


@attrs.frozen
class DumpProblem:
    """A section that could not be read or was changed, or a fault of the whole file.

    Attributes:
        line: Line of the file, counted from 1.
        name: Name of the section, "" for the file as a whole.
        reason: What is wrong, in one line.
    """

    line: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.name + ': ' if self.name else ''}{self.reason}"


@attrs.frozen
class Dump:
    """The content of a dump.

    Only GUIs are told about runs.

    Attributes:
        hosts: Hardware hosts in the order of the file, `self` among them, each with its devices
            in the order of the file; protocol 1 or 2 is their framing.
        problems: What could not be read.
        notes: Values that were changed when read.
        generation: 1, or 2 if motors have four more lines or a string has several.
        records: Names of all hosts, devices and runs in the order of the file, in which GUIs get
            them.
        runs: By name the message about a run, from the keyword on.
    """

    hosts: tuple[HardwareHost, ...]
    problems: tuple[DumpProblem, ...] = ()
    notes: tuple[DumpProblem, ...] = ()
    generation: int = 1
    records: tuple[str, ...] = attrs.field(default=(), eq=False)
    runs: Mapping[str, str] = attrs.field(factory=dict, eq=False)


def load_dump(path: str | os.PathLike[str]) -> Dump:
    """Read a dump file.

    Raises:
        OSError: The file cannot be read.
    """
    return parse_dump(Path(path).read_text(encoding="latin-1"))


def parse_dump(text: str) -> Dump:
    """Read the text of a dump; never raises."""
    lines = text.split("\n")
    sections, has_end = _up_to_end(_sections(lines))
    is_newer = any(section.shows_newer for section in sections)
    reader = _Reader(is_newer=is_newer)
    for section in _with_blank_lines(sections) if is_newer else sections:
        reader.read(section)
    if not has_end:
        reader.problem(len(lines), "", "the file ends without a section named END")
    return reader.dump(len(lines))


def _up_to_end(sections: Iterable[Section]) -> tuple[list[Section], bool]:
    """The sections before the one named END, and whether there is one."""
    found: list[Section] = []
    for section in sections:
        if section.name == "END":
            return found, True
        found.append(section)
    return found, False


def _with_blank_lines(sections: Iterable[Section]) -> Iterator[Section]:
    """The sections of a newer dump; a string with blank lines inside becomes one section."""
    string: Section | None = None
    for each in sections:
        section = attrs.evolve(each, is_newer=True)
        if string is not None and not section.has_type:
            blank = [(number, "") for number in range(string.end + 1, section.line)]
            all_lines = (*string.all_lines, *blank, *section.all_lines)
            string = attrs.evolve(string, all_lines=all_lines)
            continue
        if string is not None:
            yield string
        string = section if section.is_string else None
        if string is None:
            yield section
    if string is not None:
        yield string


class _Reader:
    """Collects hosts and devices; the owner of a device may come after it in the file."""

    def __init__(self, *, is_newer: bool) -> None:
        self._is_newer = is_newer
        self._problems: list[DumpProblem] = []
        self._notes: list[DumpProblem] = []
        self._names: dict[str, int] = {}
        self._framings: dict[str, Framing] = {}
        self._devices: list[tuple[int, str, Entry]] = []
        self._runs: dict[str, str] = {}

    def problem(self, line: int, name: str, reason: str) -> None:
        self._problems.append(DumpProblem(line, name, reason))

    def read(self, section: Section) -> None:
        try:
            self._check(section)
            self._enter(section)
        except SectionError as error:
            self.problem(error.line, section.name, error.reason)
        else:
            self._notes += [
                DumpProblem(note.line, section.name, note.reason) for note in section.notes
            ]

    def dump(self, last_line: int) -> Dump:
        owned: dict[str, list[Entry]] = {name: [] for name in self._framings}
        for line, host, device in self._devices:
            if host in owned:
                owned[host].append(device)
            else:
                self.problem(line, device.name, f"its hardware host {host} has no section")
        if SCRIPTING_ENGINE not in owned:
            self.problem(last_line, "", f"there is no hardware host {SCRIPTING_ENGINE}")
        hosts = tuple(
            HardwareHost(name, tuple(owned[name]), framing)
            for name, framing in self._framings.items()
        )
        problems = tuple(sorted(self._problems, key=lambda problem: problem.line))
        known = {*self._framings, *self._runs, *(device.name for _, _, device in self._devices)}
        return Dump(
            hosts,
            problems,
            tuple(self._notes),
            2 if self._is_newer else 1,
            tuple(name for name in self._names if name in known),
            self._runs,
        )

    def _check(self, section: Section) -> None:
        if not self._is_newer:
            _check_sizes(section)
        if section.name in self._names:
            first = self._names[section.name]
            raise SectionError(section.line, f"line {first} has the same name")
        if len(self._names) >= MAX_DEVICES and not self._is_newer:
            raise SectionError(section.line, f"more than {MAX_DEVICES} sections")
        self._names[section.name] = section.line

    def _enter(self, section: Section) -> None:
        kind = section.kind()
        if kind == HARDWARE_HOST:
            self._framings[section.name] = _framing(section)
        elif kind in _KINDS:
            host, device = _KINDS[kind].of_section(section)
            self._devices.append((section.line, host, _with_permits(device, section)))
        elif kind in NO_DEVICE_READERS:
            NO_DEVICE_READERS[kind](section)
            if kind in _RUNS:
                self._runs[section.name] = _RUNS[kind].format(section.name, section.lines[-1])
        else:
            raise SectionError(section.line + 1, f"type {kind} is obsolete or unknown")


def _with_permits(device: Entry, section: Section) -> Entry:
    """The device with its permits, which follow the host or, in old motors, are at the end."""
    for at in (1, len(section.older().lines) - PERMITS):
        permits = section.lines[at : at + PERMITS] if at > 0 else ()
        if len(permits) == PERMITS and all(map(is_permit, permits)):
            changes: dict[str, Any] = dict(zip(_PERMITS, permits, strict=True))
            return cast(Entry, attrs.evolve(cast(Any, device), **changes))
    return device


def _check_sizes(section: Section) -> None:
    """Check that the older dcss would read the lines."""
    for number, line in section.all_lines:
        if not all(" " <= mark <= "~" for mark in line):
            raise SectionError(number, "has a character that is not printable")
        if len(line) > _MAX_LINE:
            raise SectionError(number, f"{len(line)} characters, dcss reads {_MAX_LINE}")
    if len(section.all_lines) > _MAX_LINES:
        raise SectionError(section.line, f"{len(section.all_lines)} lines, dcss reads 10")
    if len(section.name) > MAX_NAME:
        raise SectionError(section.line, f"a name of {len(section.name)} characters")


def _framing(section: Section) -> Framing:
    """The framing of a hardware host: `computer protocol`."""
    section.expect(1)
    words = section.words(0, 2, "computer and protocol")
    protocol = section.integer(0, words[1], "protocol")
    if protocol not in _FRAMINGS:
        raise SectionError(section.number(0), f"protocol {protocol} is not 1 or 2")
    return _FRAMINGS[protocol]


def _sections(lines: Iterable[str]) -> Iterator[Section]:
    """The sections; lines are stripped."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        if stripped := line.strip(" \t\n\v\f\r"):
            found.append((number, stripped))
        elif found:
            yield Section(tuple(found))
            found = []
