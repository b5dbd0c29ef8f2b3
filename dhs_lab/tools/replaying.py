"""Plays one side of a recording to a live peer.

A message is sent at its recorded time, but not before the peer has sent the messages that came
before it in the recording, because a real DCSS waits for completions, too. Progress reports and
notes do not count, because their number varies. A message that does not come within `patience_s` is
not waited for again.

A pause of the recording is never longer than `longest_pause_s`: a clock that was set in between
looks like a pause of hours. A clock that was set back makes no pause.

When playing a DHS to a DCSS, messages that `dhs encode` would refuse are not sent, unless
`as_recorded` is set: the DHS may have sent something that hangs or kills a dcss. The handles of
operations are those of this DCSS: the handle of the n-th start in the recording is replaced by that
of the n-th start now.
"""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dcs_codec import DcsError, EncodeError, Framing, Message, default_codec
from dhs_lab.tools.comparing import (
    TOLERANCE,
    Difference,
    Handles,
    Said,
    compare,
    has_handle,
    is_ignored,
    make_comparable,
)
from dhs_lab.tools.encoding import encode_line
from dhs_lab.tools.recording import Recorded, RecordedFrame, Side
from dhs_lab.tools.splitting import StreamSplitter
from dhs_runtime.lowlevel import Deadline, HostPort, ThreadGroup, TransportError, shut

_CHUNK: Final = 1 << 16
_CONNECT_TIMEOUT_S: Final = 5.0
_VARIES: Final = ("htos_update_motor_position", "htos_operation_update", "htos_log", "htos_note")


@attrs.frozen(kw_only=True)
class ReplayOptions:
    """How to play and compare.

    Attributes:
        speed: Factor for the recorded speed; None for as fast as the peer answers.
        patience_s: Longest wait for an answer.
        longest_pause_s: Longest pause between two messages, at the recorded speed.
        as_recorded: Whether to send a DCSS also what `dhs encode` would refuse.
        settle_s: How long the peer must be silent at the end.
        ignore: Keywords not to compare, with * and ?.
        tolerance: How far numbers may differ, relative and absolute.
    """

    speed: float | None = 1.0
    patience_s: float = 2.0
    longest_pause_s: float = 5.0
    as_recorded: bool = False
    settle_s: float = 0.3
    ignore: tuple[str, ...] = ()
    tolerance: float = TOLERANCE


@attrs.frozen(kw_only=True)
class ReplayResult:
    """The result.

    Attributes:
        sent: Messages that were played.
        to_send: Messages to play.
        refused: Why some of them were not sent, one line each.
        shortened: Pauses that were shortened.
        expected: Answers in the recording that count.
        got: Answers now that count.
        differences: The differences between them.
        ending: Why not all messages were played, "" if they were.
        damages: Bytes of the peer that are not frames.
    """

    sent: int
    to_send: int
    expected: int
    got: int
    differences: tuple[Difference, ...]
    ending: str
    damages: tuple[str, ...]
    refused: tuple[str, ...] = ()
    shortened: int = 0

    @property
    def is_same(self) -> bool:
        """Whether all was played, and the peer answered as in the recording."""
        return not (self.differences or self.ending or self.damages or self.refused)


def accept_dhs(listening: socket.socket, wait_s: float) -> socket.socket:
    """Wait for a DHS, as a DCSS.

    Raises:
        TransportError: None came within `wait_s` seconds.
    """
    listening.settimeout(wait_s)
    try:
        sock, _ = listening.accept()
    except TimeoutError:
        raise TransportError(f"no DHS has connected within {wait_s:g} s") from None
    sock.settimeout(None)
    return sock


def call_dcss(address: tuple[str, int]) -> socket.socket:
    """Connect to a DCSS, as a DHS.

    Raises:
        TransportError: There is no DCSS.
    """
    try:
        sock = socket.create_connection(address, _CONNECT_TIMEOUT_S)
    except OSError as error:
        raise TransportError(
            f"no DCSS at {HostPort(*address)}: {error.strerror or error}"
        ) from None
    sock.settimeout(None)
    return sock


class _Peer:
    """Reads the messages of the live side in a thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._threads = ThreadGroup()
        self._changed = threading.Condition()  # guards all below
        self._messages: list[Message] = []
        self._counting = 0
        self._last = time.monotonic()
        self.handles = Handles()
        self.damages: list[str] = []
        self.has_ended = False
        self._threads.spawn("replay-read", self._read)

    def wait_for(self, counting: int, deadline: Deadline) -> int:
        """Wait until it has sent this many messages that count; returns their number."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._counting >= counting or self.has_ended, deadline.remaining()
            )
            return self._counting

    def wait_silent(self, settle_s: float, deadline: Deadline) -> None:
        """Wait until it has been silent for a while."""
        with self._changed:
            while not self.has_ended and not deadline.passed:
                silent_s = time.monotonic() - self._last
                if silent_s >= settle_s:
                    return
                self._changed.wait(min(settle_s - silent_s, deadline.remaining()))

    def sleep(self, deadline: Deadline) -> bool:
        """Wait for a moment; False if it disconnects first."""
        with self._changed:
            self._changed.wait_for(lambda: self.has_ended, deadline.remaining())
            return not self.has_ended

    def handle(self, operation: str, number: int) -> str | None:
        """The handle of the n-th start of an operation."""
        with self._changed:
            return self.handles.handle(operation, number)

    def close(self) -> list[Message]:
        """Disconnect; returns all its messages."""
        shut(self._socket)
        self._threads.join(Deadline.after(1.0))
        self._socket.close()
        return self._messages

    def _read(self) -> None:
        splitter = StreamSplitter()
        while True:
            try:
                data = self._socket.recv(_CHUNK)
            except OSError:
                data = b""
            pieces = splitter.feed(data) if data else splitter.finish()
            with self._changed:
                for piece in pieces:
                    if piece.frame is None:
                        self.damages.append(f"byte {piece.offset}: {piece.reason}")
                    else:
                        self._take(default_codec().decode(piece.frame))
                self._last = time.monotonic()
                self.has_ended = not data
                self._changed.notify_all()
            if not data:
                return

    def _take(self, message: Message) -> None:
        self._messages.append(message)
        self._counting += counts(message)
        if has_handle(message):
            self.handles.number(message)


