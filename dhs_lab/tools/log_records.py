"""Reads the records of a log, of one or several lines, as any program writes them."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dcs_codec import MalformedMessage, default_codec
from dcs_codec.limits import V2_HEADER_SIZE
from dhs_lab.tools.log_c import KEYWORD, c_end, entries_of_record, place_of, start_of_c
from dhs_lab.tools.log_entries import LogEntry
from dhs_lab.tools.log_frames import Cut, FrameCutter
from dhs_lab.tools.log_retelling import Retelling, voice_of
from dhs_lab.tools.log_texts import (
    TRACE,
    bare_text,
    bytes_of,
    location_at_end,
    quoted_text,
    trace_text,
)
from dhs_lab.tools.splitting import v2_sizes
from dhs_lab.tools.stamps import Days, read_stamp
from dhs_lab.tools.unwrapping import Line, Unwrapper, without_syslog

_BYTES: Final = re.compile(r"(?:\bb|(?<!\w))(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
_BYTES_OPEN: Final = re.compile(r"\bb['\"]")
_NUL: Final = re.compile(r"\\(?:x00|u0000|0(?:00)?(?![0-7]))")
"""The NUL of a text that a program wrote with escapes; such a text is like a bytes literal."""
_BETWEEN: Final = re.compile(r"[,\s]*")  # two literals of a list
_IN_PROSE: Final = re.compile(r"\w+[.:;,(=]")  # a keyword in a sentence, or that of a function
_NO_DIGITS: Final = re.compile("[^0-9a-f]+")
_LONGEST_ROW: Final = 40  # characters of the text in a row of a hex dump
_SOURCE: Final = re.compile(r"\s{4,}.*\w\(['\"]$")  # a line of a program, as in a traceback
_NO_TEXT: Final = re.compile(r"[\x00-\x1f\x7f]+")
_OF_A_TOOL: Final = re.compile(
    r"```.*|-- ?|==> .* <==|@@ .* @@.*|Script (?:started|done) on .*|(?:=~)+=? PuTTY log .*"
    r"|\[/?code\]|\{(?:code|noformat)\}|#\+END_.*|\\end\{.*\}"
)
"""Lines that `tail`, `grep`, `diff`, `script`, mails and pages put between lines of logs."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_VARIES: Final = re.compile(r"\d\d:\d\d:\d\d\S*|\d{4}-\d\d-\d\d|\d+(?= bytes?\b)")
_MAX_LINES: Final = 5_000  # of one record; if it has no end by then, the end is lost
_MAX_VOICES: Final = 256


@attrs.define
class _Record:
    """A line, and the lines that continue it.

    Attributes:
        text: All of it after the time.
        has_time: Whether it begins with a time.
        is_whole: False if its end is lost.
        c_start: Where the words of a C program begin, which ends a record with the name of the
            source file; -1 in other logs.
        trace_at: Where the text of our own trace begins, 0 in other logs.
    """

    line: int
    time: float | None
    text: str
    speaker: str
    has_time: bool
    is_whole: bool
    c_start: int
    trace_at: int
    lines: int = 1


