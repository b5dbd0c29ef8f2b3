"""`Shutter`: a shutter or filter, open or closed."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from dcs_codec import (
    HtosReportShutterState,
    Message,
    ShutterState,
    StateError,
    StohConfigureShutter,
    StohRegisterShutter,
    StohSetShutterState,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.devices.base import Deed
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.read_hook import ReadableDevice
from dhs_runtime.errors import DeviceError


class Shutter(ReadableDevice[ShutterState]):
    """A shutter or filter; every `stoh_set_shutter_state` leads to one report of its state.

    Attributes:
        on_set: Decorator: the function opens or closes it and returns when that is done. If it
            raises, DCSS gets the old state and a failure status (that of its `DeviceError`).
        on_read: Decorator: the function reads whether it is open or closed; see `ReadHook`.
    """

    kind = "shutter"
    registrations = (StohRegisterShutter,)
    commands = (StohConfigureShutter, StohSetShutterState)
    reports = (HtosReportShutterState,)
    _default = ShutterState.CLOSED

    def __init__(self, name: str, *, state: ShutterState | None = None) -> None:
        """A shutter.

        Args:
            name: Its name in DCSS's database.
            state: Its state, if known; None uses the state that DCSS remembers.

        Raises:
            HandlerError: The state is neither open nor closed.
        """
        super().__init__(name, state)
        self.on_set: Hook[Callable[[ShutterState], None]] = Hook(self, "setting")
        self._driving = threading.RLock()  # held while the author's function moves it

    @property
    def state(self) -> ShutterState:
        """Open or closed, as last set or reported; closed if unknown."""
        return self._last

    def drive(self, state: ShutterState) -> None:
        """Open or close it and tell DCSS; for handlers of this DHS. Raises what `on_set` raises."""
        self._move(state)
        self.report(state)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Open it while the block runs, and always close it afterwards."""
        try:
            self.drive(ShutterState.OPEN)
            yield
        finally:
            self.drive(ShutterState.CLOSED)

    def _check_by_hand(self, message: Message) -> None:
        """As `Device._check_by_hand`; dcss would read any word except `closed` as open."""
        if isinstance(message, HtosReportShutterState):
            word = message.shutter_state
            if word not in (ShutterState.OPEN, ShutterState.CLOSED):
                raise StateError(f"shutter {self.name}: {word!r} is neither open nor closed")

    def _remember(self, message: Message) -> None:
        if isinstance(message, HtosReportShutterState) and message.result in ("", NORMAL):
            self._value = _known_state(message.shutter_state)

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, StohRegisterShutter):
            word = message.shutter_state
            return Deed(lambda: self._look(word))
        if isinstance(message, StohSetShutterState):
            word = message.shutter_state
            return Deed(lambda: self._set(word), inline=self.on_set.inline)
        return None

    def _note(self, message: Message) -> None:
        if isinstance(message, StohConfigureShutter):
            self._fill_in(_known_state(message.shutter_state))

    def _look(self, word: str) -> ShutterState:
        """Its state, or the state that DCSS remembers if unknown."""
        return self.on_read.now_or(self._value or _known_state(word))

    def _set(self, word: str) -> ShutterState:
        try:
            state = ShutterState(word)
        except ValueError:  # the C side would open after any word except `closed`
            raise DeviceError(f"{self.name}: {word!r} is neither open nor closed") from None
        self._move(state)
        return state

    def _move(self, state: ShutterState) -> None:
        with self._driving:
            self.on_set.call(state)

    def _telling(self, value: object, status: str = NORMAL) -> HtosReportShutterState:
        word, result = ShutterState(str(value)), "" if status == NORMAL else status
        return HtosReportShutterState(shutter_name=self.name, shutter_state=word, result=result)


def _known_state(word: str) -> ShutterState:
    """Any word except `open` means closed, so an unopened shutter is never reported as open."""
    return ShutterState.OPEN if word == ShutterState.OPEN else ShutterState.CLOSED
