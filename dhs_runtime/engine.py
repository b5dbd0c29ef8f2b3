"""`Engine`: one run of a DHS: its link, its dispatcher and their threads, from start to stop."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from dcs_codec import (
    Codec,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    HtosReportIonChambers,
    Message,
)
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.dispatcher import Dispatcher
from dhs_runtime.errors import DhsError
from dhs_runtime.handlers import HandlerTable
from dhs_runtime.link import Link, LinkState
from dhs_runtime.task import ABORTED, ActiveTasks
from dhs_runtime.threads import StopToken, ThreadGroup

logger = logging.getLogger(__name__)

T = TypeVar("T")

COMPLETIONS: Final = (HtosOperationCompleted, HtosMotorMoveCompleted, HtosReportIonChambers)
"""What ends a task, also where an author sends it by hand: there is one, all the same."""
STOPPING: Final = "DHS is stopping"
LAST_WORDS_S: Final = 0.1
"""How long handlers of aborted operations get to end by themselves when the DHS stops."""
JOIN_S: Final = 0.3
"""How long threads get to end after that."""


class Engine:
    """One run of a DHS. Start it once, stop it once (again does nothing)."""

    def __init__(self, name: str, handlers: HandlerTable, config: DcssConfig, codec: Codec) -> None:
        self._handlers = handlers
        self._token = StopToken()
        self._crash: tuple[str, BaseException] | None = None
        self._threads = ThreadGroup(on_crash=self._crashed)
        self._dispatcher = Dispatcher(handlers, self._threads, self.send, self._give_up)
        self._link = Link(
            name,
            config,
            codec,
            self._dispatcher.feed,
            self._dispatcher.lost_link,
            threads=self._threads,
            on_online=self._dispatcher.new_link,
        )
        self._stop_lock = threading.RLock()  # one thread stops, others wait; a hook may call again
        self._stopped = False

    @property
    def state(self) -> LinkState:
        """How the link to DCSS stands."""
        return self._link.state

    @property
    def active(self) -> ActiveTasks:
        """Operations, moves and counts under way."""
        return self._dispatcher.active

    def start(self) -> None:
        """Start the link's thread and return; the connection comes when it comes."""
        self._threads.spawn("dcss-link", self._link.run)

    def send(self, message: Message) -> None:
        """Send a message; raises as `Dhs.send`."""
        if isinstance(message, COMPLETIONS):
            for task in self.active.all():
                if task.is_completed_by(message):
                    task.finish_with(message)
                    return
        self._link.send(message)

    def _give_up(self) -> None:
        self._link.give_up()

    def stuck_handler(self, longer_than_s: float) -> str | None:
        """Name of the message handler that runs for longer than so many seconds, or None."""
        return self._dispatcher.stuck_handler(longer_than_s)

    def call(self, function: Callable[[], T]) -> Future[T]:
        """The future of `function()`, run in a worker."""
        return self._dispatcher.call(function)

    def wait_online(self, timeout_s: float) -> bool:
        """Wait until the handshake is done; False after `timeout_s` seconds, or on a stop."""
        return self._link.wait_online(timeout_s)

    def ask_to_stop(self) -> None:
        """Let `wait` return; for signal handlers, operations and anybody else."""
        self._token.stop()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until something asked to stop; whether that came within `timeout_s` seconds.

        Raises:
            DhsError: A thread of the runtime crashed, which is a bug and ends the run.
        """
        asked = self._token.wait(timeout_s)
        if self._crash is not None:
            name, error = self._crash
            text = f"thread {name} crashed: {type(error).__name__}: {error}"
            raise DhsError(text) from error
        return asked

    def stop(self) -> tuple[str, ...]:
        """End operations, link and threads, in well under a second.

        Operations are aborted; those whose handlers do not end in time are completed as aborted
        for them, before the socket closes.

        Returns:
            Names of threads that did not end: handlers stuck in code that cannot be told to stop.
        """
        self._token.stop()
        with self._stop_lock:
            if self._stopped:
                return ()
            self._stopped = True
            started = time.monotonic()
            self._dispatcher.close()
            self.active.abort_all(STOPPING)
            self._call_stop_hooks()
            self.active.wait_until_none(LAST_WORDS_S)
            # In a thread: a DCSS that reads nothing must not hold up the stop.
            self._threads.spawn("last-words", self._end_tasks).join(LAST_WORDS_S)
            self._link.stop()
            alive = self._threads.join(Deadline.after(JOIN_S))
        if alive:
            logger.warning("threads that did not end: %s", ", ".join(alive))
        logger.info("stopped in %.0f ms", (time.monotonic() - started) * 1e3)
        return alive

    def _crashed(self, thread: str, error: BaseException) -> None:
        if self._crash is None:
            self._crash = thread, error
        self._token.stop()

    def _end_tasks(self) -> None:
        """Complete what its handlers did not, as aborted."""
        for task in self.active.all():
            task.log.warning("handler did not end; completed as aborted")
            task.end(ABORTED, STOPPING)

    def _call_stop_hooks(self) -> None:
        for hook in self._handlers.stop_hooks:
            try:
                hook()
            except BaseException:  # the stop goes on whatever a hook does
                logger.exception("stop hook %s failed", getattr(hook, "__qualname__", hook))
