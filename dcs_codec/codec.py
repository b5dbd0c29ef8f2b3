"""`Codec`: frames to messages and back, over one registry. Stateless."""

import functools
from collections.abc import Callable
from typing import Final

from dcs_codec.errors import DecodeError, EncodeError
from dcs_codec.fields import Rest, Word, binary_refusal
from dcs_codec.frames import Frame
from dcs_codec.message import MalformedMessage, Message, UnknownMessage
from dcs_codec.messages import default_registry
from dcs_codec.registry import Registry
from dcs_codec.words import clean_text, first_word, is_plain, to_bytes, to_text

_NOTHING: Final = "holds no word"
_KEYWORD: Final = Word()
_TEXT: Final = Rest()


class Codec:
    """Reads and writes messages; a value that any number of connections and threads may share."""

    def __init__(self, registry: Registry | None = None) -> None:
        """A codec over `registry`, by default over every message of this package."""
        self.registry = default_registry() if registry is None else registry
        plans = self.registry.plans()
        self._decoders = {plan.keyword: plan.decode for plan in plans}
        self._encoders: dict[type[Message], Callable[[Message], str]]
        self._encoders = {plan.message_class: plan.encode for plan in plans}

    def decode(self, frame: Frame) -> Message:
        """The message of a frame: of its class, `UnknownMessage` or `MalformedMessage`.

        Never raises: whatever the peer sent, its neighbours are not touched.
        """
        return self.decode_text(to_text(frame.text), frame.binary)

    def decode_text(self, text: str, binary: bytes = b"") -> Message:
        """The message of a text (one line of a log, say); as `decode`."""
        if not is_plain(text):
            text = clean_text(text)
        decoder = self._decoders.get(text.partition(" ")[0])
        if decoder is None:  # ... or the text begins oddly
            keyword = first_word(text)
            if not keyword:
                return MalformedMessage(text=text, field="", reason=_NOTHING, binary=binary)
            decoder = self._decoders.get(keyword)
            if decoder is None:
                return UnknownMessage(text=text, binary=binary)
        try:
            return decoder(text, binary)
        except DecodeError as error:
            return MalformedMessage(
                text=text, field=error.field, reason=error.reason, binary=binary
            )

    def encode(self, message: Message) -> Frame:
        """The frame of a message.

        Raises:
            EncodeError: A value does not fit its word on the wire, the message is malformed, or
                its class is not in the registry.
        """
        text = self.encode_text(message)
        reason = binary_refusal(message.binary)
        if reason is not None:
            raise EncodeError(first_word(text), "binary", reason)
        return Frame(to_bytes(text), message.binary)

    def encode_text(self, message: Message) -> str:
        """The text of a message; raises as `encode`."""
        encoder = self._encoders.get(type(message))
        if encoder is not None:
            return encoder(message)
        if isinstance(message, UnknownMessage):
            return self._encode_unknown(message.text)
        if isinstance(message, MalformedMessage):
            raise EncodeError(message.received_keyword, message.field, "message is malformed")
        raise EncodeError(message.keyword, "", f"{type(message).__name__} is not in the registry")

    def _encode_unknown(self, text: str) -> str:
        keyword = first_word(text)
        if not keyword:
            raise EncodeError("", "text", _NOTHING)
        if not text.startswith(keyword):
            raise EncodeError(keyword, "text", "begins with a blank; dcss would garble it")
        if keyword in self.registry:
            raise EncodeError(keyword, "text", "has a class of its own; use that")
        if (reason := _KEYWORD.refusal(keyword)) is not None:
            raise EncodeError(keyword[:20], "text", f"keyword {reason}")
        if (reason := _TEXT.refusal(text)) is not None:
            raise EncodeError(keyword, "text", reason)
        return text


@functools.cache
def default_codec() -> Codec:
    """The codec over every message of this package; made at the first call."""
    return Codec()


def decode_text(text: str) -> Message:
    """The message of a text over the default registry; see `Codec.decode_text`."""
    return default_codec().decode_text(text)


def encode_text(message: Message) -> str:
    """The text of a message over the default registry; see `Codec.encode_text`."""
    return default_codec().encode_text(message)
