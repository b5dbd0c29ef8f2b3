"""`dhs decode` of a large dcss log, compared with the codec alone and an older tree.

python -m benchmarks.bench_decode [TREE]

TREE is a checkout of another commit. All alternate, each in its own process, which runs the command
several times; the quickest run counts, without the start of the interpreter.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.workloads import workloads

MEGABYTES: Final = 10
TURNS: Final = 5
KEYWORD: Final = "stoh_start_motor_move"
LEAST: Final = {"decode": 3.0, "decode -k": 10.0}
"""The intended speed, relative to commit d2772f0."""

ROOT: Final = Path(__file__).parents[1]
ARGUMENTS: Final = {"decode": [], "decode -k": ["--keyword", KEYWORD]}

_RUN: Final = """
import os, sys, time
from dhs_runtime.cli import main
out, sys.stdout, sys.stderr = sys.stdout, open(os.devnull, "w"), open(os.devnull, "w")
best = float("inf")
for _ in range(3):
    began = time.process_time()
    try:
        main()
    except SystemExit:
        pass
    best = min(best, time.process_time() - began)
print(best, file=out)
"""
_CODEC: Final = """
import sys, time
from dcs_codec import decode_text
texts = [line.split("{", 1)[1].rsplit("} {", 1)[0] for line in open(sys.argv[2])]
best = float("inf")
for _ in range(3):
    began = time.process_time()
    for text in texts:
        decode_text(text)
    best = min(best, time.process_time() - began)
print(best)
"""


def write_log(path: Path, size: int) -> int:
    """Write a log of dcss; returns the number of messages."""
    *_, mixed = workloads()
    texts = [text.strip() for text in mixed.texts]
    count = written = 0
    with path.open("w") as log:
        while written < size:
            stamp = (
                f"06/26/15 {count // 36_000 % 24:02}:{count // 600 % 60:02}:{count // 10 % 60:02}"
            )
            text = texts[count % len(texts)]
            line = f"{stamp} 1981794048     INFO    message from aDhs <- {{{text}}} {{a.c 290  }}\n"
            written += log.write(line)
            count += 1
    return count


def main(tree: Path | None = None, *, megabytes: float = MEGABYTES, turns: int = TURNS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dcss.log"
        count = write_log(path, int(megabytes * 1e6))
        best_s = _measure(path, tree, turns)
    print("dhs decode of a log of dcss           µs a message      MB/s")
    for name, seconds in best_s.items():
        print(f"  {name:34} {seconds / count * 1e6:12.2f} {megabytes / seconds:9.1f}")
    for name, least in LEAST.items() if tree else ():
        ratio = best_s[f"{name}, {tree}"] / best_s[name]
        print(f"  {name + ', times as fast':34} {ratio:12.2f}   ≥ {least:g}")


def _measure(path: Path, tree: Path | None, turns: int) -> dict[str, float]:
    jobs = {name: (ROOT, _RUN, more) for name, more in ARGUMENTS.items()}
    if tree is not None:
        jobs |= {f"{name}, {tree}": (tree, _RUN, more) for name, more in ARGUMENTS.items()}
    jobs["the codec alone"] = (ROOT, _CODEC, [])
    best_s = dict.fromkeys(jobs, float("inf"))
    for _ in range(turns):
        for name, (root, code, more) in jobs.items():
            command = [sys.executable, "-c", code, "decode", str(path), *more]
            done = subprocess.run(command, cwd=root, capture_output=True, check=True)
            best_s[name] = min(best_s[name], float(done.stdout))
    return best_s


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None)
