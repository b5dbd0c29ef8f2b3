"""A simulated spindle: it has its own position, and takes time to stop."""

import threading
import time

from dcs_codec import AbortMode


class Spindle:
    """Turns at constant speed; `stop(SOFT)` lets it coast by a distance, `stop(HARD)` does not.

    Attributes:
        stops: The modes of its stops.
        trouble: The exception that a read raises, if it is set.
    """

    def __init__(self, position: float = 0.0, speed: float = 100.0, coast: float = 0.5) -> None:
        self._lock = threading.Lock()
        self._start = self._goal = position
        self._began = time.monotonic()
        self.speed = speed
        self.coast = coast
        self.stops: list[AbortMode] = []
        self.trouble: BaseException | None = None

    def _here(self) -> float:
        gone = self.speed * (time.monotonic() - self._began)
        if self._goal < self._start:
            return max(self._goal, self._start - gone)
        return min(self._goal, self._start + gone)

    def go(self, goal: float) -> None:
        """Start to turn to a position."""
        with self._lock:
            self._start, self._goal, self._began = self._here(), float(goal), time.monotonic()

    def put(self, position: float) -> None:
        """Turn it by hand, at once."""
        with self._lock:
            self._start = self._goal = float(position)

    def read(self) -> float:
        """Its position."""
        if self.trouble is not None:
            raise self.trouble
        with self._lock:
            return self._here()

    def is_moving(self) -> bool:
        """Whether it turns."""
        with self._lock:
            return self._here() != self._goal

    def stop(self, mode: AbortMode) -> None:
        """Stop."""
        self.stops.append(mode)
        with self._lock:
            here = self._here()
            way = 0.0 if mode is AbortMode.HARD else self.coast
            self._start, self._began = here, time.monotonic()
            self._goal = here + (way if self._goal > here else -way)
