"""Recognises messages that one program logs several times: as read, as decoded, as passed on.

A text counts as another message if it may be one: if the words before both texts are the same, if
they differ only in a name (`to dhsA: ...`, `to dhsB: ...`), or if one was read and the other sent.
"""

import functools
import re
from collections import deque
from typing import Final

import attrs

_SENT: Final = re.compile(r"->|\bsen[dt]|\bout\b|\bwr(?:ite|ote)|\breply|\banswer", re.IGNORECASE)
_READ: Final = re.compile(r"<-|\bre[cv]\w*v|\bgot\b|\bin\b|\bread|\bfrom\b|\breci", re.IGNORECASE)
_VERB: Final = re.compile(
    r"\w*(?:re[cv]|got|deco|pars|handl|process|dispatch|read|sen[dt]|sav|queu|add)\w*",
    re.IGNORECASE,
)
_NO_WORD: Final = re.compile(
    r"[\d.:,-]*|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|\W+", re.IGNORECASE
)
_NEAR_LINES: Final = 200
_NEAR_S: Final = 5.0


@attrs.frozen
class Speaker:
    """The words before a message, and whether they say that it was read or sent."""

    words: tuple[str, ...]
    was_sent: bool | None

    def may_repeat(self, other: "Speaker") -> bool:
        """Whether both may be about one message."""
        if self.words == other.words:
            return False
        if self.was_sent is not other.was_sent and None not in (self.was_sent, other.was_sent):
            return False
        if len(self.words) != len(other.words):
            return True
        pairs = zip(self.words, other.words, strict=True)
        different = [pair for pair in pairs if pair[0] != pair[1]]
        if len(different) > 1:
            return True
        return any(map(_VERB.fullmatch, different[0]))


@functools.lru_cache(maxsize=1024)
def voice_of(before: str) -> Speaker:
    """The `Speaker` for the words before a message."""
    sent, read = _SENT.search(before), _READ.search(before)
    was_sent = None if bool(sent) is bool(read) else bool(sent)
    words = tuple(word for word in before.split() if not _NO_WORD.fullmatch(word))
    return Speaker(words, was_sent)


@attrs.define
class _Telling:
    key: tuple[str, str]
    voices: list[Speaker]
    line: int
    time: float | None


class Retelling:
    """Remembers the latest messages."""

    def __init__(self) -> None:
        self._lately: deque[_Telling] = deque()
        self._by_key: dict[tuple[str, str], list[_Telling]] = {}

    def is_again(
        self, text: str, speaker: str, voice: Speaker, line: int, time: float | None
    ) -> bool:
        """Whether this repeats a message in other words; otherwise it is remembered."""
        self._forget(line)
        key = speaker, " ".join(text.split())
        tellings = self._by_key.setdefault(key, [])
        for telling in tellings:
            is_near = time is None or telling.time is None or abs(time - telling.time) <= _NEAR_S
            if is_near and all(map(voice.may_repeat, telling.voices)):
                telling.voices.append(voice)
                return True
        telling = _Telling(key, [voice], line, time)
        tellings.append(telling)
        self._lately.append(telling)
        return False

    def _forget(self, line: int) -> None:
        while self._lately and line - self._lately[0].line > _NEAR_LINES:
            old = self._lately.popleft()
            tellings = self._by_key[old.key]
            tellings.remove(old)
            if not tellings:
                del self._by_key[old.key]
