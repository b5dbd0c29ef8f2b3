"""The kinds of message fields, by name, and how to find them in a message class.

A message class names the kind of each field by one of the annotations below. Most kinds are one
word each; a tail field takes the rest of the text and must be the last field.
"""

from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

import attrs

from dcs_codec.kinds import TailKind, WordKind
from dcs_codec.limits import (
    MAX_DEVICE_LIST,
    MAX_HARDWARE_NAME,
    MAX_NAME,
    MAX_RUN_DEFINITION,
    MAX_STRING_CONTENTS,
    MAX_WORD,
)
from dcs_codec.message import BESIDE_FIELDS, Message
from dcs_codec.tail_kinds import Rest as Rest
from dcs_codec.tail_kinds import Words as Words
from dcs_codec.word_kinds import Destination as Destination
from dcs_codec.word_kinds import Flag as Flag
from dcs_codec.word_kinds import Integer as Integer
from dcs_codec.word_kinds import Number as Number
from dcs_codec.word_kinds import Word as Word

Name = Annotated[str, Word(max_bytes=MAX_NAME)]
"""Name of a device, operation or hardware host."""

OptionalName = Annotated[str, Word(max_bytes=MAX_NAME, optional=True)]
"""The same, for a word that one form of the message does not have."""

HardwareName = Annotated[str, Word(max_bytes=MAX_HARDWARE_NAME)]
"""Name of a device as the DHS knows it."""

OptionalHardwareName = Annotated[str, Word(max_bytes=MAX_HARDWARE_NAME, optional=True)]
"""The same, for a word that one form of the message does not have."""

Handle = Annotated[str, Word(is_unique=True)]
"""Operation handle, `clientNumber.counter`; text, since `1.10` is not `1.1`."""

Status = Annotated[str, Word()]
"""Open vocabulary; `normal` is success."""

OptionalStatus = Annotated[str, Word(optional=True)]
"""The same, for a word that some DHSs leave out."""

Scaled = Annotated[float, Number()]
"""Number in the motor's own units (mm, deg, eV ...)."""

StoredScaled = Annotated[float, Number(stored=True)]
"""The same as dcss has stored it: a `NotFinite` if a DHS once reported one."""

OptionalScaled = Annotated[float | None, Number(optional=True)]
"""The same, for a word that one form of the message does not have."""

Seconds = Annotated[float, Number()]
"""Time in seconds."""

Steps = Annotated[int, Integer()]
"""Integer, in steps or as the message says."""

OptionalSteps = Annotated[int | None, Integer(optional=True)]
"""The same, for a word that one form of the message does not have."""

OnOff = Annotated[bool, Flag()]
"""`1` for on, `0` for off."""

OptionalOnOff = Annotated[bool | None, Flag(optional=True)]
"""The same, for a word that one form of the message does not have."""

MoveDestination = Annotated[float | str, Destination()]
"""Number in the motor's own units, or a word for the DHS (`home`, `#HM1`)."""

Text = Annotated[str, Rest()]
"""Rest of the text, to the letter; the blank before it is left out when it is empty."""

Note = Annotated[str, Rest(max_first_word=MAX_WORD)]
"""The same, for a text whose first word dcss takes for a device's name."""

StringContents = Annotated[str, Rest(max_bytes=MAX_STRING_CONTENTS, always_separated=True)]
"""Contents of a string, to the letter; the blank before them is always written."""

RunDefinition = Annotated[str, Rest(max_bytes=MAX_RUN_DEFINITION)]
"""Definition of a run, unchanged."""

DeviceNames = Annotated[tuple[str, ...], Words()]
"""Names of devices, at least one."""

MotorNames = Annotated[tuple[str, ...], Words(max_bytes=MAX_DEVICE_LIST)]
"""Names of the motors that another depends on, at least one."""

MotorNamesOrNone = Annotated[tuple[str, ...], Words(max_bytes=MAX_DEVICE_LIST, may_be_empty=True)]
"""Names of the motors that make up another."""


def field_kinds(message_class: type[Message]) -> dict[str, WordKind | TailKind]:
    """Name and kind of each field of a message class, in wire order.

    Raises:
        TypeError: A field's annotation names no kind, is after the tail, is not plain
            (decoding calls no converter or validator), or has a name that every message has.
    """
    hints: Mapping[str, Any] = {field.name: field.type for field in attrs.fields(message_class)}
    if any(isinstance(hint, str) for hint in hints.values()):  # from __future__ import annotations
        hints = get_type_hints(message_class, include_extras=True)
    kinds: dict[str, WordKind | TailKind] = {}
    for field in attrs.fields(message_class):
        where = f"{message_class.__name__}.{field.name}"
        if field.name in BESIDE_FIELDS:
            if not field.inherited:
                raise TypeError(f"{where}: every message has this name; choose another")
            continue
        kind = _kind_of(hints[field.name])
        if kind is None:
            raise TypeError(f"{where}: annotation names no kind")
        if any(isinstance(earlier, TailKind) for earlier in kinds.values()):
            raise TypeError(f"{where} comes after the rest")
        if field.converter or field.validator or not field.init or field.alias != field.name:
            raise TypeError(
                f"{where}: a word has no converter, no validator, no alias, and is given at init"
            )
        kinds[field.name] = kind
    return kinds


def _kind_of(hint: Any) -> WordKind | TailKind | None:
    marks = getattr(hint, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, (WordKind, TailKind))), None)
