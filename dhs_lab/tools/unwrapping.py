"""Removes what log collectors add to lines.

Collectors change the lines of programs: docker and other JSON logs put an object around each;
kubectl, docker compose and syslog add words before it; terminals add colours; a loss of power
leaves a block of NULs.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from dcs_codec.limits import V1_FRAME_SIZE
from dhs_lab.tools.log_c import KEYWORD
from dhs_lab.tools.margins import Margins, begin_of_record
from dhs_lab.tools.recoding import without_colours
from dhs_lab.tools.stamps import LEVEL, read_stamp, time_of_iso

_KEYWORD: Final = re.compile(rb"(?:stoc|stoh|htos)_")
_LONGEST_STAMP: Final = 60
_LOST: Final = re.compile(rb"\0{8,}")
_V1_TEXT: Final = re.compile(rb"(?:stoc|stoh|htos)_[^\0]*$")
_IN_CSV: Final = re.compile(r'(?:^|(?<=[,;\t]))"((?:[^"]|"")*)"(?=[,;\t]|$)')
_CONTEXT: Final = re.compile(r"(?:[\w./-]+-)?\d+-(?=(?:stoc|stoh|htos)_[a-z])")  # of grep -C
_CRI: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP]) ")
_SYSLOG: Final = re.compile(rf"(?!{LEVEL}\b)(?P<host>[\w.-]+) (?P<tag>[^\s:\[\]]+)(?:\[\d+\])?: ")
_RFC5424: Final = re.compile(
    r"(\S+) (\S+) \S+ \S+ (?:-|(?:\[[^\"\]]*(?:\"(?:[^\"\\]|\\.)*\"[^\"\]]*)*\])+) (?:\ufeff)?"
)
_HAS_RFC5424: Final = re.compile(r"<\d{1,3}>1 ")
_SYSLOG_ESCAPE: Final = re.compile(r"#(0[0-3][0-7])")
_REPEATED: Final = re.compile(r"(.*)message repeated (\d{1,6}) times: \[ ?(.*)\]", re.DOTALL)
_OBJECT: Final = re.compile(
    r"(?:\ufeff|\x1e|data: )*(?=\{\s*[\"}])"
)  # journald may mark its beginning
_TEXT_KEYS: Final = ("log", "MESSAGE", "message", "msg", "event", "text")
_TIME_KEYS: Final = ("time", "timestamp", "ts", "@timestamp", "asctime")
_SPEAKER_KEYS: Final = ("CONTAINER_NAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "container")
_MILLISECONDS: Final = 1e11  # a greater time is in milliseconds
_MICROSECONDS_KEYS: Final = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")


@attrs.define
class Line:
    """A line as its program wrote it.

    Attributes:
        number: Line number in the file, from 1.
        text: Its text without the line end; from JSON it may contain line ends.
        time: When it was collected, None if unknown.
        speaker: The program, if the collector names it.
        is_whole: False if its end is lost.
        reason: Why it has no text.
    """

    number: int
    text: str
    time: float | None = None
    speaker: str = ""
    is_whole: bool = True
    reason: str = ""


class Unwrapper:
    """Converts the lines of a file to the lines of the programs."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        """Incomplete lines, by stream."""
        self._margins = Margins(begin_of_record)
        self._has_objects = False

    def lines_of(self, number: int, raw: bytes, *, is_whole: bool) -> Iterator[Line]:
        """The line of a program in one line of the file."""
        if b"\r" in raw:
            *first, raw = _parts_at_returns(raw)
            for each in first:
                yield from self.lines_of(number, each, is_whole=True)
        if b"\0" not in raw:
            yield from self._repeated(self._line(number, raw, is_whole))
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

    def _repeated(self, line: Line) -> Iterator[Line]:
        """The line, repeated as often as syslog says."""
        repeated = _REPEATED.fullmatch(line.text) if " repeated " in line.text else None
        if repeated is None:
            yield line
            return
        for _ in range(int(repeated[2])):
            yield attrs.evolve(line, text=repeated[1] + repeated[3])

    def _line(self, number: int, raw: bytes, is_whole: bool) -> Line:
        text = raw.decode("utf-8", "surrogateescape").removesuffix("^M")
        text = without_colours(text)
        context = _CONTEXT.match(text)
        margin, text = self._margins.cut(text[context.end() :] if context else text)
        if '"' in text:
            text = _of_csv(text)
        line = Line(number, text, speaker=margin, is_whole=is_whole)
        prefix = _OBJECT.match(text)
        if prefix is not None:
            line.text = text[prefix.end() :]
            return self._of_inner(line) if margin else self._of_json(line)
        cri = _CRI.match(text)
        if cri is not None:
            line.text = text[cri.end() :]
            line.time = time_of_iso(cri[1])
            self._join(line, cri[2], is_last=cri[3] == "F")
            return self._of_inner(line)
        if self._has_objects and read_stamp(text) is None:
            return Line(number, "", reason=f"is not JSON: {text[:60]!r}")
        return line

    def _of_json(self, line: Line) -> Line:
        try:
            row = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            if line.is_whole:
                return attrs.evolve(line, text="", reason=f"is not JSON: {error}")
            return attrs.evolve(line, text="", reason="the line is cut off")
        self._has_objects = True
        text = _text_of(row)
        line.is_whole = True  # its JSON is
        line.time = _time_of(row) or line.time
        line.speaker = next((str(row[key]) for key in _SPEAKER_KEYS if key in row), line.speaker)
        line.text = without_colours(text)
        if isinstance(row.get("log"), str):  # of docker
            is_last = line.text.endswith("\n")
            line.text = line.text.rstrip("\r\n")
            self._join(line, str(row.get("stream")), is_last=is_last)
        return self._of_inner(line)

    def _of_inner(self, line: Line) -> Line:
        """The line inside an object, if a second collector wrapped the first one's."""
        if not line.text.startswith("{"):
            return line
        inner = self._of_json(attrs.evolve(line))
        return line if inner.reason else inner

    def _join(self, line: Line, stream: str, *, is_last: bool) -> None:
        """Join the parts of a line of more than 16 kB."""
        text = self.parts.pop(stream, "") + line.text
        if is_last:
            line.text = text
        else:
            self.parts[stream] = text
            line.text = ""


