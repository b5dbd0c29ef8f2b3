"""`MotionState`: which motors move, and whether an operation holds all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MotionState:
    """What the scripting engine knows of motion; safe for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows
        self._moving: dict[str, None] = {}  # in the order in which they began
        self._blocks = 0
        self._aborts = 0

    def begin(self, name: str) -> None:
        """A motor moves from now on."""
        with self._lock:
            self._moving[name] = None

    def end(self, name: str) -> None:
        """A motor moves no longer."""
        with self._lock:
            self._moving.pop(name, None)

    def is_moving(self, name: str) -> bool:
        """Whether a motor moves, as far as it was told."""
        with self._lock:
            return name in self._moving

    def abort(self) -> tuple[str, ...]:
        """Everything is aborted; the motors that move, in the order in which they began."""
        with self._lock:
            self._aborts += 1
            return tuple(self._moving)

    @property
    def aborts(self) -> int:
        """How often everything was aborted."""
        with self._lock:
            return self._aborts

    @property
    def is_blocked(self) -> bool:
        """Whether an operation lets GUIs move nothing."""
        with self._lock:
            return self._blocks > 0

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """GUIs move nothing inside of it."""
        with self._lock:
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
