"""Tests of every class of the registry."""

import importlib
import pkgutil
import re
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    Frame,
    FrameDecoder,
    Framing,
    MalformedMessage,
    Message,
    UnknownMessage,
    decode_text,
    default_codec,
    default_registry,
    encode_text,
    messages,
)
from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.limits import MAX_WORD
from dcs_codec.message import LoginTicket, direction_of
from dcs_codec.strategies import chunked, messages_of
from tests.codec.feeding import frames_of
from tests.codec.shapes import FEW, one_of_each_shape, shape_of

MODULES = tuple(
    importlib.import_module(f"{messages.__name__}.{found.name}")
    for found in pkgutil.iter_modules(messages.__path__)
)
every_message = pytest.mark.parametrize("message_class", DHS_MESSAGES, ids=lambda cls: cls.keyword)
every_shape = pytest.mark.parametrize(
    "message_class", one_of_each_shape(DHS_MESSAGES), ids=lambda cls: cls.keyword
)


@every_shape
@given(data=st.data())
def test_round_trip_of_a_shape(message_class: type[Message], data: st.DataObject) -> None:
    """The long search, with one class for each combination of field kinds."""
    check_round_trip(message_class, Framing.V2, data)


@every_message
@given(data=st.data())
@FEW
def test_round_trip(message_class: type[Message], data: st.DataObject) -> None:
    """Whatever its fields hold, a message comes back equal and of its class: through its text, and
    with its binary part through the bytes of v2, cut anywhere."""
    check_round_trip(message_class, Framing.V2, data)


@every_message
@given(data=st.data())
@FEW
def test_round_trip_in_v1(message_class: type[Message], data: st.DataObject) -> None:
    """The same for the messages that v1 carries."""
    check_round_trip(message_class, Framing.V1, data)


def check_round_trip(message_class: type[Message], framing: Framing, data: st.DataObject) -> None:
    message = data.draw(messages_of(message_class, framing, with_binary=True))
    through_text = decode_text(encode_text(message))
    assert attrs.evolve(through_text, binary=message.binary) == message
    pieces = data.draw(chunked(default_codec().encode_bytes(message, framing)))
    [frame] = frames_of(FrameDecoder(framing), pieces)
    assert isinstance(frame, Frame)
    decoded = default_codec().decode(frame)
    assert decoded == message
    assert type(decoded) is type(through_text) is message_class
    assert hash(decoded) == hash(message)


def test_each_shape_is_searched() -> None:
    shapes = [shape_of(cls) for cls in one_of_each_shape(DHS_MESSAGES)]
    assert len(shapes) == len(set(shapes))
    assert set(shapes) == {shape_of(cls) for cls in DHS_MESSAGES}


def test_the_name_of_the_class_is_the_keyword() -> None:
    for message_class in DHS_MESSAGES:
        camel_case = "".join(word.capitalize() for word in message_class.keyword.split("_"))
        assert message_class.__name__ == camel_case


def test_the_keyword_fits_the_wire() -> None:
    for message_class in DHS_MESSAGES:
        assert direction_of(message_class.keyword) is not None
        assert re.fullmatch(r"(stoc|stoh|htos)(_[a-z]+)+", message_class.keyword)
        assert len(message_class.keyword) <= MAX_WORD
        assert default_registry().get(message_class.keyword) is message_class


def test_the_class_is_exported_by_its_module_alone() -> None:
    for message_class in DHS_MESSAGES:
        name = message_class.__name__
        holding = [module for module in MODULES if name in module.__all__]
        assert [module.__name__ for module in holding] == [message_class.__module__]
        assert DHS_MESSAGES.count(message_class) == 1


def test_no_class_of_the_package_is_left_out() -> None:
    ours = {cls for cls in subclasses_of(Message) if cls.__module__.startswith("dcs_codec.")}
    assert ours - {UnknownMessage, MalformedMessage, LoginTicket} == {*DHS_MESSAGES, *GUI_MESSAGES}


def subclasses_of(message_class: type[Message]) -> set[type[Message]]:
    """All classes below that a module knows by name.

    Not the drafts of the plans, and not the classes that attrs replaced by slotted ones.
    """
    below: set[type[Message]] = set()
    for cls in message_class.__subclasses__():
        if getattr(sys.modules[cls.__module__], cls.__name__, None) is cls:
            below.add(cls)
        below |= subclasses_of(cls)
    return below
