"""What is put into an outbox arrives once and in order, however slowly it is read."""

import socket
import threading

from dhs_lab.simulators.dcss.outbox import Outbox
from dhs_runtime.lowlevel import Deadline, ThreadGroup
from tests.runtime.peers import DEADLINE_S

FRAMES = [bytes([letter]) * 300_000 for letter in b"abc"]
"""More than the system takes at once."""


class PausedOutbox(Outbox):
    """Its thread pauses once: after it sent everything, and before it has seen that."""

    def __init__(self, sock: socket.socket, threads: ThreadGroup) -> None:
        super().__init__(sock, "outbox", 10 * len(b"".join(FRAMES)), threads)
        self.has_sent, self.go_on = threading.Event(), threading.Event()

    def _piece(self) -> bytes:
        if not self._waiting:
            self.has_sent.set()
            assert self.go_on.wait(DEADLINE_S)
        return super()._piece()


def test_what_comes_when_the_thread_is_about_to_end_is_sent_once() -> None:
    ours, theirs = socket.socketpair()
    threads, received = ThreadGroup(), bytearray()
    with ours, theirs, theirs.makefile("rb") as stream:
        outbox = PausedOutbox(ours, threads)
        assert outbox.put(FRAMES[0])
        received += stream.read(len(FRAMES[0]))
        assert outbox.has_sent.wait(DEADLINE_S)
        assert all(outbox.put(frame) for frame in FRAMES[1:])
        outbox.go_on.set()
        received += stream.read(len(b"".join(FRAMES[1:])))
        outbox.finish(Deadline.after(DEADLINE_S))
        outbox.close()
        received += stream.read()
        assert threads.join(Deadline.after(DEADLINE_S)) == ()
    assert received == b"".join(FRAMES)
