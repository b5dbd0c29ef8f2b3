"""Checks at registration: of names, of times, and that a handler takes the arguments it gets."""

import inspect
from collections.abc import Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Final

from dcs_codec import EncodeError, HtosSendConfiguration, default_codec, join_list
from dhs_runtime.clock import LONGEST_S
from dhs_runtime.errors import HandlerError

_LAZY: Final = (
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)


def check_name(name: object, what: str) -> None:
    """Check that a name is one plain word that DCSS's database could have.

    Raises:
        HandlerError: It is not; the text says what to give.
    """
    reason = "is not a plain word"
    try:
        if isinstance(name, str) and join_list([name]) == name:
            default_codec().encode(HtosSendConfiguration(device_name=name))
            return
    except EncodeError as error:
        reason = error.reason
    raise HandlerError(
        f"{name!r} cannot be the name of {what}: it {reason}; "
        "give the one word that DCSS's database has"
    )


def check_handler(handler: Callable[..., object], arguments: int = 1) -> None:
    """Check that a function takes this many arguments, and that a call of it does the work.

    Raises:
        HandlerError: It is not so; it may be async, which nothing awaits, or have a `yield`.
    """
    for each in (handler, getattr(handler, "__call__", None)):  # noqa: B004 - that of an object
        if any(is_lazy(each) for is_lazy in _LAZY):
            raise HandlerError(
                f"{name_of(handler)} is async or yields; handlers are plain functions"
            )
    try:
        inspect.signature(handler).bind(*[None] * arguments)
    except TypeError as error:
        count = ("no argument", "one argument")[arguments]
        raise HandlerError(f"{name_of(handler)} must take {count}: {error}") from None
    except ValueError:  # a built-in without a signature
        return


def check_result(result: object, handler: Callable[..., object]) -> None:
    """Refuse a coroutine or generator from a handler: its work is not done, and nothing does it.

    Raises:
        HandlerError: The result is one.
    """
    if isinstance(result, (CoroutineType, GeneratorType, AsyncGeneratorType)):
        if isinstance(result, CoroutineType):
            result.close()  # or Python warns that nothing awaited it
        kind = type(result).__name__
        raise HandlerError(f"{name_of(handler)} returned a {kind}, so nothing was done")


def check_seconds(seconds: object, what: str) -> None:
    """Check that a time is a number above 0 and at most a day; raises HandlerError."""
    if isinstance(seconds, bool) or not (
        isinstance(seconds, (int, float)) and 0 < seconds <= LONGEST_S
    ):
        raise HandlerError(f"{what} is a number of seconds above 0, at most a day; got {seconds!r}")


def name_of(handler: Callable[..., object]) -> str:
    """What to call a function in a text."""
    return getattr(handler, "__qualname__", None) or repr(handler)
