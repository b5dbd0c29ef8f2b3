"""Time: one budget over many steps (`Deadline`), and how long to wait between tries (`Backoff`)."""

import random
import time
from collections.abc import Iterator

import attrs


@attrs.frozen
class Deadline:
    """A moment on the monotonic clock that several waits share.

    Setting the wall clock does not move it. Make one with `Deadline.after(seconds)`.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below 0: fit for every `timeout=` argument."""
        return max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the moment is over."""
        return time.monotonic() >= self.at


@attrs.frozen(kw_only=True)
class Backoff:
    """Delays between tries: `first_s`, then `factor` times longer each, up to `longest_s`.

    Each delay is shortened at random by up to `jitter` of itself, so that the DHSs of a beamline
    do not all knock at a restarted DCSS in the same instant.
    """

    first_s: float = 0.05
    factor: float = 1.5
    longest_s: float = 1.0
    jitter: float = 0.2

    def delays(self, seed: int | None = None) -> Iterator[float]:
        """The delays in seconds, for ever; a `seed` makes them repeatable."""
        source = random.Random(seed)  # noqa: S311 - spreads load, keeps no secret
        delay = self.first_s
        while True:
            yield delay * (1 - self.jitter * source.random())
            delay = min(delay * self.factor, self.longest_s)
