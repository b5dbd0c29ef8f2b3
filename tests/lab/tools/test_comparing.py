"""When messages count as the same, and how a difference is shown."""

import pytest

from dcs_codec import decode_text
from dhs_lab.tools.comparing import Handles, Said, compare, is_close, make_comparable


def differences(before: list[str], now: list[str]) -> list[str]:
    return [str(each) for each in compare(said(before), said(now))]


def said(texts: list[str]) -> list[Said]:
    handles = Handles()
    return [make_comparable(decode_text(text), handles) for text in texts]


def test_the_same_is_the_same() -> None:
    texts = ["htos_note x", "htos_operation_completed a 1.1 normal x", "weird x", "stoh_abort_all"]
    assert differences(texts, texts) == []


def test_handles_are_compared_by_their_number() -> None:
    before = [f"stoh_start_operation a 1.{n} x{n}" for n in (4, 5)]
    before += ["htos_operation_completed a 1.5 normal", "htos_operation_completed a 1.4 normal"]
    now = [text.replace(" 1.", " 7.") for text in before]
    assert differences(before, now) == []
    swapped = [*now[:2], "htos_operation_completed a 7.5 error", now[3]]
    assert differences(before, swapped) == [
        (
            "different   htos_operation_completed "
            "operation_name=a operation_handle=1.5 operation_status=normal"
            "\n            operation_status: expected normal, got error"
        )
    ]


def test_devices_are_compared_apart() -> None:
    before = ["htos_motor_move_completed a 1 normal", "htos_motor_move_completed b 2 normal"]
    assert differences(before, before[::-1]) == []
    assert len(differences([*before, "htos_motor_move_started b 2"], before[::-1])) == 1


def test_numbers_are_compared_by_value() -> None:
    before = ["htos_update_motor_position a 1.500000 normal", "htos_note 0.30000 x"]
    now = ["htos_update_motor_position a 1.5 normal", "htos_note 0.3 x"]
    assert differences(before, now) == []
    now[0] = "htos_update_motor_position a 1.6 normal"
    assert differences(before, now) == [
        (
            "different   htos_update_motor_position motor_name=a position=1.5 status=normal\n"
            "            position: expected 1.5, got 1.6"
        )
    ]


def test_what_is_missing_and_what_is_more_is_told() -> None:
    before = ["htos_motor_move_started a 1", "htos_motor_move_completed a 1 normal"]
    now = ["htos_motor_move_completed a 1 normal", "htos_motor_move_completed a 1 normal"]
    assert differences(before, now) == [
        "missing     htos_motor_move_started motor_name=a destination=1.0",
        "unexpected  htos_motor_move_completed motor_name=a position=1.0 status=normal",
    ]


def test_one_message_more_makes_not_all_behind_it_different() -> None:
    before = [f"htos_update_motor_position a {n} normal" for n in range(10)]
    assert differences(
        before, [before[0], "htos_update_motor_position a 0.5 normal", *before[1:]]
    ) == ["unexpected  htos_update_motor_position motor_name=a position=0.5 status=normal"]


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (1.0, 1.000001, True),
        (1.0, 1.1, False),
        (1e9, 1e9 + 1, True),
        (1, 1.0, True),
        ("a 1.50 b", "a 1.5 b", True),
        ("a 1.50 b", "a 1.5", False),
        ("nan", "nan", True),
        ("a", "b", False),
        ([{"counts": 1.0}], [{"counts": 1.0000001}], True),
        ([{"counts": 1.0}], [{"counts": 2.0}], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
        (None, "x", False),
        (None, None, True),
    ],
)
def test_closeness(before: object, now: object, same: bool) -> None:
    assert is_close(before, now, 1e-5) is same
