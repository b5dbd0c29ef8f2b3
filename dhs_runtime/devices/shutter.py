"""`Shutter`: a shutter or filter, open or closed."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

from dcs_codec import (
    HtosReportShutterState,
    Message,
    ShutterState,
    StohConfigureShutter,
    StohRegisterShutter,
    StohSetShutterState,
)
from dhs_runtime.devices.base import Device, Hook
from dhs_runtime.errors import DeviceError
from dhs_runtime.task import NORMAL, Send


class Shutter(Device):
    """A shutter or filter; every `stoh_set_shutter_state` leads to one report of its state.

    Attributes:
        on_set: Decorator: the function opens or closes it and returns when that is done. When it
            raises, DCSS is told the old state and a word of failure (of its `DeviceError`).
    """

    kind = "shutter"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterShutter,)

    def __init__(self, name: str, *, state: ShutterState | None = None) -> None:
        """A shutter.

        Args:
            name: Its name in DCSS's database.
            state: Its state, where the hardware tells; None takes over what DCSS remembers.
        """
        super().__init__(name)
        self.on_set: Hook[Callable[[ShutterState], None]] = Hook(f"setting {name}")
        self._state = state
        self._driving = threading.RLock()  # held while the author's function moves it

    @property
    def state(self) -> ShutterState:
        """Open or closed, as last set or reported; closed as long as nobody knows."""
        return self._state or ShutterState.CLOSED

    def report(self, state: ShutterState) -> None:
        """Tell DCSS, unasked, that it is open or closed; nothing where there is no link."""
        self._state = state
        self._report(self._state_message())

    def drive(self, state: ShutterState) -> None:
        """Open or close it and tell DCSS; for handlers of this DHS. Raises what `on_set` raises."""
        with self._driving:
            function = self.on_set.function
            if function is not None:
                function(state)
            self._state = state
        self._report(self._state_message())

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Open for as long as the block runs, and closed behind it, whatever happens there."""
        try:
            self.drive(ShutterState.OPEN)
            yield
        finally:
            self.drive(ShutterState.CLOSED)

    def _obey(self, message: Message, send: Send) -> None:
        if isinstance(message, StohRegisterShutter):
            if self._state is None:
                self._state = _known_state(message.shutter_state)
            self._answer(send, self._state_message())
        elif isinstance(message, StohSetShutterState):
            self._set(message.shutter_state, send)
        elif isinstance(message, StohConfigureShutter) and self._state is None:
            self._state = _known_state(message.shutter_state)

    def _set(self, word: str, send: Send) -> None:
        result = self._attempt(send, lambda: self._set_state(word))
        self._answer(send, self._state_message("" if result == NORMAL else result))

    def _set_state(self, word: str) -> None:
        try:
            state = ShutterState(word)
        except ValueError:  # the C side would open at any word but `closed`
            raise DeviceError(f"{self.name}: {word!r} is neither open nor closed") from None
        with self._driving:
            function = self.on_set.function
            if function is not None:
                function(state)
            self._state = state

    def _state_message(self, result: str = "") -> Message:
        return HtosReportShutterState(
            shutter_name=self.name, shutter_state=self.state, result=result
        )


def _known_state(word: str) -> ShutterState:
    """As dcss reads it: every word but `closed` is open."""
    return ShutterState.CLOSED if word == ShutterState.CLOSED else ShutterState.OPEN
