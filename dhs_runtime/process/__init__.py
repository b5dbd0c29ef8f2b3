"""What makes a DHS a well-behaved process (extra `runtime`).

Configuration files, logs without secrets, rehearsals, the guard of production hosts, systemd, the
status port. The core knows nothing of it.
"""

from dhs_runtime.process.launch import Launch
from dhs_runtime.process.service import served
from dhs_runtime.process.settings import LogConfig, ProcessConfig, RunConfig, TraceConfig

__all__ = ["Launch", "LogConfig", "ProcessConfig", "RunConfig", "TraceConfig", "served"]
