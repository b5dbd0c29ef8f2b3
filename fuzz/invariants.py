"""The invariants of the codec, for any bytes.

(1) *Streams.* `FrameDecoder` in any framing and `DcsProtocol` in either role make of any bytes
    frames or events, and at most one error, which is a documented `DcsError`, comes last, and is
    raised again at every further call. How the bytes were cut into pieces changes nothing.
(2) *Texts.* `Codec.decode` makes a message of any frame and never raises: one of a class of the
    registry, an `UnknownMessage` or a `MalformedMessage`.
(3) *Messages.* `Codec.encode` makes of a message, decoded or built of any values, a frame that
    decodes to the equal message of the same class, in either framing; or it refuses, with
    `EncodeError`. A `MalformedMessage` is always refused. Writing it again gives the same.
(4) *Two ways.* The compiled functions of a plan do what its reference does: the same message or
    the same `DecodeError` of any text of its keyword, the same text or the same `EncodeError` of
    any message.
(5) *Lists.* `split_list` makes words of any text or raises ValueError; `join_list` of any words
    is split into the same words.
(6) *Memory.* When all frames are taken, what is kept of the stream is less than one frame of
    `max_frame_size`; no frame is larger than that; after an error nothing more is kept.

`check` takes one argument: the first `HEAD_SIZE` bytes choose limits, cuts and a message class, the
rest is the stream. In addition to the classes of the package there are a few with other
combinations of fields, as a site may add them.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

import attrs

from dcs_codec import (
    NEED_DATA,
    DcsError,
    DcsProtocol,
    DecodeError,
    Disconnected,
    EncodeError,
    Frame,
    FrameDecoder,
    FrameError,
    Framing,
    HandshakeError,
    MalformedMessage,
    Message,
    Role,
    StocSendClientType,
    UnknownMessage,
    encode_frame,
    join_list,
    split_list,
)
from dcs_codec.limits import DEFAULT_MAX_FRAME_SIZE, V1_FRAME_SIZE, V2_HEADER_SIZE
from dcs_codec.plan import Plan
from dcs_codec.words import to_text
from fuzz.shapes import CODEC, PLANS, built

T = TypeVar("T")

HEAD_SIZE: Final = 8
LIMITS: Final = (64, 300, 4096, DEFAULT_MAX_FRAME_SIZE)
FRAMINGS: Final = tuple(Framing)


GREETINGS: Final = {
    Role.DHS: b"stoc_send_client_type".ljust(V1_FRAME_SIZE, b"\0"),
    Role.DCSS: b"htos_client_is_hardware fuzz".ljust(V1_FRAME_SIZE, b"\0"),
}
"""The peer's first frame, by our role."""

_PLAN_OF: Final = {plan.message_class: plan for plan in PLANS}
_ODD_CLASSES: Final = (UnknownMessage, MalformedMessage)
_DOCUMENTED: Final = (FrameError, HandshakeError)
_FRAMES_READ: Final = 10  # most texts read from one stream, to save time
_MORE: Final = b"\0" * 500  # fed after an error


class BrokenInvariantError(AssertionError):
    """An invariant above is broken.

    Attributes:
        number: Its number.
        about: The class or function that breaks it.
    """

    def __init__(self, number: int, about: str, what: str) -> None:
        super().__init__(number, about, what)
        self.number = number
        self.about = about

    def __str__(self) -> str:
        return f"invariant ({self.number}), {self.about}: {self.args[2]}"


def _hold(number: int, about: str, holds: bool, *what: object) -> None:
    if not holds:
        raise BrokenInvariantError(number, about, " / ".join(map(repr, what)))


