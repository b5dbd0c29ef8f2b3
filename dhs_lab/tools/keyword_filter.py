"""Selects messages by patterns of keywords; `*` and `?` are wildcards."""

import fnmatch
import functools
import re
from typing import Final

_ANY: Final = re.compile(r"[*?]|\[[^\]]*\]")
_SHORT: Final = 3  # a shorter piece of a pattern is in nearly every line


class KeywordFilter:
    """Keywords that match one of the patterns; without patterns, all."""

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        pieces = [max(_ANY.split(pattern), key=len) for pattern in patterns]
        is_told = all(len(piece) > _SHORT for piece in pieces)
        self.patterns = patterns
        self.pieces = tuple(piece.encode() for piece in pieces) if is_told else ()
        """Every such keyword contains one of these byte strings; () if a pattern is too short."""
        self.admits = functools.lru_cache(maxsize=1024)(self._admits)
        """Whether this keyword is wanted."""

    def admits_text(self, text: str) -> bool:
        """Whether the message with this text is wanted."""
        words = text.split(maxsplit=1)
        return self.admits(words[0] if words else "")

    def _admits(self, keyword: str) -> bool:
        patterns = self.patterns
        return not patterns or any(fnmatch.fnmatchcase(keyword, each) for each in patterns)
