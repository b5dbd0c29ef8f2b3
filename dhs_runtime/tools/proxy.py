"""A relay between a DHS and a DCSS that records what passes.

For each DHS that connects, DCSS is called, and bytes are passed on as they come, whatever they are:
first into the file, then to the other side. A thread beside decodes them out of the files, so that
passing on never waits for decoding, and memory does not grow while decoding lags behind.

When a file cannot be written (the disk is full), the connection is closed rather than passed on
unrecorded.
"""

import contextlib
import json
import logging
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import attrs

from dcs_codec import default_codec
from dcs_codec.interchange import to_dict
from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError
from dhs_runtime.services.listener import Address, TcpListener, reset
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.tools.recording import Side, WriteAhead, connections_of, lines_path, raw_path
from dhs_runtime.tools.splitting import Piece, StreamSplitter
from dhs_runtime.transport import shut

logger = logging.getLogger(__name__)

_CHUNK: Final = 1 << 16
_CONNECT_TIMEOUT_S: Final = 5.0
_DECODE_TIMEOUT_S: Final = 30.0  # for what is still to be decoded at the end


@attrs.frozen
class _Chunk:
    """Bytes that were passed on: where they are in which file."""

    time: float
    connection: int
    side: Side
    offset: int
    size: int


@attrs.frozen
class _Event:
    """Something that happened to a connection."""

    time: float
    connection: int
    event: str
    detail: str


@attrs.define
class Totals:
    """What was recorded so far."""

    connections: int = 0
    bytes: int = 0
    messages: int = 0
    damages: int = 0

    def __str__(self) -> str:
        return (
            f"{self.connections} connections, {self.bytes} bytes, {self.messages} messages, "
            f"{self.damages} places damaged"
        )


