"""How a conversation begins on the GUI port: the greeting, a block of 200 bytes, perhaps a ticket.

What a ticket holds concerns only those who have the keys: `CLIENT_ID:UNIX_SECONDS:SESSION`,
encrypted (RSA, PKCS#1 v1.5) for DCSS, in base64. Source: dcss_gui_client.c:821-880, 2536-2564.
"""

from typing import Final

from dcs_codec.codec import Codec
from dcs_codec.errors import EncodeError, StateError
from dcs_codec.frames import Frame, Framing, encode_frame
from dcs_codec.gui_messages.session import GtosClientIsGui
from dcs_codec.limits import MAX_LOGIN_WORD
from dcs_codec.message import LoginTicket, MalformedMessage, Message
from dcs_codec.words import find_words, to_bytes, to_text

CYPHER: Final = "CYPHER"
"""A session that says: a ticket follows in a block of 1024 bytes."""

DCS_CYPHER: Final = "DCS_CYPHER"
"""A session that says: a ticket follows in a message of its own."""

TICKET_BLOCK: Final = 1024  # bytes
_LINE: Final = 64  # characters; dcss reads no ticket in one line
_BOUND: Final = ("user", "session")
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


class GuiLogin:
    """The login of one connection, at either end; it knows which ticket was announced."""

    def __init__(self, codec: Codec) -> None:
        """The login of a new connection."""
        self._codec = codec
        self._announced = ""  # the session that says a ticket follows, until that comes

    @property
    def awaits_ticket(self) -> bool:
        """Whether a ticket must follow."""
        return bool(self._announced)

    @property
    def block_size(self) -> int | None:
        """Bytes of the block in which it follows, None if it is an ordinary frame."""
        return TICKET_BLOCK if self._announced == CYPHER else None

    def read(self, frame: Frame) -> Message:
        """The login, or the ticket that it announced. dcss does not look at the first word.

        A `MalformedMessage` where words of the login are missing, or longer than dcss takes.
        """
        if self._announced:
            self._announced = ""
            return LoginTicket(base64="".join(to_text(frame.text).split()), binary=frame.binary)
        text = to_text(frame.text)
        words = find_words(text, 1)
        rest = text[words[0][1] :] if words else ""
        login = self._codec.decode_text(GtosClientIsGui.keyword + rest)
        if isinstance(login, MalformedMessage):
            return MalformedMessage(text=text, field=login.field, reason=login.reason)
        for name in _BOUND:
            size = len(to_bytes(getattr(login, name)))
            if size > MAX_LOGIN_WORD:
                reason = f"has {size} bytes, dcss takes {MAX_LOGIN_WORD}"
                return MalformedMessage(text=text, field=name, reason=reason)
        self._announce(login)
        return login

    def write(self, message: Message) -> bytes:
        """The bytes of a login or a ticket.

        Raises:
            EncodeError: A word does not fit, or the ticket is empty, no base64, or too long for
                its block.
            StateError: The login announced no ticket.
        """
        if isinstance(message, LoginTicket):
            data = self._written_ticket(message.base64)
            self._announced = ""
        else:
            data = self._codec.encode_bytes(message, Framing.V1)
            self._announce(message)
        return data

    def _announce(self, login: Message) -> None:
        session = getattr(login, "session", "")
        self._announced = session if session in (CYPHER, DCS_CYPHER) else ""

    def _written_ticket(self, base64: str) -> bytes:
        if not self._announced:
            raise StateError(f"a ticket follows the sessions {CYPHER} and {DCS_CYPHER} only")
        if not base64 or not _BASE64.issuperset(base64):
            raise EncodeError("", "base64", "is not base64 in one line")
        starts = range(0, len(base64), _LINE)
        text = "".join(base64[at : at + _LINE] + "\n" for at in starts).encode()
        if self._announced == DCS_CYPHER:
            return encode_frame(Frame(text), Framing.V2)
        if len(text) >= TICKET_BLOCK:
            raise EncodeError("", "base64", f"has {len(text)} bytes, the block {TICKET_BLOCK}")
        return text.ljust(TICKET_BLOCK, b"\0")
