"""Kinds of fields that take the rest of a text and come last: unchanged text, lists."""

from collections.abc import Mapping
from typing import Final

import attrs

from dcs_codec.kinds import Reading, TailKind, Writing
from dcs_codec.limits import MAX_NAME
from dcs_codec.word_kinds import Word
from dcs_codec.words import as_text, find_words, first_word, fitting

_LINE_ENDS: Final = ord("\r")  # and `\n` is below


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Rest(TailKind):
    """The rest of the text after one blank, kept to the letter.

    Attributes:
        max_bytes: Longest rest the C side takes, None if only the frame sets a limit.
        always_separated: Whether the blank is written before an empty rest, too (without it dcss
            reads stale bytes of an older message).
        max_first_word: Longest first word the C side takes, None if it reads none.
    """

    max_bytes: int | None = None
    always_separated: bool = False
    max_first_word: int | None = None

    def read_tail(self, tail: str, before: Mapping[str, object]) -> str:
        """The text after the one blank; any is right."""
        return tail[1:]

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The text after one blank; raises ValueError if it would not be read back."""
        rest = as_text(value)
        if "\0" in rest:
            raise ValueError("holds a NUL, which would end the text")
        if rest.endswith(("\r", "\n")):
            raise ValueError("ends in a line end, which readers take off")
        if self.max_first_word is not None:
            fitting(first_word(rest), self.max_first_word)
        rest = fitting(rest, self.max_bytes)
        return " " + rest if rest or self.always_separated else ""

    @property
    def longest_word(self) -> int | None:
        """The limit of the first word."""
        return self.max_first_word

    def described(self) -> tuple[str, str]:
        """The rest, and the limits there are."""
        sizes = ("{} bytes", self.max_bytes), ("first word {} bytes", self.max_first_word)
        return "rest of text", _sizes(*sizes)

    def reading(self, field: str) -> Reading:
        """The text unchanged."""
        return Reading(lines=(f"draft.{field} = rest",), is_verbatim=True)

    def writing(self, field: str) -> Writing:
        """Plain text that ends in no line end; a subclass of `str` may format itself otherwise."""
        value = f"v_{field}"
        fits = f"type({value}) is str and NUL not in {value}"
        if (size := self.max_first_word) is not None:
            fits += f" and {value}.isascii()"
            fits += f" and (len({value}) <= {size} or 0 < {value}.find(' ') <= {size})"
        short = "" if self.max_bytes is None else f" and len(text) <= {self.max_bytes}"
        return Writing(
            setup=f"{value} = message.{field}",
            fits=fits,
            text=f" {{{value}}}",
            unless="" if self.always_separated else value,
            after=f"text[-2] > {_LINE_ENDS}{short}",  # the byte before the NUL
            names={"NUL": "\0"},
        )


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Words(TailKind):
    """All words that follow.

    Attributes:
        max_bytes: Longest list the C side takes, blanks between included.
        may_be_empty: Whether there may be none.
    """

    max_bytes: int | None = None
    may_be_empty: bool = False

    def read_tail(self, tail: str, before: Mapping[str, object]) -> tuple[str, ...]:
        """The words; raises ValueError if there are none."""
        words = tuple(word for word, _ in find_words(tail))
        if not words and not self.may_be_empty:
            raise ValueError("is missing")
        return words

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        """The words with blanks between; raises ValueError if one is not a name."""
        if not isinstance(value, tuple):
            raise ValueError(f"is a tuple of words, got {type(value).__name__} {value!r}")
        if not value and not self.may_be_empty:
            raise ValueError("is empty")
        words = fitting(" ".join(map(_NAME_KIND.write, value)), self.max_bytes)
        return " " + words if words else ""

    @property
    def repeats(self) -> bool:
        """A motor has the same children each time."""
        return True

    def described(self) -> tuple[str, str]:
        """Names, and the limits there are."""
        sizes = ("{} bytes each", MAX_NAME), ("{} bytes together", self.max_bytes)
        return "names", _sizes(*sizes)

    def reading(self, field: str) -> Reading:
        """The words as text."""
        words = "tuple(b' '.join(rest).decode().split(' ')) if rest else ()"
        return Reading(lines=(f"draft.{field} = {words}",), least=0 if self.may_be_empty else 1)


_NAME_KIND: Final = Word(max_bytes=MAX_NAME)


def _sizes(*sizes: tuple[str, int | None]) -> str:
    return ", ".join(form.format(size) for form, size in sizes if size is not None)