class Recorder:
    """Listens for DHSs, passes on to DCSS and back, and records under a name."""

    def __init__(
        self,
        name: str,
        *,
        listen: Address,
        dcss: Address,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """A recorder that is not started.

        Args:
            name: Of the recording.
            listen: Where DHSs are to connect; port 0 picks a free one.
            dcss: DCSS's hardware port.
            on_end: Called when a connection has ended, in a thread of the recorder.

        Raises:
            ConfigError: There is a recording of that name.
        """
        if connections_of(name) or lines_path(name).exists():
            raise ConfigError(f"a recording {name} is there already; none is ever overwritten")
        self._name = name
        self._dcss = dcss
        self._on_end = on_end
        self._listener = TcpListener(self._serve, name="record", host=listen[0], port=listen[1])
        self._threads = ThreadGroup()
        self._lock = threading.Lock()  # guards the three below and numbers; held for no I/O
        self._upstream: set[socket.socket] = set()
        self._stopping = False
        self._failure = ""
        self._queue: queue.SimpleQueue[_Chunk | _Event | None] = queue.SimpleQueue()
        self._scribe = _Scribe(name, self._queue)
        self.totals = self._scribe.totals

    @property
    def address(self) -> str:
        """`HOST:PORT` that DHSs are to connect to."""
        return str(HostPort(self._listener.host, self._listener.port))

    @property
    def failure(self) -> str:
        """Why recording failed, "" where it did not."""
        return self._failure

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken; nothing was written.
            ConfigError: The recording cannot be made.
        """
        self._listener.open()
        try:
            self._scribe.open()
            self._threads.spawn("record-decode", self._scribe.run)
        except (ConfigError, RuntimeError):  # the latter: no thread left
            self._listener.close()
            raise

    def stop(self) -> None:
        """End all connections, decode what is left, close the files."""
        with self._lock:
            self._stopping = True
            upstream = tuple(self._upstream)
        for sock in upstream:
            shut(sock)
        self._listener.close()
        self._queue.put(None)
        left = self._threads.join(Deadline.after(_DECODE_TIMEOUT_S))
        if left:
            logger.warning("not all was decoded in time; the raw files are whole")

    # -- one connection ----------------------------------------------------------------------

    def _serve(self, dhs: socket.socket, address: HostPort) -> None:
        with self._lock:
            self.totals.connections += 1
            number = self.totals.connections
        self._queue.put(_Event(time.time(), number, "opened", str(address)))
        reason = "closed"
        try:
            reason = self._connect(dhs, number)
        finally:
            self._queue.put(_Event(time.time(), number, "closed", reason))
            self._on_end()

    def _connect(self, dhs: socket.socket, number: int) -> str:
        try:
            dcss = socket.create_connection(self._dcss, _CONNECT_TIMEOUT_S)
        except OSError as error:
            where = HostPort(*self._dcss)
            logger.warning("connection %d: no DCSS at %s: %s", number, where, error)
            return f"no DCSS at {where}: {error}"
        with dcss:
            dcss.settimeout(None)
            with self._lock:
                if self._stopping:
                    return "stopping"
                self._upstream.add(dcss)
            try:
                return self._relay(dhs, dcss, number)
            except ConfigError as error:
                self._fail(str(error))
                return str(error)
            finally:
                with self._lock:
                    self._upstream.discard(dcss)

    def _relay(self, dhs: socket.socket, dcss: socket.socket, number: int) -> str:
        logger.info("connection %d: a DHS has connected", number)
        for sock in (dhs, dcss):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.ExitStack() as stack:
            files = {}
            for side in Side:
                files[side] = WriteAhead(raw_path(self._name, number, side))
                stack.callback(files[side].close)
            ends = {Side.DCSS: dcss, Side.DHS: dhs}
            endings: list[str] = []  # the first says who ended it
            thread = self._threads.spawn(
                f"record-{number}-dcss",
                partial(self._pump, ends, files[Side.DCSS], number, Side.DCSS, endings),
            )
            self._pump(ends, files[Side.DHS], number, Side.DHS, endings)
            thread.join()
        logger.info("connection %d: %s", number, endings[0])
        return endings[0]

    def _pump(
        self,
        ends: dict[Side, socket.socket],
        file: WriteAhead,
        number: int,
        side: Side,
        endings: list[str],
    ) -> None:
        """Pass on what one side sends, until it ends."""
        source, target = ends[side], ends[side.other]
        while True:
            try:
                data = source.recv(_CHUNK)
            except OSError as error:
                endings.append(f"{side.value}: {error.strerror}")
                reset(target)
                return
            if not data:
                endings.append(f"{side.value} closed the connection")
                with contextlib.suppress(OSError):
                    target.shutdown(socket.SHUT_WR)
                return
            now = time.time()
            try:
                file.append(data)
            except OSError as error:
                endings.append(f"{file.path}: {error.strerror}")
                self._fail(endings[-1])
                for sock in ends.values():
                    shut(sock)
                return
            self._queue.put(_Chunk(now, number, side, file.size - len(data), len(data)))
            try:
                target.sendall(data)
            except OSError as error:
                endings.append(f"{side.other.value}: {error.strerror}")
                reset(source)
                return

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._failure = self._failure or reason
        logger.error("cannot record: %s", reason)


class _Scribe:
    """Decodes what the relay recorded, and writes the lines."""

    def __init__(self, name: str, said: "queue.SimpleQueue[_Chunk | _Event | None]") -> None:
        self._name = name
        self._queue = said
        self._splitters: dict[tuple[int, Side], StreamSplitter] = {}
        self._readers: dict[tuple[int, Side], int] = {}
        self.totals = Totals()

    def open(self) -> None:
        """Make the file of lines; raises ConfigError where that cannot be."""
        self._file = WriteAhead(lines_path(self._name))

    def run(self) -> None:
        """Write lines until there are no more."""
        try:
            while (item := self._queue.get()) is not None:
                if isinstance(item, _Event):
                    self._event(item)
                else:
                    self._chunk(item)
        except OSError as error:
            logger.error("%s: %s; the raw files go on", self._file.path, error.strerror)  # noqa: TRY400
        finally:
            for descriptor in self._readers.values():
                os.close(descriptor)
            self._file.close()

    def _event(self, event: _Event) -> None:
        self._write(attrs.asdict(event))
        if event.event == "closed":
            for side in Side:
                key = event.connection, side
                if key in self._splitters:
                    self._pieces(event.time, *key, self._splitters.pop(key).finish())
                    os.close(self._readers.pop(key))

    def _chunk(self, chunk: _Chunk) -> None:
        key = chunk.connection, chunk.side
        if key not in self._splitters:
            path = raw_path(self._name, *key)
            self._splitters[key] = StreamSplitter()
            self._readers[key] = os.open(path, os.O_RDONLY)
        data = os.pread(self._readers[key], chunk.size, chunk.offset)
        self.totals.bytes += len(data)
        self._pieces(chunk.time, *key, self._splitters[key].feed(data))

    def _pieces(self, now: float, connection: int, side: Side, pieces: list[Piece]) -> None:
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
        self._file.append(json.dumps(row, allow_nan=False).encode("ascii") + b"\n")
