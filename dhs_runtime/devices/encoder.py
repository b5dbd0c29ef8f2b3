"""`Encoder`: a position that is read, and may be called by another number."""

from collections.abc import Callable
from typing import ClassVar

from dcs_codec import (
    HtosGetEncoderCompleted,
    HtosSendConfiguration,
    HtosSetEncoderCompleted,
    Message,
    StohConfigureEncoder,
    StohGetEncoder,
    StohRegisterEncoder,
    StohSetEncoder,
)
from dhs_runtime.devices.base import Device, Hook
from dhs_runtime.task import Send


class Encoder(Device):
    """An encoder; each get and each set leads to one completion.

    Attributes:
        on_get: Decorator: the function reads it, in its own units. When it raises, DCSS is told
            the last position and a word of failure. Without it the last position is told.
        on_set: Decorator: the function makes the present position that number.
    """

    kind = "encoder"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterEncoder,)

    def __init__(self, name: str, *, position: float | None = None) -> None:
        """An encoder.

        Args:
            name: Its name in DCSS's database.
            position: In its own units; None takes over what DCSS remembers.
        """
        super().__init__(name)
        self.on_get: Hook[Callable[[], float]] = Hook(f"reading {name}", arguments=0)
        self.on_set: Hook[Callable[[float], None]] = Hook(f"setting {name}")
        self._position = position

    @property
    def position(self) -> float:
        """What it last read or was set to, in its own units; 0 as long as nobody knows."""
        return self._position or 0.0

    def _obey(self, message: Message, send: Send) -> None:
        if isinstance(message, StohRegisterEncoder):
            if self._position is None:
                self._answer(send, HtosSendConfiguration(device_name=self.name))
        elif isinstance(message, StohConfigureEncoder):
            self._position = message.position
        elif isinstance(message, StohGetEncoder):
            status = self._attempt(send, self._read)
            self._answer(
                send,
                HtosGetEncoderCompleted(
                    encoder_name=self.name, position=self.position, status=status
                ),
            )
        elif isinstance(message, StohSetEncoder):
            status = self._attempt(send, lambda: self._set(message.position))
            self._answer(
                send,
                HtosSetEncoderCompleted(
                    encoder_name=self.name, position=self.position, status=status
                ),
            )

    def _read(self) -> None:
        if self.on_get.function is not None:
            self._position = self.on_get.function()

    def _set(self, position: float) -> None:
        if self.on_set.function is not None:
            self.on_set.function(position)
        self._position = position
