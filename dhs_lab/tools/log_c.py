"""Log records of the C and C++ programs: where the message is, and where the record ends.

A record ends with the name of the source file and the line in braces; those of the scripting engine
end with `{TCL_LOG  }`.
"""

import functools
import re
from collections.abc import Iterable
from typing import Final

import attrs

from dhs_lab.tools.log_entries import LogEntry
from dhs_lab.tools.stamps import LEVEL, read_stamp

ENGINE: Final = "engine"
"""Conversation of the scripting engine's half; a dcss log has it in addition to the server's."""

# The text that must not come before is checked last: such patterns are slow to search.
KEYWORD: Final = re.compile(r"(?:sto[ch]|htos)_(?<![\w./-].{5})\w+", re.DOTALL)

_C_LINE: Final = re.compile(rb"(\d\d/\d\d/\d\d \d\d:\d\d):([0-5]\d) (\d+ +[A-Z]+ {4})")
_C_START: Final = re.compile(r"\d+\s+[A-Z]+\s{4}")
_C_END: Final = re.compile(r"\{(?:TCL_LOG|[^\s{}]+ \d+) {2}\}\s*")
_LONGEST_END: Final = 100
_ANOTHER_MESSAGE: Final = re.compile(r"<- \{(?:htos|stoh)_")
_ANOTHER_RECORD: Final = re.compile(r":\d\d \d+\s+[A-Z]+ {4}")
_CLOSING: Final = {"{": "}", "'": "'", "(": ")"}
_C_WIRE: Final = re.compile(
    r"(?:|.*(?:(?:->|<-) ?\{?|Receiving: '|Sending: '|sending out \{|SendoutDcsMessage\( ))",
    re.DOTALL,
)
_MENTION: Final = re.compile(
    r"(?:do task:\{|no one takes this message: |ConsumeDcsMessage: |\bGot |while processing "
    r"|no handler .*|[Uu]n\w+ command.*|FROM DCSS: |REGISTER: |GOT: |Handling message |msg="
    r"|(?:stog|gtos)_.*)$",
    re.DOTALL,
)
_FROM: Final = re.compile(r"message from (\S+) <- \{$")
_ENGINE: Final = re.compile(r"(?:::dcss\d*: out-> |self_HW in<- )$")
_SIMULATED: Final = re.compile(rf"^(?!{LEVEL}\b|re[cv]|sen[dt]|in\b|out\b)(\S+) (?:->|<-) $")


@attrs.frozen
class LogPrefix:
    """The meaning of the words before a message.

    Attributes:
        is_message: False if they refer to a message that another line has.
        connection: Name of the hardware host, if they give it.
        conversation: `ENGINE` or "".
        opening: The bracket or quote that is opened last, if they end with one.
    """

    is_message: bool
    connection: str
    conversation: str
    opening: str


@functools.lru_cache(maxsize=1024)
def place_of(before: str) -> LogPrefix:
    """The meaning of the words before a message, in any log."""
    host = _FROM.search(before) or _SIMULATED.search(before)
    return LogPrefix(
        _MENTION.search(before) is None,
        host[1] if host else "",
        ENGINE if _ENGINE.search(before) else "",
        before.rstrip(" ")[-1:],
    )


@functools.lru_cache(maxsize=1024)
def _place_in_c(before: str) -> LogPrefix:
    place = place_of(before)
    is_wire = _C_WIRE.fullmatch(before) is not None
    return attrs.evolve(place, is_message=is_wire and place.is_message)


def c_end(text: str) -> int:
    """Where the final name of the source file begins, -1 without one."""
    at = text.rfind("{")
    return at if at >= 0 and _is_c_end(text[at : at + _LONGEST_END]) else -1


@functools.lru_cache(maxsize=4096)
def _is_c_end(text: str) -> bool:
    return _C_END.fullmatch(text) is not None


def start_of_c(text: str) -> int:
    """Where the C side's words begin, after thread and level; -1 if it is another line."""
    match = _C_START.match(text)
    return -1 if match is None else match.end()


def _message_in_c(text: str, start: int, end: int) -> tuple[LogPrefix, str, str] | None:
    """The place, and the text of the message or why it is unknown; None without a message."""
    match = KEYWORD.search(text, start)
    if match is None:
        return None
    at = match.start()
    place = _place_in_c(text[start:at])
    if not place.is_message:
        return None
    if end < 0:
        return place, "", f"the record is cut off: {text[at : at + 60]!r}"
    found = text[at:end].rstrip()
    if _ANOTHER_MESSAGE.search(found) or _ANOTHER_RECORD.search(found):
        return place, "", f"two records run into one: {found[:60]!r}"
    closing = _CLOSING.get(place.opening, "")
    if not found.endswith(closing):
        return place, "", f"{place.opening} is not closed: {found[:60]!r}"
    found = found.removesuffix(closing)
    return place, found.removesuffix(" ") if closing == ")" else found, ""


def entries_of_line(number: int, raw: bytes) -> Iterable[LogEntry] | None:
    """The entry of a complete one-line record of the C side; None for others.

    Logs of dcss are the largest logs, and nearly all their records are like this.
    """
    match = _C_LINE.match(raw)
    if match is None:
        return None
    begin = match.start(3)
    text = raw[begin:].decode("utf-8", "surrogateescape")
    minute = _minute_of_c(match[1])
    end = c_end(text)
    if minute is None or end < 0 or not text.isprintable():
        return None
    return entries_of_record(number, minute + int(match[2]), text, (match.end() - begin, end))


@functools.lru_cache(maxsize=1024)
def _minute_of_c(minute: bytes) -> float | None:
    found = read_stamp(f"{minute.decode()}:00")
    return None if found is None else found.time


def entries_of_record(
    line: int, time: float | None, text: str, spans: tuple[int, int]
) -> Iterable[LogEntry]:
    """The entry of a record of the C side, if any.

    Args:
        line: Its line number.
        time: Time of the record.
        text: Text of the record, after the time.
        spans: Where its words begin, and where the name of the source file does, as `c_end`.
    """
    found = _message_in_c(text, *spans)
    if found is None:
        return ()
    place, message, reason = found
    return (LogEntry(line, time, message, place.connection, place.conversation, reason),)
