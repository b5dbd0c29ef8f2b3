"""`Encoder`: a position that is read, and may be called by another number."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

from dcs_codec import (
    EncodeError,
    HtosGetEncoderCompleted,
    HtosSendConfiguration,
    HtosSetEncoderCompleted,
    Message,
    StohConfigureEncoder,
    StohGetEncoder,
    StohRegisterEncoder,
    StohSetEncoder,
    default_codec,
)
from dhs_runtime.answers import NORMAL, encoder_failed
from dhs_runtime.devices.base import Deed, Device, Hook
from dhs_runtime.errors import DeviceError

Completed = type[HtosGetEncoderCompleted | HtosSetEncoderCompleted]


class Encoder(Device):
    """An encoder; each get and each set leads to one completion.

    Attributes:
        on_get: Decorator: the function reads it, in its own units. When it raises, DCSS is told
            the last position and a word of failure. Without it the last position is told.
        on_set: Decorator: the function makes the present position that number.
    """

    kind = "encoder"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterEncoder,)
    commands: ClassVar[tuple[type[Message], ...]] = (
        StohConfigureEncoder,
        StohGetEncoder,
        StohSetEncoder,
    )
    reports: ClassVar[tuple[type[Message], ...]] = (
        HtosGetEncoderCompleted,
        HtosSetEncoderCompleted,
    )
    name_fields: ClassVar[tuple[str, ...]] = ("encoder_name",)
    asks = True

    def __init__(self, name: str, *, position: float | None = None) -> None:
        """An encoder.

        Args:
            name: Its name in DCSS's database.
            position: In its own units; None takes over what DCSS remembers.

        Raises:
            HandlerError: The position is no number that DCSS could be told.
        """
        super().__init__(name)
        self.on_get: Hook[Callable[[], float]] = Hook(f"reading {name}", arguments=0)
        self.on_set: Hook[Callable[[float], None]] = Hook(f"setting {name}")
        if position is not None:
            self._check_declared(self._completed(HtosGetEncoderCompleted, position))
        self._position = position

    @property
    def position(self) -> float:
        """What it last read or was set to, in its own units; 0 as long as nobody knows."""
        return self._position or 0.0

    def told(self, message: Message) -> None:
        """As `Device.told`."""
        kinds = (HtosGetEncoderCompleted, HtosSetEncoderCompleted)
        if isinstance(message, kinds) and message.status == NORMAL:
            self._position = float(message.position)

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, StohRegisterEncoder) and self._position is None:
            return Deed(lambda: None, self._question, lambda *_: (self._question(None),))
        if isinstance(message, StohGetEncoder):
            return self._answered(HtosGetEncoderCompleted, self._read, self.on_get.inline)
        if isinstance(message, StohSetEncoder):
            position = message.position
            return self._answered(
                HtosSetEncoderCompleted, lambda: self._set(position), self.on_set.inline
            )
        return None

    def _answered(self, kind: Completed, do: Callable[[], object], inline: bool) -> Deed:
        return Deed(do, partial(self._completed, kind), self._failures(kind), inline, kind)

    def _note(self, message: Message) -> None:
        if isinstance(message, StohConfigureEncoder) and self._is_position(message.position):
            self._position = message.position

    def _is_position(self, position: float) -> bool:
        try:
            default_codec().encode(self._completed(HtosGetEncoderCompleted, position))
        except EncodeError:
            return False
        return True

    def _question(self, _: object) -> Message:
        return HtosSendConfiguration(device_name=self.name)

    def _read(self) -> float:
        return self.position if self.on_get.function is None else self.on_get.function()

    def _set(self, position: float) -> float:
        if not self._is_position(position):
            raise DeviceError(f"{position:g} is no position")
        if self.on_set.function is not None:
            self.on_set.function(position)
        return position

    def _completed(self, kind: Completed, position: object) -> Message:
        if not isinstance(position, (int, float)):
            raise TypeError(f"a position is a number, not {type(position).__name__}")
        return kind(encoder_name=self.name, position=position, status=NORMAL)

    def _failures(self, kind: Completed) -> Callable[[str, str], Iterator[Message]]:
        return lambda status, _: encoder_failed(kind, self.name, self.position, status)
