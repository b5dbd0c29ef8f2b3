"""A relay between a DHS and a DCSS that records every byte.

For each DHS that connects, it connects to DCSS and relays all bytes: first into the file, then to
the other side. Another process (`scribe`) decodes the files, so the relay never waits for decoding.

If a file cannot be written (the disk is full), the connection is closed, so that nothing is relayed
unrecorded.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import attrs

from dhs_lab.tools.recording import (
    Chunk,
    RecordedEvent,
    Side,
    WriteAhead,
    connections_of,
    index_path,
    lines_path,
    raw_path,
)
from dhs_lab.tools.scribe import ScribeProcess, Totals
from dhs_runtime.lowlevel import (
    ConfigError,
    Deadline,
    HostPort,
    TcpListener,
    ThreadGroup,
    get_logger,
    reset,
    shut,
)

logger = get_logger(__name__)

_CHUNK: Final = 1 << 16
_CONNECT_TIMEOUT_S: Final = 5.0
_JOIN_TIMEOUT_S: Final = 5.0
_DECODE_TIMEOUT_S: Final = 30.0  # for the rest of the decoding at the end


class Recorder:
    """Listens for DHSs, relays to DCSS and back, and records under a name."""

    def __init__(
        self,
        name: str,
        *,
        listen: tuple[str, int],
        dcss: tuple[str, int],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """A recorder; not started yet.

        Args:
            name: Name of the recording.
            listen: Address for DHSs; port 0 picks a free one.
            dcss: DCSS's hardware port.
            on_end: Called when a connection has ended, in a thread of the recorder.

        Raises:
            ConfigError: A recording with that name exists.
        """
        if connections_of(name) or lines_path(name).exists():
            raise ConfigError(f"recording {name} exists already; choose another name")
        self._name = name
        self._dcss = dcss
        self._on_end = on_end
        self._listener = TcpListener(self._serve, name="record", host=listen[0], port=listen[1])
        self._threads = ThreadGroup()
        self._index_lock = threading.Lock()  # keeps lines of the index apart
        self._lock = threading.Lock()  # guards the next three and _connections; not held for I/O
        self._upstream: set[socket.socket] = set()
        self._stopping = False
        self._failures: list[str] = []
        self._bytes = 0
        self._connections = 0
        self._index: WriteAhead | None = None
        self._scribe: ScribeProcess | None = None
        self.totals = Totals()
        """The totals of the recording, after the stop."""

    @property
    def address(self) -> str:
        """`HOST:PORT` for DHSs."""
        return str(HostPort(self._listener.host, self._listener.port))

    @property
    def failure(self) -> str:
        """Why recording failed, "" if it did not."""
        return "; ".join(self._failures)

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken; nothing was written.
            ConfigError: The recording cannot be made.
        """
        with self._index_lock:  # a connection waits until the files exist
            self._listener.open()
            try:
                self._index = WriteAhead(index_path(self._name))
                self._scribe = ScribeProcess(self._name)
            except ConfigError:
                self._listener.close()
                raise

    def stop(self) -> None:
        """End all connections, decode the rest, close the files."""
        with self._lock:
            self._stopping = True
            upstream = tuple(self._upstream)
        for sock in upstream:
            shut(sock)
        self._listener.close()
        self._threads.join(Deadline.after(_JOIN_TIMEOUT_S))
        if self._index is None or self._scribe is None:
            return
        self._index.close()
        totals = self._scribe.finish(_DECODE_TIMEOUT_S)
        self.totals = attrs.evolve(totals, connections=self._connections, bytes=self._bytes)
        self._index = self._scribe = None
        if self.totals.trouble:
            reason = f"{lines_path(self._name)} lacks lines: {self.totals.trouble}"
            self._fail(f"{reason}; the raw files are complete")

    def _note(self, what: Chunk | RecordedEvent) -> None:
        """Write a line into the index."""
        if self._index is None:
            raise AssertionError("it is not started")
        with self._index_lock:
            self._bytes += what.size if isinstance(what, Chunk) else 0
            self._index.append(what.line())

    # -- one connection ----------------------------------------------------------------------

    def _serve(self, dhs: socket.socket, address: HostPort) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
        try:
            self._note(RecordedEvent(time.time(), number, "opened", str(address)))
            reason = self._connect(dhs, number)
            self._note(RecordedEvent(time.time(), number, "closed", reason))
        except OSError as error:
            self._fail(f"{index_path(self._name)}: {error.strerror}")
        finally:
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
            endings: list[str] = []  # the first says which side ended it
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
        """Relay the bytes of one side, until it ends."""
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
            try:  # before it is passed on, or the answer could be noted first
                self._note(Chunk(now, number, side, file.size - len(data), len(data)))
            except OSError as error:  # only the lines are affected
                self._fail(f"{index_path(self._name)}: {error.strerror}")
            try:
                target.sendall(data)
            except OSError as error:
                endings.append(f"{side.other.value}: {error.strerror}")
                reset(source)
                return

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._failures += () if reason in self._failures else (reason,)
        logger.error("cannot record: %s", reason)