@attrs.frozen
class Steering:
    """The choices from the head of an input.

    Attributes:
        limit: The `max_frame_size`.
        greeted: Whether protocols have finished the handshake.
        framing: Framing of the protocols.
        bytewise: Whether the stream is also fed in single bytes, which takes time.
        streamed: Whether it is fed at all, or only read as a text, which is quick.
        plan: A message class to read the stream as.
        places: Three numbers that say where to cut.
    """

    limit: int = DEFAULT_MAX_FRAME_SIZE
    greeted: bool = False
    framing: Framing = Framing.AUTO
    bytewise: bool = False
    streamed: bool = True
    plan: Plan[Message] = PLANS[0]
    places: tuple[int, ...] = (0, 0, 0)

    @classmethod
    def of(cls, head: bytes) -> "Steering":
        """The choices from these bytes; missing ones are NUL."""
        choice, plan, *places = struct.unpack("<BBHHH", head.ljust(HEAD_SIZE, b"\0"))
        return cls(
            limit=LIMITS[choice % 4],
            greeted=bool(choice & 4),
            bytewise=bool(choice & 8),
            streamed=not choice & 16,
            framing=FRAMINGS[(choice >> 5) % len(FRAMINGS)],
            plan=PLANS[plan % len(PLANS)],
            places=tuple(places),
        )

    def head(self) -> bytes:
        """Bytes that choose this, the reverse of `of`."""
        choice = LIMITS.index(self.limit) + 4 * self.greeted + 8 * self.bytewise
        choice += 16 * (not self.streamed) + 32 * FRAMINGS.index(self.framing)
        return struct.pack("<BBHHH", choice, PLANS.index(self.plan), *self.places)

    def cut(self, stream: bytes) -> list[list[bytes]]:
        """The stream in one piece, in four, and if chosen in single bytes."""
        cuts = sorted(place % (len(stream) + 1) for place in self.places)
        ends = [*cuts, len(stream)]
        ways = [[stream], [stream[a:b] for a, b in zip([0, *cuts], ends, strict=True)]]
        if self.bytewise:
            ways.append([stream[at : at + 1] for at in range(len(stream))])
        return ways


def check(data: bytes) -> None:
    """Check every invariant on one input.

    Raises:
        BrokenInvariantError: One is broken.
        Exception: Any other exception of the codec is a broken invariant as well.
    """
    steering = Steering.of(data[:HEAD_SIZE])
    stream = data[HEAD_SIZE:]
    frames = check_streams(steering, stream) if steering.streamed else []
    texts = dict.fromkeys([Frame(stream), *frames[:_FRAMES_READ]])
    texts[Frame(steering.plan.keyword.encode() + b" " + stream, stream[:3])] = None
    for frame in texts:
        check_text(frame)
    check_message(built(steering.plan, stream.split(b"|")))
    check_lists(to_text(stream))


# -- (1) streams, (6) memory -----------------------------------------------------------------


class Reader(Protocol):
    """The common interface of a decoder and a protocol."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes."""

    def receive_eof(self) -> None:
        """Take the end."""


@attrs.frozen
class Reading:
    """One stream being read.

    Attributes:
        about: Name of the reader.
        reader: Takes the bytes.
        following: Returns the next frame or event.
        decoder: Keeps the bytes; the reader itself, or a part of it.
        limit: The `max_frame_size`.
    """

    about: str
    reader: Reader
    following: Callable[[], object]
    decoder: FrameDecoder
    limit: int

    def all(self, pieces: Iterable[bytes]) -> list[object]:
        """Everything that comes out after each piece; last an error, in a comparable form."""
        taken: list[object] = []
        try:
            for piece in pieces:
                self.reader.receive_data(piece)
                self._take(taken)
                v1 = self.decoder.framing is Framing.V1
                room = V1_FRAME_SIZE if v1 else V2_HEADER_SIZE + self.limit
                kept = len(self.decoder.pending)
                _hold(6, self.about, kept < room, f"keeps {kept} bytes")
            self.reader.receive_eof()
            self._take(taken)
        except DcsError as error:
            _hold(1, self.about, isinstance(error, _DOCUMENTED), error)
            self._check_lasting(error)
            taken.append((type(error), str(error)))
        return taken

    def _take(self, taken: list[object]) -> None:
        while (thing := self.following()) is not NEED_DATA:
            taken.append(thing)
            if isinstance(thing, Disconnected):
                return

    def _check_lasting(self, error: DcsError) -> None:
        kept = len(self.decoder.pending)
        self.reader.receive_data(_MORE)
        _hold(6, self.about, len(self.decoder.pending) == kept, f"keeps more after {error}")
        again = _outcome(type(error), self.following)
        _hold(1, self.about, again == (type(error), error.args), again, error)


def check_streams(steering: Steering, stream: bytes) -> list[Frame]:
    """Read the stream in every framing and role, cut in several ways; returns all frames."""
    ways = steering.cut(stream)
    frames: list[Frame] = []
    for framing in Framing:
        taken = [_frames_of(framing, steering.limit, pieces) for pieces in ways]
        about = f"FrameDecoder {framing.name}"
        _hold(1, about, all(other == taken[0] for other in taken), taken)
        frames += [thing for thing in taken[0] if isinstance(thing, Frame)]
    for role in GREETINGS:  # the GUI port has its own tests
        happened = [_events_of(role, steering, pieces) for pieces in ways]
        about = f"DcsProtocol {role.name}"
        _hold(1, about, all(other == happened[0] for other in happened), happened)
    return frames


