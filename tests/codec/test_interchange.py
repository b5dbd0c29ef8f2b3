"""The properties in the docstring of `dcs_codec.interchange`, one test for each sentence."""

import enum
import io
import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, ClassVar, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    EncodeError,
    Frame,
    HtosMotorMoveCompleted,
    HtosNote,
    HtosReportIonChambers,
    InterchangeError,
    IonChamberFailure,
    IonChamberReading,
    MalformedMessage,
    Message,
    MotorStatus,
    Registry,
    RegistryError,
    StocReconnectOnPort,
    StohAbortAll,
    StohRegisterString,
    StohSetMotorChildren,
    StohStartMotorMove,
    UnknownMessage,
    decode_text,
    default_codec,
    default_registry,
    encode_text,
)
from dcs_codec.fields import Name, Number, Rest, Word
from dcs_codec.interchange import Interchange, from_dict, from_json, to_dict, to_json
from dcs_codec.strategies import messages, messages_of, texts
from dcs_codec.words import to_bytes
from tests.shared import frame_rows, message_texts

EXAMPLES: Final = settings().max_examples
DEEP: Final = 100_000

every_message = pytest.mark.parametrize("message_class", DHS_MESSAGES, ids=lambda cls: cls.keyword)


def comes_back(message: Message) -> None:
    """Both ways there are; and what is written is what JSON holds."""
    line = to_json(message)
    assert json.loads(line) == to_dict(message)
    for again in (from_json(line), from_dict(to_dict(message))):
        assert again == message
        assert type(again) is type(message)
        assert hash(again) == hash(message)


# -- form ----------------------------------------------------------------------------------------

FORMS: Final[dict[str, dict[str, object]]] = {
    "htos_motor_move_completed x 1.5 normal": {
        "keyword": "htos_motor_move_completed",
        "motor_name": "x",
        "position": 1.5,
        "status": "normal",
    },
    "stoh_abort_all": {"keyword": "stoh_abort_all"},
    "stoh_abort_all soft": {"keyword": "stoh_abort_all", "abort_arg": "soft"},
    "stoh_register_shutter s open": {
        "keyword": "stoh_register_shutter",
        "shutter_name": "s",
        "shutter_state": "open",
    },
    "stoh_configure_pseudo_motor m host hw 1 2 0 1 0 0 7": {
        "keyword": "stoh_configure_pseudo_motor",
        "motor_name": "m",
        "hardware_host": "host",
        "hardware_name": "hw",
        "position": 1.0,
        "upper_limit": 2.0,
        "lower_limit": 0.0,
        "lower_limit_on": True,
        "upper_limit_on": False,
        "motor_lock_on": False,
        "status": 7,
    },
    "stoh_configure_pseudo_motor m 1 2 0 1 0 0": {
        "keyword": "stoh_configure_pseudo_motor",
        "motor_name": "m",
        "position": 1.0,
        "upper_limit": 2.0,
        "lower_limit": 0.0,
        "lower_limit_on": True,
        "upper_limit_on": False,
        "motor_lock_on": False,
    },
    "stoh_start_motor_move m home": {
        "keyword": "stoh_start_motor_move",
        "motor_name": "m",
        "destination": "home",
    },
    "stoh_start_motor_move m -3": {
        "keyword": "stoh_start_motor_move",
        "motor_name": "m",
        "destination": -3.0,
    },
    "stoh_set_motor_children m a b": {
        "keyword": "stoh_set_motor_children",
        "motor_name": "m",
        "children": ["a", "b"],
    },
    "htos_report_ion_chambers 0.5 i0 12 i1 3.5": {
        "keyword": "htos_report_ion_chambers",
        "ion_chamber_time": 0.5,
        "result": [{"name": "i0", "counts": 12.0}, {"name": "i1", "counts": 3.5}],
    },
    "htos_report_ion_chambers 0 i0 i1 {no beam}": {
        "keyword": "htos_report_ion_chambers",
        "ion_chamber_time": 0.0,
        "result": {"names": ["i0", "i1"], "reason": "no beam"},
    },
    "htos_set_string_completed s normal ": {
        "keyword": "htos_set_string_completed",
        "string_name": "s",
        "string_status": "normal",
        "string_contents": "",  # no default: its blank stands on the wire too
    },
    "gtos_become_master noforce": {"keyword": "unknown", "text": "gtos_become_master noforce"},
    "stoh_register_string s": {
        "keyword": "malformed",
        "text": "stoh_register_string s",
        "field": "hardware_name",
        "reason": "is missing",
    },
}


@pytest.mark.parametrize("text", FORMS)
def test_form(text: str) -> None:
    message = decode_text(text)
    assert to_dict(message) == FORMS[text]
    assert list(to_dict(message)) == list(FORMS[text]), "in wire order"
    assert to_json(message) == json.dumps(FORMS[text])
    comes_back(message)


def test_a_binary_part_comes_last_in_base64() -> None:
    message = HtosNote(note_message="a", binary=b"\0\xff")
    assert to_json(message) == '{"keyword": "htos_note", "note_message": "a", "binary": "AP8="}'
    comes_back(message)
    comes_back(UnknownMessage(text="gtos_x", binary=b"\0"))
    comes_back(MalformedMessage(text="", field="", reason="holds no word", binary=b"\0"))


