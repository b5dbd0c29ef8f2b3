"""Time: one budget over many steps (`Deadline`), and how long to wait between tries (`Backoff`)."""

import math
import random
import time
from collections.abc import Iterator
from typing import Final

import attrs
from attrs.validators import and_, ge, gt, le

LONGEST_S: Final = 86400.0
"""The longest time to wait for anything: a day. The system cannot wait for more than 24 days."""

is_seconds = and_(gt(0.0), le(LONGEST_S))


@attrs.frozen
class Deadline:
    """A moment on the monotonic clock that several waits share.

    Setting the wall clock does not move it. Make one with `Deadline.after(seconds)`.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment `seconds` from now; raises ValueError for nan, a moment that never comes."""
        if math.isnan(seconds):
            raise ValueError("a number of seconds is wanted, not nan")
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, from 0 to a day: fit for every `timeout=` argument."""
        return min(max(0.0, self.at - time.monotonic()), LONGEST_S)

    @property
    def passed(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self.at


@attrs.frozen(kw_only=True)
class Backoff:
    """Delays between tries: `first_s`, then `factor` times longer each, up to `longest_s`.

    Each delay is shortened at random by up to `jitter` of itself, so that the DHSs of a beamline
    do not all connect to a restarted DCSS at the same moment.

    Attributes:
        first_s: The first delay.
        factor: How much longer each delay is than the one before.
        longest_s: The longest delay.
        jitter: Part of itself by which a delay is shortened at random, at most.
    """

    first_s: float = attrs.field(default=0.05, validator=is_seconds)
    factor: float = attrs.field(default=1.5, validator=ge(1))
    longest_s: float = attrs.field(default=1.0, validator=is_seconds)
    jitter: float = attrs.field(default=0.2, validator=[ge(0), le(1)])

    def delays(self, seed: int | None = None) -> Iterator[float]:
        """The delays in seconds, for ever; a `seed` makes them repeatable."""
        source = random.Random(seed)  # noqa: S311 - spreads load, keeps no secret
        delay = self.first_s
        while True:
            yield delay * (1 - self.jitter * source.random())
            delay = min(delay * self.factor, self.longest_s)