class RecordReader:
    """Reads lines in order, and joins those of one record."""

    def __init__(self) -> None:
        self._unwrapper = Unwrapper()
        self._days = Days()
        self._retelling = Retelling()
        self._cutters: dict[str, tuple[FrameCutter, LogEntry]] = {}
        self._record: _Record | None = None
        self._has_records = False  # of several lines; then lines without a time are part of one
        self._has_inner_times = False  # in addition to those of the collector
        self._has_two_times = False  # in a line, one after the other
        self._located = 0  # lines that end with the place in the source, minus those that do not

    @property
    def is_between(self) -> bool:
        """Whether no record is open, so that lines without a message may be left out."""
        return self._record is None and not self._unwrapper.parts

    def read_line(self, number: int, raw: bytes, *, is_whole: bool) -> Iterator[LogEntry]:
        """The messages that are complete with this line."""
        for line in self._unwrapper.lines_of(number, raw, is_whole=is_whole):
            yield from self._take(line)

    def finish(self) -> Iterator[LogEntry]:
        """The messages of the last record."""
        if self._record is not None:
            yield from self._close(self._record)
        for cutter, entry in self._cutters.values():
            yield from self._cuts(cutter.finish(), entry, "")

    def _take(self, line: Line) -> Iterator[LogEntry]:
        if line.reason:
            yield LogEntry(line.number, line.time, reason=line.reason)
            return
        new = self._open(line)
        record = self._record
        if record is not None:
            if not new.has_time:
                if _NO_TEXT.fullmatch(new.text):  # a form feed is not part of a text
                    return
                if _OF_A_TOOL.fullmatch(new.text):
                    self._record = None
                    record.text = record.text.rstrip("\n")
                    yield from self._close(record)
                    return
                record.text += "\n" + new.text
                record.is_whole = line.is_whole
                record.lines += 1
                if not self._goes_on(record):
                    self._record = None
                    yield from self._close(record)
                return
            self._record = None
            yield from self._close(record)
        if self._has_records and not new.has_time and not c_end(line.text) >= 0:
            return  # of a record that is not wanted
        if self._goes_on(new):
            self._has_records = True
            self._record = new
        else:
            yield from self._close(new)

    def _open(self, line: Line) -> _Record:
        text, time, speaker = line.text, line.time, line.speaker
        stamp = read_stamp(text)
        if stamp is not None and line.time is None:
            speaker_of_line, rest = without_syslog(text, stamp.rest)
            is_timed = rest[:1].isdigit() and start_of_c(rest) < 0
            inner = read_stamp(rest) if is_timed or speaker_of_line else None
            self._has_two_times |= inner is not None
            if speaker_of_line or self._has_two_times:  # the first time is that of the collector
                time, speaker = stamp.time, speaker or speaker_of_line
                text, stamp = rest, inner
        is_collected = time is not None
        if stamp is not None:
            self._has_inner_times |= is_collected
            time, text = self._days.of(stamp), stamp.rest
        has_time = stamp is not None or (is_collected and not self._has_inner_times)
        trace = TRACE.search(text) if "dhs_runtime.wire" in text else None
        return _Record(
            line.number,
            time,
            text,
            speaker,
            has_time,
            line.is_whole,
            c_start=start_of_c(text),
            trace_at=0 if trace is None else trace.end(),
        )

    def _goes_on(self, record: _Record) -> bool:
        """Whether lines without a time belong to it."""
        if record.lines >= _MAX_LINES or not record.is_whole:
            return False
        if record.c_start >= 0:
            return c_end(record.text) < 0
        if record.trace_at:
            return True
        return record.has_time and self._located > 0 and not location_at_end(record.text)

    def _close(self, record: _Record) -> Iterator[LogEntry]:
        if record.trace_at:
            yield _of_trace(record)
        elif record.c_start >= 0:
            text = record.text
            spans = record.c_start, c_end(text)
            yield from map(_checked, entries_of_record(record.line, record.time, text, spans))
        else:
            yield from self._of_any(record)

    # -- logs of other programs --------------------------------------------------------------

    def _of_any(self, record: _Record) -> Iterator[LogEntry]:
        text = record.text
        location = location_at_end(text)
        if record.has_time:
            self._located += 1 if location else -1
        if _NUL.search(text) or _BYTES_OPEN.search(text):
            entries = self._of_bytes(record)
            if entries is not None:
                yield from entries
                return
        if location and self._located > 0:
            text = text[: -len(location)]
        elif self._located > 0 and record.has_time:
            record.is_whole = False
        match = KEYWORD.search(text)
        if match is None or _is_in_prose(text, match.start()):
            return
        if _is_dumped(text, match.start()):
            reason = (
                f"a row of a hex dump; put the dump into a separate file: {text.strip()[:60]!r}"
            )
            yield LogEntry(record.line, record.time, reason=reason)
            return
        yield from self._of_text(record, text, match.start())

    def _of_text(self, record: _Record, text: str, at: int) -> Iterator[LogEntry]:
        before = text[:at]
        place = place_of(before)
        if not place.is_message:
            return
        entry = LogEntry(
            record.line,
            record.time,
            connection=place.connection,
            conversation=place.conversation,
        )
        header_at = at - V2_HEADER_SIZE
        has_header = header_at >= 0 and v2_sizes(before[header_at:].encode()) is not None
        if has_header and "\\x" in text[at:]:
            entry.reason = f"the beginning of the line is lost: {text[at : at + 60]!r}"
            yield entry
            return
        if has_header or "\0" in text[at:]:
            start = header_at if has_header else at
            yield from self._of_frames(record, entry, text[start:], text[:start])
            return
        try:
            found = quoted_text(text, at)
            if found is None:
                found = bare_text(text, at, is_whole=record.is_whole)
        except ValueError as error:
            entry.reason = str(error)
            yield entry
            return
        if not _is_wire(before) and found.isidentifier() and _lacks_words(found):
            return  # a keyword in a sentence
        yield from self._cuts([Cut(found)], entry, before, record.speaker)

    def _of_frames(
        self, record: _Record, entry: LogEntry, text: str, before: str
    ) -> Iterator[LogEntry]:
        cutter = FrameCutter()
        data = text.rstrip("'\" ").encode("utf-8", "surrogateescape")
        cuts = list(cutter.feed(data))
        if "\0" not in text:  # Wireshark shows a dot for it
            cuts = [attrs.evolve(cut, text=cut.text.removesuffix(".")) for cut in cuts]
        rest = cutter.rest.strip(b" ")
        if rest and record.is_whole and not self._is_awaited(cutter.rest):
            cuts += cutter.finish()
        yield from self._cuts(cuts, entry, before, record.speaker)

    def _is_awaited(self, data: bytes) -> bool:
        """Whether this is part of a frame that was logged as bytes in pieces."""
        return any(cutter.rest.endswith(data) for cutter, _ in self._cutters.values())

    def _of_bytes(self, record: _Record) -> list[LogEntry] | None:
        """Messages in bytes literals, which may be pieces of frames; None without literals."""
        entries: list[LogEntry] | None = None
        at, before = 0, ""
        for match in _BYTES.finditer(record.text):
            literal = match.group()
            if literal[0] != "b" and not _NUL.search(literal):
                continue
            between = record.text[at : match.start()]
            if not (at and _BETWEEN.fullmatch(between)):
                before = between
            at = match.end()
            entry = LogEntry(record.line, record.time)
            try:
                data = bytes_of(literal)
            except ValueError as error:
                if KEYWORD.search(literal):
                    entry.reason = str(error)
                    entries = [*(entries or []), entry]
                continue
            key = record.speaker + _VARIES.sub("", before)
            cutter = self._cutters[key][0] if key in self._cutters else FrameCutter()
            is_full = len(self._cutters) >= _MAX_VOICES
            if key not in self._cutters and (is_full or not cutter.may_start_with(data)):
                continue
            self._cutters[key] = cutter, entry
            entries = entries or []
            entries += self._cuts(cutter.feed(data), entry, before, record.speaker)
        opened = _BYTES_OPEN.search(record.text, at)
        if opened and KEYWORD.search(record.text, opened.end()):
            reason = f"a bytes literal is not closed: {record.text[opened.start() :][:60]!r}"
            entries = [*(entries or []), LogEntry(record.line, record.time, reason=reason)]
        return entries

    def _cuts(
        self, cuts: Iterable[Cut], entry: LogEntry, before: str, speaker: str = ""
    ) -> Iterator[LogEntry]:
        for cut in cuts:
            if cut.reason:
                yield attrs.evolve(entry, reason=cut.reason)
                continue
            found = _checked(attrs.evolve(entry, text=cut.text))
            if not found.reason:
                voice = voice_of(_VARIES.sub("", before))
                found.is_again = self._retelling.is_again(
                    found.text, speaker, voice, entry.line, entry.time
                )
            yield found


