"""Measures compared cases alternately in one process, and adds the values to a pyperf file.

python -m benchmarks.measure FILE.json WORK LOAD
"""

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyperf

from benchmarks.bench_codec import Case, groups

WINDOWS: Final = 12
"""The values of one process."""


def measure(rivals: Sequence[Case], windows: int) -> Mapping[str, Sequence[float]]:
    """Seconds for one message or byte, by the name of the case, a value for each window.

    In a window of about 15 ms per case the cases alternate, so that other load on the machine
    affects all of them; their values belong together. A value is the median of the case's calls,
    without their preparation. One window before the first warms up.
    """
    values: dict[str, list[float]] = {case.name: [] for case in rivals}
    for window in range(windows + 1):
        for case in rivals:
            value = _time(case)
            if window > 0:
                values[case.name].append(value)
    return values


def _time(case: Case) -> float:
    times = []
    for _ in range(case.passes):
        given = case.prepare()
        began = time.perf_counter()
        case.run(given)
        times.append(time.perf_counter() - began)
    return statistics.median(times) / case.count


def main(path: Path, work: str, load: str, windows: int = WINDOWS) -> None:
    """Measure the cases of one work on one load."""
    (rivals,) = (group for group in groups() if (group[0].work, group[0].load) == (work, load))
    for name, taken in measure(rivals, windows).items():
        run = pyperf.Run(taken, metadata={"name": name, "unit": "second"})
        pyperf.add_runs(str(path), pyperf.Benchmark([run]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
