"""`Connection`: one TCP connection to DCSS from its handshake to its end.

The link's thread runs it and reads; any thread sends: `encode`, which changes nothing and needs no
connection, then `write`. Answers that the reading thread itself makes while more input is buffered
are corked: they go out together at the end of the buffer, or before anything another thread writes.
"""

import enum
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import attrs

from dcs_codec import (
    NEED_DATA,
    Codec,
    DcsProtocol,
    Disconnected,
    EncodeError,
    FrameDecoder,
    Framing,
    HtosClientIsHardware,
    Message,
    RemoteProtocolError,
    Role,
    State,
    StocSendClientType,
    is_list,
)
from dhs_runtime.answers import NO_LIST
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import NotConnectedError, TransportError
from dhs_runtime.greeting import stranger
from dhs_runtime.loggers import get_logger
from dhs_runtime.secrets import mask_reason
from dhs_runtime.transport import Resolver, TcpTransport

logger = get_logger(__name__)

OnMessage = Callable[[Message], None]
MAX_CORKED: Final = 500
"""The most answers that are held back until the end of the buffer."""

WORKED_S: Final = 1.0
"""A connection open this long counts as successful, whatever was exchanged."""
REFUSAL_S: Final = 5.0
"""dcss takes three seconds to refuse a name that is connected already, one for a wrong computer."""
START: Final = "stoh_start_"
SHOWN: Final = 200
"""Most characters of a text that is refused, in the reason."""
V2_BEGINS: Final = b" 0123456789"  # as a v2 header does, and no text of a v1 frame
_V2: Final = Framing.V2  # looking up a member of an enum takes longer than sending
_AUTO: Final = Framing.AUTO


class Ending(enum.Enum):
    """How a connection ended; decides when the next attempt is made."""

    UNREACHABLE = "unreachable"
    """There was no TCP connection."""
    NO_HANDSHAKE = "no handshake"
    """The peer accepted the connection but did not ask who we are."""
    REFUSED = "refused"
    """DCSS closed after the handshake without a single message."""
    DROPPED = "dropped"
    """DCSS sent messages, but closed within a second and before it started anything."""
    LOST = "lost"
    """The end of a connection that worked."""

    @property
    def was_online(self) -> bool:
        """Whether the handshake had been done."""
        return self not in (Ending.UNREACHABLE, Ending.NO_HANDSHAKE)


@attrs.frozen
class ConnectionEnd:
    """The end of a connection: its kind, and one line for the log."""

    ending: Ending
    reason: str


