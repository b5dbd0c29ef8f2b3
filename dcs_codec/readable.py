"""`readable`: what is known of a command that cannot be read in full, so that it gets an answer.

A DHS that stays silent leaves the script that waits for it hanging, and not even an abort frees
that script (seen on a running dcss). The name is enough to refuse a command in its own terms.
"""

from typing import Final

from dcs_codec.codec import Codec
from dcs_codec.message import MalformedMessage, Message
from dcs_codec.words import find_words

__all__ = ["readable"]

_OPERATION: Final = "stoh_start_operation"
_VECTOR: Final = "stoh_start_vector_move"
_COUNT: Final = "stoh_read_ion_chambers"
_FORMS: Final = {
    _OPERATION: "{0} {1}",
    "stoh_start_motor_move": "{0} 0",
    "stoh_start_oscillation": "{0} NULL 0 0",
    _VECTOR: "{0} {1} 0 0 0",
    "stoh_set_motor_position": "{0} 0",
    "stoh_set_shutter_state": "{0} closed",
    "stoh_get_encoder": "{0}",
    "stoh_set_encoder": "{0} 0",
    "stoh_set_string": "{0}",
    _COUNT: "0 0",
}
"""The words after the keyword of each command that wants an answer; `{n}` are its own."""
_NAMES_AT: Final = 2  # in `stoh_read_ion_chambers`: the time and the repeat come before them
_SCANNED: Final = 64  # words; no beamline counts with more ion chambers


def readable(malformed: MalformedMessage, codec: Codec) -> Message | None:
    """The command that a malformed message was meant to be: names are kept, other words made up.

    Use it only to refuse the command: only the names (and an operation's handle) are from the peer.
    None if it is not a command that needs an answer, or has no name or handle.
    """
    form = _FORMS.get(malformed.received_keyword)
    if form is None:
        return None
    words = [word for word, _ in find_words(malformed.text, _SCANNED)][1:]
    if malformed.received_keyword == _COUNT:
        names = words[_NAMES_AT:]
        text = " ".join((form, *names)) if names else ""
    elif len(words) == 1 and malformed.received_keyword == _VECTOR:
        text = form.format(words[0], "NULL")
    else:
        text = form.format(*words) if len(words) >= form.count("{") else ""
    if not text:
        return None
    message = codec.decode_text(f"{malformed.received_keyword} {text}")
    return None if isinstance(message, MalformedMessage) else message
