"""The embedded detector compared with the least work of such a detector, and with an older tree.

python -m benchmarks.bench_detector [TREE]

The floor makes the picture grey, reduces it to the same size, takes one box blur from it and labels
what differs: one mask, no background, no outline, no score. TREE is a checkout of another commit.
Each runs in its own process, in turns; the best CPU time counts.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from dhs_lab.demo.hard_pictures import hard_pictures
from dhs_lab.simulators.scene import Scene

TURNS: Final = 5
RUNS: Final = 20
"""Runs of each process for each picture."""

MOST: Final = {"floor": 6.0, "TREE": 0.6}
"""The longest time of the detector, relative to the floor, and to commit d2772f0."""

HARD: Final = ("micromount", "front light", "nothing there")
"""Some of the demo's pictures: 1280 x 1024, 704 x 480, and one without a mount."""

ROOT: Final = Path(__file__).parents[1]

_BEST: Final = """
import sys, time
from PIL import Image
for path in sys.argv[3:]:
    with Image.open(path) as file:
        picture = file.convert("RGB")
    best = float("inf")
    for _ in range(int(sys.argv[2])):
        began = time.thread_time()
        detect(picture)
        best = min(best, time.thread_time() - began)
    print(best)
"""
_DETECTOR: Final = """
import sys
sys.path.insert(0, sys.argv[1])
try:
    from dhs_lab.simulators.detector import detect
except ModuleNotFoundError:  # before there were three packages
    from dhs_runtime.simulators.detector import detect
"""
_FLOOR: Final = """
import numpy as np
from scipy import ndimage

def detect(picture):
    grey = picture.convert("L")
    light = np.asarray(grey.reduce(-(-max(grey.size) // 400)), dtype=np.float32)
    differs = np.abs(light - ndimage.uniform_filter(light, 9)) > 0.03 * light + 3
    return ndimage.label(differs)
"""


def main(tree: Path | None = None, turns: int = TURNS, runs: int = RUNS) -> None:
    rivals = {"detector": (_DETECTOR, ROOT), "floor": (_FLOOR, ROOT)}
    if tree is not None:
        rivals["TREE"] = (_DETECTOR, tree)
    with tempfile.TemporaryDirectory() as folder:
        paths = _write_pictures(Path(folder))
        best_s = {name: [float("inf")] * len(paths) for name in rivals}
        for _ in range(turns):
            for name, (source, where) in rivals.items():
                taken_s = _measure(source + _BEST, where, runs, paths)
                best_s[name] = [min(pair) for pair in zip(best_s[name], taken_s, strict=True)]
    print("loop in a picture (ms of CPU)" + "".join(f"{name:>10}" for name in rivals))
    for index, path in enumerate(paths):
        figures = "".join(f"{best_s[name][index] * 1e3:10.2f}" for name in rivals)
        print(f"  {path.stem:27}{figures}")
    for name in list(rivals)[1:]:
        pairs = zip(best_s["detector"], best_s[name], strict=True)
        ratios = [ours / its for ours, its in pairs]
        most = f"{min(ratios):.2f} to {max(ratios):.2f}   ≤ {MOST[name]:g}"
        print(f"  detector relative to {name}: {most}")


def _write_pictures(folder: Path) -> list[Path]:
    """A usual picture of a camera, and some of the demo's hard ones."""
    pictures = {"as usual": Scene(seed=1).render(0)}
    for hard in hard_pictures():
        if hard.name in HARD and hard.name not in pictures:
            with Image.open(io.BytesIO(hard.jpeg)) as file:
                pictures[hard.name] = file.convert("RGB")
    paths = [
        folder / f"{name}, {each.width} x {each.height}.bmp" for name, each in pictures.items()
    ]
    for path, picture in zip(paths, pictures.values(), strict=True):
        picture.save(path)
    return paths


def _measure(source: str, where: Path, runs: int, paths: list[Path]) -> list[float]:
    command = [sys.executable, "-c", source, str(where), str(runs), *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=where)
    return [float(line) for line in done.stdout.split()]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
