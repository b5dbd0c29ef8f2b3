"""The catalogue agrees with the docstrings and wire plans, and the docstrings are right."""

import functools
import json
import pickle
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

import attrs
import pytest

from dcs_codec import DHS_MESSAGES, Direction, Message, Registry, default_registry
from dcs_codec.catalogue import FieldDescription, MessageDescription, catalogue, describe
from dcs_codec.fields import (
    Integer,
    MotorNames,
    MoveDestination,
    Name,
    Note,
    Number,
    OnOff,
    OptionalStatus,
    RunDefinition,
    Scaled,
    StringContents,
    Text,
    Word,
)
from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.kinds import TailKind
from dcs_codec.messages.ion_chamber import HtosReportIonChambers
from dcs_codec.messages.shutter import HtosReportShutterState


@functools.cache
def every_class() -> tuple[MessageDescription, ...]:
    """The descriptions of all classes of this package."""
    return tuple(map(describe, (*DHS_MESSAGES, *GUI_MESSAGES)))


# -- every class of this package -------------------------------------------------------------


def test_every_class_says_what_it_is_and_where_that_was_read() -> None:
    for one in every_class():
        assert one.summary.endswith("."), f"{one.keyword}: no sentence at the beginning"
        assert one.wire, f"{one.keyword}: no part `Wire:`"
        assert one.source, f"{one.keyword}: no part `Source:`"


def test_the_wire_part_names_the_words_in_order() -> None:
    for one in every_class():
        words = re.sub(r"[\[\]]", "", one.wire).split()
        assert words == [one.keyword, *(field.name for field in one.fields)]


def test_brackets_stand_round_the_optional_fields_only() -> None:
    for one in every_class():
        bracketed = " ".join(re.findall(r"\[(.*?)\]", one.wire)).split()
        assert bracketed == [field.name for field in one.fields if field.is_optional], one.keyword
        assert re.fullmatch(r"[^\[\]]*(\[[^\[\]]+\][^\[\]]*)*", one.wire)


def test_the_units_part_speaks_of_fields() -> None:
    for one in every_class():
        before_colons = re.findall(r"(?:^|; )(\w+(?:, \w+)*): ", one.units)
        named = ", ".join(before_colons).split(", ") if before_colons else []
        assert named == [field.name for field in one.fields if field.units], one.keyword


def test_every_class_has_a_type_for_each_field() -> None:
    known = {"word", "number", "integer", "0 or 1", "number or word", "rest of text", "names"}
    known |= {"readings or failure", "numbers"}
    for one in every_class():
        assert {field.type for field in one.fields} <= known, one.keyword


def test_the_catalogue_has_the_registry_s_order() -> None:
    assert catalogue() == tuple(map(describe, DHS_MESSAGES))
    few = Registry([HtosReportIonChambers, HtosReportShutterState])
    assert [description.class_name for description in catalogue(few)] == [
        "HtosReportIonChambers",
        "HtosReportShutterState",
    ]
    assert catalogue(Registry([])) == ()


# -- one class, to the letter ----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class HtosReportAttenuator(Message):
    """An attenuator has moved,
    or not.

    Nobody asks for this.

    Several DHSs send it, two lines
    of text away.

    Wire:   htos_report_attenuator attenuator_name thickness material
            [status] comment
    Units:  thickness: mm; material, status: see the
            manual; 0 where there is none; comment: free
    Source: the manual: page 7,
            confirmed on the wire
    """

    keyword: ClassVar[str] = "htos_report_attenuator"
    attenuator_name: Name
    thickness: Scaled
    material: Annotated[int, Integer()]
    status: OptionalStatus = ""
    comment: Text = ""


SEE = "see the manual; 0 where there is none"
ATTENUATOR = MessageDescription(
    keyword="htos_report_attenuator",
    direction=Direction.TO_DCSS,
    class_name="HtosReportAttenuator",
    kind="test_catalogue",
    summary="An attenuator has moved, or not.",
    notes="Nobody asks for this.\n\nSeveral DHSs send it, two lines of text away.",
    wire="htos_report_attenuator attenuator_name thickness material [status] comment",
    fields=(
        FieldDescription("attenuator_name", "word", "39 bytes", False, ""),
        FieldDescription("thickness", "number", "±1e10", False, "mm"),
        FieldDescription("material", "integer", "±2147483647", False, SEE),
        FieldDescription("status", "word", "79 bytes", True, SEE),
        FieldDescription("comment", "rest of text", "", False, "free"),
    ),
    units="thickness: mm; material, status: see the manual; 0 where there is none; comment: free",
    source="the manual: page 7, confirmed on the wire",
)


def test_a_docstring_is_read_part_by_part() -> None:
    assert describe(HtosReportAttenuator) == ATTENUATOR


