"""What a forked child must not keep of the DHS.

`os.fork` and the start method `fork` of multiprocessing copy the process with its open sockets and
signal handlers, and with only one thread. This module undoes that in the child: it closes the
sockets, which does not affect the parent's connections, and restores the signal handlers that were
there before the DHS. What belongs to the parent's run refuses to be used.

A fork by a C library that calls `fork(2)` itself is not noticed.
"""

import contextlib
import os
import signal
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Final

from dhs_runtime.errors import ForkedError

_sockets: Final[weakref.WeakSet[socket.socket]] = weakref.WeakSet()
_undo: Final[list[Callable[[], None]]] = []
_generation = 0  # how many forks lie between this process and the first one


class Birthplace:
    """The process in which it was made; what runs there must not be used in a fork of it."""

    __slots__ = ("_generation",)

    def __init__(self) -> None:
        self._generation = _generation

    @property
    def is_elsewhere(self) -> bool:
        """Whether this process is a fork of that one."""
        return self._generation != _generation

    def check(self, what: str) -> None:
        """Refuse `what` in a forked child.

        Raises:
            ForkedError: This process is a fork of the one that runs the DHS.
        """
        if self._generation != _generation:
            raise ForkedError(
                f"{what} in a forked child: only the process of the DHS talks to DCSS; give the "
                "result back to it, by a queue or a future"
            )


def close_in_children(*sockets: socket.socket) -> None:
    """Close these in each child that is forked while they are open."""
    _sockets.update(sockets)


@contextlib.contextmanager
def undo_in_children(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` in each child that is forked while inside, the last of them first."""
    _undo.append(undo)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # a child has called it already
            _undo.remove(undo)


_held = threading.local()


def _before() -> None:
    # A signal to the child that comes before its handlers are undone would still reach the parent.
    _held.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def _after() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _held.mask)


def _in_child() -> None:
    global _generation  # noqa: PLW0603 - one process has one
    _generation += 1
    for undo in reversed(_undo):
        undo()
    _undo.clear()
    for sock in list(_sockets):
        # Not `shutdown`, which would end the parent's connection; not `close`, which waits for
        # files made of the socket.
        with contextlib.suppress(OSError):
            os.close(sock.detach())
    _sockets.clear()
    try:
        _after()
    except BaseException:  # noqa: BLE001 - Ctrl-C that came first; Python would ignore it here
        os._exit(1)


os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)
