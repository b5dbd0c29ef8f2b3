"""Reads bytes from dumps in hexadecimal digits and other forms; `hex_rows` lists them.

Offsets show where rows are missing; the text beside the digits shows wrong digits. `*` replaces
rows that repeat the one before: the padding of v1. If rows of two sides have different indents
(Wireshark, Follow TCP Stream), the dump is two streams.
"""

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dhs_lab.tools.hex_rows import (
    Parsed,
    RowForm,
    cells_of,
    form_of,
    form_with_keyword,
    parse_row,
    plainly,
    shows_text,
)
from dhs_lab.tools.margins import Margins
from dhs_lab.tools.splitting import KEYWORD
from dhs_lab.tools.stamps import read_stamp

_RADIXES: Final = (16, 8, 10)
_WIDTH_OF_ANY: Final = 7  # of offsets: od writes octal and decimal ones, hexdump hexadecimal ones
_WORDS: Final = ("words", "octal")
_HELD: Final = 4096  # most rows before the first keyword
_MAX_REPEAT: Final = 1 << 24
_HEADING: Final = re.compile(
    r"\s*(?:=+|(?:Follow|Filter|Node \d+): .*|```.*|Script (?:started|done) on .*|-----.*-----"
    r"|[\w .*]*?\b(?P<name>[A-Za-z_]\w*)(?:\[\w*\] ?| )=(?! ?\{ ?\d|.*(?:\b0x|\\x))[^;]*;?"
    r"|(?:- )?peer: (?P<peer>\d+)|(?:- )?(?:packets?|peers|host|port|index|timestamp):.*"
    r"|data: !.*|Content-[\w-]+: .*|\w+\(\d+\) \["
    r"|(?:Frame|Reassembled TCP|Decrypted \w+) \(\d+ bytes\):?|/\*.*\*/|[\]})]+;?|#.*)?\s*"
)
_COLUMN_HEADS: Final = re.compile(
    r"\s*(?:(?:Offset(?:\(h\))?\s+)?00 01 02 03 04 05 06 07(?: [0-9A-F]{2})*"
    r"|(?:Path|Label): .*|Offset Bytes\s+Ascii|[- ]+)\s*",
    re.IGNORECASE,
)
"""What hex editors and PowerShell write before the first row."""
_COMMENT: Final = re.compile(r"/\*.*?\*/")
_FIRST_ROWS: Final = 32
_FIRST_OFFSET: Final = re.compile(r"(?<![\w.])(?:0x)?0{4,16}(?::\s|\s\s?)[0-9a-fA-F]{2}")
_OF_TCPDUMP: Final = re.compile(r"\t0x0000:  ")
_FIRST_ROW: Final = re.compile(r"\s*0{4,16}:?\s+\S+")
_FEW_BYTES: Final = 4  # least bytes of a row without an offset: a word of a log may look like a row
_HOW: Final = "make a new dump with `xxd` or `od -A x -t x1z -v`"


class NoDump(ValueError):  # noqa: N818 - says what
    """A dump in an unsupported form; the text says which, and what to do."""


@attrs.frozen(kw_only=True)
class Row:
    """The content of one line: bytes, missing bytes, or the beginning of a stream.

    Attributes:
        line: Line number in the file, from 1.
        stream: The stream that it is part of.
        data: Its bytes.
        reason: Why it has none, or why some are missing.
        missing: Bytes that are missing before it, None if their number is not known.
        begins: Whether a new stream begins here; the one before is over.
    """

    line: int
    stream: str = ""
    data: bytes = b""
    reason: str = ""
    missing: int | None = 0
    begins: bool = False


def looks_like_dump(lines: Iterable[bytes]) -> bool:
    """Whether an input that begins with these lines is a dump, in a supported form or not."""
    is_first = True
    rows = list(_bare(lines))
    if any(map(_OF_TCPDUMP.match, rows)):
        return True
    if form_with_keyword(rows, KEYWORD) is not None:
        return True
    for text in rows:
        if _HEADING.fullmatch(text) or _COLUMN_HEADS.fullmatch(text):
            continue
        if _FIRST_ROW.match(text) or len(cells_of(text.rstrip())) >= 2 * _FEW_BYTES:
            return True
        try:
            form = form_of(text)
            size = len(parse_row(text, form).data)
        except ValueError:
            size = 0
        if size >= _FEW_BYTES and (is_first or form.has_offset):
            return True
        if read_stamp(text) is not None or KEYWORD.search(text.encode()):
            return False
        is_first = False
    return False


