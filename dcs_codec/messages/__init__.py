"""Message classes, a module per kind of device, both directions in each."""

import functools
from typing import Final

from dcs_codec.message import Message, classes_in
from dcs_codec.messages import (
    database,
    detector,
    encoder,
    ion_chamber,
    motor,
    operation,
    scan,
    session,
    shutter,
    string,
)
from dcs_codec.registry import Registry

DHS_MESSAGES: Final[tuple[type[Message], ...]] = (
    *classes_in(session),
    *classes_in(motor),
    *classes_in(scan),
    *classes_in(shutter),
    *classes_in(string),
    *classes_in(ion_chamber),
    *classes_in(encoder),
    *classes_in(operation),
    *classes_in(detector),
    *classes_in(database),
)
"""Every message class of this package."""


@functools.cache
def default_registry() -> Registry:
    """The registry of `DHS_MESSAGES`; made at the first call."""
    return Registry(DHS_MESSAGES)
