"""Message classes of DCSS's GUI port, a module per kind of device, both directions in each."""

from typing import Final

from dcs_codec.gui_messages import (
    database,
    detector,
    encoder,
    ion_chamber,
    log,
    master,
    motor,
    operation,
    scan,
    session,
    shutter,
    string,
)
from dcs_codec.message import Message

GUI_MESSAGES: Final[tuple[type[Message], ...]] = (
    *session.MESSAGES,
    *master.MESSAGES,
    *log.MESSAGES,
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
"""Every message class of the GUI port."""