def _frames_of(framing: Framing, limit: int, pieces: Iterable[bytes]) -> list[object]:
    decoder = FrameDecoder(framing, limit)
    about = f"FrameDecoder {framing.name}"
    taken = Reading(about, decoder, decoder.next_frame, decoder, limit).all(pieces)
    largest = V1_FRAME_SIZE if decoder.framing is Framing.V1 else limit
    sizes = [len(thing.text) + len(thing.binary) for thing in taken if isinstance(thing, Frame)]
    _hold(6, about, max(sizes, default=0) <= largest, sizes)
    return taken


def _events_of(role: Role, steering: Steering, pieces: Iterable[bytes]) -> list[object]:
    protocol = DcsProtocol(role, steering.framing, max_frame_size=steering.limit)
    if role is Role.DCSS:
        protocol.send(StocSendClientType())
    greeting = [GREETINGS[role]] if steering.greeted else []
    decoder = protocol._decoder  # a protocol does not show what it keeps
    about = f"DcsProtocol {role.name}"
    reading = Reading(about, protocol, protocol.next_event, decoder, steering.limit)
    return reading.all([*greeting, *pieces])


# -- (2) texts, (3) messages, (4) two ways ---------------------------------------------------


def check_text(frame: Frame) -> None:
    """Read a frame, write the message, and compare the two implementations."""
    message = CODEC.decode(frame)
    message_class = type(message)
    known = message_class in _PLAN_OF or message_class in _ODD_CLASSES
    _hold(2, "Codec.decode", known, message)
    _hold(2, "Codec.decode", message.binary == frame.binary, message)
    check_message(message)
    keyword, _, tail = frame.text.partition(b" ")
    plan = next((plan for plan in PLANS if plan.keyword.encode() == keyword), None)
    if plan is not None:
        text, binary = frame.text, frame.binary
        compiled = _outcome(DecodeError, lambda: plan.decode(text, tail, binary))
        reference = _outcome(DecodeError, lambda: plan.decode_reference_bytes(text, binary))
        _hold(4, plan.keyword, _shown(compiled) == _shown(reference), compiled, reference)
        _hold(4, plan.keyword, compiled == reference, compiled, reference)
        _hold(4, plan.keyword, hash(compiled) == hash(reference), compiled, reference)


def check_message(message: Message) -> None:
    """Write a message, read it again, and compare the two implementations."""
    about = type(message).__name__
    frame = _outcome(EncodeError, lambda: CODEC.encode(message))
    again = _outcome(EncodeError, lambda: CODEC.encode(message))  # cached words are used now
    _hold(3, about, frame == again, frame, again)
    plan = _PLAN_OF.get(type(message))
    if plan is not None:
        compiled = _outcome(EncodeError, lambda: CODEC.encode_text(message))
        reference = _outcome(EncodeError, lambda: plan.encode_reference(message))
        _hold(4, about, compiled == reference, compiled, reference)
    if not isinstance(frame, Frame):
        return
    _hold(3, about, not isinstance(message, MalformedMessage), frame)
    decoded = CODEC.decode(frame)
    _hold(3, about, type(decoded) is type(message), message, decoded)
    _hold(3, about, decoded == message, message, decoded)
    for framing in (Framing.V1, Framing.V2):
        _check_written(message, frame, framing)


def _check_written(message: Message, frame: Frame, framing: Framing) -> None:
    about = type(message).__name__
    data = _outcome(EncodeError, lambda: CODEC.encode_bytes(message, framing))
    by_frame = _outcome(EncodeError, lambda: encode_frame(frame, framing))
    _hold(4, about, data == by_frame, data, by_frame)
    if isinstance(data, bytes):
        decoder = FrameDecoder(framing)
        decoder.receive_data(data)
        received = decoder.next_frame()
        _hold(3, about, received == frame, frame, received)
        _hold(3, about, decoder.pending == b"", decoder.pending)


def _outcome(refusal: type[DcsError], call: Callable[[], T]) -> object:
    """The result of a call, or its refusal in a comparable form."""
    try:
        return call()
    except refusal as error:
        return type(error), error.args


def _shown(thing: object) -> tuple[object, ...]:
    """Everything that distinguishes two results, including classes of values and signs of zeros."""
    return type(thing), repr(thing), getattr(thing, "binary", b"")


# -- (5) lists -------------------------------------------------------------------------------


def check_lists(text: str) -> None:
    """Split and join a text, and join and split words taken from it."""
    check_words(text.split("|"))
    try:
        words = split_list(text)
    except ValueError:
        return
    check_words(words)


def check_words(words: list[str]) -> None:
    """Join and split words."""
    joined = join_list(words)
    _hold(5, "join_list", split_list(joined) == words, words, joined)
