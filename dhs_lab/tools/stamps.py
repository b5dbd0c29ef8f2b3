"""Reads times at the beginning of log lines.

Times with a date are seconds since 1970. Without a zone they are local times of this machine, so
they are shown as in the log. Times without a date are seconds since midnight of the log's first
day.
"""

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import attrs

_FRACTION: Final = r"(?:(?:[.,]|:(?=\d{3}\b))(\d{1,9}))?"
_CLOCK: Final = rf"(\d?\d:\d\d:\d\d){_FRACTION}"
_SHORT_CLOCK: Final = rf"(\d?\d:\d\d(?::\d\d|(?!:\d))){_FRACTION}"  # after a date
_HALF: Final = r"(?: ?([AaPp])\.?[Mm]\.?)?"
_ZONE: Final = r"( ?(?:[Zz]|UTC|GMT)|[+-]\d\d:?\d\d| [+-](?:0\d|1[0-4]):?[0-5][05])?"
_ZONE_AND_YEAR: Final = r"(?:(?: ([A-Z]{3,4}))? (\d{4})(?= |\]|$))?"
_END: Final = r"(?=[\s\]:,;|>)'\"-]|$)"
LEVEL: Final = r"(?i:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)"
"""Levels of logs, which may come before the time."""

_LEAD: Final = rf"[\s\[<(]*(?:\d{{1,3}}>(?:1 )?)?(?:{LEVEL}[\]:|\s-]+[\[(<]?)?"
_AFTER: Final = re.compile(r"[\]>):|]?(?:(?=[,;\t]\S)|[,;]?\s*)")  # a table's sign stays

_MONTH: Final = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MONTHS: Final = _MONTH.strip("()").split("|")
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?"
_NUMBER_OF_MONTH: Final = rf"(\d\d|{_MONTH[1:-1]})"
_DAY_S: Final = 86_400.0
_FIRST_EPOCH: Final = 1_000_000_000  # a number before September 2001 is no time
_DATED: Final = re.compile(r"(?<![\w.-])\d{4}-\d\d-\d\d[ T_]\d")


@attrs.define
class Stamp:
    """The time at the beginning of a line.

    Attributes:
        time: Seconds, see the module.
        has_date: False for a clock time only.
        rest: The line after it.
    """

    time: float
    has_date: bool
    rest: str


def read_stamp(line: str) -> Stamp | None:
    """The time at the beginning of a line, None if there is none."""
    for pattern, read in _STAMPS:
        match = _compiled(pattern).match(line)
        if match is not None:
            try:
                time = read(match)
            except (ValueError, OverflowError):  # the 31st of February
                continue
            after = _AFTER.match(line, match.end())
            rest = line[after.end() if after else match.end() :]
            return Stamp(time, read is not _clock, rest)
    return None


def parse_stamp(line: str) -> tuple[float | None, str]:
    """The time at the beginning of a line, None if there is none, and the rest of the line.

    >>> parse_stamp("11:54:45.5 stoh_abort_all")
    (42885.5, 'stoh_abort_all')
    """
    stamp = read_stamp(line)
    return (None, line) if stamp is None else (stamp.time, stamp.rest)


class Days:
    """Adds a day to clock times without a date: the one nearest to the time before.

    So 00:00:08 after 23:59:58 is on the next day, and 23:59:59 after that is on the day before.
    """

    def __init__(self) -> None:
        self._last: float | None = None

    def of(self, stamp: Stamp) -> float:
        """The time of a stamp."""
        if stamp.has_date:
            return stamp.time
        time = stamp.time
        if self._last is not None:
            time += round((self._last - time) / _DAY_S) * _DAY_S
        self._last = time
        return time


def time_of_iso(text: str) -> float | None:
    """The time of an ISO date and time, as in JSON logs; None for other texts."""
    stamp = read_stamp(text)
    return stamp.time if stamp is not None and stamp.has_date and not stamp.rest else None


def stamp_within(text: str, end: int) -> float | None:
    """The first time with a date in a line before `end`; None if there is none."""
    found = _DATED.search(text, 0, end)
    stamp = None if found is None else read_stamp(text[found.start() : end])
    return None if stamp is None else stamp.time


def _fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0


@functools.lru_cache(maxsize=1024)
def _seconds(clock: str, half: str | None = None) -> int:
    hour, minute, second = map(int, [*clock.split(":"), "0"][:3])
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if not (hour < 24 and minute < 60 and second <= 60):  # noqa: PLR2004
        raise ValueError("no time of a day")
    return hour * 3600 + minute * 60 + second


