"""A simulated DCSS: the hardware port, as PROTOCOL facts have it, for tests and demos.

It knows operations and strings so far. Not simulated: whether a DHS calls from the computer the
database names, permissions, the scripting engine and the GUI port (its part is this Python API).
"""

from dhs_runtime.simulators.dcss.devices import Device, HardwareHost, OperationDevice, StringDevice
from dhs_runtime.simulators.dcss.runs import Completion, OperationRun
from dhs_runtime.simulators.dcss.server import SimulatedDcss
from dhs_runtime.simulators.dcss.traffic import Traffic, TrafficLine

__all__ = [
    "Completion",
    "Device",
    "HardwareHost",
    "OperationDevice",
    "OperationRun",
    "SimulatedDcss",
    "StringDevice",
    "Traffic",
    "TrafficLine",
]
