"""`StringDevice`: a named text that DCSS keeps and this DHS owns."""

from collections.abc import Callable, Iterator

from dcs_codec import (
    HtosSetStringCompleted,
    Message,
    StohConfigureString,
    StohRegisterString,
    StohSetString,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.devices.base import Deed
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.read_hook import ReadableDevice


class StringDevice(ReadableDevice[str]):
    """A string; every `stoh_set_string` leads to one `htos_set_string_completed`.

    Attributes:
        on_set: Decorator: the function gets new contents. If it returns text, that is kept instead.
            If it raises, the old contents stay and DCSS gets a failure status (that of its
            `DeviceError`). Without it, any contents are accepted.
        on_read: Decorator: the function returns the present contents; see `ReadHook`.
    """

    kind = "string"
    registrations = (StohRegisterString,)
    commands = (StohConfigureString, StohSetString)
    reports = (HtosSetStringCompleted,)
    _default = ""

    def __init__(self, name: str, contents: str | None = None) -> None:
        """A string.

        Args:
            name: Its name in DCSS's database.
            contents: Its contents, if known; None uses those of DCSS.

        Raises:
            HandlerError: The contents cannot be sent to DCSS.
        """
        super().__init__(name, contents)
        self.on_set: Hook[Callable[[str], str | None]] = Hook(self, "setting")

    @property
    def contents(self) -> str:
        """Its contents, "" if unknown."""
        return self._last

    def set(self, contents: str | None = None, *, status: str = NORMAL) -> None:
        """Set the contents and tell DCSS; as `report`."""
        self.report(contents, status=status)

    def _remember(self, message: Message) -> None:
        if isinstance(message, HtosSetStringCompleted) and message.string_status == NORMAL:
            self._value = message.string_contents

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, StohRegisterString):
            return Deed(lambda: self.on_read.now_or(self._value), self._registered)
        if isinstance(message, StohSetString):
            contents = message.string_contents
            return Deed(lambda: self._take(contents), inline=self.on_set.inline)
        return None

    def _note(self, message: Message) -> None:
        if isinstance(message, StohConfigureString):
            self._fill_in(message.string_contents)

    def _take(self, contents: str) -> object:
        kept = self.on_set.call(contents)
        return contents if kept is None else kept

    def _telling(self, value: object, status: str = NORMAL) -> HtosSetStringCompleted:
        if not isinstance(value, str):
            raise TypeError(f"contents are text, not {type(value).__name__}")
        return HtosSetStringCompleted(
            string_name=self.name, string_status=status, string_contents=value
        )

    def _failures(self, status: str, _: str) -> Iterator[Message]:
        for contents in (self.contents, ""):  # with the contents that stay, where they fit
            yield self._telling(contents, status)
