"""A DHS connected to a bare socket, and the account of the answers that it owes DCSS."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from dcs_codec import Framing
from dhs_runtime import Dhs
from tests.runtime.peers import RawConnection, RawDcss, eventually, running


class Scene:
    """A running DHS, DCSS's side of its connection, and the operations started and answered."""

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
        """The messages about devices, and to the beamline's log."""

    @property
    def peer(self) -> RawConnection:
        """DCSS's end of the connection."""
        assert self._peer is not None
        return self._peer

    def meet(self, *, unasked: bool = False) -> None:
        """Close the connection and accept the next; with `unasked`, the DHS must close it itself.

        DCSS has then failed the operations of the old connection: no answer to them may come here.
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
        """A new handle, which must get a completion, and the text that starts the operation."""
        handle = f"7.{next(self._numbers)}"
        self._started.add(handle)
        return handle, " ".join(("stoh_start_operation", name, handle, *words))

    def start(self, name: str, *words: str) -> str:
        """Start an operation; its handle."""
        handle, text = self.command(name, *words)
        self.send(text)
        return handle

    def completion(self, handle: str) -> str:
        """Wait for an operation's (first) completion; returns status and text."""
        while handle not in self._completions:
            self._read()
        return self._completions[handle][0]

    def update(self, handle: str) -> str:
        """Wait for an operation's first update; returns its text."""
        while handle not in self._updates:
            self._read()
        return self._updates[handle][0]

    def run(self, name: str, *words: str) -> str:
        """Start an operation and wait for its completion."""
        return self.completion(self.start(name, *words))

    def check(self, *stuck: str) -> None:
        """The DHS is alive and in step, and each operation ended exactly once.

        Handlers that the test keeps `stuck` need not be over; their operations had their
        completions.
        """
        # A handler sends its messages before it ends, so the echo comes after them.
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
    """The DHS with one more operation, `echo`, online; checked at the end."""
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
