"""Synchronous runtime for DHSs (Distributed Hardware Servers) of DCSS.

from dhs_runtime import Dhs

dhs = Dhs("echoDHS")

@dhs.operation("echo")
def echo(op):
    op.update("working")
    op.complete(*op.args)

dhs.run("localhost:14242")
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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
        ForkedError,
        HandlerError,
        MachineError,
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
    "ForkedError",
    "HandlerError",
    "IonChamber",
    "LinkState",
    "MachineError",
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

_ROOMS: Final = ("app", "clock", "config", "devices", "errors", "link", "operation", "task")
"""Where these names are."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for.

    Importing all of them takes ten times as long as starting Python. `dhs --help` and many tools
    do not need them.
    """
    if name in __all__:
        for room in _ROOMS:
            module = importlib.import_module(f"{__name__}.{room}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
