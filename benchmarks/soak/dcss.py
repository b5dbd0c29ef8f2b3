"""DCSS's side of the soak: one thread, one connection at a time; keeps the account."""

import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from benchmarks.peer import ASK, read_exactly
from benchmarks.soak.account import Account
from benchmarks.soak.commands import Command, Mix, registrations
from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Disconnected,
    Frame,
    Framing,
    Role,
    StocSendClientType,
    encode_frame,
)

WINDOW: Final = 200  # commands that wait for their answers
BATCH: Final = 20
CONNECT_S: Final = 60.0
ANSWER_S: Final = 20.0  # of silence; then it stops waiting for answers
ABORT_EVERY: Final = 2_000  # commands, on average
LOSE_EVERY: Final = 20_000


class DcssEnd:
    """Sends a mix of commands and keeps the account.

    Attributes:
        account: Commands and answers.
        aborts: How many aborts were sent.
        links: How many connections there were.
    """

    def __init__(self, mix: Mix) -> None:
        self.account = Account()
        self.aborts = 0
        self.links = 0
        self._mix = mix
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(CONNECT_S)
        self._heard_s = time.monotonic()
        self._waiting: list[Command] = []
        self._connected: socket.socket | None = None
        self._framing = Framing.V2
        self._protocol = DcsProtocol(Role.DCSS, self._framing)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def asked(self) -> int:
        """How many commands were sent."""
        return self.account.asked.total() - self.account.asked["registration"]

    def run(self, go_on: Callable[[], bool], pace_s: float = 0.0) -> None:
        """Send commands while `go_on()` is true, at most one batch every `pace_s` seconds.

        At the end it waits for all answers. It also ends if the DHS sends nothing for `ANSWER_S`
        seconds.
        """
        self._accept()
        while go_on() and time.monotonic() < self._heard_s + ANSWER_S:
            if self.account.open_count < WINDOW:
                self._send(self._next())
                self._disturb()
            self._read()
            if pace_s:
                self._read_for(pace_s)
        while self.account.open_count and time.monotonic() < self._heard_s + ANSWER_S:
            self._read()
        self.account.end()

    def close(self) -> None:
        """Close the connection and the port."""
        self._sock.close()
        self._server.close()

    @property
    def _sock(self) -> socket.socket:
        assert self._connected is not None
        return self._connected

    # -- sending -----------------------------------------------------------------------------

    def _next(self) -> list[Command]:
        """The next commands; a moving motor gets no other destination."""
        commands: list[Command] = []
        held: list[Command] = []
        moving: set[str] = set()
        for command in (*self._waiting, *self._mix.take(BATCH)):
            name = command.key[1]
            if command.kind == "move" and (name in moving or self.account.is_open(command.key)):
                held.append(command)
                continue
            if command.kind == "move":
                moving.add(name)
            commands.append(command)
        self._waiting = held
        return commands

    def _send(self, commands: list[Command]) -> None:
        for command in commands:
            self.account.ask(command)
        try:
            self._sock.sendall(b"".join(self._frame(command.text) for command in commands))
        except OSError:
            self._lose("the DHS has closed the connection", wrong=True)

    def _disturb(self) -> None:
        """Sometimes send an abort, or end the link."""
        if self._mix.chance(ABORT_EVERY, BATCH):
            self.aborts += 1
            text = self._mix.choice("stoh_abort_all", "stoh_abort_all soft", "stoh_abort_all hard")
            self._sock.sendall(self._frame(text))
        if self._mix.chance(LOSE_EVERY, BATCH):
            self._lose(self._mix.choice("fin", "reset", "half a frame", "garbage"))

    # -- the link ----------------------------------------------------------------------------

    def _accept(self) -> None:
        """Accept the next connection, register the devices, and read the answers of the DHS."""
        sock, _ = self._server.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(CONNECT_S)
        sock.sendall(ASK)
        self._framing = Framing.V1 if self.links % 2 else Framing.V2
        self._protocol = DcsProtocol(Role.DCSS, self._framing)
        self._protocol.send(StocSendClientType())
        self._protocol.receive_data(read_exactly(sock, 200))
        self._protocol.next_event()
        self._connected = sock
        self.links += 1
        frames = []
        for text, key in registrations():
            frames.append(self._frame(text))
            if key is not None:
                self.account.expect(key)
        sock.sendall(b"".join(frames))
        while self.account.open_count and time.monotonic() < self._heard_s + ANSWER_S:
            self._read()

    def _lose(self, how: str, *, wrong: bool = False) -> None:
        """End the link, and accept the next."""
        if wrong:
            self.account.fault_count += 1
            self.account.faults.append(f"link {self.links}: {how}")
        if how == "half a frame":
            self._sock.sendall(self._frame("stoh_start_operation quick 1.0 never")[:40])
        elif how == "garbage":
            self._sock.sendall(b"x" * 100)
        elif how == "reset":
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()
        self.account.lose()
        self._accept()

    # -- reading -----------------------------------------------------------------------------

    def _read_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._read()

    def _read(self) -> None:
        """Read what has arrived; wait for a moment if there is nothing."""
        self._sock.settimeout(0.01)
        try:
            data = self._sock.recv(1 << 18)
        except TimeoutError:
            return
        except OSError:
            data = b""
        finally:
            self._sock.settimeout(CONNECT_S)
        if not data:
            self._lose("the DHS has closed the connection", wrong=True)
            return
        self._heard_s = time.monotonic()
        self._protocol.receive_data(data)
        while (event := self._protocol.next_event()) is not NEED_DATA:
            if not isinstance(event, Disconnected):
                text = self._protocol.last_frame.text.decode(errors="surrogateescape")
                self.account.take(event, text)

    def _frame(self, text: str) -> bytes:
        return encode_frame(Frame(text.encode()), self._framing)
