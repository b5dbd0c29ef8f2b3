"""Refusals of interchange in reading and writing, and their messages."""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    HtosMotorMoveCompleted,
    HtosReportIonChambers,
    InterchangeError,
    IonChamberFailure,
    IonChamberReading,
    Message,
    StocReconnectOnPort,
    StohSetMotorChildren,
    StohStartMotorMove,
)
from dcs_codec.interchange import from_dict, from_json, to_dict, to_json
from dcs_codec.strategies import messages
from tests.codec.test_interchange import DEEP, FORMS, HtosRobotAt, comes_back

# -- strict reading ------------------------------------------------------------------------------

MOVED: Final = FORMS["htos_motor_move_completed x 1.5 normal"]
COUNTED: Final = FORMS["htos_report_ion_chambers 0.5 i0 12 i1 3.5"]
REFUSED: Final[list[tuple[object, str]]] = [
    (None, "is an object, got NoneType"),
    ([MOVED], "is an object, got list"),
    ({}, "keyword: is missing, or no text"),
    ({"keyword": ["stoh_abort_all"]}, "keyword: is missing, or no text"),
    ({"keyword": "stoh_abort"}, "keyword: is not in the registry: 'stoh_abort'"),
    ({"keyword": "k" * 99}, f"keyword: is not in the registry: '{'k' * 60}'"),
    ({"keyword": "unknown"}, "unknown: text: is missing"),
    ({"keyword": "malformed", "text": "a", "field": ""}, "malformed: reason: is missing"),
    (
        MOVED | {"surplus": " a"},
        "htos_motor_move_completed: surplus: has blanks before its words or after them",
    ),
    (MOVED | {"surplus": 1}, "htos_motor_move_completed: surplus: is text, got int"),
    (
        {"keyword": "htos_note", "note_message": "a", "surplus": "a"},
        "htos_note: has a key too many: 'surplus'",
    ),
    (MOVED | {"position": "1.5"}, "htos_motor_move_completed: position: is a number, got str"),
    (MOVED | {"position": True}, "htos_motor_move_completed: position: is a number, got bool"),
    (MOVED | {"position": None}, "htos_motor_move_completed: position: is a number, got NoneType"),
    (
        MOVED | {"position": float("nan")},
        "htos_motor_move_completed: position: is not a finite number",
    ),
    (MOVED | {"position": 10**400}, "htos_motor_move_completed: position: is not a finite number"),
    (MOVED | {"status": 1}, "htos_motor_move_completed: status: is text, got int"),
    (
        {"keyword": "unknown", "text": "a \ud83d\ude00"},
        "unknown: text: holds a surrogate pair in two characters",
    ),
    (MOVED | {"status": None}, "htos_motor_move_completed: status: is text, got NoneType"),
    (MOVED | {"Status": "a"}, "htos_motor_move_completed: has a key too many: 'Status'"),
    (MOVED | {"k" * 99: 1}, f"htos_motor_move_completed: has a key too many: '{'k' * 59}"),
    (
        MOVED | {"position": "1", "status": 1},
        "htos_motor_move_completed: position: is a number, got str",
    ),
    (MOVED | {"a @ b": 1}, "htos_motor_move_completed: has a key too many: 'a @ b'"),
    (MOVED | {1: "a"}, "htos_motor_move_completed: has a key that is not text"),
    (MOVED | {"binary": [0]}, "htos_motor_move_completed: binary: is text, got list"),
    (MOVED | {"binary": "AP8"}, "htos_motor_move_completed: binary: Incorrect padding"),
    (
        {"keyword": "stoc_reconnect_on_port", "port": 1.0},
        "stoc_reconnect_on_port: port: is an integer, got float",
    ),
    (
        {"keyword": "stoc_reconnect_on_port", "port": True},
        "stoc_reconnect_on_port: port: is an integer, got bool",
    ),
    (
        FORMS["stoh_configure_pseudo_motor m 1 2 0 1 0 0"] | {"motor_lock_on": 1},
        "stoh_configure_pseudo_motor: motor_lock_on: is true or false, got int",
    ),
    (
        FORMS["stoh_configure_pseudo_motor m 1 2 0 1 0 0"] | {"status": 1.0},
        "stoh_configure_pseudo_motor: status: cannot be float",
    ),
    (
        FORMS["stoh_configure_pseudo_motor m 1 2 0 1 0 0"] | {"status": True},
        "stoh_configure_pseudo_motor: status: is an integer, got bool",
    ),
    (
        {"keyword": "stoh_start_motor_move", "motor_name": "m", "destination": False},
        "stoh_start_motor_move: destination: is a number, got bool",
    ),
    (
        {"keyword": "stoh_set_motor_children", "motor_name": "m", "children": "ab"},
        "stoh_set_motor_children: children: is a list, got str",
    ),
    (
        {"keyword": "stoh_set_motor_children", "motor_name": "m", "children": ["a", 1]},
        "stoh_set_motor_children: children[1]: is text, got int",
    ),
    (COUNTED | {"result": 1}, "htos_report_ion_chambers: result: cannot be int"),
    (COUNTED | {"result": [1]}, "htos_report_ion_chambers: result[0]: is an object, got int"),
    (
        COUNTED | {"result": [{"name": "i0", "counts": 1}, {"name": "i1", "counts": "2"}]},
        "htos_report_ion_chambers: result[1].counts: is a number, got str",
    ),
    (
        COUNTED | {"result": [{"name": "i0", "counts": 1, "unit": "Hz"}]},
        "htos_report_ion_chambers: result[0]: has a key too many: 'unit'",
    ),
    (
        COUNTED | {"result": {"names": ["i0"]}},
        "htos_report_ion_chambers: result.reason: is missing",
    ),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_is_wrong_is_named(value: Mapping[str, object], reason: str) -> None:
    with pytest.raises(InterchangeError) as caught:
        from_dict(value)
    assert str(caught.value) == reason
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "no groups shown"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read: Expecting value: line 1 column 1 (char 0)"),
        (
            '{"keyword": "stoh_abort_all"} {}',
            "cannot be read: Extra data: line 1 column 31 (char 30)",
        ),
        (
            '{"keyword": "stoh_abort_all", "keyword": 1}',
            "cannot be read: an object has a key twice",
        ),
        ("NaN", "is an object, got float"),
        ("[" * DEEP, "cannot be read: "),  # why depends on the version of Python
        ('{"keyword":' * DEEP, "cannot be read: "),
        ("1" * 5000, "cannot be read: Exceeds the limit (4300 digits)"),
        ("\ufeff{}", "cannot be read: Unexpected UTF-8 BOM"),
        (
            json.dumps(MOVED).replace("1.5", "NaN"),
            "htos_motor_move_completed: position: is not a finite number",
        ),
        (
            json.dumps(MOVED).replace("1.5", "-Infinity"),
            "htos_motor_move_completed: position: is not a finite number",
        ),
        (
            json.dumps(MOVED).replace("1.5", "1e999"),
            "htos_motor_move_completed: position: is not a finite number",
        ),
        (
            json.dumps(MOVED).replace("1.5", "9" * 400),
            "htos_motor_move_completed: position: is not a finite number",
        ),
    ],
    ids=str,
)
def test_text_that_is_no_message_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InterchangeError) as caught:
        from_json(text)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", range(900, 1000, 10))
