"""A DHS at work at a bare socket, and the account of what it owes DCSS."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from dcs_codec import Framing
from dhs_runtime import Dhs
from tests.runtime.peers import RawConnection, RawDcss, eventually, running


class Scene:
    """A running DHS, DCSS's end of its connection, and what was started and answered there."""

    def __init__(self, dhs: Dhs, dcss: RawDcss, framing: Framing) -> None:
        self.dhs = dhs
        self.dcss = dcss
        self.framing = framing
        self._peer: RawConnection | None = None
        self._numbers = itertools.count(1)
        self._started: set[str] = set()
        self._completions: dict[str, list[str]] = {}
        self._updates: dict[str, list[str]] = {}
        self.others: list[str] = []
        """What came about devices, and to the beamline's log."""

    @property
    def peer(self) -> RawConnection:
        """DCSS's end of the connection."""
        assert self._peer is not None
        return self._peer

    def meet(self, *, unasked: bool = False) -> None:
        """Close the connection and take the next; `unasked`, the DHS has to give it up by itself.

        DCSS has then failed by itself what was started there: no answer to it may come here.
        """
        if not unasked:
            self.close()
        connection = self.dcss.accept()
        self.close()
        self._peer = connection
        self._started, self._completions, self._updates = set(), {}, {}
        assert self._peer.shake_hands(self.framing) == "htos_client_is_hardware testDHS"

    def close(self) -> None:
        """Close DCSS's end."""
        if self._peer is not None:
            self._peer.socket.close()

    def send(self, *texts: str) -> None:
        """Send frames with these texts."""
        self.peer.send(*texts, framing=self.framing)

    def command(self, name: str, *words: str) -> tuple[str, str]:
        """A fresh handle, which is owed a completion from here on, and the text that starts it."""
        handle = f"7.{next(self._numbers)}"
        self._started.add(handle)
        return handle, " ".join(("stoh_start_operation", name, handle, *words))

    def start(self, name: str, *words: str) -> str:
        """Start an operation; its handle."""
        handle, text = self.command(name, *words)
        self.send(text)
        return handle

    def completion(self, handle: str) -> str:
        """Status and text of an operation's (first) completion, once it is there."""
        while handle not in self._completions:
            self._read()
        return self._completions[handle][0]

    def update(self, handle: str) -> str:
        """Text of an operation's first update, once it is there."""
        while handle not in self._updates:
            self._read()
        return self._updates[handle][0]

    def run(self, name: str, *words: str) -> str:
        """Start an operation and wait for its completion."""
        return self.completion(self.start(name, *words))

    def check(self, *stuck: str) -> None:
        """The DHS is alive and in step, and each operation it was given ended exactly once.

        What is `stuck` by the will of the test needs not be over; it has had its completion.
        """
        # What is still to be sent is sent before a handler ends, so the echo comes behind it.
        eventually(lambda: all(op.handle in stuck for op in self.dhs.active_operations()))
        assert self.run("echo", "in", "step") == "normal in step"
        for handle in self._started:
            assert len(self._completions.get(handle, ())) == 1, f"completions of {handle}"
        assert set(self._completions) == self._started

    def _read(self) -> None:
        text = self.peer.read_text()
        if not text.startswith("htos_operation_"):
            self.others.append(text)
            return
        keyword, name, handle, *rest = text.split(" ", 3)
        assert name
        texts = {
            "htos_operation_completed": self._completions,
            "htos_operation_update": self._updates,
        }[keyword]
        texts.setdefault(handle, []).append("".join(rest))


@contextmanager
def at_work(dhs: Dhs, framing: Framing = Framing.V2, **changes: object) -> Iterator[Scene]:
    """The DHS with one more operation, `echo`, online; and all well with it at the end."""
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    with RawDcss() as dcss:
        scene = Scene(dhs, dcss, framing)
        try:
            with running(dhs, attrs.evolve(dcss.config(), **changes)):  # type: ignore[arg-type]
                scene.meet()
                yield scene
                scene.check()
        finally:
            scene.close()
