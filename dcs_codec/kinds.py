"""What a kind of field has to do: `WordKind` for one word, `TailKind` for the rest of a text.

A site may write kinds of its own; those of this package are in `fields`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class WordKind(ABC):
    """A kind of field that is one word; its classes are `attrs.frozen`, for kinds are values."""

    __slots__ = ()

    @property
    def optional(self) -> bool:
        """Whether the word may be missing."""
        return False

    @property
    def missing(self) -> object:
        """What the field holds where the word is missing."""
        return None

    @abstractmethod
    def read(self, word: str) -> object:
        """The value of a word; raises ValueError with the reason where it has none."""

    @abstractmethod
    def write(self, value: object) -> str:
        """The word of a value; raises ValueError with the reason where it has none."""


class TailKind(ABC):
    """A kind of field that is everything after the words; always the last."""

    __slots__ = ()

    @abstractmethod
    def read_tail(self, tail: str, before: Mapping[str, object]) -> object:
        """The value of a tail, given as it stands, with the fields before it; else ValueError."""

    @abstractmethod
    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The tail of a value, the blank before it included; else ValueError."""


class FastTail(TailKind):
    """A tail that reads and writes the common case by itself, where it need not name what is wrong.

    Both raise ValueError, KeyError or TypeError for all else, which the methods above decide.
    """

    __slots__ = ()

    @abstractmethod
    def read_plain(self, words: list[bytes], before: Any) -> object:
        """The value of words, of which there is one at least, with the fields before them."""

    @abstractmethod
    def write_plain(self, value: Any, before: Any) -> str:
        """The tail of a value, the blank before it included."""
