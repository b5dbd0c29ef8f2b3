"""A hardware host whose devices nobody may use."""

from dhs_lab.simulators.dcss import (
    EncoderEntry,
    HardwareHost,
    OperationEntry,
    RealMotorEntry,
    ShutterEntry,
    StringEntry,
)

NOBODY = "0 0 0 0 0"


def closed_host() -> HardwareHost:
    """The host `closed`, with a device of each kind that has commands of its own."""
    return HardwareHost(
        "closed",
        (
            RealMotorEntry("m", staff_permits=NOBODY),
            ShutterEntry("s", staff_permits=NOBODY),
            StringEntry("t", "", staff_permits=NOBODY),
            EncoderEntry("e", staff_permits=NOBODY),
            OperationEntry("o", staff_permits=NOBODY),
        ),
    )
