"""`make bench`: all benchmarks, as ratios to floors measured in the same run.

The raw results of the codec's go to `benchmarks/results/`, which git leaves alone.
"""

import subprocess
import sys
from pathlib import Path

import pyperf
from rich.console import Console
from rich.table import Table

from benchmarks import bench_runtime

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "codec.json"
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.bench_codec", "--quiet", "-o", str(path)]
    subprocess.run(command, check=True)
    suite = pyperf.BenchmarkSuite.load(str(path))
    table = Table(title="Codec, one v2 message")
    for heading in ("work", "µs", "floor µs", "ratio"):
        table.add_column(heading, justify="left" if heading == "work" else "right")
    for name in ("frames", "decode", "encode"):
        ours = suite.get_benchmark(name).median()
        floor = suite.get_benchmark(f"{name}, floor").median()
        table.add_row(name, f"{ours * 1e6:.2f}", f"{floor * 1e6:.2f}", f"{ours / floor:.2f}")
    Console().print(table)
    bench_runtime.main()


if __name__ == "__main__":
    main()
