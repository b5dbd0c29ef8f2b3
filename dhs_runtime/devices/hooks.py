"""`Hook`: attaches a function to a device."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar, overload

from dhs_runtime.devices.base import Device
from dhs_runtime.errors import HandlerError
from dhs_runtime.signatures import check_handler, check_result, name_of

F = TypeVar("F", bound=Callable[..., object])


class Slot(Generic[F]):
    """A place for one function."""

    def __init__(self, device: Device, what: str, arguments: int) -> None:
        self._device = device
        self._what = what
        self._arguments = arguments
        self.function: F | None = None

    def take(self, function: F) -> F:
        """Take the function.

        Raises:
            HandlerError: There is one already, this one does not take the right arguments, or the
                DHS runs already.
        """
        what = f"{self._what} {self._device.name}"
        self._device._check_not_running(f"the handler of {what}")
        if self.function is not None:
            raise HandlerError(f"{what} has a handler already: {name_of(self.function)}")
        check_handler(function, self._arguments)
        self.function = function
        return function

    def call(self, *arguments: object) -> object:
        """What the function returns; None if there is no function. Raises what it raises."""
        if self.function is None:
            return None
        result = self.function(*arguments)
        check_result(result, self.function)
        return result


class Hook(Slot[F]):
    """A place for one function, filled by a decorator.

    `@device.on_set` runs the function in a worker, `@device.on_set(inline=True)` in the reading
    thread. Then it must return at once: nothing is read meanwhile, not even an abort.
    """

    def __init__(self, device: Device, what: str, arguments: int = 1) -> None:
        super().__init__(device, what, arguments)
        self.inline = False

    @overload
    def __call__(self, function: F) -> F: ...

    @overload
    def __call__(self, *, inline: bool) -> Callable[[F], F]: ...

    def __call__(self, function: F | None = None, *, inline: bool = False) -> F | Callable[[F], F]:
        """Take the function; raises HandlerError as `Slot.take`."""
        if function is None:
            return partial(self.__call__, inline=inline)
        self.take(function)
        self.inline = inline
        return function
