"""`WireTap`: sits between a DHS and a simulated DCSS, passes everything on, and records it."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import attrs

from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_runtime.addresses import HostPort
from dhs_runtime.services.listener import TcpListener, reset
from dhs_runtime.transport import shut

DEADLINE_S = 20.0
SMALL_BUFFER = 1 << 16  # so that a sender notices soon that nothing is read


@attrs.frozen
class Piece:
    """The bytes of one read from DCSS, with the time."""

    at_s: float
    data: bytes


@attrs.define
class Wire:
    """One connection: the bytes from DCSS, and how it ended (`fin`, `rst`)."""

    pieces: list[Piece] = attrs.field(factory=list)
    end: str = ""

    @property
    def data(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


class WireTap:
    """Listens in DCSS's place; use it with `with`."""

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._dcss = dcss
        self._listener = TcpListener(self._serve, name="wire-tap")
        self._changed = threading.Condition()  # guards wires
        self.wires: list[Wire] = []
        self._upstream: list[socket.socket] = []

    @property
    def port(self) -> int:
        return self._listener.port

    def __enter__(self) -> Self:
        self._listener.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sock in self._upstream:
            shut(sock)
        assert self._listener.close(DEADLINE_S) == ()

    def wait(self, happened: Callable[[list[Wire]], bool]) -> list[Wire]:
        """Wait until this is true of the connections; returns them, oldest first."""
        with self._changed:
            assert self._changed.wait_for(lambda: happened(self.wires), DEADLINE_S), self.wires
            return list(self.wires)

    def _serve(self, dhs: socket.socket, _: HostPort) -> None:
        wire = Wire()
        with self._changed:
            self.wires.append(wire)
        with socket.create_connection(("127.0.0.1", self._dcss.port), DEADLINE_S) as dcss:
            dcss.settimeout(None)
            self._upstream.append(dcss)
            for sock in (dcss, dhs):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            upwards = threading.Thread(target=self._pass_on, args=(dhs, dcss), name="tap-upwards")
            upwards.start()
            try:
                while data := dcss.recv(65536):
                    self._keep(wire, data)
                    dhs.sendall(data)
                end = "fin"
                shut(dhs)
            except OSError:
                end = "rst"
                reset(dhs)
            with self._changed:
                wire.end = end
                self._changed.notify_all()
            upwards.join(DEADLINE_S)

    def _keep(self, wire: Wire, data: bytes) -> None:
        with self._changed:
            wire.pieces.append(Piece(time.monotonic(), data))
            self._changed.notify_all()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        shut(target)
