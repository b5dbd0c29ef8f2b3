"""Describes each message class as values, for tables, help texts and generators.

    >>> from dcs_codec.catalogue import describe
    >>> from dcs_codec.messages.motor import StohAbortMotorMove
    >>> description = describe(StohAbortMotorMove)
    >>> description.wire
    'stoh_abort_motor_move motor_name [abort_arg]'
    >>> [(field.name, field.type, field.limit) for field in description.fields]
    [('motor_name', 'word', '39 bytes'), ('abort_arg', 'word', '79 bytes')]

Names, types and limits come from the wire plan, all else from the docstring: a summary, notes, and
the parts `Wire:`, `Units:` and `Source:`. A part that a docstring lacks is "".
"""

import re
from collections.abc import Iterable
from typing import Final

import attrs

from dcs_codec.fields import field_kinds
from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.message import Direction, Message, direction_of
from dcs_codec.messages import default_registry
from dcs_codec.registry import Registry

_PART: Final = re.compile(r"(Wire|Units|Source):(?:\s+(.*))?")


@attrs.frozen
class FieldDescription:
    """One field of a message.

    Attributes:
        name: Its name.
        type: What it is on the wire: `word`, `number`, `integer`, `0 or 1`,
            `number or word`, `rest of text`, `names`; for another kind, that kind's name in words.
        limit: The most that encode writes, "" if only the frame sets a limit.
        is_optional: Whether the word may be missing (all optional words together, or none).
        units: Units or meaning, "" if the docstring gives none.
    """

    name: str
    type: str
    limit: str
    is_optional: bool
    units: str


@attrs.frozen(kw_only=True)
class MessageDescription:
    """One message class.

    Attributes:
        keyword: First word on the wire.
        direction: Direction of the message.
        class_name: Name of the class.
        kind: Kind of device it belongs to: the name of the class's module (`motor`, `scan` ...).
        summary: Its purpose, in one line.
        notes: Further facts; a blank line between paragraphs.
        wire: The format, in one line: keyword and fields, optional ones in brackets.
        fields: The fields, in wire order.
        units: The whole part `Units:` in one line; each field also has its own part of it.
        source: Where the format was read, or how it was confirmed.
    """

    keyword: str
    direction: Direction
    class_name: str
    kind: str
    summary: str
    notes: str
    wire: str
    fields: tuple[FieldDescription, ...]
    units: str
    source: str


def catalogue(registry: Registry | None = None) -> tuple[MessageDescription, ...]:
    """All messages of a registry in its order, by default those of this package."""
    return tuple(map(describe, default_registry() if registry is None else registry))


def describe(message_class: type[Message]) -> MessageDescription:
    """The description of a message class.

    Raises:
        TypeError: The keyword gives no direction, or a field has no kind; no registry would accept
            the class.
    """
    direction = direction_of(message_class.keyword)
    if direction is None:
        raise TypeError(f"{message_class.__name__}: no direction in {message_class.keyword!r}")
    prose, parts = _read(message_class.__doc__ or "")
    kinds = field_kinds(message_class)
    units = _units_by_field(parts["Units"], kinds)
    return MessageDescription(
        keyword=message_class.keyword,
        direction=direction,
        class_name=message_class.__name__,
        kind=message_class.__module__.rpartition(".")[2],
        summary=prose[0] if prose else "",
        notes="\n\n".join(prose[1:]),
        wire=parts["Wire"],
        fields=tuple(_field(name, kind, units.get(name, "")) for name, kind in kinds.items()),
        units=parts["Units"],
        source=parts["Source"],
    )


def _read(doc: str) -> tuple[list[str], dict[str, str]]:
    """The paragraphs of a docstring before its parts, and the parts; each in one line."""
    prose = [""]
    parts = dict.fromkeys(("Wire", "Units", "Source"), "")
    part: str | None = None
    for line in map(str.strip, doc.splitlines()):
        if match := _PART.fullmatch(line):
            part = match[1]
            parts[part] = match[2] or ""
        elif part is not None:
            parts[part] = f"{parts[part]} {line}".strip()
        elif line:
            prose[-1] = f"{prose[-1]} {line}".strip()
        else:
            prose.append("")
    return list(filter(None, prose)), parts


def _units_by_field(text: str, names: Iterable[str]) -> dict[str, str]:
    """What `name1, name2: text; name3: text` says of each; a text may also have a `;` in it."""
    fields = set(names)
    units: dict[str, str] = {}
    named: list[str] = []
    for piece in text.split("; "):
        head, colon, says = piece.partition(": ")
        if colon and fields.issuperset(head.split(", ")):
            named = head.split(", ")
            units.update(dict.fromkeys(named, says))
        else:
            units.update({name: f"{units[name]}; {piece}" for name in named})
    return units


def _field(name: str, kind: WordKind | TailKind, units: str) -> FieldDescription:
    type_, limit = kind.described()
    is_optional = isinstance(kind, WordKind) and kind.optional
    return FieldDescription(name, type_, limit, is_optional, units)
