"""Reads times at the beginning of log lines.

Times with a date are seconds since 1970. Without a zone they are local times of this machine, so
they are shown as in the log. Times without a date are seconds since midnight of the log's first
day. In dates with slashes the month is first, as dcss writes it, unless that number is above 12.
"""

import functools
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import attrs

LEVEL: Final = r"(?i:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)"
"""Levels of logs, which may come before the time."""

_NAMES: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH: Final = rf"(?P<name>{_NAMES})[a-z]*\.?"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
_DATES: Final = (
    r"(?P<m>\d\d?)/(?P<d>\d\d?)/(?P<y>\d\d(?:\d\d)?)",
    rf"(?P<y>\d{{4}})[-/.](?:(?P<m>\d\d)|{_MONTH})[-/.](?P<d>\d\d)",
    "",
    r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d\d(?:\d\d)?)",
    rf"(?:(?P<y>\d{{4}}) )?{_MONTH} +(?P<d>\d\d?)(?:,? (?P<year>\d{{4}}))?",
    rf"(?P<d>\d\d?)[ /-]?{_MONTH}[ /-]?(?P<y>\d\d(?:\d\d)?)",
    r"(?P<d>\d\d)-(?P<m>\d\d)-(?P<y>\d{4})",
    r"(?P<y>\d{4})-(?:W(?P<week>\d\d)-(?P<weekday>[1-7])|(?P<ordinal>\d{3}))",
    r"[IWEF](?P<m>\d\d)(?P<d>\d\d)",  # of glog and absl
)
"""Dates before a time of day; "" for none."""

_FRACTION: Final = r"(?:(?:[.,]|:(?=\d{3}\b))(?P<fraction>\d{1,9}))?"
_HALF: Final = r"(?:[ \u00a0\u202f]?(?P<half>[AaPp])\.?[Mm]\b\.?)?"
_ZONE: Final = (
    r"(?P<zone> ?(?:[Zz]\b|UTC|GMT)|[+-]\d\d(?::?\d\d)?| [+-](?:0\d|1[0-4]):?[0-5][05])?"
    r"(?:\[\w+(?:/\w+)*\])?"
)
_YEAR_AFTER: Final = r"(?:(?: [A-Z]{3,4})? (?P<last>\d{4})(?= |\]|$))?"  # as ctime writes it
_CLOCK: Final = rf"(?P<clock>\d?\d:\d\d:\d\d){_FRACTION}{_HALF}"
_CLOCK_AFTER_DATE: Final = (
    r"(?P<clock>\d?\d:\d\d(?::\d\d|(?!:\d))|\d\d\.\d\d\.\d\d|\d\d-\d\d-\d\d|\d\dh\d\dm\d\ds)"
    rf"{_FRACTION}{_HALF}{_ZONE}{_YEAR_AFTER}"
)
_FORMS: Final = (
    *(f"{_WEEKDAY}{each}(?:,? at |, |[ Tt_:])" + _CLOCK_AFTER_DATE if each else _CLOCK
      for each in _DATES),
    rf"(?P<y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d)[ T_-]?(?P<clock>\d\d:?\d\d:?\d\d){_FRACTION}{_ZONE}",
    r"(?P<epoch>\d{1,12}\.\d{3,9})",
    r"(?P<whole>\d{10}|\d{13}|\d{16}|\d{19})",
)  # fmt: skip

_LEAD: Final = rf"[\s\[<(]*(?:\d{{1,3}}>(?:1 )?)?(?:{LEVEL}[\]:|\s-]+[\[(<]?)?"
_END: Final = r"(?=[\s\],;|>)'\"-]|:(?!\d\d\b)|$)"
_AFTER: Final = re.compile(r"[\]>):|]?(?:(?=[,;\t]\S)|[,;]?\s*)")  # a table's sign stays