def read_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """The bytes of a dump, row by row.

    Raises:
        NoDump: Its form is not supported.
    """
    rest = iter(lines)
    head = list(itertools.islice(rest, _FIRST_ROWS))
    reader = _Reader(form_with_keyword(_bare(head), KEYWORD))
    return reader.in_order(reader.read(_bare(itertools.chain(head, rest))))


def _bare(lines: Iterable[bytes]) -> Iterator[str]:
    """The rows without comments, and without the margin that all of them have."""
    margins = Margins(_begin_of_row)
    for line in lines:
        yield margins.cut(_COMMENT.sub("", line.decode("utf-8", "replace")))[1]


def _begin_of_row(line: str) -> int | None:
    """Where the first row of a dump begins, if something is before it."""
    found = _FIRST_OFFSET.search(line)
    if found is None or _FIRST_OFFSET.match(line.lstrip()):
        return None
    with contextlib.suppress(ValueError):
        form_of(line)
        return None
    with contextlib.suppress(ValueError):
        form_of(line[found.start() :])
        return found.start()
    return None


@attrs.define
class _Stream:
    """One side of a dump.

    Attributes:
        base: Offset of its first row, as written.
        at: Bytes since that.
        row: The row before, which `*` repeats; b"" if unknown.
        held: A row of words; the last may be padded.
    """

    base: str
    at: int = 0
    radixes: tuple[int, ...] = attrs.field(init=False)
    row: bytes = b""
    repeats: bool = False
    held: Row | None = None

    def __attrs_post_init__(self) -> None:
        self.radixes = _RADIXES if len(self.base) == _WIDTH_OF_ANY else (16, 10)