def counts(message: Message) -> bool:
    """Whether the next message waits for this one, compared or not."""
    return not is_ignored(message, _VARIES)


def replay(
    recorded: Recorded, side: Side, sock: socket.socket, options: ReplayOptions
) -> ReplayResult:
    """Play the messages of `side` in a recording to the peer on `sock`."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer = _Peer(sock)
    try:
        played = _play(recorded, side, sock, peer, options)
    finally:
        messages = peer.close()
    expected = [frame.message for frame in recorded.frames if frame.side is side.other]
    before, now = _comparable(expected, options), _comparable(messages, options)
    return ReplayResult(
        sent=played.sent,
        to_send=sum(frame.side is side for frame in recorded.frames),
        expected=len(before),
        got=len(now),
        differences=tuple(compare(before, now, options.tolerance)),
        ending=played.ending,
        damages=tuple(peer.damages),
        refused=tuple(played.refused),
        shortened=played.shortened if options.speed is not None else 0,
    )


def _comparable(messages: list[Message], options: ReplayOptions) -> list[Said]:
    handles = Handles()
    return [
        make_comparable(message, handles)
        for message in messages
        if not is_ignored(message, options.ignore)
    ]


@attrs.define
class _Played:
    """The progress of playing."""

    sent: int = 0
    ending: str = ""
    refused: list[str] = attrs.Factory(list)
    shortened: int = 0


def _play(
    recorded: Recorded, side: Side, sock: socket.socket, peer: _Peer, options: ReplayOptions
) -> _Played:
    """Send the messages of our side."""
    played = _Played()
    recorded_handles = Handles()
    began = time.monotonic()
    answers = given_up = 0
    for frame, due_s in _timed(recorded.frames, options.longest_pause_s, played):
        if has_handle(frame.message):
            recorded_handles.number(frame.message)
        if frame.side is not side:
            answers += counts(frame.message)
            continue
        said = peer.wait_for(answers - given_up, Deadline.after(options.patience_s))
        given_up = max(given_up, answers - said)
        if options.speed is not None:
            peer.sleep(Deadline(began + due_s / options.speed))
        reason = "" if side is Side.DCSS or options.as_recorded else _refusal(frame)
        if reason:
            played.refused.append(reason)
            continue
        if peer.has_ended:
            played.ending = "the other side closed the connection"
            return played
        try:
            sock.sendall(_rewritten(frame, recorded_handles, peer, side))
        except OSError as error:
            played.ending = f"the other side is gone: {error.strerror}"
            return played
        played.sent += 1
    patience = Deadline.after(options.patience_s)
    peer.wait_for(answers - given_up, patience)
    peer.wait_silent(options.settle_s, Deadline.after(options.patience_s + options.settle_s))
    return played


def _timed(
    frames: Iterable[RecordedFrame], longest_pause_s: float, played: _Played
) -> Iterator[tuple[RecordedFrame, float]]:
    """The frames, and when each is due, in seconds from the first."""
    due_s = 0.0
    before: float | None = None
    for frame in frames:
        pause_s = 0.0 if before is None else max(0.0, frame.time - before)
        played.shortened += pause_s > longest_pause_s
        due_s += min(pause_s, longest_pause_s)
        before = frame.time
        yield frame, due_s


def _refusal(frame: RecordedFrame) -> str:
    """Why `dhs encode` would refuse this text, "" if it would not."""
    try:
        encode_line(frame.text, Framing.V2)
    except DcsError as error:
        return str(error)
    return ""


def _rewritten(frame: RecordedFrame, recorded: Handles, peer: _Peer, side: Side) -> bytes:
    """The bytes of a frame, with the handle of this run if the peer gives handles."""
    message = frame.message
    if side is Side.DCSS or not has_handle(message):
        return frame.data
    name: str = message.operation_name  # type: ignore[attr-defined]  # it has a handle
    live = peer.handle(name, recorded.number(message))
    if live is None or live == message.operation_handle:  # type: ignore[attr-defined]
        return frame.data
    framing = Framing.V2 if frame.data[:1].isspace() or frame.data[:1].isdigit() else Framing.V1
    try:
        new = attrs.evolve(message, operation_handle=live)  # type: ignore[call-arg]
        return default_codec().encode_bytes(new, framing)
    except EncodeError:  # recorded as sent, but the codec would refuse to write it
        return frame.data
