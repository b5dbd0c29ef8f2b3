"""Callbacks: each in a thread of its own, so that a slow one holds up nobody."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from dcs_codec import Message
from dhs_runtime.threads import ThreadGroup

logger = logging.getLogger(__name__)

MOST_UNREAD = 10_000
"""Messages that wait for a callback; one that falls further behind is ended."""


class Subscription:
    """A function that is called with each message of some classes, in the order of the wire.

    It may call everything of the client, and wait for it. What it raises is logged, and it stays.
    """

    def __init__(
        self,
        classes: tuple[type[Message], ...],
        callback: Callable[[Message], object],
        threads: ThreadGroup,
    ) -> None:
        """A subscription whose thread begins at once."""
        self._classes = classes
        self._callback = callback
        self._changed = threading.Condition()  # guards what follows; held over no callback
        self._unread: deque[Message] = deque()
        self._is_closed = False
        self._name = getattr(callback, "__qualname__", repr(callback))
        threads.spawn(f"client-callback-{self._name}"[:60], self._run)

    @property
    def is_closed(self) -> bool:
        """Whether no further message is taken."""
        return self._is_closed

    def close(self) -> None:
        """Take no further message; may be called by the callback, and waits for nothing."""
        with self._changed:
            self._is_closed = True
            self._unread.clear()
            self._changed.notify_all()

    def offer(self, message: Message) -> None:
        """A message came; for the reading thread."""
        if not isinstance(message, self._classes):
            return
        with self._changed:
            if self._is_closed:
                return
            self._unread.append(message)
            if len(self._unread) > MOST_UNREAD:
                logger.error("callback %s is too slow: it is called no more", self._name)
                self._is_closed = True
                self._unread.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unread or self._is_closed)
                if self._is_closed:
                    return
                message = self._unread.popleft()
            try:
                self._callback(message)
            except Exception:  # of the user's own code
                logger.exception("callback %s failed", self._name)
