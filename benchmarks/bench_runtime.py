"""Times of a DHS: one operation, reconnecting after a restart, stopping.

The times are wall-clock times over loopback, so they depend on the machine. The raw socket loop
does the same exchange in one thread and without a codec.
"""

import socket
import statistics
import time
from collections.abc import Callable

from benchmarks.peer import dcss_for, done_frame, raw_dhs_thread, read_exactly, start_frame
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import Backoff, DcssConfig, Dhs, Operation

ROUNDS = 2000
RESTARTS = 20


def main() -> None:
    raw = measure_raw()
    ours = measure_dhs()
    print("operation there and back (µs)      median      p99")
    for name, times in (("raw sockets, one thread", raw), ("DHS", ours)):
        print(f"  {name:30} {statistics.median(times) * 1e6:8.0f} {p99(times) * 1e6:8.0f}")
    print(
        f"  ratio of the medians           {statistics.median(ours) / statistics.median(raw):8.2f}"
    )
    print("  pydhsfw, measured elsewhere         212      345   beside raw 36 and 264")
    back, stop = measure_restarts()
    print("DCSS back -> registered again (ms) median  longest")
    print(
        f"  {RESTARTS} restarts, FIN and RST        "
        f"{statistics.median(back) * 1e3:8.0f} {max(back) * 1e3:8.0f}"
    )
    print("  pydhsfw, measured elsewhere        5000")
    print(f"stop with 100 operations open (ms) {stop * 1e3:8.0f}")


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def exchange(peer: socket.socket) -> list[float]:
    times = []
    start, answer = start_frame(1), len(done_frame(1))
    for _ in range(ROUNDS):
        began = time.perf_counter()
        peer.sendall(start)
        read_exactly(peer, answer)
        times.append(time.perf_counter() - began)
    return times


def measure_raw() -> list[float]:
    with dcss_for(raw_dhs_thread) as peer:
        return exchange(peer)


def measure_dhs() -> list[float]:
    dhs = Dhs("bench")
    dhs.operation("echo")(lambda op: op.complete(*op.args))

    def connect(port: int) -> Callable[[], object]:
        dhs.start(DcssConfig(host="127.0.0.1", port=port))
        return dhs.stop

    with dcss_for(connect) as peer:
        return exchange(peer)


def measure_restarts() -> tuple[list[float], float]:
    dcss = SimulatedDcss([HardwareHost.of("bench", operations=["nap", "echo"])])
    dhs = Dhs("bench")

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        op.sleep(60)

    dhs.operation("echo")(lambda op: op.complete())
    dcss.start()
    dhs.start(DcssConfig(host="127.0.0.1", port=dcss.port, retry=Backoff()))
    dcss.wait_online("bench", 5)
    dcss.start_operation("echo").wait(5)
    times = []
    for restart in range(RESTARTS):
        dcss.stop(by_reset=restart % 2 == 1)
        dcss.wait_offline("bench", 5)
        time.sleep(0.05)
        dcss.start()
        began = time.perf_counter()
        dcss.wait_online("bench", 5, logins=restart + 2)
        times.append(time.perf_counter() - began)
        dcss.start_operation("echo").wait(5)  # else the connection counts as failed: longer delays
    runs = [dcss.start_operation("nap") for _ in range(100)]
    while len(dhs.active_operations()) < len(runs):
        time.sleep(0.001)
    began = time.perf_counter()
    dhs.stop()
    stop = time.perf_counter() - began
    dcss.stop()
    return times, stop


if __name__ == "__main__":
    main()
