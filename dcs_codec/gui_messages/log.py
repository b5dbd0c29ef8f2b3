"""Messages of the beamline's log, which is a chat, too."""

from typing import ClassVar

import attrs

from dcs_codec.fields import OptionalStatus, Text
from dcs_codec.gui_fields import OptionalTold, SaidText
from dcs_codec.lists import quote_word
from dcs_codec.message import Message
from dcs_codec.words import find_words

__all__ = ["GtosLog", "StogLog", "StogNote"]

_BRACE = "{"


@attrs.frozen(kw_only=True, repr=False, eq=False)
class GtosLog(Message):
    """A line for the log, a chat, or the place where this client is.

    Wire:   gtos_log [log_level] said
    Units:  log_level: see `LogLevel`; `user_X`; `chat_X` is a chat room; `location` sets the place
            that the client list shows; said: name of the sender and a text
    Source: dcss_gui_client.c:2356-2392, confirmed on the wire
    """

    keyword: ClassVar[str] = "gtos_log"
    log_level: OptionalStatus
    said: SaidText = ""


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogLog(Message):
    """A line of the log. Many refusals are reported only here.

    Wire:   stog_log [log_level] said
    Units:  log_level: see `LogLevel`; `user_X`, `chat_X`; said: the sender (`server`, a host, a
            user, `{user(place)}`) and a text
    Source: dcss_broadcast.c:214, confirmed on the wire (all of it may be missing)
    """

    keyword: ClassVar[str] = "stog_log"
    log_level: OptionalTold
    said: Text = ""

    @property
    def log_sender(self) -> str:
        """Who said it, without the braces; "" if nobody is named."""
        return _sender_and_text(self.said)[0]

    @property
    def log_message(self) -> str:
        """What was said, to the letter."""
        return _sender_and_text(self.said)[1]

    @classmethod
    def of(cls, log_level: str, log_sender: str, log_message: str) -> "StogLog":
        """A line of its parts; a sender of several words is braced."""
        return cls(log_level=log_level, said=f"{quote_word(log_sender)} {log_message}")


def _sender_and_text(said: str) -> tuple[str, str]:
    if said.startswith(_BRACE) and (end := said.find("}")) > 0:
        return said[1:end], said[end + 1 :][1:]
    words = find_words(said, 1)
    return (words[0][0], said[words[0][1] :][1:]) if words else ("", "")


@attrs.frozen(kw_only=True, repr=False, eq=False)
class StogNote(Message):
    """A note of a DHS; the scripting engine adds a log line for it.

    Wire:   stog_note note_message
    Source: dcss_hardware_client.c:1422, confirmed on the wire
    """

    keyword: ClassVar[str] = "stog_note"
    note_message: Text = ""
