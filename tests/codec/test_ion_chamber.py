"""Reports of ion chambers: the one message that is read by a number in front."""

from typing import Any

import attrs
import pytest

from dcs_codec import (
    DecodeError,
    EncodeError,
    HtosReportIonChambers,
    IonChamberFailure,
    IonChamberReading,
    MalformedMessage,
    Message,
    decode_text,
    encode_text,
)
from dcs_codec.plan import Plan
from dcs_codec.words import to_bytes

READINGS = (IonChamberReading("i0", 1234.0), IonChamberReading("i1", 99.25))


@pytest.mark.parametrize(
    ("text", "time", "result", "written"),
    [
        ("0.5 i0 1234 i1 99.25", 0.5, READINGS, "0.5 i0 1234.0 i1 99.25"),
        ("0.1  i0 1234  i1 9.925e1", 0.1, READINGS, "0.1 i0 1234.0 i1 99.25"),
        ("0 i0 i1 offline", 0, IonChamberFailure(("i0", "i1"), "offline"), "0.0 i0 i1 offline"),
        ("0  i0 {is off}", 0, IonChamberFailure(("i0",), "is off"), "0.0 i0 {is off}"),
        ("-1 i0 {}", -1, IonChamberFailure(("i0",), ""), "-1.0 i0 {}"),
        ("0 i0 {off}", 0, IonChamberFailure(("i0",), "off"), "0.0 i0 off"),
        ("0 i0 {a\\b}", 0, IonChamberFailure(("i0",), "a\\b"), "0.0 i0 a\\\\b"),
    ],
)
def test_both_forms(text: str, time: float, result: object, written: str) -> None:
    message = decode_text(f"htos_report_ion_chambers {text}")
    assert isinstance(message, HtosReportIonChambers)
    assert (message.ion_chamber_time, message.result) == (time, result)
    assert encode_text(message) == f"htos_report_ion_chambers {written}"
    assert decode_text(encode_text(message)) == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.5", "is not pairs of name and counts"),
        ("0.5 i0", "is not pairs of name and counts"),
        ("0.5 i0 1 i1", "is not pairs of name and counts"),
        ("0.5 i0 many", "is not a number: 'many'"),
        ("0 offline", "is not names and a reason"),
        ("0", "is not names and a reason"),
        ("0 {i0 i1} offline", "holds 'i0 i1' among the names"),
        ("0 {} offline", "holds '' among the names"),
        ("0 i0 {open", "brace at 4 is not closed: '{open'"),
    ],
)
def test_what_has_neither_form(text: str, reason: str) -> None:
    message = decode_text(f"htos_report_ion_chambers {text}")
    assert isinstance(message, MalformedMessage)
    assert (message.field, message.reason) == ("result", reason)


@pytest.mark.parametrize(
    ("time", "result", "reason"),
    [
        (1, (), "is a tuple of readings where the time is positive"),
        (1, IonChamberFailure(("i0",), "off"), "is a tuple of readings where the time is positive"),
        (1, ("i0", 1), "holds a str among its readings"),
        (1, (IonChamberReading("i 0", 1),), "holds ' ', which would end the word: 'i 0'"),
        (1, (IonChamberReading("i0", 1e16),), "is 1e+16, 1e+15 is the most a dcss can take"),
        (0, READINGS, "is a failure where the time is not positive"),
        (0, IonChamberFailure((), "off"), "names no ion chamber"),
        (0, IonChamberFailure(("{i0",), "off"), "holds a name that is not a plain word"),
        (0, IonChamberFailure(("i0",), "a\0b"), "holds a NUL, which would end the text"),
        (0, IonChamberFailure(("i" * 40,), "off"), "has 40 bytes, the C side takes 39"),
    ],
)
def test_what_is_refused(time: float, result: object, reason: str) -> None:
    message_class: type[Message] = HtosReportIonChambers
    values: dict[str, object] = {"ion_chamber_time": time, "result": result}
    with pytest.raises(EncodeError) as caught:
        encode_text(message_class(binary=b"", **values))
    assert caught.value.field == "result"
    assert caught.value.reason.startswith(reason)


# -- the generated way and the reference ---------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "htos_report_ion_chambers 0.5 i0 12 i1 3.5",
        "htos_report_ion_chambers 0.5  i0 1e3",
        "htos_report_ion_chambers 0.5 i0 1_0",
        "htos_report_ion_chambers 0.5 i0 inf",
        "htos_report_ion_chambers 0.5 i0 12 i1",
        "htos_report_ion_chambers 0.5 i0 twelve",
        "htos_report_ion_chambers 0.5",
        "htos_report_ion_chambers 0 i0 i1 timeout",
        "htos_report_ion_chambers 0 i0 {no  answer}",
        'htos_report_ion_chambers 0 i0 "no answer"',
        "htos_report_ion_chambers 0 i0 no\\ answer",
        "htos_report_ion_chambers 0 i0",
        "htos_report_ion_chambers -1 i0 late",
        "htos_report_ion_chambers 0.5 i\udcff 12",
    ],
)
def test_either_way_reads_the_same(text: str) -> None:
    plan = Plan(HtosReportIonChambers)
    data = to_bytes(text)
    outcomes = []
    for is_plain in (True, False):
        try:
            message = (
                plan.decode(data, data.partition(b" ")[2], b"")
                if is_plain
                else plan.decode_reference(text)
            )
            outcomes.append(repr(message))
        except DecodeError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


READING = IonChamberReading("i0", 12.5)


@pytest.mark.parametrize(
    ("time", "result"),
    [
        (0.5, (READING,)),
        (0.5, (READING, IonChamberReading("i1", 0), IonChamberReading("i2", 7))),
        (0.5, (IonChamberReading("i0", 1e-5), IonChamberReading("i1", -3.0))),
        (0.5, (IonChamberReading("i0", 1e15),)),
        (0.5, (IonChamberReading("i0", 1e16),)),
        (0.5, (IonChamberReading("i0", True),)),
        (0.5, (IonChamberReading("i 0", 1.0),)),
        (0.5, (READING, None)),
        (0.5, [READING]),
        (0.5, ()),
        (0.5, IonChamberFailure(("i0",), "late")),
        (0.0, IonChamberFailure(("i0",), "no answer")),
        (0.0, (READING,)),
        (-1.0, None),
    ],
)
def test_either_way_writes_the_same(time: float, result: Any) -> None:
    plan = Plan(HtosReportIonChambers)
    message = HtosReportIonChambers(ion_chamber_time=time, result=result)
    outcomes: list[str | None] = []
    for write in (plan.encode, plan.encode, plan.encode_reference):
        try:
            written = write(message)
        except EncodeError as error:
            outcomes.append(str(error))
        else:
            outcomes.append(written.decode()[:-1] if isinstance(written, bytes) else written)
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_a_reading_that_was_read_is_like_any_other() -> None:
    message = decode_text("htos_report_ion_chambers 0.5 i0 12.5")
    assert isinstance(message, HtosReportIonChambers)
    assert message.result == (READING,)
    assert isinstance(message.result, tuple)
    assert type(message.result[0]) is IonChamberReading
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        message.result[0].counts = 1.0  # type: ignore[misc]
