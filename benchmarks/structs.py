"""The same values as JSON lines, read and written by msgspec: the speed of C code.

This is only a comparison: it has no frames, and its texts are different.
"""

import functools
from collections.abc import Sequence
from typing import Any, Final, Union, get_type_hints

import attrs
import msgspec

from dcs_codec import DHS_MESSAGES, Message


def _struct(message_class: type[Message]) -> type[msgspec.Struct]:
    hints = get_type_hints(message_class)
    names = [
        field.name
        for field in attrs.fields(message_class)
        if field.name not in ("binary", "surplus")
    ]
    return msgspec.defstruct(
        message_class.__name__,
        [(name, hints[name]) for name in names],
        tag_field="keyword",
        tag=message_class.keyword,
    )


class Structs:
    """A tagged union of structs, one for each of these message classes."""

    def __init__(self, message_classes: Sequence[type[Message]]) -> None:
        self._structs: Final = {each: _struct(each) for each in message_classes}
        union: Any = Union[tuple(self._structs.values())]  # noqa: UP007 - made at run time
        self.encode: Final = msgspec.json.Encoder().encode
        self.decode: Final = msgspec.json.Decoder(union).decode

    def struct_of(self, message: Message) -> msgspec.Struct:
        """The struct that holds the values of a message."""
        struct = self._structs[type(message)]
        return struct(*(getattr(message, name) for name in struct.__struct_fields__))


@functools.cache
def structs_of(messages: tuple[Message, ...]) -> tuple[Structs, tuple[msgspec.Struct, ...]]:
    """The union for these messages, and their structs."""
    used = {type(message) for message in messages}
    structs = Structs([each for each in DHS_MESSAGES if each in used])
    return structs, tuple(map(structs.struct_of, messages))
