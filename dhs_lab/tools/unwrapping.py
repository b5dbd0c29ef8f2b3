"""Lines of a log without what was wrapped around them.

Programs write lines; what collects them adds to those: docker and other JSON logs an object around
each, kubectl, docker compose and syslog words in front, terminals colours, a loss of power a block
of NULs.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from dcs_codec.limits import V1_FRAME_SIZE
from dhs_lab.tools.stamps import read_stamp, time_of_iso

_LOST: Final = re.compile(rb"\0{8,}")
_V1_TEXT: Final = re.compile(rb"(?:stoc|stoh|htos)_[^\0]*$")
_COLOURS: Final = re.compile(
    r"(?:\x1b|\^\[|#033)(?:\[[\d;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|\([A-Z0-9])"
)
_COLLECTED: Final = re.compile(
    r"(?P<cri>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (?P<stream>stdout|stderr) (?P<part>[FP]) "
    r"|(?P<pod>\[pod/[^\]]+\]) "
    r"|(?P<compose>[A-Za-z][\w.-]*-\d+) +\| "
)
_SYSLOG: Final = re.compile(r"(?P<host>[\w.-]+) (?P<tag>[^\s:\[\]]+)(?:\[\d+\])?: ")
_RFC5424: Final = re.compile(r"(\S+) (\S+) \S+ \S+ (?:-|\[[^\]]*\]) (?:\ufeff)?")
_SYSLOG_ESCAPE: Final = re.compile(r"#(0[0-3][0-7])")
_TEXT_KEYS: Final = ("log", "MESSAGE", "message", "msg", "event", "text")
_TIME_KEYS: Final = ("time", "timestamp", "ts", "@timestamp", "asctime")
_SPEAKER_KEYS: Final = ("CONTAINER_NAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "container")
_MICROSECONDS_KEYS: Final = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")


@attrs.define
class Line:
    """A line as its program wrote it.

    Attributes:
        number: In the file, from 1.
        text: Without its end; of JSON it may have line ends in it.
        time: When it was collected, None where that is not told.
        speaker: The program, as far as the collector tells.
        is_whole: False where its end is lost.
        reason: Why it has no text.
    """

    number: int
    text: str
    time: float | None = None
    speaker: str = ""
    is_whole: bool = True
    reason: str = ""


class Unwrapper:
    """Takes the lines of a file to the lines of its programs."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        """By stream: lines of which the end is to come."""
        self._has_objects = False

    def lines_of(self, number: int, raw: bytes, *, is_whole: bool) -> Iterator[Line]:
        """What one line of the file holds."""
        if b"\0" not in raw:
            yield self._line(number, raw, is_whole)
            return
        at = 0
        for lost in _LOST.finditer(raw):
            text = _V1_TEXT.search(raw, at, lost.start())
            if text is not None and lost.end() - text.start() == V1_FRAME_SIZE:
                continue  # the padding of a v1 frame
            if lost.start() > at:
                yield self._line(number, raw[at : lost.start()], False)
            at = lost.end()
        if at < len(raw):
            yield self._line(number, raw[at:], is_whole)

    def _line(self, number: int, raw: bytes, is_whole: bool) -> Line:
        text = raw.decode("utf-8", "surrogateescape").rstrip("\r")
        if text[:1] == "{" or text.startswith("\ufeff{"):
            return self._of_json(Line(number, text.removeprefix("\ufeff"), is_whole=is_whole))
        if self._has_objects:
            return Line(number, "", reason=f"is no JSON: {text[:60]!r}")
        if "\x1b" in text or "^[" in text or "#033" in text:
            text = _COLOURS.sub("", text)
        line = Line(number, text, is_whole=is_whole)
        collected = _COLLECTED.match(text)
        if collected is None:
            return line
        line.text = text[collected.end() :]
        line.speaker = collected["pod"] or collected["compose"] or ""
        if collected["cri"]:
            line.time = time_of_iso(collected["cri"])
            self._join(line, collected["stream"], is_last=collected["part"] == "F")
        return line

    def _of_json(self, line: Line) -> Line:
        try:
            row = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            if line.is_whole:
                return attrs.evolve(line, text="", reason=f"is no JSON: {error}")
            return attrs.evolve(line, text="", reason="the line is cut off")
        self._has_objects = True
        text = _text_of(row)
        line.text = "" if text is None else _COLOURS.sub("", text)
        line.is_whole = True  # its JSON is
        line.time = _time_of(row)
        line.speaker = next((str(row[key]) for key in _SPEAKER_KEYS if key in row), "")
        if isinstance(row.get("log"), str):  # of docker
            is_last = line.text.endswith("\n")
            line.text = line.text.rstrip("\r\n")
            self._join(line, str(row.get("stream")), is_last=is_last)
        return line

    def _join(self, line: Line, stream: str, *, is_last: bool) -> None:
        """Lines of more than 16 kB are collected in parts."""
        text = self.parts.pop(stream, "") + line.text
        if is_last:
            line.text = text
        else:
            self.parts[stream] = text
            line.text = ""


def without_syslog(text: str, rest: str) -> tuple[str, str]:
    """Who wrote a line of syslog, and what, by the line and what follows its time; or "", rest."""
    match = (_RFC5424 if text[:1] == "<" and text[:5].find(">1 ") > 0 else _SYSLOG).match(rest)
    if match is None:
        return "", rest
    written = _SYSLOG_ESCAPE.sub(lambda found: chr(int(found[1], 8)), rest[match.end() :])
    return match[1] + " " + match[2], written


def _text_of(row: Any) -> str | None:
    for key in _TEXT_KEYS:
        value = row.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and all(isinstance(each, int) for each in value):
            data = bytes(each % 256 for each in value)  # journald's form of what has colours in it
            return data.decode("utf-8", "surrogateescape")
    return None


def _time_of(row: Any) -> float | None:
    for key in _MICROSECONDS_KEYS:
        if str(row.get(key)).isdecimal():
            return int(row[key]) / 1e6
    for key in _TIME_KEYS:
        value = row.get(key)
        if isinstance(value, str) and (time := time_of_iso(value)) is not None:
            return time
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def starts_with_time(text: str) -> bool:
    """Whether a line begins with a time."""
    return read_stamp(text) is not None