def _is_in_prose(text: str, at: int) -> bool:
    """Whether a keyword is part of a sentence or of a program, and does not begin a message."""
    before = text[:at]
    if _SOURCE.fullmatch(before):
        return True
    return _IN_PROSE.match(text, at) is not None and not _is_wire(before)


def _is_dumped(text: str, at: int) -> bool:
    """Whether a keyword is in the text of a hex dump, whose digits before it say the same."""
    digits = _NO_DIGITS.sub("", text[:at].lower())
    return len(text) - at <= _LONGEST_ROW and text[at : at + 5].encode().hex() in digits


def _is_wire(before: str) -> bool:
    """Whether these words say that what follows was read or sent; if there are none, it was."""
    return not before.strip() or voice_of(before).was_sent is not None


def _lacks_words(keyword: str) -> bool:
    """Whether a keyword alone is not a message."""
    return isinstance(default_codec().decode_text(keyword), MalformedMessage)


def _of_trace(record: _Record) -> LogEntry:
    entry = _checked(LogEntry(record.line, record.time, record.text[record.trace_at :]))
    if entry.reason:
        return entry
    try:  # the control characters of a text are escaped in a trace, and restored only here
        entry.text = trace_text(entry.text, is_whole=record.is_whole)
    except ValueError as error:
        entry.reason, entry.text = str(error), ""
    return entry


def _checked(entry: LogEntry) -> LogEntry:
    """The entry, without its text if that cannot have been sent."""
    if not entry.text.isprintable() and _CONTROL.search(entry.text.removesuffix("\r")):
        entry.reason = f"the text has control characters: {entry.text[:60]!a}"
        entry.text = ""
    return entry