def _parts_at_returns(raw: bytes) -> list[bytes]:
    """Splits a line at carriage returns after which a message or a record begins."""
    first, *others = re.split(b"\r+", raw.rstrip(b"\r"))
    parts = [first]
    for other in others:
        text = other[:_LONGEST_STAMP].decode("latin-1")
        if _KEYWORD.match(other) or text.startswith("{") or read_stamp(text) is not None:
            parts.append(other)
        else:
            parts[-1] += b"\r" + other
    return [each for each in parts[:-1] if _KEYWORD.search(each)] + parts[-1:]


def _of_csv(text: str) -> str:
    """A row of CSV without the quotes around the column with a message."""
    for column in _IN_CSV.finditer(text):
        if KEYWORD.search(column[1]):
            return text[: column.start()] + column[1].replace('""', '"')
    return text


def without_syslog(text: str, rest: str) -> tuple[str, str]:
    """The program and the text of a syslog line, from the text after its time; or "", rest."""
    match = (_RFC5424 if _HAS_RFC5424.match(text) else _SYSLOG).match(rest)
    if match is None:
        return "", rest
    written = _SYSLOG_ESCAPE.sub(lambda found: chr(int(found[1], 8)), rest[match.end() :])
    return match[1] + " " + match[2], written


def _text_of(row: dict[str, Any]) -> str:
    """The text in an object: that of a usual key, else of the first one with a message."""
    values = {key: _as_text(value) for key, value in row.items()}
    usual = [values[key] for key in _TEXT_KEYS if key in values]
    texts = [*usual, *values.values()]
    return next((text for text in texts if KEYWORD.search(text)), next(iter(usual), ""))


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return _text_of(value)
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        data = bytes(each % 256 for each in value)  # journald's form of texts with colours
        return data.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else ""


def _time_of(row: Any) -> float | None:
    for key in _MICROSECONDS_KEYS:
        if str(row.get(key)).isdecimal():
            return int(row[key]) / 1e6
    for key in _TIME_KEYS:
        value = row.get(key)
        if isinstance(value, str) and (time := time_of_iso(value)) is not None:
            return time
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value / 1000 if value > _MILLISECONDS else float(value)
    return None
