r"""Messages in the lines of logs, with their times.

Known are the places where programs of DCS write what goes over the wire:

    06/26/15 14:32:47 1981794048     INFO    message from self <- {htos_...} {src/dcss_h... 290  }
    06/26/15 14:32:47 2013263616     INFO    send_to_all_hardware_clients: out -> stoh_... {... }
    06/26/15 14:32:47 2612467680     INFO    ::dcss2: out-> htos_... {TCL_LOG  }
    09/17/10 14:33:23 1102076224   FINEST    Receiving: 'stoh_...' {src/DcsMessageHandler.cxx 250  }
    09/17/10 14:33:23 1084942656   FINEST    sending out {htos_...} {src/GwBaseDevice.cc 528  }
    2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: <- stoh_...
    2024-01-05 17:47:58,363 - EPICSDHS - DEBUG -reciver - recive b'stoh_...\x00' (EpicsDHS.py:327)

and whatever else has a keyword in it: after an arrow, a brace, a quote or a colon, or bare. Left
out are the places known to speak of a message that is in another line already
(`do task:{stoh_...}`, `no one takes this message: ...`).

A text may hold line ends: then the record goes on up to its end, which in the logs of the C side is
the name of the source file in braces, in ours the next line with a time, and in those that write
`(file.py:327)` at the end of each line that. A text whose end is lost is a damage and no message.

Source: logs kept with the public DCS source tree as 19-ID has it (dcss, epicsgw, robot,
simdetector, pilatusDhs), dcss_hardware_client.c:290 and 1270; pydhsfw's formats; logs of TPS 07A.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dhs_lab.tools.log_c import message_in_c, place_of, start_of_c
from dhs_lab.tools.log_frames import Cut, FrameCutter
from dhs_lab.tools.log_retelling import Retelling, voice_of
from dhs_lab.tools.log_texts import (
    KEYWORD,
    TRACE,
    bare_text,
    bytes_of,
    c_end,
    location_at_end,
    quoted_text,
    trace_text,
)
from dhs_lab.tools.splitting import V2_HEADER_SIZE, v2_sizes
from dhs_lab.tools.stamps import Days, parse_stamp, read_stamp
from dhs_lab.tools.unwrapping import Line, Unwrapper, without_syslog

_KEYWORDS: Final = (b"stoh_", b"htos_", b"stoc_", b"dhs_runtime.wire")
_IN_SEVERAL_LINES: Final = {
    b"'": re.compile(rb"'(?<=b')"),
    b'"': re.compile(rb'"(?:(?<=b")|(?<=b\\")|MESSAGE")'),
}
"""What lines have that may hold part of a message, by the quote in it, which is found faster."""

_C_LINE: Final = re.compile(rb"(\d\d/\d\d/\d\d \d\d:\d\d:\d\d) (\d+ +[A-Z]+ {4})")
_BYTES: Final = re.compile(r"(?:\bb|(?<!\w))(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
_BYTES_OPEN: Final = re.compile(r"\bb['\"]")
_NUL: Final = r"\x00"  # in a text that a program showed with its escapes, which is as good as bytes
_NO_TEXT: Final = re.compile(r"[\x00-\x1f\x7f]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_VARIES: Final = re.compile(r"\d\d:\d\d:\d\d\S*|\d{4}-\d\d-\d\d|\d+(?= bytes?\b)")
_MAX_LINES: Final = 5_000  # of one record; what has no end by then has none
_MAX_VOICES: Final = 256


@attrs.define
class LogEntry:
    """One message in a log, or a place with one that cannot be cut out.

    Attributes:
        line: Its line, from 1.
        time: When, as `read_stamp`.
        text: Text of the message.
        connection: Name of the hardware host, where the line says it.
        conversation: `ENGINE` or "".
        reason: Why there is no text.
        is_again: Whether the log told it before, in other words.
    """

    line: int
    time: float | None
    text: str = ""
    connection: str = ""
    conversation: str = ""
    reason: str = ""
    is_again: bool = False


@attrs.define
class _Record:
    """A line and those that belong to it.

    Attributes:
        text: All of it after the time.
        has_time: Whether it begins with one.
        is_whole: False where its end is lost.
        c_start: Where the words begin of the C side's logging, which ends a record by the source
            file's name; -1 in other logs.
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