@pytest.mark.parametrize(
    "absent",
    [
        {"keyword": "stoh_abort_all", "abort_arg": "", "binary": ""},
        {"keyword": "stoh_register_shutter", "hardware_name": ""},
        {"keyword": "stoh_configure_pseudo_motor", "status": None, "hardware_host": ""},
    ],
    ids=lambda mapping: mapping["keyword"],
)
def test_what_is_absent_may_be_given(absent: dict[str, object]) -> None:
    text = next(text for text in FORMS if text.split()[0] == absent["keyword"] and "7" not in text)
    assert from_dict(FORMS[text] | absent) == decode_text(text)


def test_members_of_enums_are_plain_text() -> None:
    message = HtosMotorMoveCompleted(motor_name="x", position=1, status=MotorStatus.NORMAL)
    assert type(to_dict(message)["status"]) is str
    comes_back(message)


def test_an_integer_is_a_number_and_stays_one() -> None:
    for position in (1, 2**53 + 1, -(10**300)):
        message = HtosMotorMoveCompleted(motor_name="x", position=position, status="normal")
        assert type(to_dict(message)["position"]) is int
        comes_back(message)
    line = to_json(StohStartMotorMove(motor_name="m", destination=1.0)).replace("1.0", "1")
    assert from_json(line) == StohStartMotorMove(motor_name="m", destination=1.0)


@pytest.mark.parametrize("tag", ["unknown", "malformed"])
def test_no_keyword_of_a_registry_is_a_tag_of_ours(tag: str) -> None:
    @attrs.frozen(kw_only=True)
    class Mine(Message):
        keyword: ClassVar[str] = tag

    with pytest.raises(RegistryError, match="no direction"):
        default_registry().extended(Mine)


# -- there and back ------------------------------------------------------------------------------


@every_message
@given(data=st.data())
@settings(max_examples=EXAMPLES // 8)
def test_every_message_comes_back(message_class: type[Message], data: st.DataObject) -> None:
    message = data.draw(messages_of(message_class))
    comes_back(message)
    written = to_dict(message)
    fields = [field.name for field in attrs.fields(message_class) if field.name != "binary"]
    assert list(written) == [name for name in ("keyword", *fields, "binary") if name in written]
    for name in fields:
        left_out = getattr(message, name) in ("", None) and name not in REQUIRED[message_class]
        assert (name not in written) == left_out


REQUIRED: Final = {
    message_class: {
        field.name for field in attrs.fields(message_class) if field.default is attrs.NOTHING
    }
    for message_class in DHS_MESSAGES
}


@given(st.one_of(texts(), st.text(st.characters(max_codepoint=0xFFFF))), st.binary(max_size=20))
def test_whatever_decode_makes_comes_back(text: str, binary: bytes) -> None:
    data = text.encode("utf-8", "surrogatepass")
    comes_back(default_codec().decode(Frame(data, binary)))


@pytest.mark.parametrize("size", [40, 80, 100, 5000])
def test_names_too_long_to_encode_come_back(size: int) -> None:
    for name in ("n" * size, "é" * size, "\udcff" * size):
        message = decode_text(f"stoh_register_string {name} {name}")
        assert type(message) is StohRegisterString
        with pytest.raises(EncodeError):
            encode_text(message)
        comes_back(message)


def test_unknown_text_may_hold_a_known_keyword() -> None:
    comes_back(UnknownMessage(text="stoh_abort_all soft"))


@given(st.text(st.sampled_from("a\ud800\udbff\udc00\udcff\udfff\U0001f600")))
def test_only_a_surrogate_pair_in_two_characters_is_refused(text: str) -> None:
    message = UnknownMessage(text=text)
    if not any("\ud800" <= a <= "\udbff" and "\udc00" <= b <= "\udfff" for a, b in pairwise(text)):
        comes_back(message)
        return
    with pytest.raises(EncodeError):
        to_bytes(text)
    for refuse in (
        lambda: to_dict(message),
        lambda: from_dict({"keyword": "unknown", "text": text}),
    ):
        with pytest.raises(InterchangeError) as caught:
            refuse()
        assert str(caught.value) == "unknown: text: holds a surrogate pair in two characters"


@given(st.lists(st.one_of(messages(), texts().map(decode_text)), max_size=8))
def test_a_session_reads_back_from_json_lines(session: list[Message]) -> None:
    file = io.StringIO("".join(f"{to_json(message)}\n" for message in session))
    assert [from_json(line) for line in file] == session
    assert len(file.getvalue().splitlines()) == len(session)
    assert file.getvalue().isascii()


def test_logged_messages_come_back() -> None:
    for text in message_texts():
        comes_back(decode_text(text))


def test_recorded_frames_come_back() -> None:
    for row in frame_rows():
        comes_back(default_codec().decode(Frame(row.data, b"")))
        comes_back(default_codec().decode(Frame(row.data[26:], row.data[:26])))


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
    (MOVED | {"position": "1.5"}, "htos_motor_move_completed: position: is a number, got str"),
    (MOVED | {"position": True}, "htos_motor_move_completed: position: is a number, got bool"),
    (MOVED | {"position": None}, "htos_motor_move_completed: position: is a number, got NoneType"),
    (
        MOVED | {"position": float("nan")},
        "htos_motor_move_completed: position: is no finite number",
    ),
    (MOVED | {"position": 10**400}, "htos_motor_move_completed: position: is no finite number"),
    (MOVED | {"status": 1}, "htos_motor_move_completed: status: is text, got int"),
    (MOVED | {"status": None}, "htos_motor_move_completed: status: is text, got NoneType"),
    (MOVED | {"Status": "a"}, "htos_motor_move_completed: has a key too many: 'Status'"),
    (MOVED | {1: "a"}, "htos_motor_move_completed: has a key that is no text"),
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
        ("[" * DEEP, "cannot be read: maximum recursion depth exceeded"),
        ('{"keyword":' * DEEP, "cannot be read: maximum recursion depth exceeded"),
        ("1" * 5000, "cannot be read: Exceeds the limit (4300 digits)"),
        ("\ufeff{}", "cannot be read: Unexpected UTF-8 BOM"),
        (json.dumps(MOVED).replace("1.5", "NaN"), "position: is no finite number"),
        (json.dumps(MOVED).replace("1.5", "-Infinity"), "position: is no finite number"),
        (json.dumps(MOVED).replace("1.5", "1e999"), "position: is no finite number"),
        (json.dumps(MOVED).replace("1.5", "9" * 400), "position: is no finite number"),
    ],
    ids=str,
)
def test_text_that_is_no_message_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InterchangeError) as caught:
        from_json(text)
    assert reason in str(caught.value)
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
"""Any value of JSON, and what Python's reader makes of its like: nan, huge integers."""

