"""Synchronous runtime for DHSs (Distributed Hardware Servers) of DCSS.

from dhs_runtime import Dhs

dhs = Dhs("echoDHS")

@dhs.operation("echo")
def echo(op):
    op.update("working")
    op.complete(*op.args)

dhs.run("localhost:14242")
"""

from dhs_runtime.app import Dhs
from dhs_runtime.clock import Backoff, Deadline
from dhs_runtime.config import DcssConfig
from dhs_runtime.devices import (
    Count,
    Device,
    Encoder,
    IonChamber,
    Motor,
    MotorConfig,
    Move,
    Oscillation,
    PseudoMotor,
    PseudoMotorConfig,
    Shutter,
    StringDevice,
    VectorMove,
)
from dhs_runtime.errors import (
    ConfigError,
    DeviceError,
    DhsError,
    HandlerError,
    NotConnectedError,
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    TaskAbortedError,
    TaskFinishedError,
    TransportError,
)
from dhs_runtime.link import LinkState
from dhs_runtime.operation import Operation
from dhs_runtime.task import Task, TaskState

__all__ = [
    "Backoff",
    "ConfigError",
    "Count",
    "DcssConfig",
    "Deadline",
    "Device",
    "DeviceError",
    "Dhs",
    "DhsError",
    "Encoder",
    "HandlerError",
    "IonChamber",
    "LinkState",
    "Motor",
    "MotorConfig",
    "Move",
    "NotConnectedError",
    "Operation",
    "Oscillation",
    "PseudoMotor",
    "PseudoMotorConfig",
    "ServiceError",
    "ServiceReplyError",
    "ServiceTimeoutError",
    "ServiceUnavailableError",
    "Shutter",
    "StringDevice",
    "Task",
    "TaskAbortedError",
    "TaskFinishedError",
    "TaskState",
    "TransportError",
    "VectorMove",
]
