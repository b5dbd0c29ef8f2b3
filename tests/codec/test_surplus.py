"""Words after those that a class knows never make a message malformed, and are written again."""

import copy
import pickle
from typing import ClassVar, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    EncodeError,
    Frame,
    Framing,
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosNote,
    HtosReportShutterState,
    MalformedMessage,
    Message,
    Registry,
    RegistryError,
    Role,
    StocSendClientType,
    StohAbortAll,
    StohConfigureRealMotor,
    StohStartMotorMove,
    StohStartOscillation,
    decode_text,
    default_codec,
    encode_frame,
    encode_text,
)
from dcs_codec.fields import Name
from dcs_codec.interchange import from_json, to_json
from dcs_codec.message import BESIDE_FIELDS
from dcs_codec.strategies import messages_of, messages_with_surplus, rests
from dcs_codec.words import BLANKS, to_bytes
from tests.codec.plan_samples import PLANS
from tests.codec.shapes import FEW
from tests.codec.talking import online

WITHOUT_TAIL: Final = [cls for cls in DHS_MESSAGES if PLANS[cls].tail is None]
MOVE: Final = StohStartMotorMove(motor_name="m", destination=1.5)

each_class = pytest.mark.parametrize("message_class", WITHOUT_TAIL, ids=lambda cls: cls.keyword)
surpluses = rests(60).map(lambda rest: rest.strip(BLANKS)).filter(bool)


def words_of(message: Message) -> dict[str, object]:
    """The fields of a message."""
    values = attrs.asdict(message, recurse=False)
    return {name: value for name, value in values.items() if name not in BESIDE_FIELDS}


@each_class
@given(data=st.data(), surplus=surpluses)
@FEW
def test_surplus_words_are_kept_and_given_back(
    message_class: type[Message], data: st.DataObject, surplus: str
) -> None:
    made = decode_text(encode_text(data.draw(messages_of(message_class))))
    text = f"{encode_text(made)} {surplus}"
    message = decode_text(text)
    assert type(message) is message_class
    written = encode_text(message)
    assert written.split() == text.split()
    frame = encode_frame(Frame(to_bytes(written)), Framing.V2)
    assert default_codec().encode_bytes(message, Framing.V2) == frame
    if not {None, ""} & set(words_of(made).values()):  # else some may be taken for those
        assert words_of(message) == words_of(made)
        assert message.surplus == surplus
        assert written == text, "to the letter"


@each_class
@given(data=st.data())
@FEW
def test_a_message_with_surplus_is_a_value_like_any_other(
    message_class: type[Message], data: st.DataObject
) -> None:
    message = data.draw(messages_with_surplus(message_class))
    for again in (
        decode_text(encode_text(message)),
        from_json(to_json(message)),
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
    ):
        assert type(again) is message_class
        assert again == message
        assert hash(again) == hash(message)
        assert again.surplus == message.surplus
    plain = attrs.evolve(message)
    assert plain.surplus == ""
    assert (plain == message) == (not message.surplus)
    assert ("surplus=" in repr(message)) == bool(message.surplus)


def test_only_decode_makes_surplus() -> None:
    with pytest.raises(TypeError, match="surplus"):
        StohStartMotorMove(motor_name="m", destination=1.5, surplus="a")  # type: ignore[call-arg]
    message = decode_text("stoh_start_motor_move m 1.5 a  b ")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        message.surplus = "c"  # type: ignore[misc]
    assert message.surplus == "a  b"
    assert message != MOVE
    assert attrs.evolve(message) == MOVE
    assert repr(message) == "StohStartMotorMove(motor_name='m', destination=1.5, surplus='a  b')"
    assert decode_text("stoh_start_motor_move m 1.5  ") == MOVE


def test_a_field_that_takes_the_rest_leaves_none() -> None:
    assert decode_text("htos_note soft now") == HtosNote(note_message="soft now")


@pytest.mark.parametrize(
    ("text", "message_class", "surplus"),
    [
        ("stoh_abort_all soft now", StohAbortAll, "now"),
        ("stoh_start_oscillation m s 1 2 3 4", StohStartOscillation, "4"),
        ("stoh_start_oscillation m s 1 2 fast", StohStartOscillation, "fast"),
        ("htos_report_shutter_state s open no way in", HtosReportShutterState, "way in"),
        ("htos_configure_device m 1 2 3 1 1 0 mm", HtosConfigureDevice, "mm"),
        (
            "stoh_configure_real_motor m 1 2 3 4 5 6 7 0 0 0 0 0 9 mm",
            StohConfigureRealMotor,
            "9 mm",
        ),
        (
            "htos_motor_move_completed m 2.9 error motor stalled",
            HtosMotorMoveCompleted,
            "motor stalled",
        ),
        ("stoc_send_client_type\n now", StocSendClientType, "now"),
    ],
)
def test_the_longest_form_that_can_be_read_is_taken(
    text: str, message_class: type[Message], surplus: str
) -> None:
    message = decode_text(text)
    assert type(message) is message_class
    assert message.surplus == surplus
    assert decode_text(encode_text(message)) == message


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("stoh_start_motor_move", "motor_name", "is missing"),
        ("stoh_set_motor_position m x y", "position", "is not a number: 'x'"),
        (
            "htos_configure_device m 1 2 3 100 1 1 1 0 0 0 0",
            "reverse_on",
            "is missing (12 words, the forms have 7 or 13)",
        ),
    ],
)
def test_what_lacks_a_word_is_malformed_all_the_same(text: str, field: str, reason: str) -> None:
    assert decode_text(text) == MalformedMessage(text=text, field=field, reason=reason)


def test_surplus_goes_over_the_wire_both_ways() -> None:
    dcss, dhs = online(Role.DCSS), online(Role.DHS)
    for text, sender, receiver in (
        ("stoh_set_motor_position m 1.5 a {b  c}", dcss, dhs),
        ("htos_limit_hit m cw by hand", dhs, dcss),
    ):
        receiver.receive_data(sender.send(decode_text(text)))
        message = receiver.next_event()
        assert message == decode_text(text)
        assert isinstance(message, Message)
        assert message.surplus
        assert str(receiver.last_frame) == text


def test_surplus_that_no_text_carries_is_refused() -> None:
    message = default_codec().decode(Frame(b"stoh_start_motor_move m 1.5 a\0b"))
    assert message.surplus == "a\0b"
    with pytest.raises(EncodeError, match="surplus: holds a NUL"):
        encode_text(message)


def test_no_class_has_a_word_of_this_name() -> None:
    @attrs.frozen(kw_only=True, repr=False)
    class StohMine(Message):
        keyword: ClassVar[str] = "stoh_mine"
        surplus: Name

    with pytest.raises(RegistryError, match=r"StohMine\.surplus: every message has this name"):
        Registry([StohMine])