def read_log(
    blocks: Iterable[tuple[bytes, bool]], pieces: tuple[bytes, ...] = ()
) -> Iterator[LogEntry]:
    """The messages in a log.

    Args:
        blocks: Lines, the end of the last one left out; False where that has no end.
        pieces: Lines without one of these, and without what may be part of a message in several
            lines, are passed over; by default those without a keyword.
    """
    return _Reader(pieces or _KEYWORDS).read(blocks)


class _Reader:
    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces
        self._unwrapper = Unwrapper()
        self._days = Days()
        self._retelling = Retelling()
        self._cutters: dict[str, tuple[FrameCutter, LogEntry]] = {}
        self._record: _Record | None = None
        self._has_records = False  # of more lines: those without a time are part of one
        self._has_inner_times = False  # besides those of what collected the lines
        self._has_two_times = False  # in a line, one after the other
        self._located = 0  # lines that end with the place in the source, less those that do not

    def read(self, blocks: Iterable[tuple[bytes, bool]]) -> Iterator[LogEntry]:
        number = 1
        for block, is_whole in blocks:
            yield from self._read_block(number, block, is_whole=is_whole)
            number += block.count(b"\n") + 1
        if self._record is not None:
            yield from self._close(self._record)
        for cutter, entry in self._cutters.values():
            yield from self._cuts(cutter.finish(), entry, "")

    def _read_block(self, number: int, block: bytes, *, is_whole: bool) -> Iterator[LogEntry]:
        """The messages in lines of which the first has this number."""
        candidates = _Candidates(block, self._pieces)
        unwrapper, parts = self._unwrapper, self._unwrapper.parts
        at = 0
        while at <= len(block):
            is_between = self._record is None and not parts
            if is_between:
                found = candidates.after(at)
                if found is None:
                    return
                start = max(at, block.rfind(b"\n", at, found) + 1)
                number += block.count(b"\n", at, start)
                at = start
            end = block.find(b"\n", at)
            raw = block[at:end] if end >= 0 else block[at:]
            at += len(raw) + 1
            quick = _quick_c(number, raw) if is_between else None
            if quick is not None:
                yield from quick
            else:
                for line in unwrapper.lines_of(number, raw, is_whole=is_whole):
                    yield from self._take(line)
            number += 1

    # -- records -----------------------------------------------------------------------------

    def _take(self, line: Line) -> Iterator[LogEntry]:
        if line.reason:
            yield LogEntry(line.number, line.time, reason=line.reason)
            return
        new = self._open(line)
        record = self._record
        if record is not None:
            if not new.has_time:
                if _NO_TEXT.fullmatch(new.text):  # a form feed is no part of a text
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
            return  # of a record that is not asked for
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
            inner = read_stamp(rest) if rest[:1].isdigit() or speaker_of_line else None
            self._has_two_times |= inner is not None
            if speaker_of_line or self._has_two_times:  # that of what collected it is the first
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
            yield from map(_checked, _of_c(record.line, record.time, text, spans))
        else:
            yield from self._of_any(record)

    # -- logs of other programs --------------------------------------------------------------

    def _of_any(self, record: _Record) -> Iterator[LogEntry]:
        text = record.text
        location = location_at_end(text)
        if record.has_time:
            self._located += 1 if location else -1
        if _NUL in text or _BYTES_OPEN.search(text):
            entries = self._of_bytes(record)
            if entries is not None:
                yield from entries
                return
        if location and self._located > 0:
            text = text[: -len(location)]
        elif self._located > 0 and record.has_time:
            record.is_whole = False
        match = KEYWORD.search(text)
        if match is None:
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
        yield from self._cuts([Cut(found)], entry, before, record.speaker)

    def _of_frames(
        self, record: _Record, entry: LogEntry, text: str, before: str
    ) -> Iterator[LogEntry]:
        cutter = FrameCutter()
        data = text.rstrip("'\" ").encode("utf-8", "surrogateescape")
        cuts = list(cutter.feed(data))
        rest = cutter.rest.strip(b" ")
        if rest and record.is_whole and not self._is_awaited(cutter.rest):
            cuts += cutter.finish()
        yield from self._cuts(cuts, entry, before, record.speaker)

    def _is_awaited(self, data: bytes) -> bool:
        """Whether this is part of a frame that is put together from what was logged as bytes."""
        return any(cutter.rest.endswith(data) for cutter, _ in self._cutters.values())

    def _of_bytes(self, record: _Record) -> list[LogEntry] | None:
        """Messages in literals of bytes, which may be pieces of frames; None without such."""
        entries: list[LogEntry] | None = None
        at = 0
        for match in _BYTES.finditer(record.text):
            literal = match.group()
            if literal[0] != "b" and _NUL not in literal:
                continue
            before = record.text[at : match.start()]
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
            reason = f"bytes that are not closed: {record.text[opened.start() :][:60]!r}"
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


