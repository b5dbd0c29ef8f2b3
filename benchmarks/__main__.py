"""`make bench`: all benchmarks, as ratios to floors measured in the same run.

The raw results of the codec's go to `benchmarks/results/`, which git leaves alone.
"""

import logging
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import bench_import, bench_pictures, bench_runtime, bench_throughput
from benchmarks.bench_codec import RUNS
from benchmarks.report import figures_of, print_tables

RESULTS = Path(__file__).parent / "results"
BENCH_CODEC = [sys.executable, "-m", "benchmarks.bench_codec"]


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "codec.json"
    path.unlink(missing_ok=True)
    options = ["--quiet", "--processes", "1", "--append", str(path)]
    console = Console()
    for run in range(RUNS):  # all cases in turn, so that a busy minute spoils none of them
        console.print(f"measuring the codec, {run + 1} of {RUNS}")
        subprocess.run([*BENCH_CODEC, *options], check=True, stdout=subprocess.DEVNULL)
    print_tables(figures_of(path), console)
    logging.getLogger("dhs_runtime").setLevel(logging.ERROR)  # it loses its DCSS on purpose
    for part in (bench_import, bench_runtime, bench_throughput, bench_pictures):
        part.main()


if __name__ == "__main__":
    main()
