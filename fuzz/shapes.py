"""Message classes with combinations of fields that the package does not have, and field values.

A site may add classes like these, and may put any values into them.
"""

import math
import struct
from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar, Final

import attrs

from dcs_codec import (
    Codec,
    IonChamberFailure,
    IonChamberReading,
    Message,
    default_registry,
)
from dcs_codec.fields import (
    Destination,
    Flag,
    Handle,
    Integer,
    MotorNamesOrNone,
    MoveDestination,
    Name,
    Number,
    OptionalName,
    OptionalOnOff,
    OptionalScaled,
    OptionalSteps,
    Rest,
    StringContents,
    Word,
    Words,
)
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.messages.ion_chamber import IonChamberResult
from dcs_codec.plan import Plan
from dcs_codec.words import to_text


@attrs.frozen(kw_only=True, repr=False)
class StohOptionalFirst(Message):
    """A word that may be missing, before one that may not."""

    keyword: ClassVar[str] = "stoh_optional_first"
    host: OptionalName = ""
    name: Name


@attrs.frozen(kw_only=True, repr=False)
class StohOptionalLast(Message):
    """Words of every kind that may be missing, after others."""

    keyword: ClassVar[str] = "stoh_optional_last"
    handle: Handle
    position: OptionalScaled = None
    steps: OptionalSteps = None
    is_on: OptionalOnOff = None


@attrs.frozen(kw_only=True, repr=False)
class StohOptionalMiddle(Message):
    """Words that may be missing, and a rest that is always separated."""

    keyword: ClassVar[str] = "stoh_optional_middle"
    name: Annotated[str, Word(max_bytes=3)]
    second: Annotated[str, Word(optional=True)] = ""
    third: Annotated[str, Word(optional=True)] = ""
    contents: StringContents


@attrs.frozen(kw_only=True, repr=False)
class StohOptionalList(Message):
    """A word that may be missing, and a list that may be empty."""

    keyword: ClassVar[str] = "stoh_optional_list"
    name: Name
    host: OptionalName = ""
    motors: MotorNamesOrNone = ()


@attrs.frozen(kw_only=True, repr=False)
class StohNumbersAndRest(Message):
    """Numbers beyond the range that Python writes without an exponent, and a narrow rest."""

    keyword: ClassVar[str] = "stoh_numbers_and_rest"
    huge: Annotated[float, Number(limit=1e30)]
    where: MoveDestination
    note: Annotated[str, Rest(max_bytes=90, max_first_word=10)] = ""


@attrs.frozen(kw_only=True, repr=False)
class StohNumbers(Message):
    """Numbers of any size, and nothing after them."""

    keyword: ClassVar[str] = "stoh_numbers"
    huge: Annotated[float, Number(limit=1e30)]
    any_size: Annotated[float, Number(limit=math.inf)]


@attrs.frozen
class Hexadecimal(WordKind):
    """A site's own kind of word; -1 if it is missing."""

    optional: bool = True
    missing: int = -1

    def read(self, word: str) -> int:
        """The number."""
        return int(word, 16)

    def write(self, value: object) -> str:
        """Its digits."""
        if not isinstance(value, int) or value < 0:
            raise ValueError("is no such number")
        return f"{value:x}"


@attrs.frozen
class Reversed(WordKind):
    """Another one."""

    optional: bool = False
    missing: None = None

    def read(self, word: str) -> str:
        """The word from its end."""
        return word[::-1]

    def write(self, value: object) -> str:
        """The word from its end."""
        return Word().write(value)[::-1]


@attrs.frozen(kw_only=True, repr=False)
class StohOwnKinds(Message):
    """Kinds of words that only a site has."""

    keyword: ClassVar[str] = "stoh_own_kinds"
    code: Annotated[int, Hexadecimal()] = -1
    name: Annotated[str, Reversed()]


class Styled(str):
    """A text with another `str()`, as members of a `str` enum may have."""

    __slots__ = ()

    def __str__(self) -> str:
        """Not the text."""
        return "styled"

    def __format__(self, spec: str) -> str:
        """Not the text."""
        return "styled"


OWN: Final = (
    StohOptionalFirst,
    StohOptionalLast,
    StohOptionalMiddle,
    StohOptionalList,
    StohNumbersAndRest,
    StohNumbers,
    StohOwnKinds,
)
"""Combinations of fields that a site may use, but the package does not."""

CODEC: Final = Codec(default_registry().extended(*OWN))
PLANS: Final = CODEC.registry.plans()


def built(plan: Plan[Message], pieces: Sequence[bytes]) -> Message:
    """A message of the class with one field from each piece: any values of the right types."""
    values = {
        name: _value(kind, pieces[index] if index < len(pieces) else b"")
        for index, (name, kind) in enumerate(plan.fields.items())
    }
    return plan.message_class(**values)  # type: ignore[arg-type]


def _value(kind: WordKind | TailKind, piece: bytes) -> object:
    if isinstance(kind, WordKind) and kind.optional and not piece:
        return kind.missing
    return _VALUES.get(type(kind), _any_text)(piece)


def _any_text(piece: bytes) -> str:
    """Any text, even one that no bytes decode to: lone surrogates may come in pairs."""
    if piece.endswith(b"~"):
        return Styled(to_text(piece))
    try:
        return piece.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return to_text(piece)


def _number(piece: bytes) -> float:
    try:
        return float(piece)
    except ValueError:
        (number,) = struct.unpack("<d", piece[:8].ljust(8, b"\0"))
        return float(number)


def _destination(piece: bytes) -> float | str:
    return _number(piece) if len(piece) == struct.calcsize("<d") else _any_text(piece)


def _result(piece: bytes) -> tuple[IonChamberReading, ...] | IonChamberFailure:
    *some, last = piece.split(b",")
    if piece[:1] < b"b":
        return IonChamberFailure(names=tuple(map(_any_text, some)), reason=_any_text(last))
    return tuple(IonChamberReading(name=_any_text(name), counts=_number(last)) for name in some)


_VALUES: Final[dict[type, Callable[[bytes], object]]] = {
    Destination: _destination,
    Hexadecimal: lambda piece: int.from_bytes(piece[:3], "little"),
    Flag: lambda piece: len(piece) % 2 == 1,
    Integer: lambda piece: int.from_bytes(piece[:5], "little", signed=True),
    IonChamberResult: _result,
    Number: _number,
    Words: lambda piece: tuple(map(_any_text, piece.split(b","))),
}
"""How a value is made from bytes, if it is not their text."""
