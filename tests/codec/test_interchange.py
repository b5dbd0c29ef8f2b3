"""The properties in the docstring of `dcs_codec.interchange`, one test for each sentence."""

import enum
import io
import json
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
    InterchangeError,
    IonChamberFailure,
    IonChamberReading,
    MalformedMessage,
    Message,
    MotorStatus,
    Registry,
    RegistryError,
    StohAbortAll,
    StohRegisterString,
    StohStartMotorMove,
    UnknownMessage,
    decode_text,
    default_codec,
    default_registry,
    encode_text,
)
from dcs_codec.fields import Name, Number, Rest, Word
from dcs_codec.interchange import Interchange, from_dict, from_json, to_dict, to_json
from dcs_codec.message import BESIDE_FIELDS
from dcs_codec.strategies import messages, messages_of, texts
from dcs_codec.words import to_bytes
from tests.shared import frame_rows, message_texts

EXAMPLES: Final = settings().max_examples
DEEP: Final = 100_000

every_message = pytest.mark.parametrize("message_class", DHS_MESSAGES, ids=lambda cls: cls.keyword)


def comes_back(message: Message) -> None:
    """Both directions; and the result contains only JSON values."""
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


def test_surplus_comes_before_the_binary_part() -> None:
    message = default_codec().decode(Frame(b"htos_limit_hit m cw by  hand", b"\xff"))
    assert to_json(message) == (
        '{"keyword": "htos_limit_hit", "motor_name": "m", "direction": "cw", '
        '"surplus": "by  hand", "binary": "/w=="}'
    )
    comes_back(message)


def test_what_is_not_finite_is_its_word() -> None:
    message = decode_text("stoh_configure_encoder e h nan -inf")
    assert to_dict(message)["position"] == "nan"
    assert to_dict(message)["repeated_position"] == "-inf"
    comes_back(message)


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
    names = [field.name for field in attrs.fields(message_class)]
    fields = [name for name in names if name not in BESIDE_FIELDS]
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
    """Otherwise the class would change the meaning of a line."""
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

    with pytest.raises(InterchangeError, match=r"^no form for values of "):
        Interchange(Registry([HtosOdd]))


class Raw(enum.Enum):
    """Its value does not exist in JSON."""

    ON = b"on"


@attrs.frozen(kw_only=True)
class HtosRaw(Message):
    keyword: ClassVar[str] = "htos_raw"
    value: Annotated[Raw, Word()]


def test_a_value_that_json_has_not_is_refused() -> None:
    raw = Interchange(Registry([HtosRaw]))
    with pytest.raises(InterchangeError) as caught:
        raw.to_json(HtosRaw(value=Raw.ON))
    assert str(caught.value) == "htos_raw: Object of type bytes is not JSON serializable"
