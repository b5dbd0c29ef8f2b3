"""`Codec`: frames to messages and back, over one registry. Stateless."""

import functools
from collections.abc import Callable
from typing import Final

from dcs_codec.errors import DecodeError, EncodeError
from dcs_codec.frames import V2_HEADERS, Frame, Framing, encode_frame
from dcs_codec.message import MalformedMessage, Message, UnknownMessage
from dcs_codec.messages import default_registry
from dcs_codec.plan import Plan
from dcs_codec.registry import Registry
from dcs_codec.tail_kinds import Rest
from dcs_codec.word_kinds import Word
from dcs_codec.words import clean_text, find_words, first_word, to_bytes, to_text

__all__ = ["Codec", "decode_text", "default_codec", "encode_text", "gui_codec", "gui_registry"]

_NOTHING: Final = "holds no word"
_WORD: Final = Word()
_REST: Final = Rest()
_SCANNED_WORDS: Final = 3  # dcss scans no more of any text without a class into buffers
_SHOWN: Final = 20  # characters of a refused keyword
_V2: Final = Framing.V2  # looking up a member of an enum takes longer than encoding


class Codec:
    """Reads and writes messages; any number of connections and threads may share one."""

    def __init__(self, registry: Registry | None = None) -> None:
        """A codec over `registry`, by default over every message of this package."""
        self.registry = default_registry() if registry is None else registry
        plans = self.registry.plans()
        self._plans = {plan.keyword: plan for plan in plans}
        self._plans_by_class: dict[type[Message], Plan[Message]]
        self._plans_by_class = {plan.message_class: plan for plan in plans}
        # Compiled functions enter at their first use: compiling all takes longer than most runs.
        self._decoders: dict[bytes, Callable[[bytes, bytes, bytes], Message]] = {}
        self._encoders: dict[type[Message], Callable[[Message], bytes | None]] = {}

    def decode(self, frame: Frame) -> Message:
        """The message of a frame: of its class, `UnknownMessage` or `MalformedMessage`.

        Never raises, for any bytes; other messages are not affected.
        """
        text = frame.text
        keyword, _, tail = text.partition(b" ")
        try:
            return self._decoders[keyword](text, tail, frame.binary)
        except KeyError:  # the first of its class, no class at all, or an odd beginning
            return self._decode_first(keyword, frame)
        except DecodeError as error:
            return _malformed(to_text(text), frame.binary, error)

    def decode_text(self, text: str, binary: bytes = b"") -> Message:
        """The message of a text, for example a line of a log; as `decode`.

        A NUL and what follows it are ignored, and so is a line end.
        """
        try:
            text = clean_text(text)
            return self.decode(Frame(to_bytes(text), binary))
        except EncodeError:  # no bytes are this text
            return self._decode_odd(text, binary)
        except (AttributeError, TypeError):
            _check_text(text)
            raise

    def _decode_first(self, keyword: bytes, frame: Frame) -> Message:
        plan = self._plans.get(to_text(keyword))
        if plan is None or keyword in self._decoders:
            return self._decode_odd(to_text(frame.text), frame.binary)
        self._decoders[keyword] = plan.decode
        return self.decode(frame)

    def _decode_odd(self, text: str, binary: bytes) -> Message:
        keyword = first_word(text)
        if not keyword:
            return MalformedMessage(text=text, field="", reason=_NOTHING, binary=binary)
        plan = self._plans.get(keyword)
        if plan is None:
            return UnknownMessage(text=text, binary=binary)
        try:
            return plan.decode_reference(text, binary)
        except DecodeError as error:
            return _malformed(text, binary, error)

    def encode(self, message: Message) -> Frame:
        """The frame of a message.

        Raises:
            EncodeError: A value does not fit its word on the wire, the message is malformed, or
                its class is not in the registry.
        """
        text = self.encode_text(message)
        _check_binary(text, message.binary)
        return Frame(to_bytes(text), message.binary)

    def encode_bytes(self, message: Message, framing: Framing) -> bytes:
        """The bytes of a message; raises as `encode` and `encode_frame`."""
        if framing is _V2:  # the common case, without a frame
            try:
                text = self._encoders[type(message)](message)
                # None is a TypeError; asking first would cost every message a hundredth.
                return V2_HEADERS[len(text)] + text  # type: ignore[arg-type, operator]
            except (KeyError, IndexError, TypeError):
                # The first of its class, no class at all, a long text, a binary part.
                pass
        return encode_frame(self.encode(message), framing)

    def encode_text(self, message: Message) -> str:
        """The text of a message; raises as `encode`."""
        plan = self._plans_by_class.get(type(message))
        if plan is not None:
            text = plan.encode(message)
            self._encoders[type(message)] = plan.encode
            return plan.encode_reference(message) if text is None else to_text(text[:-1])
        if isinstance(message, UnknownMessage):
            return self._encode_unknown(message.text)
        if isinstance(message, MalformedMessage):
            raise EncodeError(message.received_keyword, message.field, "message is malformed")
        check_message(message)
        raise EncodeError(message.keyword, "", f"{type(message).__name__} is not in the registry")

    def _encode_unknown(self, text: str) -> str:
        keyword = first_word(text)
        if not keyword:
            raise EncodeError("", "text", _NOTHING)
        if not text.startswith(keyword):
            raise EncodeError(keyword, "text", "begins with a blank; dcss would garble it")
        if keyword in self.registry:
            raise EncodeError(keyword, "text", "has a class of its own; use that")
        try:
            _WORD.write(keyword)
        except ValueError as error:
            raise EncodeError(keyword[:_SHOWN], "text", f"keyword {error}") from None
        try:
            _REST.write_tail(text, {})
            for word, _ in find_words(text, _SCANNED_WORDS)[1:]:
                _WORD.write(word)
        except ValueError as error:
            raise EncodeError(keyword, "text", str(error)) from None
        return text


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(
            f"the text of a message is a str, got {type(text).__name__}; for bytes of a connection "
            "there are DcsProtocol and FrameDecoder"
        )


def check_message(message: object) -> None:
    """Check that a caller passed a message.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(message, Message):
        raise TypeError(
            f"got {type(message).__name__} in place of a message; decode_text() makes one of a text"
        )


def _check_binary(text: str, value: object) -> None:
    if not isinstance(value, bytes):
        reason = f"is bytes on the wire, got {type(value).__name__}"
        raise EncodeError(first_word(text), "binary", reason)


def _malformed(text: str, binary: bytes, error: DecodeError) -> MalformedMessage:
    return MalformedMessage(text=text, field=error.field, reason=error.reason, binary=binary)


@functools.cache
def default_codec() -> Codec:
    """The codec over every message of this package; made at the first call."""
    return Codec()


@functools.cache
def gui_registry() -> Registry:
    """The registry of the GUI port's messages; their classes are loaded at the first call."""
    from dcs_codec.gui_messages import GUI_MESSAGES  # noqa: PLC0415 - a DHS does not need them

    return Registry(GUI_MESSAGES)


@functools.cache
def gui_codec() -> Codec:
    """The codec over the messages of the GUI port; made at the first call."""
    return Codec(gui_registry())


def decode_text(text: str) -> Message:
    """The message of a text over the default registry; see `Codec.decode_text`."""
    return default_codec().decode_text(text)


def encode_text(message: Message) -> str:
    """The text of a message over the default registry; see `Codec.encode_text`."""
    return default_codec().encode_text(message)
