"""`load_dump`: dcss's database as text, the form that `dcss -d` writes and `dcss -r` reads.

Sections stand between blank lines: name, number of the type, and what that type has. Where a real
dcss gives up at the first fault, here the section is left out and reported.

Source: dcss_main.c restore_database (851-1486), dcss_device.h:36-53 for the sizes
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs

from dcs_codec import Framing
from dhs_runtime.simulators.dcss.database import SCRIPTING_ENGINE, HardwareHost
from dhs_runtime.simulators.dcss.devices import Device
from dhs_runtime.simulators.dcss.dump_sections import (
    DEVICE_READERS,
    HARDWARE_HOST,
    NO_DEVICE_READERS,
    Section,
    SectionError,
)

MAX_DEVICES: Final = 1000  # records of the database
_MAX_LINES: Final = 10
_MAX_LINE: Final = 1022  # characters: fgets takes 1023 with the line end
_MAX_NAME: Final = 39
_FRAMINGS: Final = {1: Framing.V1, 2: Framing.V2}


@attrs.frozen
class DumpProblem:
    """A section that could not be read, or a fault of the file as a whole.

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
    """What a dump holds.

    Runs are looked through and left out: no DHS is told of them.

    Attributes:
        hosts: Hardware hosts in the order of the file, `self` among them, each with its devices
            in the order of the file; protocol 1 or 2 is their framing.
        problems: What could not be read; empty where all of it could.
    """

    hosts: tuple[HardwareHost, ...]
    problems: tuple[DumpProblem, ...] = ()


def load_dump(path: str | os.PathLike[str]) -> Dump:
    """Read a dump file.

    Raises:
        OSError: The file cannot be read.
    """
    return parse_dump(Path(path).read_text(encoding="latin-1"))


def parse_dump(text: str) -> Dump:
    """Read the text of a dump; never raises, whatever it is."""
    reader = _Reader()
    lines = text.split("\n")
    for section in _sections(lines):
        if section.name == "END":
            break
        reader.read(section)
    else:
        reader.problem(len(lines), "", "the file ends without a section named END")
    return reader.dump(len(lines))


class _Reader:
    """Collects hosts and devices; the owner of a device may stand behind it in the file."""

    def __init__(self) -> None:
        self._problems: list[DumpProblem] = []
        self._names: dict[str, int] = {}
        self._framings: dict[str, Framing] = {}
        self._devices: list[tuple[int, str, Device]] = []

    def problem(self, line: int, name: str, reason: str) -> None:
        self._problems.append(DumpProblem(line, name, reason))

    def read(self, section: Section) -> None:
        try:
            self._check(section)
            self._enter(section)
        except SectionError as error:
            self.problem(error.line, section.name, error.reason)

    def dump(self, last_line: int) -> Dump:
        owned: dict[str, list[Device]] = {name: [] for name in self._framings}
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
        return Dump(hosts, tuple(sorted(self._problems, key=lambda problem: problem.line)))

    def _check(self, section: Section) -> None:
        for number, line in section.all_lines:
            if not all(" " <= mark <= "~" for mark in line):
                raise SectionError(number, "holds a character that is not printable")
            if len(line) > _MAX_LINE:
                raise SectionError(number, f"{len(line)} characters, dcss reads {_MAX_LINE}")
        if len(section.all_lines) > _MAX_LINES:
            raise SectionError(section.line, f"{len(section.all_lines)} lines, dcss reads 10")
        if len(section.name) > _MAX_NAME:
            raise SectionError(section.line, f"a name of {len(section.name)} characters")
        if section.name in self._names:
            first = self._names[section.name]
            raise SectionError(section.line, f"the name stands at line {first} already")
        if len(self._names) >= MAX_DEVICES:
            raise SectionError(section.line, f"more than {MAX_DEVICES} sections")
        self._names[section.name] = section.line

    def _enter(self, section: Section) -> None:
        kind = section.kind()
        if kind == HARDWARE_HOST:
            self._framings[section.name] = _framing(section)
        elif kind in DEVICE_READERS:
            host, device = DEVICE_READERS[kind](section)
            self._devices.append((section.line, host, device))
        elif kind in NO_DEVICE_READERS:
            NO_DEVICE_READERS[kind](section)
        else:
            raise SectionError(section.line + 1, f"type {kind} is obsolete or unknown")


def _framing(section: Section) -> Framing:
    """The framing of a hardware host: `computer protocol`."""
    section.expect(1)
    words = section.words(0, 2, "computer and protocol")
    protocol = section.integer(0, words[1], "protocol")
    if protocol not in _FRAMINGS:
        raise SectionError(section.number(0), f"protocol {protocol} is not 1 or 2")
    return _FRAMINGS[protocol]


def _sections(lines: Iterable[str]) -> Iterator[Section]:
    """The sections, their lines without the blanks around them."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        if stripped := line.strip(" \t\n\v\f\r"):
            found.append((number, stripped))
        elif found:
            yield Section(tuple(found))
            found = []
