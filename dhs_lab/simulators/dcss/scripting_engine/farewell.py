"""The messages of the scripting engine after a DHS has disconnected.

Source: message_handlers.tcl:57-122, confirmed on the wire
"""

import threading
from collections.abc import Iterable, Iterator

from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    IonChamberEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry


def farewell(
    host: str,
    operations: Iterable[tuple[str, str]],
    devices: Iterable[Entry],
    lock: threading.Lock,
) -> Iterator[str]:
    """The texts, in order: operations, then each device as failed, even if it was idle.

    Args:
        host: Name of the hardware host.
        operations: Name and handle of those that a part of dcss itself waits for.
        devices: Its devices in database order.
        lock: Guards them; not held while a text is sent.
    """
    status = f"no_hw_host_{host}"
    yield f"stog_log severe {host} {host} offline"
    for name, handle in operations:
        yield f"stog_operation_completed {name} {handle} {status}"
    ion_chambers: list[str] = []
    for device in devices:
        with lock:
            text = _failed(device, status)
        if isinstance(device, IonChamberEntry):
            ion_chambers.append(device.name)
        elif text:
            yield text
    if ion_chambers:
        yield " ".join(("stog_report_ion_chambers 0", *ion_chambers, status))


def _failed(device: Entry, status: str) -> str:
    """The message about one device, "" for none."""
    if isinstance(device, MotorEntry):
        return f"stog_motor_move_completed {device.name} {device.position:f} {status}"
    if isinstance(device, EncoderEntry):
        return f"stog_get_encoder_completed {device.name} {device.position:f} {status}"
    if isinstance(device, ShutterEntry):
        return f"stog_report_shutter_state {device.name} {device.state} {status}"
    if isinstance(device, StringEntry):
        return f"stog_set_string_completed {device.name} {status} {device.contents}"
    return ""
