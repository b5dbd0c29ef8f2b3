"""`Run`: one run of a DHS: its link, its dispatcher and their threads, from start to stop."""

import threading
import time
from concurrent.futures import wait
from typing import Final

from dcs_codec import Codec, Message
from dhs_runtime.active import STOPPING
from dhs_runtime.answers import ABORTED
from dhs_runtime.clock import Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.declaring import HandlerTable, call_hook
from dhs_runtime.dispatcher import Dispatcher
from dhs_runtime.errors import DhsError, NotConnectedError
from dhs_runtime.link import Link
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import StopToken, ThreadGroup

logger = get_logger(__name__)

LAST_WORDS_S: Final = 0.1
"""How long handlers of aborted operations get to end by themselves when the DHS stops."""
LAST_ANSWERS_S: Final = 0.5
"""How long the answers to the others may then take if DCSS does not read."""
BUSY_S: Final = 5.0
"""The same if it does: they go out at once, but on a busy machine."""
JOIN_S: Final = 0.3
"""How long threads get to end after that."""


class Run:
    """One run of a DHS. Start it once, stop it once (again does nothing).

    Attributes:
        link: Its link to DCSS.
        dispatcher: What brings messages to handlers.
    """

    def __init__(self, name: str, handlers: HandlerTable, config: DcssConfig, codec: Codec) -> None:
        """A run that is not started.

        Raises:
            RuntimeError: The system has no thread left.
        """
        self._handlers = handlers
        self._token = StopToken()
        self._crash: tuple[str, BaseException] | None = None
        self._threads = ThreadGroup(on_crash=self._crashed)
        self.link = Link(name, config, codec, threads=self._threads)
        self.dispatcher = Dispatcher(
            handlers, codec, self._threads, self.link, on_overload=self.link.give_up
        )
        self._stop_lock = threading.RLock()  # one thread stops, others wait; a hook may call again
        self._stopped = False

    def start(self) -> None:
        """Start the link's thread and return; the connection comes when it comes.

        Raises:
            RuntimeError: The system has no thread left; nothing of the run is left either.
        """
        try:
            self._threads.spawn("dcss-link", self._keep_link)
        except RuntimeError:
            self.dispatcher.close()
            self._handlers.devices.wire(None)
            raise

    def send(self, message: Message) -> None:
        """Send a message; raises as `Dhs.send`."""
        self._threads.birthplace.check(message.keyword)
        active = self.dispatcher.active.all()
        answered = [each for each in active if each._status_in(message) is not None]
        if answered:  # sent by hand; a command still has one answer
            task = next((each for each in answered if not each.finished), answered[0])
            task._finish_with(message)
            return
        self._handlers.devices.check_by_hand(message)
        data = self.link.encode(message)
        self._handlers.devices.tell(message)
        try:
            self.link.write(data)
        except NotConnectedError as error:
            raise NotConnectedError(f"{message.keyword} {error}") from None

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

    def stop(self, join_s: float = JOIN_S) -> tuple[str, ...]:
        """End operations, link and threads, in well under a second.

        Operations are aborted; those whose handlers do not end in time are completed as aborted
        for them, before the socket closes.

        Returns:
            Names of threads that did not end: handlers stuck in code that cannot be told to stop.
        """
        self._threads.birthplace.check("a stop")
        self._token.stop()
        with self._stop_lock:
            if self._stopped:
                return ()
            self._stopped = True
            started = time.monotonic()
            self.dispatcher.retire()
            for task in self.dispatcher.active.all():
                task.abort(STOPPING)
            for hook in self._handlers.stop_hooks:
                call_hook(hook)
            self.dispatcher.active.wait_until_none(LAST_WORDS_S)
            self._answer_the_rest()
            self.dispatcher.close()
            self.link.stop()
            alive = self._threads.join(Deadline.after(join_s))
            self._handlers.devices.wire(None)
        if alive:
            logger.warning("threads that did not end: %s", ", ".join(alive))
        logger.info("stopped in %.0f ms", (time.monotonic() - started) * 1e3)
        return alive

    def _keep_link(self) -> None:
        self.dispatcher.start()
        self.link.run(self.dispatcher)

    def _crashed(self, thread: str, error: BaseException) -> None:
        if self._crash is None:
            self._crash = thread, error
        self._token.stop()

    def _answer_the_rest(self) -> None:
        """Answer what is left in a thread: a DCSS that reads nothing must not hold up the stop."""
        deadline = Deadline.after(BUSY_S)
        rest = [self.dispatcher.answers.call(self._end_tasks)]
        wait(rest, LAST_ANSWERS_S)
        while not rest[0].done() and self.link.is_read and not deadline.passed:
            wait(rest, LAST_WORDS_S)

    def _end_tasks(self) -> None:
        """Complete tasks that their handlers did not complete, as aborted."""
        for task in self.dispatcher.active.all():
            if task._end(ABORTED, STOPPING):
                task.log.warning("handler did not end; completed as aborted")
