"""A recording: what went through `dhs record`, on disk.

A recording called NAME is these files:

    NAME.jsonl            a line per frame and event, for people and programs
    NAME.index            when which bytes passed, a line each, out of which NAME.jsonl is made
    NAME-1-dcss.raw       every byte that DCSS sent on the first connection
    NAME-1-dhs.raw        every byte that the DHS sent on it
    NAME-2-dcss.raw ...

The raw files are the truth: a byte is in them before it is sent on, so that whatever happens to the
recorder nothing was relayed that is not recorded. The lines are made by another process, as fast as
it can; where some are missing (that was killed, or its disk is full), `load` reads those frames
from the raw files, with the last time that is known.

Objects of NAME.jsonl: {"time", "connection", "event": "opened" | "closed", ...}; for a frame
{"time", "connection", "direction", "offset", "size", "message", "hex"}; for bytes that are none
{"time", "connection", "direction", "offset", "size", "damage"}.

Recordings have all that was said in them, session ids too: the files are for their owner alone.
"""

import enum
import json
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
    """Who sent it."""

    DCSS = "dcss"
    """DCSS."""
    DHS = "dhs"
    """The DHS."""

    @property
    def direction(self) -> Direction:
        """Which way what it sends goes."""
        return Direction.TO_DHS if self is Side.DCSS else Direction.TO_DCSS

    @property
    def other(self) -> "Side":
        """The other side."""
        return Side.DHS if self is Side.DCSS else Side.DCSS


def lines_path(name: str) -> Path:
    """The lines of a recording."""
    return Path(f"{name}.jsonl")


def raw_path(name: str, connection: int, side: Side) -> Path:
    """The bytes of one side of one connection."""
    return Path(f"{name}-{connection}-{side.value}.raw")


def index_path(name: str) -> Path:
    """What passed when, of a recording."""
    return Path(f"{name}.index")


@attrs.frozen
class Chunk:
    """Bytes that were passed on: where they are in which file."""

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
    """What a line of the index says.

    Raises:
        ValueError: It is none.
    """
    if line.startswith(b"{"):
        return RecordedEvent(**json.loads(line))
    time, connection, side, offset, size = line.decode("ascii").split()
    return Chunk(float(time), int(connection), Side(side), int(offset), int(size))


class WriteAhead:
    """A file whose bytes outlive the process from the moment `append` returns."""

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
        """Add bytes, all or none; they are the system's when it returns.

        Raises:
            OSError: The system does not take them (the disk is full).
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
        side: Who sent it.
        data: Its bytes, as they were.
        text: The text in them.
        message: What they say.
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
        frames: Its frames, in the order in which they were seen.
        damages: What could not be read.
    """

    connection: int
    frames: tuple[RecordedFrame, ...]
    damages: tuple[str, ...]


@attrs.define
class _Line:
    order: int
    time: float


def connections_of(name: str) -> tuple[int, ...]:
    """Numbers of the connections of a recording; none where there is no such recording."""
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
    """One connection of a recording, all of it.

    Raises:
        ConfigError: There is no such connection, or a file cannot be read.
    """
    lines = _read_lines(name, connection)
    found: list[tuple[float, RecordedFrame]] = []
    damages: list[str] = []
    last = max((line.time for line in lines.values()), default=0.0)
    for side in Side:
        path = raw_path(name, connection, side)
        for piece in _pieces(path):
            if piece.frame is None:
                damages.append(f"{path}: byte {piece.offset}: {piece.reason}")
                continue
            line = lines.get((side, piece.offset))
            frame = RecordedFrame(
                time=last if line is None else line.time,
                side=side,
                data=piece.data,
                text=piece.frame.text,
                message=default_codec().decode(piece.frame),
            )
            found.append((len(lines) if line is None else line.order, frame))
    found.sort(key=lambda each: each[0])
    frames = tuple(frame for _, frame in found)
    return Recorded(connection=connection, frames=frames, damages=tuple(damages))


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
    """When the frames of a connection were seen, by their side and offset.

    A line that is cut off, or was never written, is no harm: the frame is in the raw file.
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
