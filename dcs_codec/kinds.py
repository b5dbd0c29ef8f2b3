"""What a kind of field has to do: `WordKind` for one word, `TailKind` for the rest of a text.

A site may write kinds of its own; those of this package are in `fields`.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class WordKind(Protocol):
    """A kind of field that is one word."""

    def __hash__(self) -> int:
        """Kinds are values."""

    @property
    def optional(self) -> bool:
        """Whether the word may be missing."""

    @property
    def missing(self) -> object:
        """What the field holds where the word is missing."""

    def read(self, word: str) -> object:
        """The value of a word; raises ValueError with the reason where it has none."""

    def write(self, value: object) -> str:
        """The word of a value; raises ValueError with the reason where it has none."""


@runtime_checkable
class TailKind(Protocol):
    """A kind of field that is everything behind the words; always the last."""

    def __hash__(self) -> int:
        """Kinds are values."""

    def read_tail(self, tail: str, before: Mapping[str, object]) -> object:
        """The value of a tail, given as it stands, with the fields before it; else ValueError."""

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The tail of a value, blank in front included; else ValueError."""


@runtime_checkable
class FastTail(TailKind, Protocol):
    """A tail that reads and writes the common case by itself, where it need not name what is wrong.

    Both raise ValueError, KeyError or TypeError for all else, which the methods above decide.
    """

    def read_plain(self, words: list[bytes], before: Any) -> object:
        """The value of words, of which there is one at least, with the fields before them."""

    def write_plain(self, value: Any, before: Any) -> str:
        """The tail of a value, blank in front included."""
