"""`Registry`: which keyword belongs to which message class."""

from collections.abc import Iterable, Iterator

from dcs_codec.errors import RegistryError
from dcs_codec.message import Message, direction_of
from dcs_codec.plan import Plan

__all__ = ["Registry"]


class Registry:
    """An immutable table from keyword to message class.

    A site with its own messages makes another: `default_registry().extended(MyMessage)`.
    """

    def __init__(self, message_classes: Iterable[type[Message]]) -> None:
        """A registry of these classes.

        Raises:
            RegistryError: Two classes claim one keyword, a keyword does not begin with `stoc_`,
                `stoh_`, `htos_`, `gtos_` or `stog_`, or a class cannot be read and written.
        """
        plans: dict[str, Plan[Message]] = {}
        for message_class in message_classes:
            _check_class(message_class)
            keyword = message_class.keyword
            if direction_of(keyword) is None:
                raise RegistryError(f"{message_class.__name__}: no direction in {keyword!r}")
            if keyword in plans:
                other = plans[keyword].message_class
                raise RegistryError(_claimed_twice(keyword, other, message_class))
            try:
                plans[keyword] = Plan(message_class)
            except TypeError as error:
                raise RegistryError(str(error)) from error
        self._plans = plans

    def extended(self, *message_classes: type[Message]) -> "Registry":
        """A registry of these classes and all of this one's."""
        return Registry([*self, *message_classes])

    def get(self, keyword: str) -> type[Message] | None:
        """The class of a keyword, or None."""
        plan = self._plans.get(keyword)
        return None if plan is None else plan.message_class

    def plans(self) -> tuple[Plan[Message], ...]:
        """The wire plan of every class."""
        return tuple(self._plans.values())

    def __contains__(self, keyword: object) -> bool:
        return keyword in self._plans

    def __iter__(self) -> Iterator[type[Message]]:
        return (plan.message_class for plan in self._plans.values())

    def __len__(self) -> int:
        return len(self._plans)


def _check_class(message_class: object) -> None:
    if not isinstance(message_class, type) or not issubclass(message_class, Message):
        raise RegistryError(f"{message_class!r} is not a message class; derive one from Message")


def _claimed_twice(keyword: str, first: type[Message], second: type[Message]) -> str:
    if first is second:
        return f"{first.__name__} is there already; leave it out"
    return (
        f"{keyword} is claimed by {first.__name__} and {second.__name__}; "
        "leave one of them out: Registry([...]) takes the classes you choose"
    )
