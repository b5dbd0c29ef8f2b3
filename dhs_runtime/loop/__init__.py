"""The loop DHS: finds the sample's loop in camera pictures by an inference server.

Needs the extra `runtime`. Operations and formats are those of loop-dhs, which it replaces.
"""

from dhs_runtime.loop.config import LoopConfig, load_loop_config
from dhs_runtime.loop.info import LoopInfo
from dhs_runtime.loop.loop_dhs import LoopDhs

__all__ = ["LoopConfig", "LoopDhs", "LoopInfo", "load_loop_config"]
