"""SIGINT, SIGTERM and SIGHUP, even while the main thread is busy.

A Python signal handler runs when the main thread next runs Python code. A signal that another
thread of the process receives, or that comes just before the main thread blocks in a lock, can
leave it waiting for ever. So the C-level handler writes to a socket, and a thread reads that.

A signal that is ignored when the process starts stays ignored: so `nohup` and the `&` of a script
say that the process is to outlive the terminal, or Ctrl-C.

A child that is forked gets back the handlers that this process started with. Otherwise ending the
child would end the DHS: both hold the same socket.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Final, NoReturn

from dhs_runtime.clock import Deadline
from dhs_runtime.forks import close_in_children, undo_in_children
from dhs_runtime.loggers import get_logger
from dhs_runtime.threads import ThreadGroup

logger = get_logger(__name__)

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S: Final = 1.0
"""How long a start may take to unwind before the process is ended without that."""
_JOIN_S: Final = 1.0


class StopSignal(BaseException):  # not an Exception: code that starts must not handle it as a fault
    """Raised in the main thread by a signal that came before there was anything to stop."""


@contextlib.contextmanager
def stop_signals(
    action: Callable[[], None],
    signals: Collection[signal.Signals] = SIGNALS,
    on_interrupt: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Call `action` on these signals inside the block, in a separate thread.

    On SIGINT call `on_interrupt` instead, if it is given. Ignored signals stay ignored.

    Does nothing outside the main thread, where Python cannot catch signals.
    """

    def tell(number: int) -> None:
        if number == signal.SIGINT and on_interrupt is not None:
            on_interrupt()
        elif number in signals:
            action()
            logger.info("%s: stopping", signal.Signals(number).name)

    with _caught(signals, lambda *_: None, tell):
        yield


@contextlib.contextmanager
def stop_while_starting() -> Iterator[None]:
    """Let a signal end a start: raise StopSignal in the main thread while inside.

    If the main thread does not react within `GRACE_S`, because it is in a library's C code or
    swallowed the exception, the process ends at once, with exit code 0.
    `stop_signals` inside takes over for as long as it lasts.
    """
    over = threading.Event()

    def leave(number: int) -> None:
        if number in SIGNALS and not over.wait(GRACE_S):
            os._exit(0)

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise StopSignal(signal.Signals(number).name)

    with _caught(SIGNALS, stop, leave):
        try:
            yield
        finally:
            over.set()


@contextlib.contextmanager
def _caught(
    signals: Collection[signal.Signals],
    handler: Callable[[int, FrameType | None], None],
    tell: Callable[[int], None],
) -> Iterator[None]:
    """Catch signals with `handler` in the main thread, and call `tell` in a thread for each."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    close_in_children(reader, writer)
    reader.setblocking(True)  # whatever `socket.setdefaulttimeout` says: it is to wait for ever
    writer.setblocking(False)

    def listen() -> None:
        with reader:  # closed here: on a busy machine the block may end before this thread does
            while number := reader.recv(1):
                tell(number[0])

    group = ThreadGroup()
    before = {number: signal.getsignal(number) for number in signals}
    # None is a handler that Python does not know and cannot put back.
    known = {
        number: signal.SIG_DFL if each is None else each
        for number, each in before.items()
        if each is not signal.SIG_IGN
    }
    descriptor = -1

    def undo() -> None:
        for number, each in known.items():
            signal.signal(number, each)
        signal.set_wakeup_fd(descriptor)

    with undo_in_children(undo):
        group.spawn("signals", listen)
        try:
            # The socket before the handlers: a signal in between still meets what was there before.
            descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            for number in known:
                signal.signal(number, handler)
            yield
        finally:
            undo()
            writer.close()  # which ends the thread
            group.join(Deadline.after(_JOIN_S))
