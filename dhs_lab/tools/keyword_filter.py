"""Which messages are asked for, by patterns of keywords; `*` and `?` stand for any characters."""

import fnmatch
import functools
import re
from typing import Final

_ANY: Final = re.compile(r"[*?]|\[[^\]]*\]")
_SHORT: Final = 3  # a piece of a pattern that is no longer is in nearly every line


class KeywordFilter:
    """Keywords that match one of some patterns; without patterns, all."""

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        pieces = [max(_ANY.split(pattern), key=len) for pattern in patterns]
        is_told = all(len(piece) > _SHORT for piece in pieces)
        self.patterns = patterns
        self.pieces = tuple(piece.encode() for piece in pieces) if is_told else ()
        """Bytes of which one is wherever such a keyword is; () where that cannot be told."""
        self.admits = functools.lru_cache(maxsize=1024)(self._admits)
        """Whether this keyword is asked for."""

    def admits_text(self, text: str) -> bool:
        """Whether the message with this text is asked for."""
        words = text.split(maxsplit=1)
        return self.admits(words[0] if words else "")

    def _admits(self, keyword: str) -> bool:
        patterns = self.patterns
        return not patterns or any(fnmatch.fnmatchcase(keyword, each) for each in patterns)
