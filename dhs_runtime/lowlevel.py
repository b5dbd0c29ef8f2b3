"""The internals of the runtime that tools, simulators and bridges may use.

A DHS does not need them. Each name is imported at its first use, so that a tool pays only for what
it uses.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dhs_runtime.addresses import HTTP_PORT as HTTP_PORT
    from dhs_runtime.addresses import HostPort as HostPort
    from dhs_runtime.addresses import is_loopback as is_loopback
    from dhs_runtime.addresses import read_url as read_url
    from dhs_runtime.clock import LONGEST_S as LONGEST_S
    from dhs_runtime.clock import Deadline as Deadline
    from dhs_runtime.config import DCSS_PORT as DCSS_PORT
    from dhs_runtime.config import DcssConfig as DcssConfig
    from dhs_runtime.errors import ConfigError as ConfigError
    from dhs_runtime.errors import DhsError as DhsError
    from dhs_runtime.errors import NotConnectedError as NotConnectedError
    from dhs_runtime.errors import StopTimeoutError as StopTimeoutError
    from dhs_runtime.errors import TransportError as TransportError
    from dhs_runtime.errors import machine_error as machine_error
    from dhs_runtime.loggers import get_logger as get_logger
    from dhs_runtime.number_text import counted as counted
    from dhs_runtime.number_text import number_text as number_text
    from dhs_runtime.operation import Argument as Argument
    from dhs_runtime.operation import arguments_of as arguments_of
    from dhs_runtime.process.config_file import ConfigFileError as ConfigFileError
    from dhs_runtime.process.config_file import Mistake as Mistake
    from dhs_runtime.process.config_file import load_yaml as load_yaml
    from dhs_runtime.process.config_file import structure as structure
    from dhs_runtime.process.controls import unescape_controls as unescape_controls
    from dhs_runtime.process.guard import Guard as Guard
    from dhs_runtime.process.hints import shown as shown
    from dhs_runtime.process.log_outputs import StandardError as StandardError
    from dhs_runtime.process.logs import LogQueue as LogQueue
    from dhs_runtime.services.axis import SNAPSHOT_PATH as SNAPSHOT_PATH
    from dhs_runtime.services.axis import AxisClient as AxisClient
    from dhs_runtime.services.directory import Services as Services
    from dhs_runtime.services.host_header import is_this_computer as is_this_computer
    from dhs_runtime.services.http_message import Headers as Headers
    from dhs_runtime.services.http_message import Refusal as Refusal
    from dhs_runtime.services.http_server import HttpHandler as HttpHandler
    from dhs_runtime.services.http_server import serving_http as serving_http
    from dhs_runtime.services.listener import MAX_CONNECTIONS as MAX_CONNECTIONS
    from dhs_runtime.services.listener import TcpListener as TcpListener
    from dhs_runtime.services.listener import bound as bound
    from dhs_runtime.services.listener import reset as reset
    from dhs_runtime.services.mount_sides import MOUNT_SIDES as MOUNT_SIDES
    from dhs_runtime.services.mount_sides import MountFrom as MountFrom
    from dhs_runtime.services.mount_sides import MountSide as MountSide
    from dhs_runtime.signals import stop_signals as stop_signals
    from dhs_runtime.threads import StopToken as StopToken
    from dhs_runtime.threads import ThreadGroup as ThreadGroup
    from dhs_runtime.transport import is_quiet as is_quiet
    from dhs_runtime.transport import shut as shut

_ROOMS: Final = {
    "addresses": ("HTTP_PORT", "HostPort", "is_loopback", "read_url"),
    "clock": ("LONGEST_S", "Deadline"),
    "config": ("DCSS_PORT", "DcssConfig"),
    "errors": (
        "ConfigError",
        "DhsError",
        "NotConnectedError",
        "StopTimeoutError",
        "TransportError",
        "machine_error",
    ),
    "loggers": ("get_logger",),
    "number_text": ("counted", "number_text"),
    "operation": ("Argument", "arguments_of"),
    "process.config_file": ("ConfigFileError", "Mistake", "load_yaml", "structure"),
    "process.controls": ("unescape_controls",),
    "process.guard": ("Guard",),
    "process.hints": ("shown",),
    "process.log_outputs": ("StandardError",),
    "process.logs": ("LogQueue",),
    "services.axis": ("SNAPSHOT_PATH", "AxisClient"),
    "services.directory": ("Services",),
    "services.host_header": ("is_this_computer",),
    "services.http_server": ("HttpHandler", "serving_http"),
    "services.http_message": ("Headers", "Refusal"),
    "services.listener": ("MAX_CONNECTIONS", "TcpListener", "bound", "reset"),
    "services.mount_sides": ("MOUNT_SIDES", "MountFrom", "MountSide"),
    "signals": ("stop_signals",),
    "threads": ("StopToken", "ThreadGroup"),
    "transport": ("is_quiet", "shut"),
}

_ROOM_OF: Final = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = sorted(_ROOM_OF)  # noqa: PLE0605 - a list of text, made above


def __getattr__(name: str) -> Any:
    """A name of this door, from the room that has it."""
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(importlib.import_module(f"dhs_runtime.{room}"), name)
    return found
