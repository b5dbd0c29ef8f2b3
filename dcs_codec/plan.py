"""The wire plan of a message class: how its text becomes an instance and back.

There are two ways through a plan. The *reference* here reads and writes field by field and can
tell which field is at fault. The functions in `compiled` are generated from the same fields at
their first use; they handle the common case at the speed of hand-written code and pass everything
else to the reference. Both give the same results; a test checks this.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from dcs_codec.compiled import compile_decode, compile_encode
from dcs_codec.errors import DecodeError, EncodeError
from dcs_codec.fields import field_kinds
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.limits import MAX_WORD
from dcs_codec.message import Direction, Message, direction_of, keep_surplus
from dcs_codec.word_kinds import Word
from dcs_codec.words import BLANKS, find_words, to_bytes, to_text

M = TypeVar("M", bound=Message)

_WITH_HANDLE: Final = ("htos_operation", "gtos_start_operation")
"""In these messages dcss also scans the second word."""

_LOGIN: Final = "gtos_client_is_gui"
"""It is sent in a block of its own, and its words have larger buffers."""

Form = tuple[str, ...]
"""Names of the words in a text, in order."""


class Plan(Generic[M]):
    """How instances of one message class are read and written.

    Attributes:
        fields: Kind of each field, in wire order.
        words: Those that are one word each.
        tail: Name and kind of the field after the words, if there is one.
        forms: The combinations of words that a text may have, shortest first: with all optional
            ones or with none.
    """

    def __init__(self, message_class: type[M]) -> None:
        """The plan of `message_class`.

        Raises:
            TypeError: The class is not `attrs.frozen` with slots, runs code when it is made, its
                keyword is not a word, a field has no kind, or the first word to dcss may overflow
                its buffer.
        """
        _check(message_class)
        self.message_class = message_class
        self.keyword = message_class.keyword
        self.fields: Mapping[str, WordKind | TailKind] = field_kinds(message_class)
        _check_scanned(message_class, self.fields)
        self.words = {n: kind for n, kind in self.fields.items() if isinstance(kind, WordKind)}
        tails = [(n, kind) for n, kind in self.fields.items() if isinstance(kind, TailKind)]
        self.tail = tails[0] if tails else None
        self.optional: Form = tuple(name for name, kind in self.words.items() if kind.optional)
        short = tuple(name for name in self.words if name not in self.optional)
        self.forms: tuple[Form, ...] = (short, tuple(self.words)) if self.optional else (short,)

    @functools.cached_property
    def decode(self) -> Callable[[bytes, bytes, bytes], M]:
        """Compiled; takes a text as bytes, its part after keyword and one blank, and the binary.

        Raises DecodeError.
        """
        return compile_decode(
            self.message_class, self.words, self.tail, self.decode_reference_bytes
        )

    @functools.cached_property
    def encode(self) -> Callable[[M], bytes | None]:
        """Compiled: gives the bytes of a message's text, with the NUL that ends it.

        None if the message has a binary part or surplus. Raises EncodeError.
        """
        return compile_encode(self.message_class, self.words, self.tail, self.encode_reference)

    def decode_reference(self, text: str, binary: bytes = b"") -> M:
        """An instance from any text whose first word is the keyword.

        If no field takes the rest of the text, words after those of the form are its surplus.

        Raises:
            DecodeError: The text does not have a form of the keyword.
        """
        words = find_words(text, len(self.forms[-1]) + 1)
        count = len(words) - 1
        errors: list[DecodeError] = []
        for form in reversed(self.forms):
            if count < len(form):
                errors.append(self._missing(form, count))
            elif self.tail is None or form is self.forms[-1] or count == len(form):
                try:
                    return self._read(form, text, words, binary)
                except DecodeError as error:
                    errors.append(error)
        raise errors[-1 if count <= len(self.forms[0]) else 0]

    def _read(self, form: Form, text: str, words: list[tuple[str, int]], binary: bytes) -> M:
        values: dict[str, object] = {name: kind.missing for name, kind in self.words.items()}
        for name, (word, _) in zip(form, words[1:], strict=False):
            try:
                values[name] = self.words[name].read(word)
            except ValueError as error:
                raise DecodeError(self.keyword, name, str(error)) from None
        rest = text[words[len(form)][1] :]
        if self.tail is None:
            message = self.message_class(binary=binary, **values)
            return keep_surplus(message, rest.strip(BLANKS))
        name, tail = self.tail
        try:
            values[name] = tail.read_tail(rest, values)
        except ValueError as error:
            raise DecodeError(self.keyword, name, str(error)) from None
        return self.message_class(binary=binary, **values)

    def decode_reference_bytes(self, data: bytes, binary: bytes) -> M:
        """The same from the bytes of a text."""
        return self.decode_reference(to_text(data), binary)

    def _missing(self, form: Form, count: int) -> DecodeError:
        """The error for a text of this many words, too few for the form."""
        reason = "is missing"
        if count > len(self.forms[0]):
            sizes = " or ".join(str(len(form)) for form in self.forms)
            reason += f" ({count} words, the forms have {sizes})"
        return DecodeError(self.keyword, form[count], reason)

    def encode_reference(self, message: M) -> str:
        """The text of any instance.

        Raises:
            EncodeError: A value does not fit its word; names the first such field.
        """
        values = {name: getattr(message, name) for name in self.fields}
        form = self._form_with(values)
        parts = [self.keyword]
        for name in form:
            try:
                parts.append(self.words[name].write(values[name]))
            except ValueError as error:
                raise EncodeError(self.keyword, name, str(error)) from None
        if "\0" in message.surplus:
            raise EncodeError(self.keyword, "surplus", "holds a NUL, which would end the text")
        parts += [message.surplus] * bool(message.surplus)
        text = " ".join(parts) + self._written_tail(form, values)
        try:
            to_bytes(text)
        except EncodeError as error:  # a site's own kind wrote it
            raise EncodeError(self.keyword, "", error.reason) from None
        return text

    def _form_with(self, values: Mapping[str, object]) -> Form:
        """The form with all words that are given; EncodeError if some optional ones are not."""
        missing = [name for name in self.optional if _is_missing(self.words[name], values[name])]
        if not missing:
            return self.forms[-1]
        given = next((name for name in self.optional if name not in missing), None)
        if given is not None:
            raise EncodeError(self.keyword, missing[0], f"is missing where {given} is given")
        return self.forms[0]

    def _written_tail(self, form: Form, values: Mapping[str, object]) -> str:
        if self.tail is None:
            return ""
        name, kind = self.tail
        try:
            written = kind.write_tail(values[name], values)
        except ValueError as error:
            raise EncodeError(self.keyword, name, str(error)) from None
        if values[name] and form is not self.forms[-1]:
            raise EncodeError(
                self.keyword, name, f"cannot follow {self.optional[0]}, which is missing"
            )
        return written


def _check(message_class: type[Message]) -> None:
    if not {"__slots__", "__attrs_attrs__"} <= vars(message_class).keys():
        raise TypeError(f"{message_class.__name__} is not an attrs.frozen message class")
    for hook in ("__attrs_pre_init__", "__attrs_post_init__"):
        if hasattr(message_class, hook):
            raise TypeError(f"{message_class.__name__}: decoding calls no {hook}")
    if "_attrs_cached_hash" in vars(message_class)["__slots__"]:
        raise TypeError(f"{message_class.__name__}: decoding prepares no cached hash")
    try:
        Word().write(message_class.keyword)
    except ValueError as error:
        raise TypeError(f"{message_class.__name__}: keyword {error}") from None


def _check_scanned(message_class: type[Message], fields: Mapping[str, WordKind | TailKind]) -> None:
    """Check that what dcss scans of any text fits its buffers: names, and operation handles."""
    if direction_of(message_class.keyword) not in (Direction.TO_DCSS, Direction.FROM_GUI):
        return
    if message_class.keyword == _LOGIN:
        return
    scanned = 2 if message_class.keyword.startswith(_WITH_HANDLE) else 1
    for name, kind in list(fields.items())[:scanned]:
        longest = kind.longest_word
        if longest is None or longest > MAX_WORD:
            raise TypeError(
                f"{message_class.__name__}.{name}: dcss scans this word into a buffer; "
                f"{MAX_WORD} bytes at most"
            )


def _is_missing(kind: WordKind, value: object) -> bool:
    missing = kind.missing
    return value is missing or (isinstance(value, type(missing)) and value == missing)