def test_a_site_s_class_is_in_the_catalogue_of_its_registry() -> None:
    described = catalogue(default_registry().extended(HtosReportAttenuator))
    assert described == (*catalogue(), ATTENUATOR)


def test_descriptions_are_plain_values() -> None:
    assert len({ATTENUATOR, describe(HtosReportAttenuator)}) == 1
    assert pickle.loads(pickle.dumps(ATTENUATOR)) == ATTENUATOR
    as_json = json.loads(json.dumps(attrs.asdict(ATTENUATOR), default=lambda member: member.value))
    assert as_json["direction"] == "to DCSS"
    assert as_json["fields"][1]["units"] == "mm"


# -- docstrings that say less ----------------------------------------------------------------


def documented(text: str | None) -> MessageDescription:
    """The description of a class with this docstring and the fields `name` and `value`."""

    @attrs.frozen(kw_only=True)
    class StohSite(Message):
        __doc__ = text
        keyword: ClassVar[str] = "stoh_site"
        name: Name
        value: Scaled

    return describe(StohSite)


@pytest.mark.parametrize("text", [None, "", "\n   \n"])
def test_without_a_docstring_the_plan_still_speaks(text: str | None) -> None:
    description = documented(text)
    prose = (description.summary, description.notes, description.wire, description.source)
    assert (*prose, description.units) == ("", "", "", "", "")
    assert description.direction is Direction.TO_DHS
    assert [(field.name, field.type, field.units) for field in description.fields] == [
        ("name", "word", ""),
        ("value", "number", ""),
    ]


def test_parts_may_be_missing_or_empty() -> None:
    description = documented(
        "One line.\n\nSource: a page\n\nUnits:\nWire:\n    stoh_site name value"
    )
    assert (description.summary, description.notes) == ("One line.", "")
    assert description.source == "a page"
    assert description.units == ""
    assert description.wire == "stoh_site name value"


def test_units_that_name_no_field_are_kept_whole() -> None:
    description = documented("Units: as in `stoh_other`; valeur: mm; name, size: two")
    assert description.units == "as in `stoh_other`; valeur: mm; name, size: two"
    assert [field.units for field in description.fields] == ["", ""]


# -- types and limits ------------------------------------------------------------------------


@attrs.frozen
class CircleAngle(TailKind):
    """A kind of field that a site makes for itself."""

    def read_tail(self, tail: str, before: Mapping[str, object]) -> str:
        return tail

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        return ""


@pytest.mark.parametrize(
    ("hint", "type_", "limit"),
    [
        (Name, "word", "39 bytes"),
        (Annotated[str, Word(max_bytes=7)], "word", "7 bytes"),
        (Scaled, "number", "±1e10"),
        (Annotated[float, Number(limit=1e15)], "number", "±1e15"),
        (Annotated[float, Number(limit=360)], "number", "±360"),
        (Annotated[float, Number(limit=1234567.5)], "number", "±1234567.5"),
        (Annotated[int, Integer()], "integer", "±2147483647"),
        (OnOff, "0 or 1", ""),
        (MoveDestination, "number or word", "±1e10 or 79 bytes"),
        (Text, "rest of text", ""),
        (Note, "rest of text", "first word 79 bytes"),
        (StringContents, "rest of text", "1879 bytes"),
        (RunDefinition, "rest of text", "799 bytes"),
        (MotorNames, "names", "39 bytes each, 159 bytes together"),
        (Annotated[str, CircleAngle()], "circle angle", ""),
    ],
)
def test_each_kind_has_a_type_and_a_limit(hint: object, type_: str, limit: str) -> None:
    body = {"keyword": "stoh_site", "__annotations__": {"field": hint}}
    site = attrs.frozen(kw_only=True)(type("StohSite", (Message,), body))
    [field] = describe(site).fields
    assert (field.type, field.limit, field.is_optional) == (type_, limit, False)


def test_the_result_of_ion_chambers_is_named() -> None:
    result = describe(HtosReportIonChambers).fields[-1]
    assert (result.type, result.limit) == ("readings or failure", "names 39 bytes, counts ±1e15")


# -- what is not a message class ----------------------------------------------------------------


def test_a_class_that_no_registry_takes_is_refused() -> None:
    @attrs.frozen(kw_only=True)
    class Aimless(Message):
        keyword: ClassVar[str] = "gto_start"

    @attrs.frozen(kw_only=True)
    class StohKindless(Message):
        keyword: ClassVar[str] = "stoh_kindless"
        value: int

    with pytest.raises(TypeError, match="Aimless: no direction in 'gto_start'"):
        describe(Aimless)
    with pytest.raises(TypeError, match="value: annotation names no kind"):
        describe(StohKindless)
