"""For tests of DHSs: simulated peers as fixtures, a runner, and assertions on the traffic.

The fixtures are in the pytest plugin that comes with this distribution: `simulated_dcss`,
`simulated_dcss_factory`, `dcss_client`, `dhs_runner`, `simulated_axis`, `simulated_automl`. This
package has the classes that they return, and the patterns for the traffic.
"""

from dhs_lab.testing.patterns import (
    ANY,
    Hole,
    Near,
    Pattern,
    PatternError,
    PatternLike,
    expected,
    hole,
    near,
)
from dhs_lab.testing.runner import DhsProcess, DhsRunner, RunningDhs
from dhs_lab.testing.watched import (
    DcssMaker,
    TrafficError,
    VerdictError,
    WatchedDcss,
    WatchedTraffic,
)

__all__ = [
    "ANY",
    "DcssMaker",
    "DhsProcess",
    "DhsRunner",
    "Hole",
    "Near",
    "Pattern",
    "PatternError",
    "PatternLike",
    "RunningDhs",
    "TrafficError",
    "VerdictError",
    "WatchedDcss",
    "WatchedTraffic",
    "expected",
    "hole",
    "near",
]
