"""One DHS with thousands of devices: how long until all are registered, how fast they move."""

import time
from typing import Final

from benchmarks.bench_throughput import resident
from benchmarks.scale.processes import READY_S, Devices, holding, host_of, size_of
from dhs_lab.simulators.dcss import SimulatedDcss

COUNTS: Final = (50, 500, 5000)
MOST: Final = 1000  # motors that move at once
UPDATES: Final = 9  # of a move, between start and completion


def main() -> None:
    print("one DHS: devices      registered (s)   memory (MB)   moves (per s)   messages (per s)")
    for count in COUNTS:
        print(measure(count))


def measure(count: int) -> str:
    """One line of the table."""
    devices = Devices(count * 7 // 10, count // 10, count // 10, count // 10)
    with (
        SimulatedDcss([host_of("dhs", devices)]) as dcss,
        holding(dcss.port, [["dhs"]], devices) as (pipe,),
    ):
        dcss.wait_online("dhs", READY_S)
        began = time.perf_counter()
        echo = devices.names("dhs", "operations")[0]
        dcss.wait_online("dhs", READY_S)
        dcss.start_operation(echo).wait(READY_S)  # answered after all registrations
        registered = time.perf_counter() - began
        began = time.perf_counter()
        moves = [dcss.move(motor, 1.0) for motor in devices.names("dhs", "motors")[:MOST]]
        for move in moves:
            move.wait(READY_S)
        rate = len(moves) / (time.perf_counter() - began)
        size = size_of(pipe)
    return (
        f"  {count:10,} {registered:20.2f} {size.memory_mb:13.0f} {rate:15,.0f}"
        f" {rate * (UPDATES + 3):18,.0f}   (simulated DCSS: {resident() / 1e6:.0f} MB)"
    )
