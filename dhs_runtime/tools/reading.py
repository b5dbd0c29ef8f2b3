"""Any input to the messages in it."""

import bisect
from collections.abc import Iterator

import attrs

from dcs_codec import Framing, default_codec
from dhs_runtime.errors import ConfigError
from dhs_runtime.tools.captures import CaptureReader
from dhs_runtime.tools.hexdump import read_hex
from dhs_runtime.tools.inputs import ByteSource
from dhs_runtime.tools.jsonl import read_jsonl
from dhs_runtime.tools.logs import read_log
from dhs_runtime.tools.sightings import Damage, Finding, Place, Sighting, direction_of
from dhs_runtime.tools.sniffing import Format, sniff
from dhs_runtime.tools.splitting import Piece, StreamSplitter


@attrs.frozen(kw_only=True)
class ReadOptions:
    """How to read inputs.

    Attributes:
        format: What they are.
        framing: How frames of raw bytes and captures are cut.
        port: Of a capture, the port whose connections to read; None for those that are DCS.
    """

    format: Format = Format.AUTO
    framing: Framing = Framing.AUTO
    port: int | None = None


def read(source: ByteSource, options: ReadOptions | None = None) -> Iterator[Finding]:
    """The messages in an input, and what cannot be read of it, as it comes.

    Raises:
        ConfigError: The input is of no kind that can be read; before anything is yielded.
    """
    options = ReadOptions() if options is None else options
    kind = options.format
    if kind is Format.AUTO:
        try:
            kind = sniff(source.peek())
        except ConfigError as error:
            raise ConfigError(f"{source.name}: {error}") from None
    return _to_the_end(source, _read_as(kind, source, options))


def _to_the_end(source: ByteSource, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, and why the input ended early where it did."""
    yield from findings
    if source.fault:
        yield Damage(place=Place(source=source.name), reason=source.fault)


def _read_as(kind: Format, source: ByteSource, options: ReadOptions) -> Iterator[Finding]:
    if kind is Format.PCAP:
        return CaptureReader(source, options.framing, options.port).findings()
    if kind is Format.LOG:
        return _read_log(source)
    if kind is Format.JSONL:
        return read_jsonl(source)
    if kind is Format.HEX:
        return _read_hex(source, options.framing)
    return _read_raw(source, options.framing)


def _read_raw(source: ByteSource, framing: Framing) -> Iterator[Finding]:
    splitter = StreamSplitter(framing)
    for data in source.pieces():
        for piece in splitter.feed(data):
            yield _finding(piece, Place(source=source.name, offset=piece.offset))
    for piece in splitter.finish():
        yield _finding(piece, Place(source=source.name, offset=piece.offset))


def _read_hex(source: ByteSource, framing: Framing) -> Iterator[Finding]:
    splitter = StreamSplitter(framing)
    starts: list[int] = []  # offsets of lines that are part of a frame to come
    lines: list[int] = []
    end = 0
    for row in read_hex(source.lines()):
        place = Place(source=source.name, line=row.line)
        if row.reason:
            yield Damage(place=place, reason=row.reason)
            continue
        starts.append(end)
        lines.append(row.line)
        end += len(row.data)
        for piece in splitter.feed(row.data):
            line = lines[bisect.bisect(starts, piece.offset) - 1]
            yield _finding(piece, Place(source=source.name, line=line))
        done = max(0, bisect.bisect(starts, splitter.offset) - 1)
        if done and splitter.offset < end:
            del starts[:done], lines[:done]
        elif splitter.offset == end:
            starts.clear()
            lines.clear()
    for piece in splitter.finish():
        line = lines[bisect.bisect(starts, piece.offset) - 1] if lines else 1
        yield _finding(piece, Place(source=source.name, line=line))


def _finding(piece: Piece, place: Place) -> Finding:
    if piece.frame is None:
        return Damage(place=place, reason=piece.reason)
    message = default_codec().decode(piece.frame)
    return Sighting(message=message, place=place, direction=direction_of(message), size=piece.size)


def _read_log(source: ByteSource) -> Iterator[Finding]:
    codec = default_codec()
    for entry in read_log(source.lines()):
        place = Place(source=source.name, line=entry.line)
        if entry.reason:
            yield Damage(place=place, reason=entry.reason)
            continue
        message = codec.decode_text(entry.text)
        yield Sighting(
            message=message,
            place=place,
            time=entry.time,
            connection=entry.connection,
            conversation=entry.conversation,
            direction=direction_of(message),
            size=len(entry.text.encode("utf-8", "surrogateescape")),
        )