def test_a_value_just_not_too_deep_is_refused_all_the_same(depth: int) -> None:
    for wrong in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        for line in (wrong, json.dumps(MOVED).replace("1.5", wrong), f'{{"keyword": {wrong}}}'):
            with pytest.raises(InterchangeError):
                from_json(line)


FIELDS: Final = sorted({field.name for cls in DHS_MESSAGES for field in attrs.fields(cls)})
KEYWORDS: Final = ["unknown", "malformed", *(cls.keyword for cls in DHS_MESSAGES)]


ANY_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=10)
JSON_VALUES: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**308, 10**309, -(10**4000)]),
        st.floats(),
        ANY_TEXT,
        st.sampled_from(KEYWORDS),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(["keyword", "name", "counts", "names", *FIELDS]), ANY_TEXT),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)
"""Any value of JSON, and values of Python's reader: nan, huge integers."""

MESSAGES: Final = messages()


def outcome(read: Callable[[], Message]) -> Message | str:
    """The message read back, or the text of the documented error."""
    try:
        message = read()
    except InterchangeError as error:
        return str(error)
    comes_back(message)
    return message


def message_or_refusal(value: Mapping[str, object]) -> None:
    """Dicts and JSON are read alike; values that JSON cannot write are refused."""
    from_value = outcome(lambda: from_dict(value))
    assert len(str(from_value).splitlines()) == 1
    if "surrogate pair" not in str(from_value):
        assert outcome(lambda: from_json(json.dumps(value))) == from_value


