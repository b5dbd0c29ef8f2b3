"""Circle modes, with the rules and the figures of a real dcss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.simulators.dcss.circle import (
    CircleMode,
    after_configuration,
    after_move,
    fold,
    shorten,
)

FROM_ZERO = (CircleMode.UP_TO_360, CircleMode.UP_TO_360_FOR_GUIS)
AROUND_ZERO = (CircleMode.AROUND_ZERO, CircleMode.AROUND_ZERO_FOR_GUIS)
CIRCLES = FROM_ZERO + AROUND_ZERO

angles = st.floats(min_value=-1e9, max_value=1e9)
circles = st.sampled_from(CIRCLES)


@pytest.mark.parametrize(
    ("modes", "position", "folded", "correction"),
    [
        # confirmed on the wire
        (FROM_ZERO, -10, 350, 360),
        (FROM_ZERO, 725, 5, -720),
        (FROM_ZERO, 360, 0, -360),
        (AROUND_ZERO, -181, 179, 360),
        (FROM_ZERO, 400, 40, -360),
        # the ends of the ranges
        (FROM_ZERO, 0, 0, 0),
        (AROUND_ZERO, -180, -180, 0),
        (AROUND_ZERO, 180, -180, -360),
        (FROM_ZERO, -1e-17, 0, 0),
        ((CircleMode.NONE,), 725, 725, 0),
    ],
)
def test_positions_are_folded(
    modes: tuple[CircleMode, ...], position: float, folded: float, correction: int
) -> None:
    for mode in modes:
        assert fold(mode, position) == (folded, correction)


@given(circles, angles)
def test_a_folded_position_is_in_range_and_whole_turns_away(
    mode: CircleMode, position: float
) -> None:
    folded, correction = fold(mode, position)
    low = 0 if mode in FROM_ZERO else -180
    assert low <= folded < low + 360
    assert correction % 360 == 0
    assert folded == pytest.approx(position + correction, abs=1e-6)


@given(circles, angles, angles)
def test_a_shortened_move_is_half_a_turn_at_most_and_ends_at_the_same_place(
    mode: CircleMode, position: float, destination: float
) -> None:
    shortened = shorten(mode, position, destination)
    assert abs(shortened - position) <= 180 + 1e-6
    turns = (shortened - destination) / 360
    assert turns == pytest.approx(round(turns), abs=1e-6)


def test_from_10_to_350_is_to_minus_10() -> None:
    """Confirmed on the wire."""
    assert shorten(CircleMode.UP_TO_360, 10, 350) == -10
    assert shorten(CircleMode.NONE, 10, 350) == 350
    assert shorten(CircleMode.AROUND_ZERO, -90, 90) == 90


def test_the_reset_range_lets_gui_modes_keep_what_the_dhs_reported() -> None:
    for mode in (CircleMode.UP_TO_360_FOR_GUIS, CircleMode.AROUND_ZERO_FOR_GUIS):
        assert after_move(mode, 400, 1000) == (400, 0)
        assert after_move(mode, 400, 0) == (40, -360)
        assert after_move(mode, 1000, 1000) == fold(mode, 1000)
    for mode in (CircleMode.UP_TO_360, CircleMode.AROUND_ZERO):
        assert after_move(mode, 400, 1000) == (40, -360)


def test_the_reset_range_holds_for_configurations_in_every_mode() -> None:
    for mode in CIRCLES:
        assert after_configuration(mode, 400, 1000) == (400, 0)
        assert after_configuration(mode, 400, 0) == (40, -360)