class _Reader:
    def __init__(self, form: RowForm | None) -> None:
        self._form = form
        self._streams: dict[str, _Stream] = {}
        self._last: _Stream | None = None
        self._name = ""  # of a C array
        self._plain = ""  # the stream of a dump without offsets that was read last

    def read(self, lines: Iterable[str]) -> Iterator[Row]:
        for number, text in enumerate(lines, start=1):
            if text.strip() == "*" and self._last is not None:
                self._last.repeats = True
                continue
            heading = _HEADING.fullmatch(text)
            if heading is not None:
                name = heading["name"] or heading["peer"] or self._name
                self._name = re.sub(r"_\d+$", "", name)
                continue
            if self._form is None and _COLUMN_HEADS.fullmatch(text):
                continue
            yield from self._row(number, text)
        for stream in self._streams.values():
            if stream.held is not None:
                yield stream.held

    def in_order(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows; rows of words wait until a keyword shows their byte order."""
        held: list[Row] | None = []
        data = b""
        for row in rows:
            if held is None or self._form is None or self._form.kind not in _WORDS:
                yield row
                continue
            held.append(row)
            data = data[-_HELD:] + row.data
            if KEYWORD.search(data):
                yield from held
                held = None
            elif len(held) > _HELD:
                break
        if held:
            raise NoDump(
                f"the dump cannot be read: no message in its words, low byte first; {_HOW}"
            )

    def _row(self, number: int, text: str) -> Iterator[Row]:
        try:
            form = self._form or form_of(text)
        except ValueError as error:
            if not _FIRST_ROW.match(plainly(text)) and len(cells_of(text)) < _FEW_BYTES:
                yield Row(line=number, reason=f"not a row of a dump: {text.strip()[:40]!r}")
                return
            raise NoDump(f"the dump cannot be read: {error}; {_HOW}") from None
        if self._is_same_row(text):
            return
        try:
            parsed = parse_row(text, form)
            if form.has_text is None:
                form = attrs.evolve(form, has_text=shows_text(text, form))
        except ValueError as error:
            yield self._lost(number, str(error), form)
            return
        self._form = form
        if form.has_offset:
            yield from self._with_offset(number, parsed, form)
        elif parsed.data:
            self._plain = self._name or parsed.indent
            yield Row(line=number, stream=self._plain, data=parsed.data)

    def _is_same_row(self, text: str) -> bool:
        """Whether this repeats the row before as characters (`od -t x1c`)."""
        last = self._last
        if last is None or not last.row or not text.startswith(" " * len(last.base)):
            return False
        return cells_of(text[len(last.base) :]) == last.row

    def _lost(self, number: int, reason: str, form: RowForm) -> Row:
        """Handle an unreadable row; if there are offsets, the next one gives its size."""
        if self._last is not None:
            self._last.row, self._last.repeats = b"", False
        missing = 0 if form.has_offset else None
        return Row(line=number, stream=self._plain, reason=reason, missing=missing)

    def _with_offset(self, number: int, parsed: Parsed, form: RowForm) -> Iterator[Row]:
        stream = self._streams.get(parsed.indent)
        if stream is None or (stream.at and int(parsed.offset, 16) == 0):
            if not parsed.data:
                return
            _refuse_packets(parsed.data)
            yield from self._release(stream)
            stream = self._streams[parsed.indent] = _Stream(parsed.offset)
            yield Row(line=number, stream=parsed.indent, begins=True)
        self._last = stream
        missing = self._missing(stream, parsed.offset)
        if missing < 0 and not parsed.data and stream.held is not None:
            data = stream.held.data[:missing]  # the last word was padded
            stream.held = attrs.evolve(stream.held, data=data)
        yield from self._release(stream)
        if missing < 0 and parsed.data:
            yield Row(line=number, stream=parsed.indent, begins=True, reason="the offset goes back")
            self._streams[parsed.indent] = stream = self._last = _Stream(parsed.offset)
        elif missing > 0:
            yield self._filled(number, parsed.indent, stream, missing)
            stream.at += missing
        if not parsed.data:
            return
        stream.at += len(parsed.data)
        stream.row, stream.repeats = parsed.data, False
        row = Row(line=number, stream=parsed.indent, data=parsed.data)
        if form.kind != "bytes":  # the last one is padded
            stream.held = row
        else:
            yield row

    def _missing(self, stream: _Stream, offset: str) -> int:
        """How far an offset is beyond the bytes read so far; its base may be 16, 8 or 10."""
        distances = {}
        for radix in stream.radixes:
            try:
                distances[radix] = int(offset, radix) - int(stream.base, radix) - stream.at
            except ValueError:
                continue
        fitting = tuple(radix for radix, far in distances.items() if far == 0)
        if fitting:
            stream.radixes = fitting
            return 0
        if stream.repeats and stream.row:  # whole rows were left out
            size = len(stream.row)
            fitting = tuple(r for r, far in distances.items() if far > 0 and far % size == 0)
            stream.radixes = fitting or stream.radixes
        radix = stream.radixes[0]
        return distances.get(radix, 0)

    def _filled(self, number: int, key: str, stream: _Stream, missing: int) -> Row:
        """The bytes of the rows that `*` replaces, or a report of missing rows."""
        row = stream.row
        if stream.repeats and row and missing <= _MAX_REPEAT:
            if len(set(row)) == 1:
                return Row(line=number, stream=key, data=row[:1] * missing)
            reason = f"* repeats a row of different bytes, {missing} bytes; make the dump with -v"
        else:
            reason = f"rows are missing: {missing} bytes"
        return Row(line=number, stream=key, missing=missing, reason=reason)

    def _release(self, stream: _Stream | None) -> Iterator[Row]:
        if stream is not None and stream.held is not None:
            yield stream.held
            stream.held = None


def _refuse_packets(data: bytes) -> None:
    """Refuse a dump of whole packets with their headers.

    Raises:
        NoDump: It is one.
    """
    for at, kind_at in ((0, 0), (14, 12), (16, 14), (18, 16)):  # raw, Ethernet, cooked, VLAN
        kind = data[kind_at : at + 1]
        if kind in (b"\x08\x00\x45", b"\x86\xdd\x60") or data[:2] in (b"\x45\0", b"\x60\0"):
            raise NoDump(
                "it is a dump of whole packets: `text2pcap FILE out.pcap` makes a capture of it, "
                "or write one with `tcpdump -w`"
            )
