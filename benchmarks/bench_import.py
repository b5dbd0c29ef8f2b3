"""`import dcs_codec` compared with `import attrs`, in fresh interpreters."""

import subprocess
import sys
import time
from typing import Final

TIMES: Final = 10
STATEMENTS: Final = {
    "nothing": "",
    "attrs": "import attrs",
    "dcs_codec": "import dcs_codec",
    "dhs_runtime": "import dhs_runtime",
}
MOST: Final = 3.0


def main(times: int = TIMES) -> None:
    best_s = measure(times)
    print("import (ms)                             best")
    for name in ("attrs", "dcs_codec", "dhs_runtime"):
        print(f"  {name:30} {(best_s[name] - best_s['nothing']) * 1e3:8.1f}")
    ratio = (best_s["dcs_codec"] - best_s["nothing"]) / (best_s["attrs"] - best_s["nothing"])
    print(f"  dcs_codec in attrs             {ratio:8.2f}   ≤ {MOST:g}")


def measure(times: int) -> dict[str, float]:
    """Seconds of the quickest process of each, all in turn."""
    best_s = dict.fromkeys(STATEMENTS, float("inf"))
    for _ in range(times):
        for name, statement in STATEMENTS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            best_s[name] = min(best_s[name], time.perf_counter() - began)
    return best_s


if __name__ == "__main__":
    main()
