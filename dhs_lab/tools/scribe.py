"""The process that decodes a recording and writes its lines.

It reads NAME.index as that grows, and ends when its standard input ends: when the recorder says so,
or was killed. It is a separate process because decoding in a thread would delay the relay.

python -m dhs_lab.tools.scribe NAME
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import attrs

from dcs_codec import default_codec
from dhs_lab.tools.recording import (
    Chunk,
    RecordedEvent,
    Side,
    WriteAhead,
    index_path,
    lines_path,
    raw_path,
    read_index_line,
)
from dhs_lab.tools.splitting import StreamPiece, StreamSplitter
from dhs_runtime.lowlevel import ConfigError, counted

_LOOK_S: Final = 0.05  # how often it looks for more
_PIECE: Final = 1 << 20
_NICE: Final = 10


@attrs.define
class Totals:
    """Totals of a recording.

    Attributes:
        connections: Connections that were opened.
        bytes: Bytes that were relayed.
        messages: Frames in the lines.
        damages: Places in the lines that are not frames.
        trouble: Why lines are missing, "" if all were written.
    """

    connections: int = 0
    bytes: int = 0
    messages: int = 0
    damages: int = 0
    trouble: str = ""

    def __str__(self) -> str:
        return (
            f"{counted(self.connections, 'connection')}, {counted(self.bytes, 'byte')}, "
            f"{counted(self.messages, 'message')}, {counted(self.damages, 'place')} damaged"
            f"{' in the lines written so far' if self.trouble else ''}"
        )


class Scribe:
    """Writes the lines of a recording from its index and its raw files."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines = os.open(lines_path(name), os.O_WRONLY | os.O_APPEND)
        self._splitters: dict[tuple[int, Side], StreamSplitter] = {}
        self._readers: dict[tuple[int, Side], int] = {}
        self.totals = Totals()

    def add(self, line: bytes) -> None:
        """Handle a line of the index.

        Raises:
            OSError: A file cannot be read or written.
        """
        said = read_index_line(line)
        if isinstance(said, RecordedEvent):
            self._event(said)
        else:
            self._chunk(said)

    def _event(self, event: RecordedEvent) -> None:
        self._write(attrs.asdict(event))
        self.totals.connections += event.event == "opened"
        if event.event == "closed":
            for side in Side:
                key = event.connection, side
                if key in self._splitters:
                    self._pieces(event.time, *key, self._splitters.pop(key).finish())
                    os.close(self._readers.pop(key))

    def _chunk(self, chunk: Chunk) -> None:
        key = chunk.connection, chunk.side
        if key not in self._splitters:
            self._splitters[key] = StreamSplitter()
            self._readers[key] = os.open(raw_path(self._name, *key), os.O_RDONLY)
        data = os.pread(self._readers[key], chunk.size, chunk.offset)
        self.totals.bytes += len(data)
        self._pieces(chunk.time, *key, self._splitters[key].feed(data))

    def _pieces(self, now: float, connection: int, side: Side, pieces: list[StreamPiece]) -> None:
        from dcs_codec.interchange import to_dict  # noqa: PLC0415 - the recorder does without

        for piece in pieces:
            row: dict[str, object] = {
                "time": now,
                "connection": connection,
                "direction": side.direction.value,
                "offset": piece.offset,
                "size": piece.size,
            }
            if piece.frame is None:
                self.totals.damages += 1
                row["damage"] = piece.reason
            else:
                self.totals.messages += 1
                row["message"] = to_dict(default_codec().decode(piece.frame))
                row["hex"] = piece.data.hex()
            self._write(row)

    def _write(self, row: dict[str, object]) -> None:
        rest = memoryview(json.dumps(row, allow_nan=False).encode("ascii") + b"\n")
        while rest:
            rest = rest[os.write(self._lines, rest) :]


class ScribeProcess:
    """A running scribe, for the recorder."""

    def __init__(self, name: str) -> None:
        """Make the file of lines, and start; raises ConfigError if that fails."""
        WriteAhead(lines_path(name)).close()
        command = [sys.executable, "-m", __name__, name]
        paths = os.pathsep.join(filter(None, sys.path))
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is our own
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": paths},
            )
        except OSError as error:
            raise ConfigError(f"cannot start the decoder: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def finish(self, timeout_s: float) -> Totals:
        """Announce the end; returns the totals. A process that is late continues by itself."""
        try:
            said, _ = self._process.communicate(timeout=timeout_s)
            return Totals(**json.loads(said))
        except subprocess.TimeoutExpired:
            return Totals(trouble="they are still being written")
        except (ValueError, TypeError):
            return Totals(trouble="their process has ended")


def follow(name: str) -> Totals:
    """Write lines until standard input ends, and then the rest."""
    scribe = Scribe(name)
    try:
        for line in _index(name):
            scribe.add(line)
    except OSError as error:
        scribe.totals.trouble = os.strerror(error.errno or 0)
    return scribe.totals


def _index(name: str) -> Iterator[bytes]:
    """The lines of the index, as they come."""
    with index_path(name).open("rb") as index:
        started = b""
        is_over = False
        while True:
            if piece := index.read(_PIECE):
                *lines, started = (started + piece).split(b"\n")
                yield from lines
            elif is_over:
                return
            else:
                is_over = bool(select.select([0], [], [], _LOOK_S)[0]) and not os.read(0, 1)


def main() -> None:
    """Run the scribe for the recording named on the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the recorder says when it is over
    os.nice(_NICE)
    totals = follow(sys.argv[1])
    with contextlib.suppress(OSError):  # the recorder was killed
        sys.stdout.write(json.dumps(attrs.asdict(totals)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
