"""Which message fits which pattern."""

import re

import pytest

from dcs_codec import (
    HtosMotorMoveCompleted,
    HtosOperationUpdate,
    StohReadIonChambers,
    StohStartMotorMove,
    decode_text,
)
from dhs_lab.testing import ANY, PatternError, expected, hole, near
from dhs_lab.testing.patterns import PatternLike, as_pattern

COMPLETED = "htos_motor_move_completed m 1.500000 normal"


def fits(pattern: PatternLike, text: str) -> bool:
    return as_pattern(pattern).bound(decode_text(text), {}) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        HtosMotorMoveCompleted(motor_name="m", position=1.5, status="normal"),
        expected(HtosMotorMoveCompleted),
        expected(HtosMotorMoveCompleted, motor_name="m", position=near(1.4, 0.1), status=ANY),
        expected(HtosMotorMoveCompleted, status=re.compile("nor.*"), motor_name=hole("motor")),
        "htos_motor_move_completed m 1.5 normal",
        "htos_motor_move_completed * 1.4~0.2 *",
        "htos_motor_move_completed *motor ...",
        "htos_motor_move_completed ...",
    ],
    ids=str,
)
def test_what_fits(pattern: PatternLike) -> None:
    assert fits(pattern, COMPLETED)


@pytest.mark.parametrize(
    "pattern",
    [
        HtosMotorMoveCompleted(motor_name="m", position=1.25, status="normal"),
        StohStartMotorMove(motor_name="m", destination=1.5),
        expected(HtosMotorMoveCompleted, position=near(1.3, 0.1)),
        expected(HtosMotorMoveCompleted, status=re.compile("nor")),
        "htos_motor_move_completed m 1.25 normal",
        "htos_motor_move_completed m far normal",
        "htos_motor_move_completed m 1.5~0.1 norma",
        "htos_new",
    ],
    ids=str,
)
def test_what_does_not_fit(pattern: PatternLike) -> None:
    assert not fits(pattern, COMPLETED)


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("htos_report_shutter_state s open", "htos_report_shutter_state s open", True),
        ("htos_report_shutter_state s open", "htos_report_shutter_state s open failed", False),
        ("htos_report_shutter_state s open *", "htos_report_shutter_state s open failed", True),
        ("htos_operation_update o *h at 3~0.1", "htos_operation_update o 1.1 at 3.05", True),
        ("htos_operation_update o *h at 3~0.1", "htos_operation_update o 1.1 at home", False),
        ("htos_operation_update o 1.1 ...", "htos_operation_update o 1.10", False),
        ("htos_operation_update o 1.1", "htos_operation_update o 1.1 and more", False),
        ("htos_operation_update o 1.1 and ...", "htos_operation_update o 1.1 and more", True),
        ("stoh_read_ion_chambers 1 0 a b", "stoh_read_ion_chambers 1.0 0 a b", True),
        ("stoh_read_ion_chambers 1 1 a b", "stoh_read_ion_chambers 1.0 0 a b", False),
        ("htos_report_ion_chambers 1 a 5~1 b 7", "htos_report_ion_chambers 1 a 5.5 b 7.0", True),
        ("htos_report_ion_chambers 0 a no beam", "htos_report_ion_chambers 0 a {no beam}", True),
        ("htos_report_ion_chambers 1 a 5", "htos_report_ion_chambers 1 a", False),
        ("stoh_abort_all", "stoh_abort_all", True),
        ("stoh_set_string s two words", "stoh_set_string s two words", True),
        ("htos_new_word *a *a", "htos_new_word x x", True),
        ("htos_new_word *a *a", "htos_new_word x y", False),
        ("htos_new_word ...", "htos_new_word", True),
    ],
)
def test_texts_with_holes(pattern: str, text: str, does: bool) -> None:
    assert fits(pattern, text) is does


def test_a_named_hole_is_filled_once() -> None:
    update = expected(HtosOperationUpdate, operation_handle=hole("handle"))
    bound = as_pattern("stoh_start_operation o *handle ...").bound(
        decode_text("stoh_start_operation o 1.10 x"), {}
    )
    assert bound == {"handle": "1.10"}
    assert update.bound(decode_text("htos_operation_update o 1.1 x"), bound) is None
    assert update.bound(decode_text("htos_operation_update o 1.10 x"), bound) == bound


def test_what_no_message_can_fit_is_refused() -> None:
    with pytest.raises(PatternError, match="StohReadIonChambers has no field motor"):
        expected(StohReadIonChambers, motor="m")
    for text, count in (("stoh_start_motor_move m", 1), ("stoh_start_motor_move m 1 2", 3)):
        with pytest.raises(PatternError, match=f"has {count} words after .*, which has 2: motor"):
            as_pattern(text)


def test_numbers_are_no_flags_and_no_texts() -> None:
    assert not near(1, 1).fits(True, {})
    assert not near(1, 1).fits("1", {})
    assert near(0.2, 0.1).fits(0.3, {})
