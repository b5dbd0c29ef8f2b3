"""SIGINT and SIGTERM, whatever the main thread is doing.

A Python signal handler runs when the main thread next runs Python code. A signal that another
thread of the process receives, or that comes just before the main thread blocks in a lock, can
leave it waiting for ever. So the C-level handler writes to a socket, and a thread reads that.
"""

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Final

from dhs_runtime.clock import Deadline
from dhs_runtime.threads import ThreadGroup
from dhs_runtime.transport import shut

logger = logging.getLogger(__name__)

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stop_signals(
    action: Callable[[], None],
    signals: Collection[signal.Signals] = SIGNALS,
    on_interrupt: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Call `action` on these signals while inside, in a thread of its own.

    On SIGINT call `on_interrupt` in its place, where that is given.

    Does nothing outside the main thread, where Python lets nobody catch signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def listen() -> None:
        while number := reader.recv(1):
            if number[0] == signal.SIGINT and on_interrupt is not None:
                on_interrupt()
            elif number[0] in signals:
                logger.info("%s: stopping", signal.Signals(number[0]).name)
                action()

    group = ThreadGroup()
    with reader, writer:
        descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, lambda *_: None) for number in signals}
        group.spawn("signals", listen)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(descriptor)
            shut(reader)
            group.join(Deadline.after(1.0))