class _Candidates:
    """Where the lines of a block are that may have a message; most lines are never looked at."""

    def __init__(self, block: bytes, pieces: tuple[bytes, ...]) -> None:
        self._end = len(block)
        finds = [functools.partial(block.find, piece) for piece in pieces]
        for quote, pattern in _IN_SEVERAL_LINES.items():
            if quote in block:
                finds.append(functools.partial(_search, pattern, block))
        self._next = [(find, at) for find in finds if (at := find(0)) >= 0]

    def after(self, at: int) -> int | None:
        """A place in the next such line that begins here or later."""
        nearest = self._end
        for index, (find, found) in enumerate(self._next):
            if found < at:
                found = find(at)
                found = self._end if found < 0 else found
                self._next[index] = find, found
            nearest = min(nearest, found)
        return nearest if nearest < self._end else None


def _search(pattern: re.Pattern[bytes], block: bytes, at: int) -> int:
    match = pattern.search(block, at)
    return -1 if match is None else match.start()


def _quick_c(number: int, raw: bytes) -> Iterable[LogEntry] | None:
    """What a whole record of the C side in one line has; None of all others.

    Logs of dcss are the largest that there are, and nearly all of their records are such.
    """
    match = _C_LINE.match(raw)
    if match is None:
        return None
    text = raw[match.start(2) :].decode("utf-8", "surrogateescape")
    time = _time_of_c(match[1])
    end = c_end(text)
    if time is None or end < 0 or not text.isprintable():
        return None
    return _of_c(number, time, text, (match.end() - match.start(2), end))


@functools.lru_cache(maxsize=1024)
def _time_of_c(stamp: bytes) -> float | None:
    return parse_stamp(stamp.decode())[0]


def _of_c(line: int, time: float | None, text: str, spans: tuple[int, int]) -> Iterable[LogEntry]:
    found = message_in_c(text, *spans)
    if found is None:
        return ()
    place, message, reason = found
    return (LogEntry(line, time, message, place.connection, place.conversation, reason),)


def _of_trace(record: _Record) -> LogEntry:
    entry = _checked(LogEntry(record.line, record.time, record.text[record.trace_at :]))
    if entry.reason:
        return entry
    try:  # the control characters of a text are escaped in a trace, and come back only here
        entry.text = trace_text(entry.text, is_whole=record.is_whole)
    except ValueError as error:
        entry.reason, entry.text = str(error), ""
    return entry


def _checked(entry: LogEntry) -> LogEntry:
    """The entry, without its text where that cannot be what was sent."""
    if not entry.text.isprintable() and _CONTROL.search(entry.text.removesuffix("\r")):
        entry.reason = f"control characters in it: {entry.text[:60]!a}"
        entry.text = ""
    return entry
