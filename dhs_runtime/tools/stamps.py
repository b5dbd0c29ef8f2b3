"""Times in front of the lines of logs.

Times with a date are seconds since 1970; where the line names no zone, in the zone of this machine,
so that they are shown again as they stand. Without a date they are seconds since midnight.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_FRACTION: Final = r"(?:[.,](\d{1,9}))?"
_CLOCK: Final = rf"(\d\d):(\d\d):(\d\d){_FRACTION}"
_END: Final = r"(?=[\s\]:,;|-]|$)"
_LEAD: Final = r"[\s\[<(]*(?:\x1b\[[\d;]*m)*"
_AFTER: Final = re.compile(r"[\]>):,;|]?\s*")

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]


def parse_stamp(line: str) -> tuple[float | None, str]:
    """The time a line begins with, None where it has none, and the rest of the line.

    >>> parse_stamp("11:54:45.5 stoh_abort_all")
    (42885.5, 'stoh_abort_all')
    """
    for pattern, read in _STAMPS:
        match = pattern.match(line)
        if match is not None:
            try:
                time = read(match)
            except (ValueError, OverflowError):  # the 31st of February
                continue
            after = _AFTER.match(line, match.end())
            return time, line[after.end() if after else match.end() :]
    return None, line


def _fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0


def _iso(match: re.Match[str]) -> float:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(*map(int, (year, month, day, hour, minute, second)))  # type: ignore[arg-type]
    if zone:
        moment = moment.replace(tzinfo=_zone(zone))
    return moment.timestamp() + _fraction(fraction)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _american(match: re.Match[str]) -> float:
    month, day, year, *clock, fraction = match.groups()
    full = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004
    moment = datetime(full, int(month), int(day), *map(int, clock))  # type: ignore[arg-type]
    return moment.timestamp() + _fraction(fraction)


def _syslog(match: re.Match[str]) -> float:
    month, day, *clock, fraction = match.groups()
    year = datetime.now().year
    number = _MONTHS.index(month) + 1
    moment = datetime(year, number, int(day), *map(int, clock))  # type: ignore[arg-type]
    return moment.timestamp() + _fraction(fraction)


def _clock(match: re.Match[str]) -> float:
    hour, minute, second, fraction = match.groups()
    return int(hour) * 3600 + int(minute) * 60 + int(second) + _fraction(fraction)


def _seconds(match: re.Match[str]) -> float:
    return float(match[1])


_STAMPS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], float]], ...]] = (
    (
        re.compile(rf"{_LEAD}(\d{{4}})[-/](\d\d)[-/](\d\d)[ T]{_CLOCK}(Z|[+-]\d\d:?\d\d)?{_END}"),
        _iso,
    ),
    (re.compile(rf"{_LEAD}(\d\d)/(\d\d)/(\d\d(?:\d\d)?) {_CLOCK}{_END}"), _american),
    (re.compile(rf"{_LEAD}({'|'.join(_MONTHS)}) +(\d\d?) {_CLOCK}{_END}"), _syslog),
    (re.compile(rf"{_LEAD}{_CLOCK}{_END}"), _clock),
    (re.compile(rf"{_LEAD}(\d{{1,12}}\.\d{{3,9}}){_END}"), _seconds),
)
