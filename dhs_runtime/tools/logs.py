r"""Messages in the lines of logs, with their times.

Known are the places where programs of DCS write what goes over the wire:

    06/26/15 14:32:47 1981794048     INFO    message from self <- {htos_...} {src/dcss_h... 290  }
    06/26/15 14:32:47 2013263616     INFO    send_to_all_hardware_clients: out -> stoh_... {... }
    06/26/15 14:32:47 2612467680     INFO    ::dcss2: out-> htos_... {TCL_LOG  }
    09/17/10 14:33:23 1102076224   FINEST    Receiving: 'stoh_...' {src/DcsMessageHandler.cxx 250  }
    09/17/10 14:33:23 1084942656   FINEST    sending out {htos_...} {src/GwBaseDevice.cc 528  }
    2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: <- stoh_...

and whatever else has a keyword in it: behind an arrow, a brace, a quote or a colon, or bare. Left
out are the places known to speak of a message that stands in another line already
(`do task:{stoh_...}`, `no one takes this message: ...`).

A text may hold line ends: then the record goes on up to its end, which in the logs of the C side is
the name of the source file in braces, in ours the next line with a time.

Source: logs kept with the public DCS source tree as 19-ID has it (dcss, epicsgw, robot,
simdetector, pilatusDhs), dcss_hardware_client.c:290 and 1270; pydhsfw's formats.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dhs_runtime.tools.stamps import parse_stamp

ENGINE: Final = "engine"
"""Conversation of the scripting engine's own half, which a dcss log has beside the server's."""

_KEYWORD: Final = re.compile(r"(?<![\w./-])(?:stoc|stoh|htos)_\w+")
_C_END: Final = re.compile(r"\{(?:TCL_LOG|[^\s{}]+ \d+) {2}\}\s*$")
_C_START: Final = re.compile(r"\d+\s+[A-Z]+\s{4}")
_TRACE: Final = re.compile(r"\bdhs_runtime\.wire(?:\.\S+)?: (?:<-|->) ")
_TRACE_BINARY: Final = re.compile(r" <\d+ bytes>$")
_TRACE_MALFORMED: Final = re.compile(
    r"MalformedMessage\(text=(.*), field='[^']*', reason=", re.DOTALL
)
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
_SIMULATED: Final = re.compile(r"^(\S+) (?:->|<-) $")
_CLOSING: Final = {"{": "}", "'": "'", '"': '"', "(": ")", "[": "]"}
_OPENING: Final = re.compile(r"([{'\"(\[]+) ?$")
_MAX_LINES: Final = 5_000  # of one record; what has no end by then has none


@attrs.frozen(kw_only=True)
class Entry:
    """One message in a log, or a place with one that cannot be cut out.

    Attributes:
        line: Its line, from 1.
        time: When, as `parse_stamp`.
        text: Text of the message.
        connection: Name of the hardware host, where the line says it.
        conversation: `ENGINE` or "".
        reason: Why there is no text.
    """

    line: int
    time: float | None
    text: str = ""
    connection: str = ""
    conversation: str = ""
    reason: str = ""


@attrs.define
class _Record:
    line: int
    time: float | None
    lines: list[str]

    @property
    def text(self) -> str:
        """All of it behind the time."""
        return "\n".join(self.lines)

    @property
    def is_c(self) -> bool:
        """Whether the C side's logging wrote it, which ends a record by the source file's name."""
        return _C_START.match(self.lines[0]) is not None

    @property
    def goes_on(self) -> bool:
        """Whether lines without a time belong to it."""
        if len(self.lines) >= _MAX_LINES:
            return False
        if self.is_c:
            return not _C_END.search(self.lines[-1])
        return _TRACE.search(self.lines[0]) is not None


def read_log(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The messages in a log."""
    for record in _records(lines):
        entry = _entry(record)
        if entry is not None:
            yield entry


def _records(lines: Iterable[bytes]) -> Iterator[_Record]:
    record: _Record | None = None
    for number, line in enumerate(lines, start=1):
        text = line.replace(b"\0", b"").decode("utf-8", "surrogateescape")
        time, rest = parse_stamp(text)
        if record is not None and time is None:
            record.lines.append(text)
        else:
            if record is not None:
                yield record
            record = _Record(number, time, [rest])
        if not record.goes_on:  # told at once, whatever is still to come
            yield record
            record = None
    if record is not None:
        yield record


def _entry(record: _Record) -> Entry | None:
    whole = record.text
    trace = _TRACE.search(record.lines[0])
    if trace is not None:
        text = _of_trace(whole[trace.end() :])
        return Entry(line=record.line, time=record.time, text=text)
    match = _KEYWORD.search(whole)
    if match is None:
        return None
    before = whole[: match.start()]
    start = _C_START.match(before)
    if start is not None and not _C_WIRE.fullmatch(before[start.end() :]):
        return None
    if _MENTION.search(before):
        return None
    host = _FROM.search(before) or _SIMULATED.search(before)
    entry = Entry(
        line=record.line,
        time=record.time,
        connection=host[1] if host else "",
        conversation=ENGINE if _ENGINE.search(before) else "",
    )
    try:
        text = _cut(record, match.start(), _OPENING.search(before))
    except ValueError as error:
        return attrs.evolve(entry, reason=str(error))
    return attrs.evolve(entry, text=text)


def _of_trace(text: str) -> str:
    malformed = _TRACE_MALFORMED.match(text)
    if malformed is not None:
        return str(ast.literal_eval(malformed[1]))
    return _TRACE_BINARY.sub("", text)


def _cut(record: _Record, start: int, opening: re.Match[str] | None) -> str:
    text = record.text[start:]
    if record.is_c:
        end = _C_END.search(text)
        if end is None:
            raise ValueError(f"the record is cut off: {text[:60]!r}")
        text = text[: end.start()]
    else:
        text = text.rstrip("\n")
    if opening is None:
        return text.rstrip() if record.is_c else text
    opened = opening[1]
    if opened[-2:] in ("['", "('"):
        return _of_list(record.text[opening.start(1) + len(opened) - 2 :])
    if opened[-1] == "[":
        return text
    closing = _CLOSING[opened[-1]]
    if not record.is_c:  # other logs may go on behind it
        return _up_to(text, opened[-1], closing)
    text = text.rstrip()
    if not text.endswith(closing):
        raise ValueError(f"{opened[-1]} is not closed: {text[:60]!r}")
    return text[:-1].removesuffix(" ") if opened[-1] == "(" else text[:-1]


def _up_to(text: str, opening: str, closing: str) -> str:
    """The text up to its closing sign: the last one, but of braces the one that matches."""
    if opening != closing:
        depth = 1
        for match in re.finditer(f"[{re.escape(opening + closing)}]", text):
            depth += 1 if match.group() == opening else -1
            if depth == 0:
                return text[: match.start()]
    found = text.rfind(closing)
    if found < 0:
        raise ValueError(f"{opening} is not closed: {text[:60]!r}")
    return text[:found]


def _of_list(text: str) -> str:
    """The words of a Python list or tuple, as some DHSs in Python log them."""
    end = text.find("]" if text[0] == "[" else ")")
    while end >= 0:
        try:
            words = ast.literal_eval(text[: end + 1])
        except (SyntaxError, ValueError):
            end = text.find("]" if text[0] == "[" else ")", end + 1)
            continue
        return " ".join(map(str, words)) if isinstance(words, list | tuple) else str(words)
    raise ValueError(f"the list is not closed: {text[:60]!r}")
