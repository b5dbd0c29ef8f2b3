"""Seeing at once that a function of the author's can be called as it will be."""

import inspect
from collections.abc import Callable

from dhs_runtime.errors import HandlerError


def check_handler(handler: Callable[..., object], arguments: int = 1) -> None:
    """See that a function takes so many arguments, and is none of asyncio's, which none awaits.

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
    except ValueError:  # a built-in that does not tell its arguments
        return


def name_of(handler: Callable[..., object]) -> str:
    """What to call a function in a text."""
    return getattr(handler, "__qualname__", None) or repr(handler)
