"""An operation from a GUI through a simulated DCSS to a DHS and back, all on one CPU.

The floor is two programs of raw sockets, a GUI and a DHS, at the same server. Windows of the rivals
alternate within one run, as in `bench_turns`.

    python -m benchmarks.bench_gui [--windows N]
"""

import argparse
import itertools
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

from benchmarks.peer import read_exactly
from dcs_codec import Frame, Framing, encode_frame
from dhs_runtime.client import DcssClient

DHS: Final = Path(__file__).with_name("echo_dhs.py")
SERVER: Final = Path(__file__).with_name("gui_dcss.py")
WINDOWS: Final = 15
ROUNDS: Final = 100
ONLINE_S: Final = 20.0
HEADER: Final = 26
PUSH_END: Final = b"stog_dcss_end_update_all_device"
ONLINE: Final = b"stog_configure_hardware_host bench self online"
COMPLETED: Final = b"stog_operation_completed"


@attrs.define
class GuiRival:
    """A GUI and a DHS, with their own server.

    Attributes:
        name: Its name in the table.
        gui: `raw` or `client`.
        way: How the DHS runs; see `echo_dhs.py`.
        trips: Median round trip of an operation in each window, in seconds.
    """

    name: str
    gui: str
    way: str
    trips: list[float] = attrs.field(factory=list)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    options = parser.parse_args(arguments)
    rivals = [
        GuiRival("raw GUI, raw DHS", "raw", "raw"),
        GuiRival("DcssClient, raw DHS", "client", "raw"),
        GuiRival("raw GUI, Dhs", "raw", "worker"),
        GuiRival("DcssClient, Dhs", "client", "worker"),
    ]
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # child processes inherit it
    try:
        with ExitStack() as stack:
            trips = [stack.enter_context(connected(rival)) for rival in rivals]
            for _ in range(options.windows):
                for rival, trip in zip(rivals, trips, strict=True):
                    rival.trips.append(window(trip))
    finally:
        os.sched_setaffinity(0, cpus)
    show(rivals)


def window(trip: Callable[[], None]) -> float:
    """Median of some operations, each awaited before the next."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        trip()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


@contextmanager
def connected(rival: GuiRival) -> Iterator[Callable[[], None]]:
    """Start a server and a DHS; returns a function that makes one round trip."""
    with program(str(SERVER)) as server:
        assert server.stdout is not None
        port, gui_port = map(int, server.stdout.readline().split())
        with program(str(DHS), str(port), rival.way):
            gui = client_trips if rival.gui == "client" else raw_trips
            with gui(gui_port) as trip:
                yield trip


@contextmanager
def program(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our programs; end it after the block."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def client_trips(port: int) -> Iterator[Callable[[], None]]:
    """Round trips of a `DcssClient`."""
    with DcssClient(f"127.0.0.1:{port}", user="bench") as dcss:
        dcss.wait_host("bench", timeout_s=ONLINE_S)

        def trip() -> None:
            dcss.run_operation("echo", "a", timeout_s=ONLINE_S)

        yield trip


@contextmanager
def raw_trips(port: int) -> Iterator[Callable[[], None]]:
    """Round trips of a socket: write a frame, then read until a completion comes."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(ONLINE_S)
        read_exactly(sock, int(read_exactly(sock, HEADER)[:12]))
        sock.sendall(b"gtos_client_is_gui bench none localhost :0".ljust(200, b"\0"))
        push = read_until(sock, PUSH_END)
        if ONLINE not in push:
            read_until(sock, ONLINE)
        client_id = int(push.split(b"stog_login_complete ")[1].split(b"\0")[0])
        handles = itertools.count(1)

        def trip() -> None:
            text = f"gtos_start_operation echo {client_id}.{next(handles)} a"
            sock.sendall(encode_frame(Frame(text.encode()), Framing.V2))
            read_until(sock, COMPLETED)

        yield trip


def read_until(sock: socket.socket, word: bytes) -> bytes:
    """Everything up to the end of a message that contains this."""
    data = b""
    while word not in data or not data.endswith(b"\0"):
        piece = sock.recv(1 << 16)
        if not piece:
            raise EOFError
        data += piece
    return data


def show(rivals: list[GuiRival]) -> None:
    floor = statistics.median(rivals[0].trips)
    print("GUI, simulated DCSS, DHS and back; one CPU    there and back   x raw")
    for rival in rivals:
        trip = statistics.median(rival.trips)
        print(f"  {rival.name:40} {trip * 1e6:12.1f} µs {trip / floor:8.2f}")


if __name__ == "__main__":
    main()
