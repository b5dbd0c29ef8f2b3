"""Messages in the bytes of a connection, raw or as a dump."""

import bisect
from collections.abc import Iterator

from dcs_codec import Framing, default_codec, direction_of
from dhs_lab.tools.hexdump import NoDump, Row, read_rows
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.sightings import Damage, Found, Place, Sighting
from dhs_lab.tools.splitting import StreamPiece, StreamSplitter
from dhs_runtime.lowlevel import ConfigError


def read_raw(source: ByteSource, framing: Framing) -> Iterator[Found]:
    """The messages in the bytes of a connection, and the damages."""
    splitter = StreamSplitter(framing)
    for data in source.pieces():
        for piece in splitter.feed(data):
            yield _finding(piece, Place(source=source.name, offset=piece.offset))
    for piece in splitter.finish():
        yield _finding(piece, Place(source=source.name, offset=piece.offset))


def read_hex(source: ByteSource, framing: Framing) -> Iterator[Found]:
    """The messages in a dump of such bytes, and the damages.

    Raises:
        ConfigError: The form of the dump is not supported.
    """
    streams: dict[str, _HexStream] = {}
    try:
        for row in read_rows(source.lines()):
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
    """The frames in one stream of a dump, and the lines in which they begin."""

    def __init__(self, source: str, framing: Framing) -> None:
        self._source = source
        self._splitter = StreamSplitter(framing)
        self._starts = [0]  # offsets of the lines of an incomplete frame
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
    return Sighting(
        message=message,
        place=place,
        direction=direction_of(message.received_keyword),
        size=piece.size,
    )
