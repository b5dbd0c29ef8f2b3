"""The interfaces of field kinds: `WordKind` for one word, `TailKind` for the rest of a text.

A kind is one class. It must read and write: that is the reference, which says what is wrong. It
may also say how a generated function does the common case (`reading`, `writing`), and how it is
described. A site may write kinds of its own; those of this package are in `word_kinds` and
`tail_kinds`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

import attrs

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTHING: Mapping[str, object] = {}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Reading:
    """How a generated function reads a field, as lines of Python.

    `draft` is the new message. To leave the decision to the reference, the lines raise
    ValueError or KeyError, or `return reference(text, binary)`. Names of fields may enter them, and
    nothing from the wire.

    Attributes:
        lines: They set the field. The words of a tail are in the list `rest`.
        odd: An expression that is true if the reference must decide, "" for none.
        finite: A local name whose number must be finite, "" for none.
        least: For a tail, the least number of words.
        is_verbatim: For a tail, whether it is kept unchanged: `rest` is its text.
        names: The objects that the lines use.
    """

    lines: tuple[str, ...]
    odd: str = ""
    finite: str = ""
    least: int = 0
    is_verbatim: bool = False
    names: Mapping[str, object] = _NOTHING


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Writing:
    """How a generated function writes a field, as Python.

    `message` is the message. After a ValueError, KeyError or TypeError the reference decides.

    Attributes:
        text: A blank and the value, as a part of an f-string.
        setup: A line that goes first, "" for none.
        fits: An expression that is true if the text is right, "" if it always is.
        unless: For a tail, an expression; if it is false, nothing is written. "" for none.
        after: An expression over `text`, the bytes of the whole message with a NUL at their end;
            true if they are right, "" if they always are.
        names: The objects that all these use.
    """

    text: str
    setup: str = ""
    fits: str = ""
    unless: str = ""
    after: str = ""
    names: Mapping[str, object] = _NOTHING


class Kind:
    """The base of words and tails. Kinds are values: `attrs.frozen`, equal by fields."""

    __slots__ = ()

    @property
    def repeats(self) -> bool:
        """Whether the same few values are written again and again; their texts are remembered."""
        return False

    @property
    def longest_word(self) -> int | None:
        """Bytes of the longest first word that is written, None for any; 0 if all are short."""
        return 0

    @property
    def samples(self) -> tuple[str, ...]:
        """Some texts of it, from which tests draw if they have no better strategy."""
        return ()

    def described(self) -> tuple[str, str]:
        """Its type in words, and the most that is written ("" if only the frame has a limit)."""
        return _HUMP.sub(" ", type(self).__name__).lower(), ""

    def __repr__(self) -> str:
        values = [f"{each.name}={getattr(self, each.name)!r}" for each in _fields(self)]
        return f"{type(self).__name__}({', '.join(values)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, each.name) == getattr(other, each.name) for each in _fields(self))

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, each.name) for each in _fields(self))))


def _fields(kind: Kind) -> "tuple[attrs.Attribute[object], ...]":
    kind_class: type = type(kind)
    return attrs.fields(kind_class) if attrs.has(kind_class) else ()


class WordKind(Kind, ABC):
    """A kind of field that is one word."""

    __slots__ = ()

    @property
    def optional(self) -> bool:
        """Whether the word may be missing."""
        return False

    @property
    def missing(self) -> object:
        """What the field holds if the word is missing."""
        return None

    @property
    def is_verbatim(self) -> bool:
        """Whether every word is its own value."""
        return False

    @abstractmethod
    def read(self, word: str) -> object:
        """The value of a word; raises ValueError with the reason if it has none."""

    @abstractmethod
    def write(self, value: object) -> str:
        """The word of a value; raises ValueError with the reason if it has none."""

    def reading(self, field: str, word: str) -> Reading:
        """How the field is read fast, from the bytes of which `word` is the local name."""
        name = f"read_{field}"
        line = f"draft.{field} = {name}({word}.decode())"
        return Reading(lines=(line,), names={name: self.read})

    def writing(self, field: str) -> Writing | None:
        """How the field is written fast; None if only remembered texts are."""
        name = f"write_{field}"
        return Writing(text=f" {{{name}(message.{field})}}", names={name: self.write})


class TailKind(Kind, ABC):
    """A kind of field that is everything after the words; always the last."""

    __slots__ = ()

    @abstractmethod
    def read_tail(self, tail: str, before: Mapping[str, object]) -> object:
        """The value of an unchanged tail, given the fields before it; else ValueError."""

    @abstractmethod
    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The tail of a value, the blank before it included; else ValueError."""

    def reading(self, field: str) -> Reading | None:  # noqa: ARG002 - for those that have one
        """How the field is read fast; None if the reference reads the whole message."""
        return None

    def writing(self, field: str) -> Writing | None:  # noqa: ARG002 - for those that have one
        """How the field is written fast; None if only remembered texts are."""
        return None


def has_own(kind: Kind, fast: str, reference: str) -> bool:
    """Whether the fast way of a kind belongs to its reference.

    It does not if a subclass changed only the reference, for example to refuse more.
    """
    of_kind = next(cls for cls in type(kind).__mro__ if {fast, reference} & vars(cls).keys())
    return fast in vars(of_kind)
