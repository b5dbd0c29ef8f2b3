"""A recording of `dhs record` on disk.

A recording called NAME is these files:

    NAME.jsonl            one line per frame and event, for people and programs
    NAME.index            one line per piece of bytes, with its time; NAME.jsonl is made from it
    NAME-1-dcss.raw       every byte that DCSS sent on the first connection
    NAME-1-dhs.raw        every byte that the DHS sent on it
    NAME-2-dcss.raw ...

The raw files are complete: a byte is in them before it is sent on, so nothing is relayed
unrecorded, even if the recorder is killed. Another process makes the lines. If some are missing (it
was killed, or its disk is full), `load` reads those frames from the raw files, with the times of
the index.

Objects of NAME.jsonl: {"time", "connection", "event": "opened" | "closed", ...}; for a frame
{"time", "connection", "direction", "offset", "size", "message", "hex"}; for bytes that are not a
frame {"time", "connection", "direction", "offset", "size", "damage"}.

Recordings contain everything that was sent, including session ids: only the owner can read them.
"""

import bisect
import contextlib
import enum
import json
import operator
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from dcs_codec import Direction, Message, default_codec
from dhs_lab.tools.splitting import StreamPiece, StreamSplitter
from dhs_runtime.lowlevel import ConfigError

_MODE: Final = 0o600
_PIECE: Final = 1 << 16


class Side(enum.Enum):
    """The sender of bytes."""

    DCSS = "dcss"
    """DCSS."""
    DHS = "dhs"
    """The DHS."""

    @property
    def direction(self) -> Direction:
        """The direction of its messages."""
        return Direction.TO_DHS if self is Side.DCSS else Direction.TO_DCSS

    @property
    def other(self) -> "Side":
        """The other side."""
        return Side.DHS if self is Side.DCSS else Side.DCSS


def lines_path(name: str) -> Path:
    """The path of the lines of a recording."""
    return Path(f"{name}.jsonl")


def raw_path(name: str, connection: int, side: Side) -> Path:
    """The path of the bytes of one side of one connection."""
    return Path(f"{name}-{connection}-{side.value}.raw")


def index_path(name: str) -> Path:
    """The path of the index of a recording."""
    return Path(f"{name}.index")


@attrs.frozen
class Chunk:
    """Relayed bytes: their time, and their place in a raw file."""

    time: float
    connection: int
    side: Side
    offset: int
    size: int

    def line(self) -> bytes:
        """A line of the index."""
        words = self.time, self.connection, self.side.value, self.offset, self.size
        return b"%r %d %s %d %d\n" % (*words[:2], words[2].encode(), *words[3:])


@attrs.frozen
class RecordedEvent:
    """Something that happened to a connection."""

    time: float
    connection: int
    event: str
    detail: str

    def line(self) -> bytes:
        """A line of the index."""
        return json.dumps(attrs.asdict(self)).encode("ascii") + b"\n"


def read_index_line(line: bytes) -> Chunk | RecordedEvent:
    """Parse a line of the index.

    Raises:
        ValueError: It is not such a line.
    """
    if line.startswith(b"{"):
        return RecordedEvent(**json.loads(line))
    time, connection, side, offset, size = line.decode("ascii").split()
    return Chunk(float(time), int(connection), Side(side), int(offset), int(size))


class WriteAhead:
    """A file whose bytes survive the process as soon as `append` returns."""

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            ConfigError: It exists already, or cannot be made.
        """
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        except FileExistsError:
            raise ConfigError(f"{path} exists already; no file is overwritten") from None
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from None
        self.size = 0

    def append(self, data: bytes) -> None:
        """Add bytes, all or none; the system has them when it returns.

        Raises:
            OSError: They cannot be written (the disk is full).
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


@attrs.frozen(kw_only=True)
class RecordedFrame:
    """One frame of a recording.

    Attributes:
        time: Seconds since 1970.
        side: The sender.
        data: Its bytes.
        text: Its text.
        message: Its message.
    """

    time: float
    side: Side
    data: bytes
    text: bytes
    message: Message