_DAY_S: Final = 86_400.0
_FIRST_EPOCH: Final = 1_000_000_000  # a number before September 2001 is no time
_SHORT_YEAR: Final = 2  # digits
_MONTHS: Final = 12


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
    """The time at the beginning of a line, None if there is none.

    >>> read_stamp("11:54:45.5 stoh_abort_all")
    Stamp(time=42885.5, has_date=False, rest='stoh_abort_all')
    """
    for form in _FORMS:
        match = _compiled(form).match(line)
        if match is not None:
            try:
                time = _time_of(match)
            except (ValueError, OverflowError):  # the 31st of February
                continue
            after = _AFTER.match(line, match.end())
            rest = line[after.end() if after else match.end() :]
            return Stamp(time, form is not _CLOCK, rest)
    return None


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


@functools.cache  # at the first use: a log has one or two of them
def _compiled(form: str) -> re.Pattern[str]:
    return re.compile(_LEAD + form + _END)


def _time_of(match: re.Match[str]) -> float:
    """The time in a match of one of the forms.

    Raises:
        ValueError: It has a number that no time has.
    """
    part = match.groupdict()
    if "epoch" in part:
        return float(part["epoch"])
    if "whole" in part:
        return _epoch(part["whole"])
    fraction = float(f"0.{part['fraction'] or 0}")
    seconds = _seconds(part["clock"], part.get("half"))
    if "zone" not in part:
        return seconds + fraction
    year = part.get("y") or part.get("year") or part.get("last")
    month, day = part.get("m"), part.get("d")
    if year and month and int(month) > _MONTHS and match.start("m") < match.start("y"):
        month, day = day, month  # the day was first
    days = month, part.get("name"), day, *map(part.get, ("week", "weekday", "ordinal"))
    if year is None:
        return _latest(days, seconds) + fraction
    number = int(year) + (2000 if len(year) == _SHORT_YEAR else 0)
    return _moment(number, days, seconds, part["zone"]) + fraction


_Days = tuple[str | None, ...]
"""Month, name of the month, day, week, day of the week, day of the year, as in the line."""


@functools.lru_cache(maxsize=4096)
def _moment(year: int, days: _Days, seconds: int, zone: str | None = None) -> float:
    day = _date(year, *days)
    begin = datetime(day.year, day.month, day.day, tzinfo=_zone(zone))
    return (begin + timedelta(seconds=seconds)).timestamp()


def _date(year: int, *days: str | None) -> date:
    month, name, day, week, weekday, ordinal = days
    if week and weekday:
        return date.fromisocalendar(year, int(week), int(weekday))
    if ordinal:
        return datetime.strptime(f"{year} {ordinal}", "%Y %j").date()
    return date(year, int(month or _NAMES.index(name or "") // len("Jan|") + 1), int(day or ""))


def _latest(days: _Days, seconds: int) -> float:
    """The time of a day without a year: the latest that is not in the future."""
    limit = datetime.now() + timedelta(days=1)
    for year in range(limit.year, limit.year - 9, -1):  # a 29th of February may be eight years ago
        try:
            moment = _moment(year, days, seconds)
        except ValueError:
            continue
        if moment <= limit.timestamp():
            return moment
    raise ValueError("no such day")


@functools.lru_cache(maxsize=1024)
def _seconds(clock: str, half: str | None) -> int:
    hour, minute, second = map(int, [*re.findall(r"\d\d?", clock), "0"][:3])
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004
            raise ValueError("not an hour of a 12-hour clock")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if not (hour < 24 and minute < 60 and second <= 60):  # noqa: PLR2004
        raise ValueError("not a time of day")
    return hour * 3600 + minute * 60 + second


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    text = text.strip()
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _epoch(digits: str) -> float:
    """Seconds, or thousandths, millionths or billionths, by the number of digits."""
    time = int(digits) / float("1" + "0" * (len(digits) - 10))
    if not _FIRST_EPOCH <= time <= datetime.now().timestamp() + _DAY_S:
        raise ValueError("no time")
    return time
