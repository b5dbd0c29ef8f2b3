"""`Operation`: what a handler gets to do one operation."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import attrs

from dcs_codec import (
    HtosOperationCompleted,
    HtosOperationUpdate,
    Message,
    StohStartOperation,
    format_number,
    join_list,
    split_list,
)
from dhs_runtime.answers import NORMAL, SHORT_REASON, one_line
from dhs_runtime.task import Outlet, Task

S = TypeVar("S")

Argument = str | int | float
"""What becomes a word: text as it is (in braces if it holds blanks), numbers without exponent."""


class Operation(Task):
    """One operation DCSS started; its methods may be called from any thread.

    Attributes:
        name: Name of the operation.
        handle: Handle DCSS gave it, `clientNumber.counter` (text).
        args_text: Its arguments to the letter.
    """

    def __init__(self, message: StohStartOperation, outlet: Outlet) -> None:
        super().__init__(outlet)
        self.name = message.operation_name
        self.handle = message.operation_handle
        self.args_text = message.operation_args
        self._args: tuple[str, ...] | None = None
        self._kept: dict[type, object] = {}

    @property
    def label(self) -> str:
        """Name and handle."""
        return f"{self.name} {self.handle}"

    @property
    def _command(self) -> str:
        """Name, handle and arguments, as on the wire."""
        return f"{self.label} {self.args_text}"

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments as words of a Tcl list; if they are not a list, split at blanks."""
        if self._args is None:  # not a cached_property, which takes a lock
            try:
                self._args = tuple(split_list(self.args_text))
            except ValueError:
                self._args = tuple(self.args_text.split())
        return self._args

    def keep(self, value: object) -> None:
        """Keep your own value while the operation is under way, one of each type."""
        self._kept[type(value)] = value

    def kept(self, kind: type[S]) -> S | None:
        """The value of exactly this type that was kept, or None."""
        value = self._kept.get(kind)
        return value if isinstance(value, kind) else None

    def update(self, *words: Argument, text: str | None = None) -> None:
        """Send `htos_operation_update` with these words, or with `text` to the letter.

        While DCSS does not read, the handler waits here. Without a link the update is dropped,
        with a line in the log: DCSS has failed the operation then.

        Raises:
            EncodeError: They do not fit the wire.
            TaskFinishedError: The operation is over.
        """
        self._say(
            HtosOperationUpdate(
                operation_name=self.name,
                operation_handle=self.handle,
                operation_args=arguments_of(words, text),
            )
        )

    def complete(self, *words: Argument, text: str | None = None) -> None:
        """Send `htos_operation_completed` with status `normal`; raises as `update`."""
        self._say(self._completed(NORMAL, arguments_of(words, text)), NORMAL)

    def _status_in(self, message: Message) -> str | None:
        if not isinstance(message, HtosOperationCompleted):
            return None
        mine = (message.operation_name, message.operation_handle) == (self.name, self.handle)
        return message.operation_status if mine else None

    def _success(self) -> Message:
        return self._completed(NORMAL, "")

    def _failures(self, status: str, reason: str) -> Iterator[Message]:
        for text in (reason, one_line(reason, SHORT_REASON), ""):
            yield self._completed(status, text)

    def _completed(self, status: str, text: str) -> Message:
        return HtosOperationCompleted(
            operation_name=self.name,
            operation_handle=self.handle,
            operation_status=status,
            operation_args=text,
        )


OperationHandler = Callable[[Operation], None]


@attrs.define(eq=False)
class DeclaredOperation:
    """An operation as its author declared it.

    Attributes:
        handler: Does it.
        timeout_s: Seconds it may take before it is completed as failed; None for ever.
        max_active: How many may be under way at once; one more is refused. None for any number.
        inline: Whether the handler runs in the reading thread.
        started: How often DCSS asked for it.
    """

    handler: OperationHandler
    timeout_s: float | None = None
    max_active: int | None = None
    inline: bool = False
    started: int = 0


def arguments_of(words: Iterable[Argument], text: str | None = None) -> str:
    """The arguments of an operation: these words as a Tcl list, or `text` to the letter.

    Raises:
        TypeError: Both were given, or a word is neither text nor number.
    """
    if text is not None:
        if tuple(words):
            raise TypeError("give words or text=, not both")
        return text
    return join_list([word if isinstance(word, str) else format_number(word) for word in words])
