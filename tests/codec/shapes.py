"""Shapes of message classes: many classes differ only in their names.

The reader and the writer of a message depend only on the kinds of its fields. So the long search
uses fifty examples for one class of each shape, and ten for every class.
"""

from collections.abc import Hashable, Iterable
from typing import Final

from hypothesis import settings

from dcs_codec import Message
from dcs_codec.fields import field_kinds
from dcs_codec.message import direction_of

FEW: Final = settings(max_examples=max(10, settings().max_examples // 20))
"""Settings for every class; the long search of its shape is elsewhere."""


def shape_of(message_class: type[Message]) -> Hashable:
    """Direction and kinds of fields: the basis of the wire plan of a class."""
    return direction_of(message_class.keyword), tuple(field_kinds(message_class).values())


def one_of_each_shape(classes: Iterable[type[Message]]) -> list[type[Message]]:
    """The first class of each shape, in their order."""
    first: dict[Hashable, type[Message]] = {}
    for message_class in classes:
        first.setdefault(shape_of(message_class), message_class)
    return list(first.values())