@attrs.frozen(kw_only=True)
class Recorded:
    """One connection of a recording.

    Attributes:
        connection: Its number.
        frames: Its frames, in the order in which they were relayed.
        damages: The parts that could not be read.
    """

    connection: int
    frames: tuple[RecordedFrame, ...]
    damages: tuple[str, ...]


@attrs.define
class _Line:
    order: int
    time: float


def connections_of(name: str) -> tuple[int, ...]:
    """Numbers of the connections of a recording; empty if there is no such recording."""
    base = Path(name)
    numbers = set()
    for path in base.parent.glob(f"{_escaped(base.name)}-*-*.raw"):
        number, _, side = path.name[len(base.name) + 1 : -len(".raw")].partition("-")
        if number.isdigit() and side in {each.value for each in Side}:
            numbers.add(int(number))
    return tuple(sorted(numbers))


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def load(name: str, connection: int) -> Recorded:
    """Load one connection of a recording.

    Raises:
        ConfigError: There is no such connection, or a file cannot be read.
    """
    lines = _read_lines(name, connection)
    chunks = _read_index(name, connection)
    found: list[tuple[float, RecordedFrame]] = []
    damages: list[str] = []
    last = _Line(len(lines), max((line.time for line in lines.values()), default=0.0))
    for side in Side:
        path = raw_path(name, connection, side)
        for piece in _pieces(path):
            if piece.frame is None:
                damages.append(f"{path}: byte {piece.offset}: {piece.reason}")
                continue
            passed = _passed(chunks[side], piece.offset + piece.size)
            line = lines.get((side, piece.offset)) or passed or last
            frame = RecordedFrame(
                time=line.time,
                side=side,
                data=piece.data,
                text=piece.frame.text,
                message=default_codec().decode(piece.frame),
            )
            found.append(((passed or line).order, frame))
    found.sort(key=lambda each: each[0])
    frames = tuple(frame for _, frame in found)
    return Recorded(connection=connection, frames=frames, damages=tuple(damages))


def _read_index(name: str, connection: int) -> dict[Side, list[tuple[int, _Line]]]:
    """By side: where each relayed piece of bytes ends in its file, and when it was relayed."""
    chunks: dict[Side, list[tuple[int, _Line]]] = {side: [] for side in Side}
    with contextlib.suppress(OSError), index_path(name).open("rb") as stream:
        for order, text in enumerate(stream):
            with contextlib.suppress(ValueError, TypeError):  # the last one may be truncated
                chunk = read_index_line(text)
                if isinstance(chunk, Chunk) and chunk.connection == connection:
                    line = _Line(order, chunk.time)
                    chunks[chunk.side].append((chunk.offset + chunk.size, line))
    return chunks


def _passed(chunks: list[tuple[int, _Line]], end: int) -> _Line | None:
    """When the byte before `end` was relayed; None if that is unknown."""
    at = bisect.bisect_left(chunks, end, key=operator.itemgetter(0))
    return chunks[at][1] if at < len(chunks) else None


def _pieces(path: Path) -> Iterator[StreamPiece]:
    splitter = StreamSplitter()
    try:
        with path.open("rb") as stream:
            while data := stream.read(_PIECE):
                yield from splitter.feed(data)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    yield from splitter.finish()


def _read_lines(name: str, connection: int) -> dict[tuple[Side, int], _Line]:
    """The times of a connection's frames, by side and offset.

    A truncated or missing line does no harm: the frame is in the raw file.
    """
    lines: dict[tuple[Side, int], _Line] = {}
    sides = {side.direction.value: side for side in Side}
    try:
        with lines_path(name).open("rb") as stream:
            for text in stream:
                try:
                    row = json.loads(text)
                    if row["connection"] == connection and "message" in row:
                        key = sides[row["direction"]], int(row["offset"])
                        lines[key] = _Line(len(lines), float(row["time"]))
                except (ValueError, TypeError, KeyError, RecursionError):
                    continue
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{lines_path(name)}: {error.strerror}") from None
    return lines
