"""Hundreds of DHSs on one simulated DCSS: connecting, working, reconnecting all at once."""

import statistics
import time
from typing import Final

from benchmarks.bench_throughput import resident
from benchmarks.scale.processes import READY_S, Devices, holding, host_of, size_of
from dhs_lab.simulators.dcss import SimulatedDcss

COUNTS: Final = (20, 200)
IN_A_PROCESS: Final = 10
DEVICES: Final = Devices(motors=5, shutters=1, strings=2, operations=2)
EACH: Final = 50  # operations at each DHS


def main() -> None:
    print("DHSs on one simulated DCSS")
    for count in COUNTS:
        measure(count)


def measure(count: int) -> None:
    """Measure and print."""
    names = [f"dhs{number}" for number in range(count)]
    groups = [names[at : at + IN_A_PROCESS] for at in range(0, count, IN_A_PROCESS)]
    dcss = SimulatedDcss([host_of(name, DEVICES) for name in names])
    dcss.start()
    try:
        with holding(dcss.port, groups, DEVICES) as pipes:
            for name in names:
                dcss.wait_online(name, READY_S)
            single = _one_by_one(dcss, names)
            at_once = _all_at_once(dcss, names)
            back = _restarted(dcss, names)
            sizes = [size_of(pipe) for pipe in pipes]
    finally:
        dcss.stop()
    memory = statistics.mean(size.memory_mb for size in sizes)
    threads = statistics.mean(size.threads for size in sizes) / IN_A_PROCESS
    print(f"  {count} DHSs, {IN_A_PROCESS} in a process")
    print(f"    operation at one of them, median {single * 1e6:12,.0f} µs")
    print(f"    {EACH} operations at each at once    {at_once:12,.0f} per s")
    print(f"    DCSS back, all registered again  {back:12.2f} s")
    print(f"    memory of {IN_A_PROCESS} DHSs                {memory:12.0f} MB")
    print(f"    threads of a DHS                 {threads:12.1f}")
    print(f"    memory of the simulated DCSS     {resident() / 1e6:12.0f} MB")


def _operation(name: str) -> str:
    return DEVICES.names(name, "operations")[0]


def _one_by_one(dcss: SimulatedDcss, names: list[str]) -> float:
    times = []
    for name in names * max(1, 400 // len(names)):
        began = time.perf_counter()
        dcss.start_operation(_operation(name), "a").wait(READY_S)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _all_at_once(dcss: SimulatedDcss, names: list[str]) -> float:
    began = time.perf_counter()
    runs = [dcss.start_operation(_operation(name), "a") for _ in range(EACH) for name in names]
    for run in runs:
        run.wait(READY_S)
    return len(runs) / (time.perf_counter() - began)


def _restarted(dcss: SimulatedDcss, names: list[str]) -> float:
    dcss.stop()
    for name in names:
        dcss.wait_offline(name, READY_S)
    dcss.start()
    began = time.perf_counter()
    for name in names:
        dcss.wait_online(name, READY_S)
    return time.perf_counter() - began
