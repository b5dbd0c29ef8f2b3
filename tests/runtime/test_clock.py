import itertools
import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_runtime import Backoff, Deadline
from dhs_runtime.clock import LONGEST_S


def test_deadline_counts_down_and_passes() -> None:
    deadline = Deadline.after(60)
    assert 30 < deadline.remaining() <= 60
    assert not deadline.passed
    past = Deadline(time.monotonic() - 1)
    assert past.passed
    assert past.remaining() == 0


@pytest.mark.parametrize(
    ("field", "value"), [("first_s", 0), ("longest_s", -1), ("factor", 0.5), ("jitter", 1.1)]
)
def test_delays_that_make_no_sense_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        Backoff(**{field: value})


@given(
    first=st.floats(0.001, 10),
    factor=st.floats(1, 10),
    longest=st.floats(0.001, 100),
    jitter=st.floats(0, 1),
    seed=st.integers(),
)
def test_delays_grow_up_to_the_longest_and_jitter_only_shortens(
    first: float, factor: float, longest: float, jitter: float, seed: int
) -> None:
    backoff = Backoff(first_s=first, factor=factor, longest_s=longest, jitter=jitter)
    expected = first
    for delay in itertools.islice(backoff.delays(seed), 20):
        assert expected * (1 - jitter) - 1e-9 <= delay <= expected
        expected = min(expected * factor, longest)


def test_the_same_seed_gives_the_same_delays() -> None:
    first, second = (list(itertools.islice(Backoff().delays(7), 10)) for _ in range(2))
    assert first == second


def test_a_deadline_that_never_comes_is_fit_for_every_wait() -> None:
    deadline = Deadline.after(math.inf)
    assert not deadline.passed
    assert threading.Event().wait(min(0.001, deadline.remaining())) is False
    assert deadline.remaining() == LONGEST_S
    with pytest.raises(ValueError, match="not nan"):
        Deadline.after(math.nan)
