"""Peers for tests: a DCSS as a bare socket, for bytes that the simulator would never send."""

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from dcs_codec import (
    NEED_DATA,
    Disconnected,
    Frame,
    FrameDecoder,
    Framing,
    Message,
    decode_text,
    encode_frame,
)
from dhs_runtime import Backoff, DcssConfig, Dhs, Motor
from dhs_runtime.services.listener import reset

DEADLINE_S = 20.0
AT_ONCE_S = 10.0  # for what waits for nothing, on a busy machine; a time limit is 15 s or more
ASK = b"stoc_send_client_type".ljust(200, b"\0")


def eventually(condition: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
    """Wait for something without an event; fails after this time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)


def configured(dhs: Dhs) -> bool:
    """Whether DCSS has configured all motors: then it has no more to say by itself."""
    return all(one.config is not None for one in dhs.devices() if isinstance(one, Motor))


def free_port() -> int:
    """A port where nobody listens, below those that the system gives to connections.

    One of those may be taken before it is used, and who calls it may be connected with himself.
    Each worker of a parallel run has ports of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
    first = 20_000 + 1000 * worker
    for port in random.SystemRandom().sample(range(first, first + 1000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")


class RawConnection:
    """The server's side of one connection, byte by byte."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        sock.settimeout(DEADLINE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._decoder = FrameDecoder(Framing.V1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.socket.close()

    def shake_hands(self, framing: Framing = Framing.V2) -> str:
        """Ask, and read the 200 bytes of the answer; returns its text."""
        self.socket.sendall(ASK)
        text = self.read_text()
        self._decoder.framing = framing
        return text

    def send(self, *texts: str, framing: Framing = Framing.V2) -> None:
        self.socket.sendall(b"".join(encode_frame(Frame(t.encode()), framing) for t in texts))

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_text(self) -> str:
        """Text of the next frame of the DHS."""
        while (frame := self._decoder.next_frame()) is NEED_DATA:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._decoder.receive_data(data)
        return frame.text.decode()

    def read_message(self) -> Message:
        return decode_text(self.read_text())

    def read_to_end(self) -> None:
        """Read until the DHS closes."""
        try:
            while True:
                self.read_text()
        except (EOFError, ConnectionResetError):
            return

    def reset(self) -> None:
        reset(self.socket)


class RawDcss:
    """A listening socket; `accept` gives the next connection of the DHS."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE_S)
        self.port: int = self.socket.getsockname()[1]

    def accept(self) -> RawConnection:
        return RawConnection(self.socket.accept()[0])

    def config(self, framing: Framing = Framing.AUTO) -> DcssConfig:
        return fast_config(self.port, framing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.socket.close()


def fast_config(port: int, framing: Framing = Framing.AUTO) -> DcssConfig:
    """A config for tests: short waits between connections, long ones for a handshake."""
    quick = Backoff(first_s=0.01, longest_s=0.05)
    return DcssConfig(
        host="127.0.0.1",
        port=port,
        framing=framing,
        connect_timeout_s=DEADLINE_S,
        retry=quick,
        retry_refused=quick,
    )


@contextmanager
def running(dhs: Dhs, config: DcssConfig) -> Iterator[Dhs]:
    """The DHS, started; stopped at the end, with no thread left."""
    dhs.start(config)
    try:
        yield dhs
    finally:
        alive = stopped(dhs)
    assert alive == ()


def stopped(dhs: Dhs) -> tuple[str, ...]:
    """Stop it, and give its threads as long as they need on a busy machine."""
    return dhs.stop(join_s=DEADLINE_S)


__all__ = [
    "ASK",
    "AT_ONCE_S",
    "DEADLINE_S",
    "Disconnected",
    "RawConnection",
    "RawDcss",
    "fast_config",
    "free_port",
    "running",
    "stopped",
]
