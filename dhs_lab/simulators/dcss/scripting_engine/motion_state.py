"""`MotionState`: which motors move, and whether an operation holds all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MotionState:
    """What the scripting engine knows about motion; safe for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows
        self._moving: dict[str, None] = {}  # in the order in which they began
        self._blocks = 0
        self._aborts = 0

    def begin(self, name: str) -> None:
        """Enter that a motor has started."""
        with self._lock:
            self._moving[name] = None

    def end(self, name: str) -> None:
        """Enter that a motor has stopped."""
        with self._lock:
            self._moving.pop(name, None)

    def is_moving(self, name: str) -> bool:
        """Whether a motor moves, as far as the engine knows."""
        with self._lock:
            return name in self._moving

    def abort(self) -> tuple[str, ...]:
        """Enter an abort of everything; returns the moving motors, in the order of their starts."""
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
        """Whether an operation blocks all moves by GUIs."""
        with self._lock:
            return self._blocks > 0

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """Block all moves by GUIs inside `with`."""
        with self._lock:
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
