"""`BlueskyStatus`: what a Bluesky plan waits for."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError

from dhs_runtime.client.errors import AbortedError


class BlueskyStatus:
    """The status of something that a plan started; its repr says what it is, and why it failed.

    Attributes:
        is_stopped: Whether the plan stopped it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.is_stopped = False
        self._is_meant = False
        self._end: Future[None] = Future()

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self._end.done()

    @property
    def success(self) -> bool:
        """Whether it succeeded."""
        return self.done and self.exception() is None

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Why it failed; None if it did not.

        Raises:
            TimeoutError: It is not over within `timeout` seconds.
        """
        try:
            return self._end.exception(timeout)
        except TimeoutError:
            raise TimeoutError(f"{self!r} after {timeout} s") from None

    def add_callback(self, callback: "Callable[[BlueskyStatus], None]") -> None:
        """Call a function at the end; at once if it is over."""
        self._end.add_done_callback(lambda _: callback(self))

    def stop(self, *, success: bool) -> None:
        """Note that the plan stopped it; with `success` an abort is not a failure."""
        self._is_meant = success
        self.is_stopped = True

    def finish(self, error: Exception | None = None) -> None:
        """End it; further calls change nothing."""
        with contextlib.suppress(InvalidStateError):
            if error is None or (self._is_meant and isinstance(error, AbortedError)):
                self._end.set_result(None)
            else:
                self._end.set_exception(error)

    def __repr__(self) -> str:
        if not self.done:
            return f"<{self._what}: not done>"
        return f"<{self._what}: {self.exception() or 'done'}>"
