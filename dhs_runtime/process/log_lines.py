"""Turns log records into lines: cut, masked, and without control characters.

The work has two parts. `Cutter` runs in the thread that logs, and turns the record into texts of
limited length, because its objects may change or be large. The formatters mask the texts, in the
thread that writes.
"""

import copy
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from traceback import format_exception, format_tb
from typing import Final, TypeVar

from dcs_codec import Frame, Message, UnknownMessage, encode_text
from dhs_runtime.answers import text_of
from dhs_runtime.process.controls import escape_controls, show_controls
from dhs_runtime.secrets import Masker

T = TypeVar("T")

MAX_TEXT: Final = 8_000
"""Most characters of a text, or of a traceback."""
MAX_TRACE_LINE: Final = 1_000
MAX_CAUSES: Final = 20
"""Most causes of an exception that are looked at for long texts."""
MAX_LINES: Final = 200
"""Most lines of the text of one exception; the rest counts as one line."""
TRACE_HEAD: Final = 2_000
"""Characters kept from the start of a long traceback; the rest is kept from its end."""
FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(threadName)-16s %(name)s: %(message)s"
DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
JOURNAL_FORMAT: Final = "%(threadName)-16s %(name)s: %(message)s"
INDENT: Final = "  "
"""Indents the lines of a traceback, so that they cannot look like lines of the log."""
PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
"""Priorities of syslog(3), by the lowest level that has each."""
COLOURS: Final = (
    (logging.ERROR, "31"),
    (logging.WARNING, "33"),
    (logging.INFO, ""),
    (logging.NOTSET, "2"),
)
"""Colours of a terminal (ECMA-48), by the lowest level that has each: red, yellow, none, dim."""


class Cutter:
    """Prepares a record for the queue: makes texts of it, no longer than the log shows."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy of the record that contains only texts."""
        prepared = copy.copy(record)
        prepared.msg = self.cut(_text(record))
        prepared.args = None
        if record.exc_info and record.exc_info[1]:
            prepared.exc_text = self.cut_trace(*_traceback_of(record.exc_info[1]))
        prepared.exc_info = None
        if record.stack_info:
            prepared.stack_info = self.cut_trace(*record.stack_info.split("\n"))
        return prepared

    def cut(self, text: str, most: int = MAX_TEXT) -> str:
        """The text, or its beginning and its length."""
        kept = self._masker.beginning(text, most)
        return text if kept is text else f"{kept} ... ({len(text)} characters)"

    def cut_trace(self, *parts: str) -> str:
        """The first and the last lines of a traceback, each cut; the last names the exception."""
        lines = [
            self.cut(line, MAX_TRACE_LINE)
            for part in parts
            for line in part.removesuffix("\n").split("\n", MAX_LINES)
        ]
        if sum(map(len, lines)) + len(lines) <= MAX_TEXT:
            return "\n".join(lines)
        head = _fitting(lines, TRACE_HEAD)
        tail = _fitting(lines[len(head) :][::-1], MAX_TEXT - TRACE_HEAD)[::-1]
        left_out = len(lines) - len(head) - len(tail)
        return "\n".join([*head, f"... ({left_out} lines)", *tail])


class LineFormatter(logging.Formatter):
    """Text lines; a traceback follows, indented."""

    def __init__(
        self,
        masker: Masker,
        *,
        journal: bool = False,
        has_colours: Callable[[], bool] = lambda: False,
    ) -> None:
        """A formatter.

        Args:
            masker: Masks texts and tracebacks.
            journal: Write for journald: each line with its priority (sd-daemon(3)), and without
                the time, which journald adds.
            has_colours: Whether the output shows colours now.
        """
        super().__init__(JOURNAL_FORMAT if journal else FORMAT, DATE_FORMAT)
        self._masker = masker
        self._is_journal = journal
        self._has_colours = has_colours

    def format(self, record: logging.LogRecord) -> str:
        """All lines of a record that a `Cutter` prepared."""
        record.message = self._masker.mask(record.msg)
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        lines = [show_controls(self.formatMessage(record))]
        lines += (INDENT + show_controls(line) for line in _trace(record, self._masker))
        before, after = "", "\n"
        if self._is_journal:
            before = f"<{_of_level(PRIORITIES, record.levelno)}>"
        elif (colour := _of_level(COLOURS, record.levelno)) and self._has_colours():
            before, after = f"\x1b[{colour}m", "\x1b[0m\n"
        return "".join(f"{before}{line}{after}" for line in lines)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, thread, logger, message, and trace if there is one.

    The line is ASCII; other characters are escaped.
    """

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record that a `Cutter` prepared."""
        time = datetime.fromtimestamp(record.created, UTC)
        told = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "thread": record.threadName,
            "logger": record.name,
            "message": self._masker.mask(record.msg),
        }
        trace = "\n".join(_trace(record, self._masker))
        import json  # noqa: PLC0415 - only for this form

        return json.dumps(told | {"trace": trace} if trace else told) + "\n"


def _trace(record: logging.LogRecord, masker: Masker) -> Iterator[str]:
    for text in (record.exc_text, record.stack_info):
        if text:
            yield from masker.mask(text).split("\n")


def _traceback_of(error: BaseException) -> list[str]:
    """The traceback of an exception; without its causes if a text is so long that it takes long."""
    each: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if each is None:
            break
        if len(text_of(each)) > MAX_TEXT:
            last = f"{type(error).__qualname__}: {text_of(error)}"
            return ["Traceback (most recent call last):", *format_tb(error.__traceback__), last]
        each = each.__cause__ or each.__context__
    return format_exception(error)


def _of_level(table: Iterable[tuple[int, T]], level: int) -> T:
    return next(value for lowest, value in table if level >= lowest)


def _fitting(lines: list[str], most: int) -> list[str]:
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > most:
            return lines[:number]
    return lines


def _text(record: logging.LogRecord) -> str:
    """The text of a record, even if an argument cannot be shown."""
    told = copy.copy(record)
    try:
        if isinstance(record.args, tuple):
            told.args = tuple(map(_wire_words, record.args))
        return told.getMessage()
    except Exception as error:  # noqa: BLE001 - an author's __str__, or %d for a text
        try:
            return f"{record.msg} (arguments do not fit: {error!r})"
        except Exception:  # noqa: BLE001 - as above
            return f"a text that cannot be made ({type(error).__name__})"


def _wire_words(value: object) -> object:
    """A message with its text on the wire, so that its words can be found in the log."""
    if not isinstance(value, Frame | Message):
        return value
    try:
        if isinstance(value, Frame):
            text = str(value)
        else:
            text = value.text if isinstance(value, UnknownMessage) else encode_text(value)
            text += f" <{len(value.binary)} bytes>" if value.binary else ""
    except Exception:  # noqa: BLE001 - malformed, or an author's own codec; log it all the same
        return value
    return escape_controls(text)
