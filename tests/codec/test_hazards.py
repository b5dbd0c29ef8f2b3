"""The promise: nothing that this codec writes hangs or kills a dcss.

For every class and any values, encode raises `EncodeError` or writes a harmless text. A codec
cannot know dcss's database: an ion chamber that is not in it is not tested.
"""

import math
from typing import ClassVar, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    Direction,
    EncodeError,
    Framing,
    HtosNote,
    IonChamberFailure,
    IonChamberReading,
    Message,
    Registry,
    RegistryError,
    UnknownMessage,
    default_codec,
    encode_text,
)
from dcs_codec.fields import HardwareName, Name, Text, Words, field_kinds
from dcs_codec.kinds import TailKind
from dcs_codec.message import direction_of
from dcs_codec.messages.ion_chamber import IonChamberResult
from dcs_codec.strategies import messages_of, unknown_messages
from tests.codec.hazards import HANDSHAKE, MOVES, REPORTS, hazards
from tests.codec.shapes import FEW, one_of_each_shape

TO_DCSS = [cls for cls in DHS_MESSAGES if direction_of(cls.keyword) is Direction.TO_DCSS]
OF_RULES: Final = MOVES | REPORTS | HANDSHAKE | {b"htos_set_string_completed"}
"""Keywords with their own rules in the model."""
HAS_RULES: Final = [
    cls
    for cls in TO_DCSS
    if cls.keyword.encode() in OF_RULES or cls.keyword.startswith("htos_operation")
]
every_message = pytest.mark.parametrize("message_class", TO_DCSS, ids=lambda cls: cls.keyword)
every_hazard = pytest.mark.parametrize(
    "message_class",
    dict.fromkeys([*HAS_RULES, *one_of_each_shape(TO_DCSS)]),
    ids=lambda cls: cls.keyword,
)

odd_text = st.one_of(
    st.sampled_from(
        ["", "a", "a" * 39, "a" * 79, "a" * 80, "a" * 170, "a" * 400, "a b", " a", "a "]
    ),
    st.sampled_from(["a\0b", "a\nb", "\t", "{a b}", "nan", "é" * 30, "x " * 1000, "normal"]),
    st.text(max_size=100),
)
odd_number = st.one_of(
    st.floats(),
    st.integers(),
    st.sampled_from([0, 1.5, 1e10, 1e12, 1e20, 1e300, -1e300, math.inf, math.nan, 10**400, True]),
)
readings = st.lists(st.builds(IonChamberReading, odd_text, odd_number), max_size=3).map(tuple)
failures = st.builds(IonChamberFailure, st.lists(odd_text, max_size=3).map(tuple), odd_text)


def any_value(kind: object) -> st.SearchStrategy[object]:
    if isinstance(kind, IonChamberResult):
        return st.one_of(readings, failures)
    if isinstance(kind, Words):
        return st.lists(odd_text, max_size=4).map(tuple)
    if isinstance(kind, TailKind):
        return odd_text
    return st.one_of(odd_text, odd_number, st.none(), st.booleans())


@every_hazard
@given(data=st.data())
def test_no_values_of_a_shape_let_out_what_harms_a_dcss(
    message_class: type[Message], data: st.DataObject
) -> None:
    """The long search: each class with a hazard of its own, and one of each other shape."""
    check_any_values(message_class, data)


@every_message
@given(data=st.data())
@FEW
def test_no_values_let_out_what_harms_a_dcss(
    message_class: type[Message], data: st.DataObject
) -> None:
    check_any_values(message_class, data)


def check_any_values(message_class: type[Message], data: st.DataObject) -> None:
    message = data.draw(messages_of(message_class, with_binary=True))
    kinds = field_kinds(message_class)
    if kinds:  # only some fields are wrong, so that the search gets past the first
        names = data.draw(st.sets(st.sampled_from(sorted(kinds)), min_size=1))
        values: dict[str, object] = {name: getattr(message, name) for name in kinds}
        values |= {name: data.draw(any_value(kinds[name]), label=name) for name in sorted(names)}
        message = message_class(binary=message.binary, **values)
    check_harmless(message)


@every_message
@given(data=st.data())
@FEW
def test_right_messages_are_let_out_and_harm_no_dcss(
    message_class: type[Message], data: st.DataObject
) -> None:
    message = data.draw(messages_of(message_class, with_binary=True))
    assert list(hazards(default_codec().encode(message).text)) == []


@given(st.one_of(unknown_messages(), odd_text.map(lambda text: UnknownMessage(text=text))))
def test_unknown_texts_harm_no_dcss(message: UnknownMessage) -> None:
    check_harmless(message)


def check_harmless(message: Message) -> None:
    try:
        frame = default_codec().encode(message)
    except EncodeError:
        return
    assert list(hazards(frame.text)) == []


@pytest.mark.parametrize(
    "text",
    [
        b"htos_motor_move_completed m 1e20 normal",
        b"htos_motor_move_completed m inf normal",
        b"htos_motor_move_completed m 1e300 normal",
        b"htos_motor_move_completed m home normal",
        b"htos_motor_move_completed m 1.0",
        b"htos_motor_move_completed m 1.0 error motor has stalled",
        b"htos_motor_move_completed m 1.0 " + b"a" * 150,
        b"htos_motor_move_completed " + b"a" * 200 + b" 1.0 normal",
        b"htos_client_is_hardware " + b"a" * 170,
        b"htos_set_string_completed s normal",
        b"htos_set_string_completed s normal " + b"a" * 1880,
        b"htos_note " + b"a" * 200,
        b"a" * 200,
        b"  htos_note a",
        b"htos_note a\0b",
        b"",
        b"htos_report_shutter_state s",
        b"htos_report_ion_chambers 0.1 i",
        b"htos_operation_update op " + b"a" * 300,
    ],
)
def test_the_model_knows_what_harms(text: bytes) -> None:
    """The model does find hazards."""
    assert list(hazards(text)) != []


@attrs.frozen(kw_only=True)
class HtosLongWord(Message):
    keyword: ClassVar[str] = "htos_long_word"
    name: HardwareName


@attrs.frozen(kw_only=True)
class HtosFreeText(Message):
    keyword: ClassVar[str] = "htos_free_text"
    text: Text


@attrs.frozen(kw_only=True)
class HtosOperationRemark(Message):
    keyword: ClassVar[str] = "htos_operation_remark"
    name: Name
    text: Text


@attrs.frozen(kw_only=True)
class StohFreeText(Message):
    keyword: ClassVar[str] = "stoh_free_text"
    text: Text


def test_a_site_cannot_add_a_class_that_overflows_the_name() -> None:
    reason = r"^\w+\.\w+: dcss scans this word into a buffer; 79 bytes at most$"
    for message_class in (HtosLongWord, HtosFreeText, HtosOperationRemark):
        with pytest.raises(RegistryError, match=reason):
            Registry([message_class])
    assert len(Registry([StohFreeText])) == 1


def test_what_no_frame_carries_is_refused() -> None:
    codec = default_codec()
    with pytest.raises(EncodeError, match="v1 carries 199"):
        codec.encode_bytes(HtosNote(note_message="a b" * 70), Framing.V1)
    with pytest.raises(EncodeError, match="v2 carries 1048575"):
        codec.encode_bytes(HtosNote(note_message="a b" * 400_000), Framing.V2)
    with pytest.raises(EncodeError, match="v1 carries no binary part"):
        codec.encode_bytes(HtosNote(note_message="a", binary=b"x"), Framing.V1)
    assert encode_text(HtosNote(note_message="a b")) == "htos_note a b"
