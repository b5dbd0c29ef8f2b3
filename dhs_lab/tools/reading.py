"""Any input to the messages in it."""

import bisect
import functools
from collections.abc import Iterator
from typing import Final

import attrs

from dcs_codec import Framing, default_codec
from dhs_lab.tools.hexdump import NoDump, Row, read_hex
from dhs_lab.tools.inputs import ByteSource, as_utf8
from dhs_lab.tools.jsonl import read_jsonl
from dhs_lab.tools.keyword_filter import KeywordFilter
from dhs_lab.tools.log_messages import read_log
from dhs_lab.tools.sightings import Damage, Found, Place, Sighting, direction_of
from dhs_lab.tools.sniffing import Format, sniff
from dhs_lab.tools.splitting import StreamPiece, StreamSplitter
from dhs_runtime.lowlevel import ConfigError

_LONG: Final = 300  # characters of a text that is not remembered


@attrs.frozen(kw_only=True)
class ReadOptions:
    """How to read inputs.

    Attributes:
        format: What they are.
        framing: How frames of raw bytes and captures are cut.
        port: Of a capture, the port whose connections to read; None for those that are DCS.
        wanted: The keywords asked for. Of a log, places without one of them are not looked at.
    """

    format: Format = Format.AUTO
    framing: Framing = Framing.AUTO
    port: int | None = None
    wanted: KeywordFilter = attrs.field(factory=KeywordFilter, eq=False)


def read(source: ByteSource, options: ReadOptions | None = None) -> Iterator[Found]:
    """The messages in an input, and what cannot be read of it, as it comes.

    Raises:
        ConfigError: The input is of no kind that can be read; before anything is yielded.
    """
    options = ReadOptions() if options is None else options
    kind, text = options.format, source
    if kind not in (Format.RAW, Format.PCAP):
        text = as_utf8(source)
    if kind is Format.AUTO:
        try:
            kind = sniff(text.peek())
        except ConfigError as error:
            raise ConfigError(f"{source.name}: {error}") from None
    return _to_the_end(source, _read_as(kind, text, options))


def _to_the_end(source: ByteSource, findings: Iterator[Found]) -> Iterator[Found]:
    """The findings, and why the input ended early where it did."""
    yield from findings
    if source.fault:
        yield Damage(place=Place(source=source.name), reason=source.fault)


def _read_as(kind: Format, source: ByteSource, options: ReadOptions) -> Iterator[Found]:
    if kind is Format.PCAP:
        from dhs_lab.tools.captures import CaptureReader  # noqa: PLC0415 - logs do without

        return CaptureReader(source, options.framing, options.port).findings()
    if kind is Format.LOG:
        return _read_log(source, options.wanted)
    if kind is Format.JSONL:
        return read_jsonl(source)
    if kind is Format.HEX:
        return _read_hex(source, options.framing)
    return _read_raw(source, options.framing)


def _read_raw(source: ByteSource, framing: Framing) -> Iterator[Found]:
    splitter = StreamSplitter(framing)
    for data in source.pieces():
        for piece in splitter.feed(data):
            yield _finding(piece, Place(source=source.name, offset=piece.offset))
    for piece in splitter.finish():
        yield _finding(piece, Place(source=source.name, offset=piece.offset))


def _read_hex(source: ByteSource, framing: Framing) -> Iterator[Found]:
    streams: dict[str, _HexStream] = {}
    try:
        for row in read_hex(source.lines()):
            if row.begins and row.stream in streams:
                yield from streams.pop(row.stream).finish()
            if row.stream not in streams:
                streams[row.stream] = _HexStream(source.name, framing)
            yield from streams[row.stream].read(row)
    except NoDump as error:
        raise ConfigError(f"{source.name}: {error}") from None
    for stream in streams.values():
        yield from stream.finish()


class _HexStream:
    """The frames in one stream of a dump, and the lines they begin in."""

    def __init__(self, source: str, framing: Framing) -> None:
        self._source = source
        self._splitter = StreamSplitter(framing)
        self._starts = [0]  # offsets of the lines that are part of a frame to come
        self._lines = [1]
        self._end = 0

    def read(self, row: Row) -> Iterator[Found]:
        if row.missing or row.missing is None:
            self._at(row.line)
            self._end += row.missing or 0
            yield from self._found(self._splitter.gap(row.missing or 0, row.reason))
        elif row.reason:
            yield Damage(place=Place(source=self._source, line=row.line), reason=row.reason)
        if row.data:
            self._at(row.line)
            self._end += len(row.data)
            yield from self._found(self._splitter.feed(row.data))
            done = max(0, bisect.bisect(self._starts, self._splitter.offset) - 1)
            del self._starts[:done], self._lines[:done]

    def finish(self) -> Iterator[Found]:
        yield from self._found(self._splitter.finish())

    def _at(self, line: int) -> None:
        self._starts.append(self._end)
        self._lines.append(line)

    def _found(self, pieces: list[StreamPiece]) -> Iterator[Found]:
        for piece in pieces:
            line = self._lines[max(0, bisect.bisect(self._starts, piece.offset) - 1)]
            yield _finding(piece, Place(source=self._source, line=line))


def _finding(piece: StreamPiece, place: Place) -> Found:
    if piece.frame is None:
        return Damage(place=place, reason=piece.reason)
    message = default_codec().decode(piece.frame)
    return Sighting(message=message, place=place, direction=direction_of(message), size=piece.size)


def _read_log(source: ByteSource, wanted: KeywordFilter) -> Iterator[Found]:
    name = source.name
    # Logs repeat themselves: each half of dcss tells a message, each connection registers all.
    decode = functools.lru_cache(maxsize=4096)(default_codec().decode_text)
    for entry in read_log(source.line_blocks(), wanted.pieces):
        text = entry.text
        if entry.reason:
            yield Damage(place=Place(source=name, line=entry.line), reason=entry.reason)
        elif not wanted.patterns or wanted.admits_text(text):
            message = decode(text) if len(text) < _LONG else decode.__wrapped__(text)
            yield Sighting(
                message=message,
                place=Place(source=name, line=entry.line),
                time=entry.time,
                connection=entry.connection,
                conversation=entry.conversation,
                direction=direction_of(message),
                size=len(text if text.isascii() else text.encode("utf-8", "surrogateescape")),
                is_again=entry.is_again,
            )
