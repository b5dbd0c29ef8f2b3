from collections.abc import Callable
from typing import Any

import attrs
import pytest

from dcs_codec import Direction, HtosSetEncoderCompleted, MalformedMessage, Message, UnknownMessage
from dcs_codec.message import direction_of


@pytest.mark.parametrize(
    ("keyword", "direction"),
    [
        ("stoc_send_client_type", Direction.TO_DHS),
        ("stoh_abort_all", Direction.TO_DHS),
        ("htos_note", Direction.TO_DCSS),
        ("stoh_", Direction.TO_DHS),
        ("stoh", None),
        ("gtos_set_string", Direction.FROM_GUI),
        ("stog_log", Direction.TO_GUI),
        ("HTOS_note", None),
        ("", None),
    ],
)
def test_direction_of(keyword: str, direction: Direction | None) -> None:
    assert direction_of(keyword) is direction


def test_directions_say_where_a_message_goes() -> None:
    assert [direction.value for direction in Direction] == [
        "to DHS",
        "to DCSS",
        "to GUI",
        "from GUI",
    ]


@pytest.mark.parametrize(
    ("text", "kept", "keyword"),
    [
        ("gtos_note a  b ", "gtos_note a  b ", "gtos_note"),
        ("gtos_note\n\r\n", "gtos_note", "gtos_note"),
        ("gtos_note a\0garbage", "gtos_note a", "gtos_note"),
        (" \tx y", " \tx y", "x"),
        ("\xa0x", "\xa0x", "\xa0x"),
    ],
)
def test_unknown_and_malformed_keep_their_text(text: str, kept: str, keyword: str) -> None:
    unknown = UnknownMessage(text=text)
    malformed = MalformedMessage(text=text, field="", reason="is odd")
    assert (unknown.text, unknown.received_keyword) == (kept, keyword)
    assert (malformed.text, malformed.received_keyword) == (kept, keyword)
    assert unknown.keyword == malformed.keyword == ""


def test_a_malformed_message_may_have_no_keyword() -> None:
    assert MalformedMessage(text=" \n", field="", reason="").received_keyword == ""


@pytest.mark.parametrize(
    "message",
    [
        Message(),
        UnknownMessage(text="a", binary=b"x"),
        MalformedMessage(text="a", field="f", reason="r"),
    ],
)
def test_messages_are_values(message: Message) -> None:
    twin = attrs.evolve(message)
    assert twin == message
    assert hash(twin) == hash(message)
    assert attrs.evolve(message, binary=b"other") != message
    for field in attrs.fields(type(message)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(message, field.name, "other")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del message.binary


@pytest.mark.parametrize(
    ("message_class", "values"),
    [(Message, [b"x"]), (UnknownMessage, ["a"]), (MalformedMessage, ["a", "f", "r"])],
)
def test_messages_are_made_of_named_values(
    message_class: Callable[..., Message], values: list[object]
) -> None:
    """So a class may gain a field, and `binary` is never the first argument by mistake."""
    with pytest.raises(TypeError, match="positional argument"):
        message_class(*values)


def test_messages_show_their_fields_in_wire_order_and_the_size_of_the_binary() -> None:
    assert repr(UnknownMessage(text="a")) == "UnknownMessage(text='a')"
    malformed = MalformedMessage(text="a", field="f", reason="r")
    assert repr(malformed) == "MalformedMessage(text='a', field='f', reason='r')"
    shown = repr(
        HtosSetEncoderCompleted(encoder_name="e", position=1, status="x", binary=b"secret")
    )
    assert shown == (
        "HtosSetEncoderCompleted(encoder_name='e', position=1, status='x', binary=<6 bytes>)"
    )


def test_classes_with_the_same_text_are_not_equal() -> None:
    unknown: Message = UnknownMessage(text="a")
    assert unknown != MalformedMessage(text="a", field="", reason="")


@attrs.frozen(kw_only=True, repr=False, eq=False)
class HtosTwin(HtosSetEncoderCompleted):
    """The fields of another class."""


def test_messages_are_equal_where_class_and_fields_are() -> None:
    values: dict[str, Any] = {"encoder_name": "e", "position": 1.5, "status": "normal"}
    message = HtosSetEncoderCompleted(**values)
    assert message == HtosSetEncoderCompleted(**values)
    assert hash(message) == hash(HtosSetEncoderCompleted(**values))
    others: list[Message] = [HtosSetEncoderCompleted(**values | {name: 2}) for name in values]
    others.append(HtosSetEncoderCompleted(**values, binary=b"x"))
    others.append(HtosTwin(**values))
    assert message not in others
    assert message != "htos_set_encoder_completed e 1.5 normal"
    assert len({message, *others}) == 6
