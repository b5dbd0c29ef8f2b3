"""`Message`, the base of every message class, and the classes for texts without one.

A message class is an attrs class whose fields are the words of the message, in wire order. The
annotation of a field names its kind (see `fields`). A class is one wire message, and its docstring
gives format, units and source.
"""

import enum
import operator
from collections.abc import Callable
from types import ModuleType
from typing import ClassVar, Final, TypeVar

import attrs

from dcs_codec.words import clean_text, first_word

__all__ = ["Direction", "MalformedMessage", "Message", "UnknownMessage", "direction_of"]


class Direction(enum.Enum):
    """The direction of a message, from the first letters of its keyword."""

    TO_DHS = "to DHS"
    """`stoc_` and `stoh_`: DCSS to a DHS. `stoc_send_client_type` greets GUIs, too."""
    TO_DCSS = "to DCSS"
    """`htos_`: a DHS to DCSS."""
    TO_GUI = "to GUI"
    """`stog_`: DCSS to the clients of its GUI port."""
    FROM_GUI = "from GUI"
    """`gtos_`: a client of the GUI port to DCSS."""


BESIDE_FIELDS: Final = ("surplus", "binary")
"""The fields of every message in addition to those of its class."""

_DIRECTIONS = {
    "stoc_": Direction.TO_DHS,  # also to a GUI: both ports greet with it
    "stoh_": Direction.TO_DHS,
    "htos_": Direction.TO_DCSS,
    "stog_": Direction.TO_GUI,
    "gtos_": Direction.FROM_GUI,
}


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Message:
    """Base of all messages.

    Its classes inherit `__repr__`, `__eq__` and `__hash__`: generating them for each would take
    half of the import.

    Attributes:
        keyword: First word of the message on the wire; "" in classes that are not a wire message.
        binary: Binary part of the frame (v2 only; dcss keeps it only for `htos_operation_*`).
        surplus: Words after those that the class knows, as the peer wrote them. Readers of the
            other code bases ignore them. Encode writes them again. Only decode makes messages
            with surplus: it is not an argument, and `attrs.evolve` leaves it out.
    """

    keyword: ClassVar[str] = ""
    binary: bytes = b""
    surplus: str = attrs.field(default="", init=False)

    @property
    def received_keyword(self) -> str:
        """The keyword as received; for unknown and malformed messages the first word."""
        return self.keyword

    def __repr__(self) -> str:
        """The class and its fields in wire order; surplus and the binary part's size, if any."""
        names = [field.name for field in attrs.fields(type(self))]
        names = [name for name in names if name not in BESIDE_FIELDS]
        names += ["surplus"] * bool(self.surplus)
        shown = [f"{name}={getattr(self, name)!r}" for name in names]
        if self.binary:
            shown.append(f"binary=<{len(self.binary)} bytes>")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        """Whether both are of one class and every field of one equals that of the other."""
        if type(other) is not type(self):
            return NotImplemented
        values = _VALUES[type(self)]
        return all(mine == its for mine, its in zip(values(self), values(other), strict=True))

    def __hash__(self) -> int:
        return hash((type(self), *_VALUES[type(self)](self)))


@attrs.frozen(kw_only=True, repr=False, eq=False)
class UnknownMessage(Message):
    """A message whose keyword has no class in the registry; an event, not an error.

    DCS code bases have dozens of keywords of their own; dcss ignores those it does not know.
    """

    text: str = attrs.field(converter=clean_text)

    @property
    def received_keyword(self) -> str:
        """First word of the text."""
        return first_word(self.text)


@attrs.frozen(kw_only=True, repr=False, eq=False)
class MalformedMessage(Message):
    """A message that does not have the form of its keyword; its text is kept whole.

    Attributes:
        text: The text as received.
        field: Name of the wrong field, "" if the message as a whole is wrong.
        reason: What is wrong, in one line.
    """

    text: str = attrs.field(converter=clean_text)
    field: str
    reason: str

    @property
    def received_keyword(self) -> str:
        """First word of the text, "" if there is none."""
        return first_word(self.text)


@attrs.frozen(kw_only=True, repr=False)
class LoginTicket(Message):
    """A session, encrypted: follows the login of a GUI whose session is `CYPHER` or `DCS_CYPHER`.

    It has no keyword on the wire.

    Attributes:
        base64: The ticket in base64, without line ends.
    """

    base64: str = attrs.field(repr=False)

    def __repr__(self) -> str:
        """Its size only: anybody who has the ticket can log in."""
        return f"LoginTicket(base64=<{len(self.base64)} characters>)"


def classes_in(module: ModuleType) -> tuple[type[Message], ...]:
    """The message classes that a module defines, in its order."""
    return tuple(
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Message)
        and thing.__module__ == module.__name__
    )


def direction_of(keyword: str) -> Direction | None:
    """Direction of a keyword, or None if its first letters do not tell it."""
    return _DIRECTIONS.get(keyword[:5])


class _Values(dict[type[Message], Callable[[Message], tuple[object, ...]]]):
    """For each class, a function that gives the values of all fields."""

    def __missing__(self, message_class: type[Message]) -> Callable[[Message], tuple[object, ...]]:
        names = [field.name for field in attrs.fields(message_class)]
        self[message_class] = operator.attrgetter(*names)  # more than one, so it gives tuples
        return self[message_class]


_VALUES: Final = _Values()

M = TypeVar("M", bound=Message)


def keep_surplus(message: M, surplus: str) -> M:
    """Set the surplus words of a message that was just decoded, and return it."""
    object.__setattr__(message, "surplus", surplus)
    return message