@functools.lru_cache(maxsize=4096)
def _moment(year: int, month: int, day: int, seconds: int, zone: str | None = None) -> float:
    clock = timedelta(seconds=seconds)
    return (datetime(year, month, day, tzinfo=_zone(zone)) + clock).timestamp()


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    text = text.strip()
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _iso(match: re.Match[str]) -> float:
    year, name, day, clock, fraction, half, zone = match.groups()
    month = int(name) if name.isdecimal() else _MONTHS.index(name) + 1
    date = int(year), month, int(day)
    return _moment(*date, _seconds(clock, half), zone) + _fraction(fraction)


def _compact(match: re.Match[str]) -> float:
    *date, hour, minute, second, fraction, zone = match.groups()
    year, month, day = map(int, date)
    seconds = _seconds(f"{hour}:{minute}:{second}")
    return _moment(year, month, day, seconds, zone) + _fraction(fraction)


def _european(match: re.Match[str]) -> float:
    day, month, year, clock, fraction = match.groups()
    return _moment(int(year), int(month), int(day), _seconds(clock)) + _fraction(fraction)


def _american(match: re.Match[str]) -> float:
    month, day, year, clock, fraction, half = match.groups()
    full = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004
    return _moment(full, int(month), int(day), _seconds(clock, half)) + _fraction(fraction)


def _month_first(match: re.Match[str]) -> float:
    name, day, before, clock, fraction, half, zone, after = match.groups()
    month, seconds = _MONTHS.index(name) + 1, _seconds(clock, half)
    year = before or after
    if year:
        zone = zone if zone in ("UTC", "GMT") else None
        return _moment(int(year), month, int(day), seconds, zone) + _fraction(fraction)
    return _latest(month, int(day), seconds) + _fraction(fraction)


def _latest(month: int, day: int, seconds: int) -> float:
    """The year for a day without one: the latest that is not in the future."""
    limit = datetime.now() + timedelta(days=1)
    for year in range(limit.year, limit.year - 9, -1):  # a 29th of February may be eight years ago
        try:
            moment = _moment(year, month, day, seconds)
        except ValueError:
            continue
        if moment <= limit.timestamp():
            return moment
    raise ValueError("no such day")


def _day_first(match: re.Match[str]) -> float:
    day, name, year, clock, fraction, zone = match.groups()
    date = int(year), _MONTHS.index(name) + 1, int(day)
    return _moment(*date, _seconds(clock), zone) + _fraction(fraction)


def _clock(match: re.Match[str]) -> float:
    clock, fraction, half = match.groups()
    return _seconds(clock, half) + _fraction(fraction)


def _epoch(match: re.Match[str]) -> float:
    return float(match[1])


def _whole_epoch(match: re.Match[str]) -> float:
    """Seconds, milliseconds or microseconds by the number of digits."""
    time = int(match[1]) / float("1" + "0" * (len(match[1]) - 10))
    if not _FIRST_EPOCH <= time <= datetime.now().timestamp() + _DAY_S:
        raise ValueError("no time")
    return time


@functools.cache  # at the first use: a log has one or two of them
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_LEAD + pattern + _END)


_STAMPS: Final[tuple[tuple[str, Callable[[re.Match[str]], float]], ...]] = (
    (rf"(\d\d?)/(\d\d?)/(\d\d(?:\d\d)?),? {_SHORT_CLOCK}{_HALF}", _american),
    (
        rf"(\d{{4}})[-/.]{_NUMBER_OF_MONTH}[-/.](\d\d)(?:[ Tt_]|, ){_SHORT_CLOCK}{_HALF}{_ZONE}",
        _iso,
    ),
    (rf"{_CLOCK}{_HALF}", _clock),
    (rf"(\d{{4}})(\d\d)(\d\d)[ T_-](\d\d):?(\d\d):?(\d\d){_FRACTION}{_ZONE}", _compact),
    (rf"(\d\d?)\.(\d\d?)\.(\d{{4}}),? {_CLOCK}", _european),
    (
        rf"{_WEEKDAY}{_MONTH} +(\d\d?)(?:,? (\d{{4}}))?,? {_CLOCK}{_HALF}{_ZONE_AND_YEAR}",
        _month_first,
    ),
    (rf"{_WEEKDAY}(\d\d?)[ /-]{_MONTH}[ /-](\d{{4}})[ :T]{_CLOCK}{_ZONE}", _day_first),
    (r"(\d{1,12}\.\d{3,9})", _epoch),
    (r"(\d{10}|\d{13}|\d{16})", _whole_epoch),
)
