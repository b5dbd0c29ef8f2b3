"""Reads values from the JSON of a reply; a value of a wrong type is refused.

For the message, `where` names the place of the value in the reply, and `url` the server.
"""

import math
import reprlib

from dhs_runtime.errors import ServiceReplyError


def member(members: dict[str, object], name: str, where: str, url: str) -> object:
    """The member with that name.

    Raises:
        ServiceReplyError: There is no such member; the text says where.
    """
    if name not in members:
        raise ServiceReplyError(f"{url}: {where} has no {name!r}")
    return members[name]


def as_dict(value: object, where: str, url: str) -> dict[str, object]:
    """The value as an object.

    Raises:
        ServiceReplyError: It is not an object; the text says where.
    """
    if not isinstance(value, dict):
        raise ServiceReplyError(f"{url}: {where} is not an object but {short(value)}")
    return value


def as_list(value: object, where: str, url: str) -> list[object]:
    """The value as an array.

    Raises:
        ServiceReplyError: It is not an array; the text says where.
    """
    if not isinstance(value, list):
        raise ServiceReplyError(f"{url}: {where} is not an array but {short(value)}")
    return value


def as_text(value: object, where: str, url: str) -> str:
    """The value as a text.

    Raises:
        ServiceReplyError: It is not a text; the text says where.
    """
    if not isinstance(value, str):
        raise ServiceReplyError(f"{url}: {where} is not a text but {short(value)}")
    return value


def as_number(value: object, where: str, url: str) -> float:
    """The value as a finite number; some servers write numbers as texts.

    Raises:
        ServiceReplyError: It is not a finite number; the text says where.
    """
    try:
        # Python's JSON accepts NaN and integers of any size; Python's bool is an int.
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number) and "_" not in str(value):
                return number
    except (OverflowError, ValueError):
        pass
    raise ServiceReplyError(f"{url}: {where} is not a number but {short(value)}")


def short(value: object) -> str:
    """A short text of any value, for a message."""
    return reprlib.repr(value)