class Connection:
    """One connection; make a new one for the next."""

    def __init__(
        self, name: str, config: DcssConfig, codec: Codec, resolver: Resolver | None = None
    ) -> None:
        self._name = name
        self._wire_log = get_logger(f"dhs_runtime.wire.{name}")  # one for each
        self._config = config
        self._codec = codec
        self._transport = TcpTransport(resolver)
        self._protocol = DcsProtocol(Role.DHS, config.framing, codec=codec)
        self._lock = threading.Lock()  # guards the order on the wire, and what is corked
        self._corked: list[bytes] = []
        self._corking = 0  # ident of the reading thread while more input is buffered
        self._wrote = False  # whether any thread wrote since the last bytes came
        self._given_up = False
        self._online_at = 0.0
        self._heard = False  # whether DCSS sent anything after the handshake
        self._used = False  # whether it started an operation or a move

    @property
    def online(self) -> bool:
        """Whether the handshake is done and the end not yet seen."""
        return self._protocol.state is State.ONLINE

    @property
    def is_read(self) -> bool:
        """Whether DCSS reads what is sent."""
        return self._transport.is_read

    def run(self, on_online: Callable[[], None], on_message: OnMessage) -> ConnectionEnd:
        """Connect, answer the handshake and hand over messages until the end.

        Both callbacks run in the reading thread and must return at once.
        """
        config = self._config
        try:
            self._transport.connect(config.host, config.port, config.connect_timeout_s)
        except TransportError as error:
            self._transport.close()
            return ConnectionEnd(Ending.UNREACHABLE, str(error))
        try:
            self._transport.set_write_timeout(config.send_timeout_s)
            reason = self._read(on_online, on_message)
        except (TransportError, RemoteProtocolError) as error:
            reason = str(error)
        finally:
            self._protocol.receive_eof()
            self._transport.interrupt()  # a sender that waits for DCSS to read gives up now
            with self._lock:  # no thread may write to a closed socket, whose number may be reused
                self._transport.close()
        if self._protocol.hardware_name is None:
            return ConnectionEnd(Ending.NO_HANDSHAKE, f"no handshake with {config.host}: {reason}")
        return ConnectionEnd(self._ending(), reason)

    def encode(self, message: Message) -> bytes:
        """The bytes of a message, as this connection frames them; sends nothing.

        Raises:
            EncodeError: The message does not fit the wire, or its text is not a Tcl list, which the
                scripts of dcss could not read.
            StateError: The message is not for a DHS to send, or not after the handshake.
        """
        data = self._protocol.encode(message)
        if b"{" in data or b"}" in data or b'"' in data or b"\\" in data:
            # A v2 header is blanks and digits, which change nothing about a list.
            text = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            if message.binary:
                text = self._codec.encode_text(message)
            if not is_list(text):
                text = self._codec.encode_text(message)
                keyword = text.partition(" ")[0]
                raise EncodeError(keyword, "", f"{NO_LIST}: {mask_reason(text, most=SHOWN)}")
        return data

    def write(self, data: bytes) -> None:
        """Write what was encoded; returns when the system has taken all of it.

        Nothing is kept for later: while DCSS does not read, senders wait here, each with its one
        message, and when it takes no byte for `send_timeout_s` the connection is given up.

        Raises:
            NotConnectedError: The connection is not online, broke, or DCSS reads nothing.
        """
        if self._corking and self._corking == threading.get_ident():
            self._corked.append(data)  # by the one thread that also takes them out, or locked
            if len(self._corked) >= MAX_CORKED:
                self._flush()
            return
        self._write_now(data)

    def interrupt(self) -> None:
        """End the connection from another thread; what was sent before still goes out."""
        self._given_up = True
        self._transport.interrupt()

    def _write_now(self, data: bytes) -> None:
        """Write in turn, after corked answers; with empty `data` only those."""
        if not self._lock.acquire(blocking=False):
            self._wait_for_turn()
        try:
            if data:
                self._check_online(data)
            if data or self._corked:  # or another thread was faster
                self._put(data)
        finally:
            self._lock.release()

    def _wait_for_turn(self) -> None:
        """Acquire the lock. A slow DCSS may hold it long; give up only if it stops reading."""
        written = self._transport.written
        while not self._lock.acquire(timeout=self._config.send_timeout_s):
            if self._transport.written == written:
                self._transport.interrupt()  # dropping an answer on a live link would be worse
                raise NotConnectedError("not sent: DCSS does not read")
            written = self._transport.written

    def _check_online(self, data: bytes) -> None:
        protocol = self._protocol
        if protocol.state is not State.ONLINE:
            raise NotConnectedError(f"not sent: connection is {protocol.state.value}")
        framing = protocol.framing
        if framing is _AUTO or (framing is _V2) is not (data[0] in V2_BEGINS):
            raise NotConnectedError("not sent: framing is not known before DCSS's first frame")

    def _put(self, data: bytes) -> None:
        """Write, after what is corked; the lock is held."""
        if self._corked:
            data, self._corked = b"".join((*self._corked, data)), []
        self._wrote = True
        try:
            self._transport.write(data)
        except TransportError as error:
            self._transport.interrupt()  # part of a frame may be out: the stream is broken
            raise NotConnectedError(f"not sent: {error}") from None
        if self._wire_log.isEnabledFor(logging.DEBUG):
            self._trace(data)

    def _flush(self) -> None:
        """Write what is corked; for the reading thread."""
        try:
            self._write_now(b"")
        except NotConnectedError as error:
            logger.info("answers dropped: %s", error)

    def _trace(self, data: bytes) -> None:
        decoder = FrameDecoder(_V2 if data[0] in V2_BEGINS else Framing.V1)
        decoder.receive_data(data)
        while (frame := decoder.next_frame()) is not NEED_DATA:
            self._wire_log.debug("-> %s", frame)

    def _read(self, on_online: Callable[[], None], on_message: OnMessage) -> str:
        protocol = self._protocol
        deadline = Deadline.after(self._config.connect_timeout_s)  # in all, even if it comes slowly
        first = b""
        transport = self._transport
        online = False
        while True:
            if not online:
                transport.set_read_timeout(max(0.001, deadline.remaining()))
            data = transport.read()
            self._wrote = False
            if not online:
                first += data
                if who := stranger(first):
                    raise TransportError(who)
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
            if self._take_events(on_online, on_message):
                return "DCSS closed the connection"
            online = online or self.online
            if protocol.has_more:
                transport.acknowledge()
            elif not (self._wrote or transport.is_impatient):
                transport.acknowledge_later()  # an answer carries it, if one comes soon

    def _take_events(self, on_online: Callable[[], None], on_message: OnMessage) -> bool:
        """Hand over what was received; whether that was the end of the stream."""
        protocol = self._protocol
        me = threading.get_ident()
        try:
            while (event := protocol.next_event()) is not NEED_DATA:
                if isinstance(event, Disconnected):
                    return True
                if self._given_up:
                    logger.info("the connection was given up; what DCSS sent before is not read")
                    return True
                if self._wire_log.isEnabledFor(logging.DEBUG):
                    self._wire_log.debug("<- %s", protocol.last_frame)
                if isinstance(event, StocSendClientType) and not self.online:
                    self._answer(on_online)
                else:
                    self._heard = True
                    if not self._used and event.keyword.startswith(START):
                        self._used = True
                    has_more = protocol.has_more
                    self._corking = me if has_more else 0
                    on_message(event)
                    if not has_more:  # straight to the next bytes: workers wait for this thread
                        break
        finally:
            self._corking = 0
            if self._corked:
                self._flush()
        return False

    def _answer(self, on_online: Callable[[], None]) -> None:
        """Say who we are, at once: DCSS waits one second for it."""
        with self._lock:
            self._put(self._protocol.send(HtosClientIsHardware(hardware_name=self._name)))
        self._transport.set_read_timeout(None)
        self._online_at = time.monotonic()
        on_online()

    def _ending(self) -> Ending:
        stood_s = time.monotonic() - self._online_at
        if not self._heard:
            return Ending.REFUSED if stood_s < REFUSAL_S else Ending.LOST
        return Ending.LOST if self._used or stood_s >= WORKED_S else Ending.DROPPED
