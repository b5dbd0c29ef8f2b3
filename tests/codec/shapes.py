"""Shapes of message classes: many classes are alike but for their names.

What reads and writes a message is made of the kinds of its fields, so the long search goes by
shape: hundreds of examples for one class of each, and ten for every class.
"""

from collections.abc import Hashable, Iterable
from typing import Final

from hypothesis import settings

from dcs_codec import Message
from dcs_codec.fields import field_kinds
from dcs_codec.message import direction_of

FEW: Final = settings(max_examples=max(10, settings().max_examples // 20))
"""For every class; its shape is searched for long elsewhere."""


def shape_of(message_class: type[Message]) -> Hashable:
    """Direction and the kinds of the fields: what the wire plan of a class is made of."""
    return direction_of(message_class.keyword), tuple(field_kinds(message_class).values())


def one_of_each_shape(classes: Iterable[type[Message]]) -> list[type[Message]]:
    """The first class of each shape, in their order."""
    first: dict[Hashable, type[Message]] = {}
    for message_class in classes:
        first.setdefault(shape_of(message_class), message_class)
    return list(first.values())
