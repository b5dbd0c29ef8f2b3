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
from dcs_codec.message import Message, classes_in

GUI_MESSAGES: Final[tuple[type[Message], ...]] = (
    *classes_in(session),
    *classes_in(master),
    *classes_in(log),
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
"""Every message class of the GUI port."""