@given(JSON_VALUES)
def test_any_value_is_a_message_or_refused(value: Mapping[str, object]) -> None:
    message_or_refusal(value)


@given(st.sampled_from(KEYWORDS), st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES))
def test_any_fields_are_a_message_or_refused(keyword: str, fields: dict[str, object]) -> None:
    message_or_refusal({"keyword": keyword, **fields})


@given(MESSAGES, JSON_VALUES, st.data())
def test_a_message_with_one_thing_changed_is_a_message_or_refused(
    message: Message, value: object, data: st.DataObject
) -> None:
    written = to_dict(message)
    name = data.draw(st.sampled_from([*written, "surplus"]))
    message_or_refusal(written | {name: value})
    message_or_refusal({key: value for key, value in written.items() if key != name})


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    outcome(lambda: from_json(text))


@given(MESSAGES, st.text('"{}[]:,\\u01eE.'), st.data())
def test_a_line_with_a_stretch_changed_is_a_message_or_refused(
    message: Message, other: str, data: st.DataObject
) -> None:
    line = to_json(message)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(line))] * 2)))
    outcome(lambda: from_json(line[:start] + other + line[end:]))


# -- strict writing ------------------------------------------------------------------------------


def wrong(message_class: Callable[..., Message], **values: object) -> Message:
    """A message that a type checker would refuse."""
    return message_class(**values)


def moved(**values: object) -> Message:
    return wrong(
        HtosMotorMoveCompleted, **{"motor_name": "x", "position": 1, "status": "a"} | values
    )


def counted(result: object) -> Message:
    return wrong(HtosReportIonChambers, ion_chamber_time=1.0, result=result)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (moved(position="1"), "position: is a number, got str"),
        (moved(position=True), "position: is a number, got bool"),
        (moved(position=math.inf), "position: is not a finite number"),
        (moved(position=10**400), "position: is not a finite number"),
        (moved(position=Decimal(1)), "position: is a number, got Decimal"),
        (moved(motor_name=None), "motor_name: is text, got NoneType"),
        (moved(binary="a"), "binary: a bytes-like object is required, not 'str'"),
        (wrong(StocReconnectOnPort, port=1.0), "port: is an integer, got float"),
        (wrong(StocReconnectOnPort, port=10**5000), "Exceeds the limit (4300 digits)"),
        (
            wrong(StohSetMotorChildren, motor_name="m", children="ab"),
            "children: is a tuple, got str",
        ),
        (
            wrong(StohSetMotorChildren, motor_name="m", children=["a"]),
            "children: is a tuple, got list",
        ),
        (wrong(StohSetMotorChildren, motor_name="m", children=(1,)), "children: is text, got int"),
        (
            wrong(StohStartMotorMove, motor_name="m", destination=None),
            "destination: cannot be NoneT",
        ),
        (counted({"names": ["a"], "reason": "b"}), "result: 'dict' object has no attribute"),
        (counted(["i0"]), "result: is a tuple, got list"),
        (counted(("i0",)), "result: 'str' object has no attribute 'name'"),
        (counted((IonChamberReading("i0", math.nan),)), "result: is not a finite number"),
        (counted(IonChamberFailure("ab", "c")), "result: is a tuple, got str"),  # type: ignore[arg-type]
    ],
    ids=lambda case: case if isinstance(case, str) else "message",
)
def test_what_would_not_be_read_back_is_not_written(message: Message, reason: str) -> None:
    with pytest.raises(InterchangeError) as caught:
        to_json(message)
    assert reason in str(caught.value)
    assert caught.value.keyword == message.keyword


def test_a_class_without_a_place_in_the_registry_is_refused() -> None:
    for message in (Message(), HtosRobotAt(robot_name="r", sample=None)):
        with pytest.raises(InterchangeError) as caught:
            to_dict(message)
        assert caught.value.reason == f"{type(message).__name__} is not in the registry"
        assert caught.value.keyword == message.keyword
