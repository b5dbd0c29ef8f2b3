"""Values in the JSON of a reply: each is what it should be, or the reply is refused.

`where` names the value's place in the reply, `url` the server, for the message.
"""

import math
import reprlib

from dhs_runtime.errors import ServiceReplyError


def member(members: dict[str, object], name: str, where: str, url: str) -> object:
    """The member of that name.

    Raises:
        ServiceReplyError: There is none; the text says where it stood.
    """
    if name not in members:
        raise ServiceReplyError(f"{url}: {where} has no {name!r}")
    return members[name]


def as_dict(value: object, where: str, url: str) -> dict[str, object]:
    """The value, an object.

    Raises:
        ServiceReplyError: It is none; the text says where it stood.
    """
    if not isinstance(value, dict):
        raise ServiceReplyError(f"{url}: {where} is not an object but {short(value)}")
    return value


def as_list(value: object, where: str, url: str) -> list[object]:
    """The value, an array.

    Raises:
        ServiceReplyError: It is none; the text says where it stood.
    """
    if not isinstance(value, list):
        raise ServiceReplyError(f"{url}: {where} is not an array but {short(value)}")
    return value


def as_text(value: object, where: str, url: str) -> str:
    """The value, a text.

    Raises:
        ServiceReplyError: It is none; the text says where it stood.
    """
    if not isinstance(value, str):
        raise ServiceReplyError(f"{url}: {where} is not a text but {short(value)}")
    return value


def as_number(value: object, where: str, url: str) -> float:
    """The value, a finite number.

    Raises:
        ServiceReplyError: It is none; the text says where it stood.
    """
    try:
        # JSON of Python knows NaN and integers of any size; true and false are integers to it.
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise ServiceReplyError(f"{url}: {where} is not a number but {short(value)}")


def short(value: object) -> str:
    """A value of any size and depth, for a message."""
    return reprlib.repr(value)