MESSAGES: Final = messages()


def outcome(read: Callable[[], Message]) -> Message | str:
    """A message that comes back, or what the one documented error says."""
    try:
        message = read()
    except InterchangeError as error:
        return str(error)
    comes_back(message)
    return message


def message_or_refusal(value: Mapping[str, object]) -> None:
    """Dicts and JSON are read alike; what the latter has no way to write is refused."""
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
    """A message that no type checker lets pass."""
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
        (moved(position=math.inf), "position: is no finite number"),
        (moved(position=10**400), "position: is no finite number"),
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
        (counted((IonChamberReading("i0", math.nan),)), "result: is no finite number"),
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


# -- messages of a site's own --------------------------------------------------------------------


class Mode(enum.StrEnum):
    FAST = "fast"
    SLOW = "slow"


@attrs.frozen(kw_only=True)
class HtosRobotAt(Message):
    """Wire: htos_robot_at robot_name [sample] mode notes"""

    keyword: ClassVar[str] = "htos_robot_at"
    robot_name: Name
    sample: Annotated[float | None, Number(optional=True)] = None
    status: Annotated[str, Word()] = "normal"
    notes: Annotated[str, Rest()] = ""


SITE: Final = Interchange(default_registry().extended(HtosRobotAt))


@given(messages_of(HtosRobotAt))
def test_a_message_of_a_sites_own_comes_back(message: HtosRobotAt) -> None:
    assert SITE.from_json(SITE.to_json(message)) == message
    assert SITE.from_dict(SITE.to_dict(message)) == message


def test_a_default_that_stands_on_the_wire_is_written() -> None:
    """Else a line would change its meaning with the class."""
    message = HtosRobotAt(robot_name="r")
    assert SITE.to_dict(message) == {
        "keyword": "htos_robot_at",
        "robot_name": "r",
        "status": "normal",
    }
    assert SITE.from_dict({"keyword": "htos_robot_at", "robot_name": "r"}) == message


def test_a_registry_of_few_knows_no_others() -> None:
    few = Interchange(Registry([HtosNote]))
    assert few.from_json('{"keyword": "htos_note"}') == HtosNote()
    assert few.from_json('{"keyword": "unknown", "text": "a"}') == UnknownMessage(text="a")
    with pytest.raises(InterchangeError, match="is not in the registry: 'stoh_abort_all'"):
        few.from_json('{"keyword": "stoh_abort_all"}')
    with pytest.raises(InterchangeError, match="StohAbortAll is not in the registry"):
        few.to_json(StohAbortAll())


@pytest.mark.parametrize(
    "kind",
    [
        Decimal,
        str | bytes,
        float | Mode,
        tuple[str, ...] | tuple[int, ...],
        IonChamberReading | IonChamberFailure,
    ],
    ids=str,
)
def test_a_type_without_a_form_is_refused_at_once(kind: object) -> None:
    @attrs.frozen(kw_only=True)
    class HtosOdd(Message):
        keyword: ClassVar[str] = "htos_odd"
        value: Annotated[kind, Word()]  # type: ignore[valid-type]

    with pytest.raises(InterchangeError, match="no form for values of"):
        Interchange(Registry([HtosOdd]))
