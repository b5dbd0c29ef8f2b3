"""`Masters`: who is master ("Active"), and the lock that a master may set.

Source: dcss_gui_client.c:1085-1260, dcss_broadcast.c:676, confirmed on the wire
"""

import time
from collections.abc import Iterable
from typing import Final

from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.gui_client import GuiClient

_KEY: Final = "master_lock_key="
_SLAVE: Final = "stog_become_slave"


class Masters:
    """Makes clients master and slave; the audience's lock guards all of it."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._key = ""  # "" while there is no lock

    def take(self, client: GuiClient, words: Iterable[str]) -> bool:
        """`gtos_become_master`: whether a client takes over; if not, it gets the reason."""
        words = tuple(words)
        key = _key_in(words)
        with self._audience.lock:
            refusal = self._refusal(client, key)
            if refusal:
                for text in refusal:
                    client.tell(text)
                return False
            is_new = not client.is_master or key is not None
            if "request_lock" in words:
                self._key, is_new = f"{int(time.time()):08X}", True
            if is_new:
                self._promote(client)
            shown = f" {_KEY}{self._key}" if "request_lock" in words else ""
            client.tell(f"stog_become_master{shown}")
            if is_new:
                self._audience.tell_clients()
            return True

    def leave(self, client: GuiClient, words: Iterable[str]) -> None:
        """`gtos_become_slave`, perhaps with the key that ends the lock."""
        words = tuple(words)
        key = _key_in(words)
        with self._audience.lock:
            reason = ""
            if "request_unlock" in words and self._key:
                if key is not None and _fits(key, self._key):
                    self.unlock()
                    return
                reason = " not_unlocked need key" if key is None else " not_unlocked invalid_key"
            client.is_master = client.was_master = False
            client.tell(f"{_SLAVE}{reason}")
            self._audience.tell_clients()

    def unlock(self) -> None:
        """End the lock, if there is one, and make all slaves; an abort of everything does it."""
        with self._audience.lock:
            if not self._key:
                return
            self._key = ""
            self._audience.tell("stog_log warning server master lock cleared")
            for client in self._audience.clients():
                client.is_master = client.was_master = False
                client.tell(_SLAVE)
            self._audience.tell_clients()

    def hand_back(self) -> None:
        """Make masters slaves, and the previous masters masters again."""
        with self._audience.lock:
            clients = self._audience.clients()
            for client in clients:
                if client.is_master:
                    client.is_master = False
                    client.tell(_SLAVE)
            before = [client for client in clients if client.was_master]
            for client in before:
                client.is_master, client.was_master = True, False
                client.tell("stog_become_master")
            if not before:
                self._audience.tell("stog_no_master")
            self._audience.tell_clients()

    def _refusal(self, client: GuiClient, key: str | None) -> tuple[str, ...]:
        """The messages to a client that may not be master."""
        if client.location == "REMOTE" and not client.rights.is_roaming:
            privilege = "Insufficient privilege to become 'Active' from remote console."
            return (_SLAVE, f"stog_log error server {privilege}")
        if key is not None and not self._key:
            return (_SLAVE, "stog_log error server expired_key")
        if key is not None and not _fits(key, self._key):
            wrong = "stog_log error server locked with different key"
            return (f"{_SLAVE} invalid_key", wrong)
        if key is None and self._key and not client.is_master:
            return (
                f"{_SLAVE} locked",
                "stog_log error server locked",
                "stog_log warning server Abort can unlock it",
            )
        return ()

    def _promote(self, client: GuiClient) -> None:
        """Make a client and its party masters, and the former masters slaves; tell the client."""
        for each in self._audience.clients():
            if each.party != client.party:
                each.was_master = each.is_master
                if each.is_master:
                    each.is_master = False
                    each.tell(_SLAVE)
                continue
            if each is not client and not each.is_master:
                each.tell("stog_become_master")
            each.is_master, each.was_master = True, False


def _key_in(words: Iterable[str]) -> str | None:
    return next((word.removeprefix(_KEY) for word in words if word.startswith(_KEY)), None)


def _fits(key: str, lock: str) -> bool:
    """Whether a key opens a lock: dcss compares only as many characters as the lock's key has."""
    return key[: len(lock)] == lock
