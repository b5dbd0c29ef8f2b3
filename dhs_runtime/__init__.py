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
from dhs_runtime.errors import (
    ConfigError,
    DhsError,
    HandlerError,
    NotConnectedError,
    OperationAbortedError,
    OperationFinishedError,
    ServiceError,
    ServiceReplyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    TransportError,
)
from dhs_runtime.link import LinkState
from dhs_runtime.operation import Operation, OperationState

__all__ = [
    "Backoff",
    "ConfigError",
    "DcssConfig",
    "Deadline",
    "Dhs",
    "DhsError",
    "HandlerError",
    "LinkState",
    "NotConnectedError",
    "Operation",
    "OperationAbortedError",
    "OperationFinishedError",
    "OperationState",
    "ServiceError",
    "ServiceReplyError",
    "ServiceTimeoutError",
    "ServiceUnavailableError",
    "TransportError",
]
