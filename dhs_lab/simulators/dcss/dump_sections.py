"""`Section`: one section of a dump, and methods with which entries read their values.

Dumps of the second generation are newer: a motor has four more lines at its end, two of them `0`
and two times in seconds since 1970, which no DHS gets; a string may have several lines. The limits
of that server are not known, so they are not checked.

Source: dcss_main.c restore_database (851-1486) for the first, dumps of newer dcss for the second.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from dcs_codec.limits import MAX_DEVICE_LIST, MAX_NAME, MAX_RUN_DEFINITION

HARDWARE_HOST: Final = 3
PERMITS: Final = 2  # lines: for staff, for users
_STRING: Final = 13
MOTOR_LINES: Final = {1: 5, 2: 6}
"""Lines after the type, by type: real motors and pseudo motors."""
_MORE_LINES: Final = 4
_TYPE: Final = re.compile(r"[0-9]{1,9}(?:\s|$)")
_TIME: Final = re.compile(r"-?\d+(?:\.\d*)?")
STRING_LINES: Final = 4


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
    """One section: its lines with their numbers in the file; name and type come first.

    Below, lines are counted from 0 after the type.

    Attributes:
        all_lines: The lines, stripped.
        is_newer: Whether the dump is of the second generation.
        notes: Values that were changed when read.
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
        """Its first line in the file."""
        return self.all_lines[0][0]

    @property
    def end(self) -> int:
        """Its last line in the file."""
        return self.all_lines[-1][0]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines after the type."""
        return tuple(text for _, text in self.all_lines[2:])

    def number(self, at: int) -> int:
        """The line number in the file of a line after the type."""
        return self.all_lines[at + 2][0]

    @property
    def has_type(self) -> bool:
        """Whether the second line is a number, as in every section."""
        return len(self.all_lines) > 1 and bool(_TYPE.match(self.all_lines[1][1]))

    @property
    def is_string(self) -> bool:
        """Whether it is the section of a string."""
        return self.has_type and self.kind() == _STRING

    @property
    def shows_newer(self) -> bool:
        """Whether only dumps of the second generation have such a section."""
        if not self.has_type:
            return False
        kind, count = self.kind(), len(self.lines)
        if kind in MOTOR_LINES:
            has_times = all(map(_TIME.fullmatch, self.lines[-2:]))
            has_permits = any(map(is_permit, self.lines))
            return count == MOTOR_LINES[kind] + _MORE_LINES and has_times and has_permits
        return kind == _STRING and count > STRING_LINES

    def older(self) -> "Section":
        """A motor's section as in the first generation, without the four additional lines."""
        if not (self.is_newer and self.shows_newer):
            return self
        return attrs.evolve(self, all_lines=self.all_lines[:-_MORE_LINES])

    def kind(self) -> int:
        """Number of the type; raises SectionError if there is none."""
        if len(self.all_lines) == 1:
            raise SectionError(self.line, "has no type")
        return self.integer(-1, self.all_lines[1][1].split()[0], "type")

    def expect(self, *counts: int) -> int:
        """Number of lines; raises SectionError if it is not one of `counts`."""
        count = len(self.lines)
        if count not in counts:
            allowed = " or ".join(map(str, counts))
            raise SectionError(self.line, f"{count} lines after the type, its type has {allowed}")
        return count

    def words(self, at: int, least: int, what: str) -> list[str]:
        """The words of a line; raises SectionError if there are fewer than `least`."""
        if at >= len(self.lines):
            raise SectionError(self.line, f"it has no line for {what}")
        words = self.lines[at].split()
        if len(words) < least:
            raise SectionError(self.number(at), f"{len(words)} words for {what}, {least} needed")
        return words

    def host(self, at: int = 0) -> tuple[str, str]:
        """Hardware host and hardware name; a missing hardware name is the device's name."""
        words = self.words(at, 1, "hardware host")
        host, hardware_name = words[0], words[1] if len(words) > 1 else self.name
        return self.short(at, host), self.short(at, hardware_name)

    def permits(self, at: int) -> None:
        """Two lines of permits; raises SectionError if one is not valid."""
        for number in range(at, at + PERMITS):
            if not is_permit(self.lines[number]):
                raise SectionError(self.number(number), "a permit has five 0 or 1")

    def expect_permits(self) -> None:
        """One line, with or without permits after it; raises SectionError for anything else."""
        if self.expect(1, 1 + PERMITS) > 1:
            self.permits(1)

    def short(self, at: int, text: str, most: int = MAX_NAME) -> str:
        """The text; raises SectionError if it is longer than the buffer of the older dcss."""
        if len(text) > most and not self.is_newer:
            raise SectionError(self.number(at), f"{len(text)} characters, dcss takes {most}")
        return text

    def integer(self, at: int, word: str, what: str) -> int:
        """The integer of a word; raises SectionError if it is not one."""
        try:
            return int(word)
        except ValueError:
            reason = f"{what} is not an integer: {word[:60]!r}"
            raise SectionError(self.number(at), reason) from None

    def real(self, at: int, word: str, what: str) -> float:
        """The number of a word; raises SectionError if it is not one."""
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise SectionError(self.number(at), f"{what} is not a number: {word[:60]!r}")
        return value

    def position(self, at: int, word: str) -> float:
        """The position of a word; 0 with a note if it is `nan` or infinite, which dcss may store.

        Raises:
            SectionError: It is not a number.

        Source: what a real dcss did with a completion with `nan`
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
        """Names of devices, in a line that dcss keeps unchanged."""
        return tuple(self.short(at, self.lines[at], MAX_DEVICE_LIST).split())


def is_permit(line: str) -> bool:
    """Whether a line is five 0 or 1 with one blank between: exactly nine characters."""
    return len(line) == 9 and set(line[::2]) <= {"0", "1"} and set(line[1::2]) == {" "}  # noqa: PLR2004


def _run(section: Section) -> None:
    at = _after_host(section)
    section.short(at, section.lines[at], MAX_RUN_DEFINITION)


def _runs_status(section: Section) -> None:
    _after_host(section)  # dcss uses defaults if the four numbers are damaged


def _after_host(section: Section) -> int:
    """The line with the words of a run: the first, or the one after host and permits."""
    if section.expect(1, 4) == 1:
        return 0
    section.host()
    section.permits(1)
    return 1 + PERMITS


def _blank(section: Section) -> None:
    section.expect(0)


NO_DEVICE_READERS: Final[Mapping[int, Callable[[Section], None]]] = {
    0: _blank,
    8: _run,
    9: _runs_status,
}
"""Sections that no DHS gets."""
