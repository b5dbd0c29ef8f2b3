"""The process in which a DHS runs (extra `runtime`).

Configuration files, logs without secrets, rehearsals, the guard of production hosts, systemd, the
status port. The core does not need this package. Each name is imported at its first use, because
`dhs decode` needs one module of this package and no DHS.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dhs_runtime.process.launch import Launch
    from dhs_runtime.process.service import served
    from dhs_runtime.process.settings import LogConfig, ProcessConfig, RunConfig, TraceConfig

__all__ = ["Launch", "LogConfig", "ProcessConfig", "RunConfig", "TraceConfig", "served"]

_ROOM_OF: Final = {"Launch": "launch", "served": "service"}


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` from its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = _ROOM_OF.get(name, "settings")
    globals()[name] = found = getattr(importlib.import_module(f"{__name__}.{room}"), name)
    return found
