"""The loop DHS: finds the sample's loop in camera pictures with an inference server.

Needs the extra `runtime`. It replaces loop-dhs, and has the same operations and formats.
"""

from dhs_runtime.loop.config import LoopConfig, load_loop_config
from dhs_runtime.loop.info import LoopInfo
from dhs_runtime.loop.loop_dhs import LoopDhs

__all__ = ["LoopConfig", "LoopDhs", "LoopInfo", "load_loop_config"]
