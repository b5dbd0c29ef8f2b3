"""Operations one after another at full speed, and the memory of a DHS after a million.

The DHS runs in its own process, as at a beamline; DCSS's side is bare sockets here.
"""

import multiprocessing
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks.peer import dcss_for, done_frame, raw_dhs, start_frame
from dhs_runtime import DcssConfig, Dhs

PIPELINED: Final = 10_000
RUNS: Final = 7
MESSAGES: Final = (100_000, 1_000_000)
_SPAWN: Final = multiprocessing.get_context("spawn")  # copies no thread of the parent


def main(messages: tuple[int, int] = MESSAGES) -> None:
    raw = median_rate(_process(_raw))
    ours, memory = measure_dhs(messages)
    inline, _ = measure_dhs((0, 0), partial(_dhs, inline=True))
    print("operations pipelined (per s)          median")
    print(f"  raw sockets, one thread          {raw:9,.0f}")
    print(f"  DHS                              {ours:9,.0f}   {raw / ours:.1f} x slower")
    print(f"  DHS, inline handlers             {inline:9,.0f}   {raw / inline:.1f} x slower")
    cost = (1 / ours - 1 / inline) * 1e6
    print(f"  handing an operation over to a worker costs {cost:.0f} µs of it")
    print("  pydhsfw, measured elsewhere         14,168   beside raw 186,783")
    print("resident memory of the DHS (MB)")
    for count, size in zip(messages, memory, strict=True):
        print(f"  after {count:9,} operations       {size / 1e6:9.1f}")
    print(f"  growth                           {(memory[1] / memory[0] - 1) * 100:8.1f} %")


def median_rate(connect: Callable[[int], Callable[[], object]]) -> float:
    with dcss_for(connect) as peer:
        rates = [rate(peer) for _ in range(RUNS)]
    return statistics.median(rates)


def measure_dhs(
    messages: tuple[int, int], dhs: Callable[[int, Connection], None] | None = None
) -> tuple[float, tuple[float, float]]:
    """Median rate, and resident memory after this many operations."""
    here, there = _SPAWN.Pipe()
    with dcss_for(_process(dhs or _dhs, there)) as peer:
        rates = [rate(peer) for _ in range(RUNS)]
        done = RUNS * PIPELINED
        sizes = []
        for count in messages:
            while done < count:
                rate(peer)
                done += PIPELINED
            here.send("memory")
            sizes.append(float(here.recv()))
        here.send("stop")
    return statistics.median(rates), (sizes[0], sizes[1])


_STARTS: Final = b"".join(map(start_frame, range(PIPELINED)))
_ANSWERS: Final = sum(len(done_frame(number)) for number in range(PIPELINED))


def rate(peer: socket.socket) -> float:
    """Operations per second, all of them sent before the first answer is awaited."""
    began = time.perf_counter()
    sender = threading.Thread(target=peer.sendall, args=(_STARTS,))
    sender.start()
    left = _ANSWERS
    while left:
        left -= len(peer.recv(1 << 18))
    sender.join()
    return PIPELINED / (time.perf_counter() - began)


def _process(target: Callable[..., None], *args: object) -> Callable[[int], Callable[[], object]]:
    def connect(port: int) -> Callable[[], object]:
        process = _SPAWN.Process(target=target, args=(port, *args))
        process.start()

        def end() -> None:
            process.join(10)
            process.kill()  # if the other side failed and did not stop it

        return end

    return connect


def _raw(port: int) -> None:
    raw_dhs(port)


def _dhs(port: int, commands: Connection, *, inline: bool = False) -> None:
    dhs = Dhs("bench")
    dhs.operation("echo", inline=inline)(lambda op: op.complete(*op.args))
    dhs.start(DcssConfig(host="127.0.0.1", port=port))
    while commands.recv() == "memory":
        commands.send(resident())
    dhs.stop()


def resident() -> int:
    """Resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


if __name__ == "__main__":
    main()
