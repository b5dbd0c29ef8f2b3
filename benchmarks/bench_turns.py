"""The round trip of an operation with several DHSs, alternating, all processes on one CPU.

Without pinning, a round trip is bimodal: it depends on whether the system wakes the other side on
the same CPU. So client and DHSs share one CPU, and windows of the candidates alternate within one
run.

    python -m benchmarks.bench_turns [--against PYTHON]

`--against` is the interpreter of an environment with another version of this project.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs

from benchmarks.peer import dcss_for, start_frame

DHS: Final = Path(__file__).with_name("echo_dhs.py")
WINDOWS: Final = 25
ROUNDS: Final = 300
PIPELINED: Final = 2000
HEADER: Final = 26


@attrs.define
class Rival:
    """One DHS process, and its measurements.

    Attributes:
        name: Its name in the table.
        python: The interpreter that runs it.
        way: `worker`, `inline` or `raw`.
        script: Its program.
        trips: Median round trip of each window, in seconds.
        apart: The same if header and text come separately, as dcss sends them.
        rates: Pipelined operations per second of each window.
    """

    name: str
    python: str
    way: str
    script: Path = DHS
    trips: list[float] = attrs.field(factory=list)
    apart: list[float] = attrs.field(factory=list)
    rates: list[float] = attrs.field(factory=list)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="PYTHON", help="Python of another version")
    parser.add_argument("--windows", type=int, default=WINDOWS)
    options = parser.parse_args(arguments)
    rivals = [
        Rival("raw sockets", sys.executable, "raw"),
        Rival("DHS", sys.executable, "worker"),
        Rival("DHS, inline", sys.executable, "inline"),
    ]
    if options.against:
        rivals.append(Rival("the other", options.against, "worker"))
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # child processes inherit it
    try:
        measure(rivals, options.windows)
    finally:
        os.sched_setaffinity(0, cpus)
    show(rivals)


def measure(rivals: list[Rival], windows: int) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(connected(rival)) for rival in rivals]
        for _ in range(windows):
            for rival, peer in zip(rivals, peers, strict=True):
                rival.trips.append(round_trips(peer))
                rival.rates.append(pipelined(peer))
                rival.apart.append(round_trips(peer, rounds=8, apart=True))


@contextmanager
def connected(rival: Rival) -> Iterator[socket.socket]:
    """DCSS's side of the connection of a candidate's process."""

    def start(port: int) -> Callable[[], object]:
        process = subprocess.Popen(
            [rival.python, str(rival.script), str(port), rival.way], stdin=subprocess.PIPE, cwd="/"
        )

        def end() -> None:
            process.kill()  # pydhsfw does not end with its connection
            process.communicate()

        return end

    with dcss_for(start) as peer:
        yield peer


def round_trips(peer: socket.socket, *, rounds: int = ROUNDS, apart: bool = False) -> float:
    """Median of some operations, each awaited before the next."""
    start = start_frame(1)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, not apart)  # dcss does not set it
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        if apart:
            peer.sendall(start[:HEADER])
            peer.sendall(start[HEADER:])
        else:
            peer.sendall(start)
        read_answers(peer, 1)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def pipelined(peer: socket.socket) -> float:
    """Operations a second, all sent before the first answer is awaited."""
    data = b"".join(map(start_frame, range(PIPELINED)))
    began = time.perf_counter()
    peer.sendall(data)
    read_answers(peer, PIPELINED)
    return PIPELINED / (time.perf_counter() - began)


def read_answers(peer: socket.socket, count: int) -> None:
    """Read as many answers; each ends with the only NUL in it."""
    while count:
        data = peer.recv(1 << 18)
        if not data:
            raise EOFError
        count -= data.count(0)


def show(rivals: list[Rival]) -> None:
    raw = rivals[0]
    print("one CPU, windows by turns    there and back   x raw   sent apart   pipelined/s   x raw")
    for rival in rivals:
        trip, rate = statistics.median(rival.trips), statistics.median(rival.rates)
        print(
            f"  {rival.name:24} {trip * 1e6:10.1f} µs {trip / statistics.median(raw.trips):8.2f}"
            f" {statistics.median(rival.apart) * 1e3:9.2f} ms {rate:12,.0f}"
            f" {rate / statistics.median(raw.rates):8.3f}"
        )


if __name__ == "__main__":
    main()
