"""Operations, moves and answers derived from the traffic, and values as JSON."""

import json
import math
from collections.abc import Callable

import pytest

from dcs_codec import decode_text
from dhs_lab.simulators.dcss import (
    EncoderEntry,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    PseudoMotorEntry,
    RealMotorEntry,
    ShutterEntry,
    StringEntry,
    TrafficLine,
)
from dhs_lab.simulators.web.story import MAX_RUNS, MAX_UPDATES, Story
from dhs_lab.simulators.web.views import (
    MAX_TEXT,
    cut,
    device_view,
    line_view,
    message_view,
    plain,
)

Tell = Callable[..., None]


@pytest.fixture
def story() -> Story:
    return Story(dict.fromkeys((*"mstije", "op"), "h") | {"other": "o"})


@pytest.fixture
def tell(story: Story) -> Tell:
    """Tells lines of the host `h`, a tenth of a second apart."""
    clock = iter(range(1, 10_000))

    def told(*texts: str) -> None:
        for text in texts:
            arrow = "<-" if text.startswith("htos_") else "->"
            number = next(clock)
            line = TrafficLine(number / 10, "h", arrow, text)  # type: ignore[arg-type]
            story.take(number, line, decode_text(text))

    return told


def test_an_operation_from_its_start_to_its_end(story: Story, tell: Tell) -> None:
    tell("stoh_start_operation op 1.1 a {b c}", "htos_operation_update op 1.1 step 1")
    (op,) = story.runs.values()
    assert (op.args, op.count, op.ended_s) == ("a {b c}", 1, None)
    assert story.new_updates() == [{"key": "op 1.1", "at_s": 0.2, "text": "step 1"}]
    assert story.new_updates() == [], "they are told once"
    tell("htos_operation_completed op 1.1 normal done")
    assert (op.ended_s, op.status, op.result, op.completions) == (0.3, "normal", "done", 1)
    tell("htos_operation_completed op 1.1 error again", "htos_operation_update op 9.9 x")
    assert (op.ended_s, op.completions, len(story.runs)) == (0.3, 2, 1)
    assert (op.line, op.end_line) == (1, 4)
    json.dumps(op.view())


def test_only_the_last_updates_and_operations_are_kept(story: Story, tell: Tell) -> None:
    for number in range(MAX_RUNS + 3):
        tell(f"stoh_start_operation op 1.{number} ")
    assert len(story.runs) == MAX_RUNS
    assert "op 1.2" not in story.runs
    for number in range(MAX_UPDATES + 5):
        tell(f"htos_operation_update op 1.50 {number}")
    assert story.runs["op 1.50"].count == MAX_UPDATES + 5
    updates = story.new_updates()
    assert (len(updates), updates[0]["text"]) == (MAX_UPDATES, "5")


def test_an_operation_that_a_dhs_begins_by_itself(story: Story, tell: Tell) -> None:
    tell("htos_start_operation op 7.1 x", "htos_operation_completed op 7.1 normal ")
    assert story.runs["op 7.1"].status == "normal"


def test_what_a_lost_dhs_was_to_do_has_failed(story: Story, tell: Tell) -> None:
    tell("stoh_start_operation op 1.1 ", "htos_motor_move_started m 5", "htos_log note h hi")
    story.targets["other"] = 3.0
    story.lose("h", 9.0)
    op = story.runs["op 1.1"]
    assert (op.ended_s, op.status, op.completions) == (9.0, "no_hw_host_h", 0)
    assert op.result == "h was lost while it ran"
    assert {name: (one["status"], one["wanted"]) for name, one in story.outcomes.items()} == {
        "m": ("no_hw_host_h", "5.0"),
        "op": ("no_hw_host_h", ""),
    }
    assert story.busy_hosts() == set()
    assert story.targets == {"other": 3.0}, "its DHS is there"


def test_a_new_login_ends_what_the_old_one_did(story: Story, tell: Tell) -> None:
    tell("stoh_start_operation op 1.1 ", "stoh_register_operation op op")
    tell("stoh_start_operation op 1.2 ", "htos_operation_update op 1.2 x")
    assert [op.status for op in story.runs.values()] == ["no_hw_host_h", ""]
    assert story.busy_hosts() == {"h"}


@pytest.mark.parametrize(
    ("texts", "outcomes"),
    [
        (["htos_motor_move_completed m 1 sw_limit"], {"m": "sw_limit"}),
        (["htos_motor_move_completed m 1 x", "htos_motor_move_started m 3"], {}),
        (["htos_motor_move_completed m 1 x", "htos_motor_move_completed m 1 normal"], {}),
        (["htos_report_shutter_state s open stuck"], {"s": "stuck"}),
        (["htos_report_shutter_state s open stuck", "htos_report_shutter_state s open"], {}),
        (["htos_set_string_completed t error text"], {"t": "error"}),
        (["htos_get_encoder_completed e 1 broken"], {"e": "broken"}),
        (["htos_report_ion_chambers 0 i j {no beam}"], {"i": "no beam", "j": "no beam"}),
        (["htos_report_ion_chambers 0 i bad", "htos_report_ion_chambers 1 i 5"], {}),
        (["htos_motor_move_completed nobody 1 sw_limit"], {}),
        (["stoh_start_operation op 1.1 ", "htos_operation_completed op 1.1 no air"], {"op": "no"}),
        (
            [
                "stoh_start_operation op 1.1 ",
                "htos_operation_completed op 1.1 no air",
                "stoh_start_operation op 1.2 ",
            ],
            {},
        ),
    ],
)
def test_the_last_answer_of_a_device_is_kept_where_it_is_not_normal(
    story: Story, tell: Tell, texts: list[str], outcomes: dict[str, str]
) -> None:
    tell(*texts)
    assert {name: one["status"] for name, one in story.outcomes.items()} == outcomes


