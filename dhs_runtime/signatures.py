"""Checks at registration: that a name is one, that a handler takes the arguments it will get."""

import inspect
from collections.abc import Callable

from dcs_codec import EncodeError, HtosSendConfiguration, default_codec, join_list
from dhs_runtime.errors import HandlerError


def check_name(name: object, what: str) -> None:
    """Check that a name is one plain word that DCSS's database could have.

    Raises:
        HandlerError: It is not so; the text says what to give.
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
    """Check that a function takes this many arguments and is not async: nothing would await it.

    Raises:
        HandlerError: It is not so.
    """
    if inspect.iscoroutinefunction(handler):
        raise HandlerError(f"{name_of(handler)} is async; handlers are plain functions")
    try:
        inspect.signature(handler).bind(*[None] * arguments)
    except TypeError as error:
        count = ("no argument", "one argument")[arguments]
        raise HandlerError(f"{name_of(handler)} must take {count}: {error}") from None
    except ValueError:  # a built-in without a signature
        return


def name_of(handler: Callable[..., object]) -> str:
    """What to call a function in a text."""
    return getattr(handler, "__qualname__", None) or repr(handler)
