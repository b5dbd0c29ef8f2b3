"""`Sessions`: which DHSs are connected to a simulated DCSS, and sending to them."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from dcs_codec import EncodeError, Message, StohAbortAll
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_lab.simulators.dcss.session import Session
from dhs_lab.simulators.dcss.wording import frame_of
from dhs_runtime.lowlevel import NotConnectedError, get_logger

logger = get_logger(__name__)

T = TypeVar("T")


class Sessions:
    """The connected DHSs by the name of their hardware host.

    Attributes:
        engine: Takes the messages to the scripting engine, which needs no connection; None if
            there is no engine.
    """

    def __init__(self, names: Iterable[str], changes: Changes) -> None:
        self.engine: Callable[[str], None] | None = None
        self._changes = changes
        self._changed = threading.Condition()  # guards what follows
        self._online: dict[str, Session] = {}
        self._registered: set[str] = set()
        self._logins: dict[str, int] = dict.fromkeys(names, 0)

    def log_in(self, name: str, session: Session) -> bool:
        """Enter a connection; False if the name already has one."""
        with self._changed:
            if name in self._online:
                return False
            self._online[name] = session
            self._logins[name] += 1
            self._changed.notify_all()
        self._changes.mark()
        return True

    def log_out(self, name: str, lost: Callable[[], T]) -> T:
        """Remove a connection; returns the result of `lost`, called before a new one can begin."""
        with self._changed:
            del self._online[name]
            self._registered.discard(name)
            self._changed.notify_all()
            found = lost()
        self._changes.mark()
        return found

    def wait_online(self, name: str, timeout_s: float, *, logins: int = 1) -> None:
        """Wait until this DHS is connected and has its devices, for at least the n-th time.

        Raises:
            TimeoutError: It was not connected within `timeout_s` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: name in self._registered and self._logins[name] >= logins, timeout_s
            ):
                what = "get its devices" if name in self._online else "connect"
                raise TimeoutError(f"{name} did not {what} within {timeout_s:g} s")

    def registered(self, name: str) -> None:
        """Enter that this DHS has got all its devices."""
        with self._changed:
            self._registered.add(name)
            self._changed.notify_all()

    def wait_offline(self, name: str, timeout_s: float) -> None:
        """Wait until this DHS is not connected; raises like `wait_online`."""
        with self._changed:
            if not self._changed.wait_for(lambda: name not in self._online, timeout_s):
                raise TimeoutError(f"{name} is still connected after {timeout_s} s")

    def online(self) -> tuple[str, ...]:
        """Names of the connected DHSs."""
        with self._changed:
            return tuple(self._online)

    def is_online(self, name: str) -> bool:
        """Whether this DHS is connected; the scripting engine always is."""
        with self._changed:
            return name == SCRIPTING_ENGINE or name in self._online

    def logins(self) -> dict[str, int]:
        """How often each DHS has connected."""
        with self._changed:
            return dict(self._logins)

    def all(self) -> tuple[Session, ...]:
        """The connections of all DHSs."""
        with self._changed:
            return tuple(self._online.values())

    def session(self, name: str) -> Session:
        """The connection of this DHS.

        Raises:
            NotConnectedError: It is not connected.
        """
        with self._changed:
            if name not in self._online:
                raise NotConnectedError(f"hardware host {name} is not connected")
            return self._online[name]

    def send(self, name: str, message: Message) -> None:
        """Send any message to this DHS; raises like `session`."""
        if name == SCRIPTING_ENGINE and self.engine is not None:
            self.engine(str(frame_of(message)))
            return
        self.session(name).send(message)

    def forward(self, name: str, text: str) -> None:
        """Send a text unchanged to this DHS; raises like `session`."""
        if name == SCRIPTING_ENGINE and self.engine is not None:
            self.engine(text)
            return
        self.session(name).forward(text)

    def try_to_send(self, name: str, message: Message) -> None:
        """Send a message of dcss itself; does nothing if the DHS is not connected."""
        try:
            self.send(name, message)
        except NotConnectedError as error:
            logger.info("%s not sent: %s", message.keyword, error)
        except EncodeError as error:  # a dump or a DHS gave the database a value beyond the codec
            logger.warning("%s not sent to %s: %s", message.keyword, name, error)

    def try_to_forward(self, name: str, text: str) -> None:
        """Like `forward`; does nothing if the DHS is not connected."""
        try:
            self.forward(name, text)
        except NotConnectedError as error:
            logger.info("%.60s not sent: %s", text, error)

    def abort_all(self, how: str, *, but: str | None = None) -> None:
        """Send `stoh_abort_all` to every connected DHS, or to all but one."""
        for name in self.online():
            if name != but:
                self.try_to_send(name, StohAbortAll(abort_arg=how))
