"""`StringDevice`: a named text that DCSS keeps and this DHS owns."""

from collections.abc import Callable
from typing import ClassVar

from dcs_codec import (
    HtosSendConfiguration,
    HtosSetStringCompleted,
    Message,
    StohConfigureString,
    StohRegisterString,
    StohSetString,
    StringStatus,
)
from dhs_runtime.devices.base import Device, Hook
from dhs_runtime.task import Send


class StringDevice(Device):
    """A string; every `stoh_set_string` leads to one `htos_set_string_completed`.

    Attributes:
        on_set: Decorator: the function takes new contents; what it returns is kept instead, if
            it returns text. When it raises, the old contents stay and DCSS is told a word of
            failure (of its `DeviceError`). Without it any contents are taken.
    """

    kind = "string"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterString,)

    def __init__(self, name: str, contents: str | None = None) -> None:
        """A string.

        Args:
            name: Its name in DCSS's database.
            contents: Its contents, where this DHS knows them; None takes over what DCSS has.
        """
        super().__init__(name)
        self.on_set: Hook[Callable[[str], str | None]] = Hook(f"setting {name}")
        self._contents = contents

    @property
    def contents(self) -> str:
        """Its contents, "" as long as nobody knows them."""
        return self._contents or ""

    def set(self, contents: str) -> None:
        """Set the contents and tell DCSS; it is told again when it comes back.

        Raises:
            EncodeError: The contents do not fit the wire.
        """
        self._report(self._completed(StringStatus.NORMAL, contents))
        self._contents = contents

    def _obey(self, message: Message, send: Send) -> None:
        if isinstance(message, StohRegisterString):
            if self._contents is None:
                self._answer(send, HtosSendConfiguration(device_name=self.name))
            else:
                self._answer(send, self._completed(StringStatus.NORMAL, self._contents))
        elif isinstance(message, StohConfigureString):
            self._contents = message.string_contents
        elif isinstance(message, StohSetString):
            status = self._attempt(send, lambda: self._take(message.string_contents))
            self._answer(send, self._completed(status, self.contents))

    def _take(self, contents: str) -> None:
        function = self.on_set.function
        kept = None if function is None else function(contents)
        self._contents = contents if kept is None else kept

    def _completed(self, status: str, contents: str) -> Message:
        return HtosSetStringCompleted(
            string_name=self.name, string_status=status, string_contents=contents
        )
