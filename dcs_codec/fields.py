"""Kinds of fields: how one value stands in a text, and what encode refuses.

A message class names the kind of each field by one of the annotations below. Limits are those of
the C side: dcss scans words into fixed buffers and dies when they overflow.
"""

from typing import Annotated, Final, Protocol, get_type_hints

import attrs

from dcs_codec.errors import EncodeError
from dcs_codec.message import Message
from dcs_codec.words import BLANKS, to_bytes

MAX_NAME: Final = 39
"""Bytes of a device's or host's name: `deviceName[40]` and `hardwareID[40]` (dcss_device.h)."""

MAX_WORD: Final = 79
"""Bytes of any other word dcss reads: `state[80]`, `dcsCommand[81]` (dcss_hardware_client.c)."""

MAX_HARDWARE_NAME: Final = 99
"""Bytes of a word a C DHS reads: 20 tokens of 100 (dhs_dcs_messages.cc)."""

MAX_STRING_CONTENTS: Final = 1879
"""Bytes of a string's contents: `[1880]` in the database record (dcss_device.h)."""


class FieldKind(Protocol):
    """What the codec asks of a kind of field."""

    def refusal(self, value: object) -> str | None:
        """Why `value` cannot be written, or None when it can."""


@attrs.frozen(kw_only=True)
class Word:
    """One word without blanks.

    Attributes:
        max_bytes: Longest word the C side takes.
        optional: Whether the word may be missing at the end of the text ("" then).
    """

    max_bytes: int = MAX_WORD
    optional: bool = False

    def refusal(self, value: object) -> str | None:
        """Why `value` cannot be written, or None when it can."""
        if not isinstance(value, str):
            return f"is text on the wire, got {type(value).__name__} {value!r}"
        if not value:
            return None if self.optional else "is empty"
        bad = next((mark for mark in value if mark in BLANKS or mark == "\0"), None)
        if bad is not None:
            return f"holds {bad!r}, which would end the word: {value!r}"
        return _bytes_refusal(value, self.max_bytes)


@attrs.frozen(kw_only=True)
class Rest:
    """The rest of the text behind one blank, kept to the letter; always the last field.

    Attributes:
        max_bytes: Longest rest the C side takes, None where only the frame sets a limit.
        always_separated: Whether the blank in front is written for an empty rest too (dcss reads
            stale bytes of an older message without it).
    """

    max_bytes: int | None = None
    always_separated: bool = False

    def refusal(self, value: object) -> str | None:
        """Why `value` cannot be written, or None when it can."""
        if not isinstance(value, str):
            return f"is text on the wire, got {type(value).__name__} {value!r}"
        if "\0" in value:
            return "holds a NUL, which would end the text"
        if value.endswith(("\r", "\n")):
            return "ends in a line end, which readers take off"
        return _bytes_refusal(value, self.max_bytes)


def binary_refusal(value: object) -> str | None:
    """Why `value` cannot be the binary part of a frame, or None when it can."""
    return None if isinstance(value, bytes) else f"is bytes on the wire, got {type(value).__name__}"


def _bytes_refusal(value: str, max_bytes: int | None) -> str | None:
    try:
        size = len(to_bytes(value))
    except EncodeError as error:
        return error.reason
    if max_bytes is not None and size > max_bytes:
        return f"has {size} bytes, the C side takes {max_bytes}: {value[:60]!r}"
    return None


Name = Annotated[str, Word(max_bytes=MAX_NAME)]
"""Name of a device, operation or hardware host."""

HardwareName = Annotated[str, Word(max_bytes=MAX_HARDWARE_NAME)]
"""Name of a device as the DHS knows it."""

Handle = Annotated[str, Word()]
"""Operation handle, `clientNumber.counter`; text, since `1.10` is not `1.1`."""

Status = Annotated[str, Word()]
"""Open vocabulary; `normal` is success."""

OptionalStatus = Annotated[str, Word(optional=True)]
"""The same where some DHSs leave it out."""

Text = Annotated[str, Rest()]
"""Rest of the text, to the letter; the blank in front is left out when it is empty."""

StringContents = Annotated[str, Rest(max_bytes=MAX_STRING_CONTENTS, always_separated=True)]
"""Contents of a string, to the letter; the blank in front is always written."""


def field_kinds(message_class: type[Message]) -> dict[str, FieldKind]:
    """Name and kind of each field of a message class, in wire order.

    Raises:
        TypeError: A field's annotation names no kind, a `Rest` is not the last, or a field is not
            plain (decoding calls no converter or validator).
    """
    hints = get_type_hints(message_class, include_extras=True)
    kinds: dict[str, FieldKind] = {}
    for field in attrs.fields(message_class):
        if field.name == "binary":
            continue
        marks = getattr(hints[field.name], "__metadata__", ())
        kind = next((mark for mark in marks if isinstance(mark, (Word, Rest))), None)
        if kind is None:
            raise TypeError(f"{message_class.__name__}.{field.name}: annotation names no kind")
        if any(isinstance(earlier, Rest) for earlier in kinds.values()):
            raise TypeError(f"{message_class.__name__}.{field.name} stands behind the rest")
        if field.converter or field.validator or not field.init or field.alias != field.name:
            raise TypeError(
                f"{message_class.__name__}.{field.name}: a word has no converter, no validator, "
                "no alias, and is given at init"
            )
        kinds[field.name] = kind
    return kinds
