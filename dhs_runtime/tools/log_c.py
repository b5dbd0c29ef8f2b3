"""Records of the C and C++ side's logging: where a message is in one, and where the record ends.

A record ends with the name of the source file and the line in braces, `{TCL_LOG  }` in what the
scripting engine writes.
"""

import functools
import re
from typing import Final

import attrs

from dhs_runtime.tools.log_texts import KEYWORD, c_end
from dhs_runtime.tools.stamps import LEVEL

ENGINE: Final = "engine"
"""Conversation of the scripting engine's own half, which a dcss log has beside the server's."""

_C_START: Final = re.compile(r"\d+\s+[A-Z]+\s{4}")
_C_ANOTHER: Final = re.compile(
    r"\n?\d\d/\d\d/\d\d \d\d:\d\d:\d\d \d+\s+[A-Z]+ |<- \{(?:htos|stoh)_"
)
_C_WIRE: Final = re.compile(
    r"(?:|.*(?:(?:->|<-) ?\{?|Receiving: '|Sending: '|sending out \{|SendoutDcsMessage\( ))",
    re.DOTALL,
)
_MENTION: Final = re.compile(
    r"(?:do task:\{|no one takes this message: |ConsumeDcsMessage: |\bGot |while processing "
    r"|no handler .*|[Uu]n\w+ command.*|FROM DCSS: |REGISTER: |GOT: |Handling message |msg="
    r"|(?:stog|gtos)_.*)$",
    re.DOTALL,
)
_FROM: Final = re.compile(r"message from (\S+) <- \{$")
_ENGINE: Final = re.compile(r"(?:::dcss\d*: out-> |self_HW in<- )$")
_SIMULATED: Final = re.compile(rf"^(?!{LEVEL}\b|re[cv]|sen[dt]|in\b|out\b)(\S+) (?:->|<-) $")


@attrs.frozen
class Place:
    """What the words in front of a message say."""

    is_message: bool
    connection: str
    conversation: str


@attrs.frozen
class CMessage:
    """A message in a record, or why it cannot be cut out."""

    place: Place
    text: str
    reason: str


@functools.lru_cache(maxsize=1024)
def place_of(before: str) -> Place:
    """What the words in front of a message say, in any log."""
    host = _FROM.search(before) or _SIMULATED.search(before)
    return Place(
        _MENTION.search(before) is None,
        host[1] if host else "",
        ENGINE if _ENGINE.search(before) else "",
    )


@functools.lru_cache(maxsize=1024)
def _place_in_c(before: str) -> Place:
    start = _C_START.match(before)
    is_wire = start is None or _C_WIRE.fullmatch(before, start.end()) is not None
    place = place_of(before)
    return attrs.evolve(place, is_message=is_wire and place.is_message)


def starts_c_record(text: str) -> bool:
    """Whether the line, after its time, is one of the C side's."""
    return _C_START.match(text) is not None


def message_in_c(text: str) -> CMessage | None:
    """The message in a record, by its text after the time; None where it has none."""
    match = KEYWORD.search(text)
    if match is None:
        return None
    at = match.start()
    # The thread differs from line to line, what it says hardly: so it is looked up.
    place = _place_in_c("0" + text[text.find(" ") : at])
    if not place.is_message:
        return None
    end = c_end(text)
    found, reason = "", ""
    if end < 0:
        reason = f"the record is cut off: {text[at : at + 60]!r}"
    elif _C_ANOTHER.search(text, at, end):
        reason = f"two records run into one: {text[at : at + 60]!r}"
    else:
        found, reason = _closed_in_c(text, at, text[at:end].rstrip())
    return CMessage(place, found, reason)


def _closed_in_c(text: str, at: int, found: str) -> tuple[str, str]:
    closing = {"{": "}", "'": "'", "(": ")"}.get(text[:at].rstrip(" ")[-1:])
    if closing is None:
        return found, ""
    if not found.endswith(closing):
        return "", f"{text[:at].rstrip(' ')[-1:]} is not closed: {found[:60]!r}"
    return (found[:-1].removesuffix(" ") if closing == ")" else found[:-1]), ""
