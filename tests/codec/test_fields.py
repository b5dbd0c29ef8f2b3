"""Which kind each field of a message class has, and what is not a message class."""

from typing import Annotated, ClassVar, get_args

import attrs
import pytest

from dcs_codec import (
    DHS_MESSAGES,
    HtosOperationCompleted,
    Message,
    StocSendClientType,
)
from dcs_codec.fields import (
    DeviceNames,
    Handle,
    HardwareName,
    MotorNames,
    MotorNamesOrNone,
    Name,
    Note,
    Number,
    OptionalHardwareName,
    OptionalName,
    OptionalStatus,
    Rest,
    RunDefinition,
    Scaled,
    Status,
    StringContents,
    Text,
    Word,
    Words,
    field_kinds,
)
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.message import BESIDE_FIELDS


def test_kinds_stand_in_wire_order() -> None:
    assert field_kinds(HtosOperationCompleted) == {
        "operation_name": Word(max_bytes=39),
        "operation_handle": Word(max_bytes=79, is_unique=True),
        "operation_status": Word(max_bytes=79, optional=True),
        "operation_args": Rest(),
    }
    assert field_kinds(StocSendClientType) == {}


@pytest.mark.parametrize(
    ("alias", "kind"),
    [
        (Name, Word(max_bytes=39)),
        (OptionalName, Word(max_bytes=39, optional=True)),
        (OptionalHardwareName, Word(max_bytes=99, optional=True)),
        (OptionalStatus, Word(max_bytes=79, optional=True)),
        (Note, Rest(max_first_word=79)),
        (RunDefinition, Rest(max_bytes=799)),
        (DeviceNames, Words()),
        (MotorNamesOrNone, Words(max_bytes=159, may_be_empty=True)),
        (HardwareName, Word(max_bytes=99)),
        (Handle, Word(max_bytes=79, is_unique=True)),
        (Status, Word(max_bytes=79)),
        (Text, Rest()),
        (Scaled, Number(limit=1e10)),
        (MotorNames, Words(max_bytes=159)),
        (StringContents, Rest(max_bytes=1879, always_separated=True)),
    ],
)
def test_limits_are_those_of_the_c_side(alias: object, kind: WordKind | TailKind) -> None:
    assert getattr(alias, "__metadata__", None) == (kind,)


@attrs.frozen(kw_only=True)
class StohNoKind(Message):
    keyword: ClassVar[str] = "stoh_no_kind"
    name: str


@attrs.frozen(kw_only=True)
class StohOtherMark(Message):
    keyword: ClassVar[str] = "stoh_other_mark"
    name: Annotated[str, "a name"]


@attrs.frozen(kw_only=True)
class StohBehindRest(Message):
    keyword: ClassVar[str] = "stoh_behind_rest"
    text: Text
    name: Name


@attrs.frozen(kw_only=True)
class StohConverted(Message):
    keyword: ClassVar[str] = "stoh_converted"
    name: Name = attrs.field(converter=str)


@attrs.frozen(kw_only=True)
class StohValidated(Message):
    keyword: ClassVar[str] = "stoh_validated"
    name: Name = attrs.field(validator=attrs.validators.min_len(3))


@attrs.frozen(kw_only=True)
class StohPrivate(Message):
    keyword: ClassVar[str] = "stoh_private"
    _name: Name


@attrs.frozen(kw_only=True)
class StohNotGiven(Message):
    keyword: ClassVar[str] = "stoh_not_given"
    name: Name = attrs.field(default="a", init=False)


@attrs.frozen(kw_only=True)
class StohQuoted(Message):
    """As all annotations are under `from __future__ import annotations`."""

    keyword: "ClassVar[str]" = "stoh_quoted"
    name: "Name"
    rest: "Text" = ""


def test_annotations_may_be_text() -> None:
    assert list(field_kinds(StohQuoted).values()) == [kind_of(Name), kind_of(Text)]


def kind_of(alias: object) -> object:
    (kind,) = get_args(alias)[1:]
    return kind


PLAIN = "a word has no converter, no validator, no alias, and is given at init"


@pytest.mark.parametrize(
    ("message_class", "error"),
    [
        (StohNoKind, "StohNoKind.name: annotation names no kind"),
        (StohOtherMark, "StohOtherMark.name: annotation names no kind"),
        (StohBehindRest, "StohBehindRest.name comes after the rest"),
        (StohConverted, f"StohConverted.name: {PLAIN}"),
        (StohValidated, f"StohValidated.name: {PLAIN}"),
        (StohPrivate, f"StohPrivate._name: {PLAIN}"),
        (StohNotGiven, f"StohNotGiven.name: {PLAIN}"),
    ],
)
def test_classes_that_are_no_messages(message_class: type[Message], error: str) -> None:
    with pytest.raises(TypeError) as caught:
        field_kinds(message_class)
    assert str(caught.value) == error


def test_every_class_of_the_package_has_kinds() -> None:
    for message_class in DHS_MESSAGES:
        names = [field.name for field in attrs.fields(message_class)]
        assert [name for name in names if name not in BESIDE_FIELDS] == list(
            field_kinds(message_class)
        )
