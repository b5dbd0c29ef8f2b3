"""A DHS with one operation as a program: `echo_dhs.py PORT [worker|inline|raw|signals]`.

`signals` uses workers and ends at SIGTERM; the others end when their input ends. It runs with any
Python, so that two versions can be measured alternately.
"""

import sys
from collections.abc import Callable
from typing import Any


def main(port: int, way: str) -> None:
    if way == "raw":
        sys.path.insert(0, __file__.rpartition("/benchmarks/")[0])
        from benchmarks.peer import raw_dhs  # noqa: PLC0415 - not there for another version

        raw_dhs(port)
        return
    from dhs_runtime import DcssConfig, Dhs  # noqa: PLC0415 - of the version that runs this

    dhs = Dhs("bench")
    how: dict[str, Any] = {"inline": True} if way == "inline" else {}
    register: Callable[[Any], Any] = dhs.operation("echo", **how)
    register(echo)
    config = DcssConfig(host="127.0.0.1", port=port)
    if way == "signals":
        dhs.run(config)
        return
    dhs.start(config)
    sys.stdin.read()  # until the benchmark closes it
    dhs.stop()


def echo(op: Any) -> None:
    if op.args == ("raise",):
        raise RuntimeError("the hardware is off")
    op.complete(*op.args)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "worker")
