"""`Encoder`: a position that is read, and can be set to another value."""

from collections.abc import Callable, Iterable
from functools import partial

from dcs_codec import (
    HtosGetEncoderCompleted,
    HtosSetEncoderCompleted,
    Message,
    StohConfigureEncoder,
    StohGetEncoder,
    StohRegisterEncoder,
    StohSetEncoder,
)
from dhs_runtime.answers import NORMAL, trouble_with
from dhs_runtime.devices.base import Deed, plain_number
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.read_hook import ReadableDevice
from dhs_runtime.errors import DeviceError

Completed = type[HtosGetEncoderCompleted | HtosSetEncoderCompleted]


class Encoder(ReadableDevice[float]):
    """An encoder; each get and each set leads to one completion.

    Attributes:
        on_read: Decorator: the function reads it, in its own units; see `ReadHook`. If it raises,
            DCSS gets the last position and a failure status. Without it, DCSS gets the last
            position.
        on_get: Decorator: the function for `stoh_get_encoder`, if that is another one.
        on_set: Decorator: the function gives the present position this value.
    """

    kind = "encoder"
    registrations = (StohRegisterEncoder,)
    commands = (StohConfigureEncoder, StohGetEncoder, StohSetEncoder)
    reports = (HtosGetEncoderCompleted, HtosSetEncoderCompleted)
    asks = True
    _default = 0.0

    def __init__(self, name: str, *, position: float | None = None) -> None:
        """An encoder.

        Args:
            name: Its name in DCSS's database.
            position: In its own units; None uses the value of DCSS.

        Raises:
            HandlerError: The position cannot be sent to DCSS.
        """
        super().__init__(name, position)
        self.on_get: Hook[Callable[[], float]] = Hook(self, "getting", arguments=0)
        self.on_set: Hook[Callable[[float], None]] = Hook(self, "setting")

    @property
    def position(self) -> float:
        """The last position read or set, in its own units; 0 if unknown."""
        return self._last

    def _remember(self, message: Message) -> None:
        kinds = (HtosGetEncoderCompleted, HtosSetEncoderCompleted)
        if isinstance(message, kinds) and message.status == NORMAL:
            self._value = float(message.position)

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, StohRegisterEncoder):
            if self.on_read.function is None and self._value is not None:
                return None  # unasked, it would be taken for the answer to a get
            return Deed(lambda: self.on_read.now_or(self._value), self._registered, self._unknown)
        if isinstance(message, StohGetEncoder):
            return self._answered(HtosGetEncoderCompleted, self._read, self.on_get.inline)
        if isinstance(message, StohSetEncoder):
            position = message.position
            return self._answered(
                HtosSetEncoderCompleted, lambda: self._set(position), self.on_set.inline
            )
        return None

    def _answered(self, kind: Completed, do: Callable[[], object], inline: bool) -> Deed:
        def failures(status: str, _: str) -> Iterable[Message]:
            return (self._telling(self._last, status, kind),)

        return Deed(do, partial(self._telling, kind=kind), failures, inline, kind)

    def _note(self, message: Message) -> None:
        if not isinstance(message, StohConfigureEncoder):
            return
        if not trouble_with(self._telling(message.position)):
            self._fill_in(message.position)

    def _read(self) -> object:
        return self.read() if self.on_get.function is None else self.on_get.call()

    def _set(self, position: float) -> float:
        if trouble_with(self._telling(position)):
            raise DeviceError(f"{position:g} is not a position")
        self.on_set.call(position)
        return position

    def _telling(
        self, value: object, status: str = NORMAL, kind: Completed = HtosGetEncoderCompleted
    ) -> Message:
        return kind(encoder_name=self.name, position=plain_number(value), status=status)