@pytest.mark.parametrize(
    ("texts", "moves"),
    [
        (["stoh_start_motor_move m 5"], [("m", "5.0", "", 0)]),
        (["stoh_start_motor_move m home"], [("m", "home", "", 0)]),
        (
            ["stoh_start_motor_move m 5", "htos_motor_move_completed m 0 sw_limit"],
            [("m", "5.0", "sw_limit", 1)],
        ),
        (
            [
                "stoh_start_motor_move m 5",
                "stoh_start_motor_move m 6",
                "htos_motor_move_completed m 5 normal",
            ],
            [("m", "5.0", "normal", 1), ("m", "6.0", "", 0)],
        ),
        (
            [
                "stoh_start_motor_move m 5",
                "htos_motor_move_started m 5",
                "htos_motor_move_completed m 5 normal",
                "htos_motor_move_completed m 5 normal",
            ],
            [("m", "5.0", "normal", 2)],
        ),
        (["htos_motor_move_started m 5"], [("m", "5.0", "", 0)]),
        (["htos_motor_move_completed m 5 normal"], []),
        (["htos_motor_move_started nobody 5", "stoh_start_motor_move nobody 5"], []),
        (["stoh_start_oscillation m NULL 1 2"], [("m", "by 1.0 in 2.0 s", "", 0)]),
        (
            ["stoh_start_vector_move m other 1 2 3", "htos_motor_move_completed other 2 normal"],
            [("m", "1.0", "", 0), ("other", "2.0", "normal", 1)],
        ),
        (["stoh_start_vector_move m NULL 1 0 3"], [("m", "1.0", "", 0)]),
    ],
)
def test_moves_are_told_as_operations_are(
    story: Story, tell: Tell, texts: list[str], moves: list[tuple[str, str, str, int]]
) -> None:
    tell(*texts)
    runs = story.runs.values()
    assert [(run.name, run.args, run.status, run.completions) for run in runs] == moves
    assert {run.kind for run in runs} <= {"move"}


def test_what_a_dhs_says_and_what_it_told_of_a_loop(story: Story, tell: Tell) -> None:
    tell("htos_log warning h hot and cold")
    assert story.said == {"at_s": 0.1, "host": "h", "level": "warning", "text": "hot and cold"}
    tell("htos_operation_update op 1.1 LOOP_INFO 3 normal 0.5")
    assert not story.said
    assert story.told == {
        "at_s": 0.2,
        "host": "h",
        "words": ["LOOP_INFO", "3", "normal", "0.5"],
    }


def test_a_line_shows_its_fields_by_name() -> None:
    text = "htos_report_ion_chambers 1 i 5 j 6"
    view = line_view(7, TrafficLine(1.23456, "h", "<-", text), decode_text(text))
    assert view == {
        "number": 7,
        "at_s": 1.2346,
        "host": "h",
        "arrow": "<-",
        "text": text,
    }
    told = message_view(decode_text(text))
    assert told["keyword"] == "htos_report_ion_chambers"
    assert told["fields"] == {
        "ion_chamber_time": 1.0,
        "result": [{"name": "i", "counts": 5.0}, {"name": "j", "counts": 6.0}],
    }
    assert told["trouble"] == ""


@pytest.mark.parametrize(
    ("text", "keyword", "trouble"),
    [
        ("htos_motor_move_completed m x normal", "htos_motor_move_completed", "malformed: "),
        ("htos_hello you", "htos_hello", "no message class"),
        ("   ", "", "malformed: "),
    ],
)
def test_a_line_that_cannot_be_read_says_why(text: str, keyword: str, trouble: str) -> None:
    assert line_view(1, TrafficLine(0.0, "h", "<-", text), decode_text(text))["is_bad"] is True
    view = message_view(decode_text(text))
    assert (view["keyword"], view["fields"]) == (keyword, {})
    assert str(view["trouble"]).startswith(trouble)


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        (RealMotorEntry("d"), "motor"),
        (PseudoMotorEntry("d", children=("a", "b")), "motor"),
        (ShutterEntry("d"), "shutter"),
        (StringEntry("d", "\udcff"), "string"),
        (IonChamberEntry("d", counts=math.inf), "ion_chamber"),
        (EncoderEntry("d", position=math.nan), "encoder"),
        (OperationEntry("d"), "operation"),
        (ObjectEntry("d"), "object"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_device_becomes_json(device: RealMotorEntry, kind: str) -> None:
    view = device_view(device, "h")
    assert (view["name"], view["kind"], view["host"]) == ("d", kind, "h")
    assert json.loads(json.dumps(view, allow_nan=False)) == view


def test_long_texts_are_cut_and_odd_values_are_texts() -> None:
    assert cut("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert cut("x" * (MAX_TEXT + 5)).endswith("x… (5 more)")
    assert plain(b"ab") == "b'ab'"
    assert plain((1, None, True, -0.5)) == [1, None, True, -0.5]
