"""`make bench`: all benchmarks, as ratios to floors measured in the same run.

The raw results of the codec go to `benchmarks/results/`, which git ignores.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import (
    bench_capture,
    bench_classes,
    bench_decode,
    bench_detector,
    bench_gui,
    bench_import,
    bench_pictures,
    bench_receiver,
    bench_record,
    bench_runtime,
    bench_throughput,
    bench_turns,
)
from benchmarks.agreement import check_agreement
from benchmarks.bench_codec import groups
from benchmarks.report import figures_of, print_tables

RESULTS = Path(__file__).parent / "results"
RUNS = 5
# Large blocks always get fresh pages. Otherwise glibc sometimes returns warm pages, in which a copy
# takes a fifteenth of the time, and a ratio to copies means nothing.
ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}
MEASURE = [sys.executable, "-m", "benchmarks.measure"]


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "codec.json"
    path.unlink(missing_ok=True)
    console = Console()
    check_agreement()
    for run in range(RUNS):  # all cases in turn, so that a busy minute affects all alike
        console.print(f"measuring the codec, {run + 1} of {RUNS}")
        for case, *_ in groups():
            command = [*MEASURE, str(path), case.work, case.load]
            subprocess.run(command, check=True, env=ENVIRONMENT)
    print_tables(figures_of(path), console)
    logging.getLogger("dhs_runtime").setLevel(logging.ERROR)  # it loses its DCSS on purpose
    for part in (
        bench_classes,
        bench_import,
        bench_runtime,
        bench_throughput,
        bench_record,
        bench_capture,
        bench_decode,
        bench_pictures,
        bench_receiver,
        bench_detector,
    ):
        part.main()
    bench_turns.main([])
    bench_gui.main([])


if __name__ == "__main__":
    main()
