"""`Audience`: all clients of the GUI port together, and the messages to them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from dcs_codec import EncodeError
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.gui_port.gui_client import LIST_MAX, ConnectedGui, GuiSession, framed
from dhs_lab.simulators.dcss.texts import told_to_all
from dhs_runtime.lowlevel import get_logger

logger = get_logger(__name__)

SELF_ID: Final = 1
"""Number of the scripting engine, which is the first client of every dcss."""

_SELF_ROW: Final = f"stog_update_client {SELF_ID} self {{DCSS}} {{}} {{}} 1 1 blctlxx blctlxx:0 0 0"


class Audience:
    """The clients, and the scripting engine, which gets all messages to them.

    Attributes:
        lock: Guards the clients, their changing values, and the order of messages to them. Held
            while a device is sent to a client, so that no older value comes after a newer one.
        foresee: Called with each text to all clients before a client gets it.
        hear: The same, when it is on its way to the clients.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.lock = threading.RLock()
        self.foresee: Callable[[str], None] = lambda _: None
        self.hear: Callable[[str], None] = lambda _: None
        self._clients: dict[int, ConnectedGui] = {}
        self._overheard = threading.local()

    def join(self, client: ConnectedGui) -> None:
        """Add a client; it gets everything from now on."""
        with self.lock:
            self._clients[client.client_id] = client
        self._changes.mark()

    def leave(self, client: ConnectedGui) -> bool:
        """Remove a client; returns whether it was still there."""
        with self.lock:
            found = self._clients.pop(client.client_id, None)
        self._changes.mark()
        return found is not None

    def clients(self) -> tuple[ConnectedGui, ...]:
        """The clients, by their numbers."""
        with self.lock:
            return tuple(self._clients.values())

    def sessions(self) -> tuple[GuiSession, ...]:
        """The clients as values."""
        with self.lock:
            return tuple(client.session() for client in self._clients.values())

    def tell(self, text: str) -> None:
        """Send a text to all clients, and to the scripting engine."""
        text = told_to_all(text)
        getattr(self._overheard, "texts", []).append(text)
        self.foresee(text)
        try:
            self._send(framed(text))
        except EncodeError as error:
            logger.warning("GUIs do not get %.80r: %s", text, error)
        self.hear(text)

    @contextmanager
    def overheard(self) -> Iterator[list[str]]:
        """The texts that this thread sends to all clients inside `with`."""
        before: list[str] = getattr(self._overheard, "texts", [])
        self._overheard.texts = texts = list[str]()
        try:
            yield texts
        finally:
            self._overheard.texts = before

    def tell_clients(self) -> None:
        """Send the list of clients to all clients.

        Source: dcss_broadcast.c:508-560, confirmed on the wire
        """
        with self.lock:
            listed = list(self._clients.values())[: LIST_MAX - 1]
            rows = [f"stog_update_client {each.client_id} {each.row()}" for each in listed]
            count = f"stog_update_client_list {len(listed) + 1}"
            self._send(b"".join(map(framed, (count, _SELF_ROW, *rows))))
        self._changes.mark()

    def _send(self, data: bytes) -> None:
        with self.lock:
            gone = [client for client in self._clients.values() if not client.outbox.put(data)]
            for client in gone:  # its own thread says why
                del self._clients[client.client_id]
        if gone:
            self._changes.mark()
