"""Message classes, a module per kind of device, both directions in each."""

import functools
from typing import Final

from dcs_codec.message import Message
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
    *session.MESSAGES,
    *motor.MESSAGES,
    *scan.MESSAGES,
    *shutter.MESSAGES,
    *string.MESSAGES,
    *ion_chamber.MESSAGES,
    *encoder.MESSAGES,
    *operation.MESSAGES,
    *detector.MESSAGES,
    *database.MESSAGES,
)
"""Every message class of this package."""


@functools.cache
def default_registry() -> Registry:
    """The registry of `DHS_MESSAGES`; made at the first call."""
    return Registry(DHS_MESSAGES)
