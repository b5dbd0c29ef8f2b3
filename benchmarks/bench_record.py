"""A round trip through `dhs record`, alternating with a plain relay that also writes.

There is a backlog: before each round a burst is relayed, which the recorder must still decode.
"""

import contextlib
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.peer import start_frame
from dhs_lab.tools.proxy import Recorder

ROUNDS: Final = 30
TRIPS: Final = 100
BURST: Final = 1_500
_CHUNK: Final = 1 << 16

Ends = tuple[socket.socket, socket.socket]


def main(rounds: int = ROUNDS) -> None:
    print("a round trip through a relay (us)    median      p99")
    for burst in (0, BURST):
        plain, ours = measure(rounds, burst)
        what = "a backlog to decode" if burst else "idle"
        for name, times in (("plain, writes too", plain), ("dhs record", ours)):
            middle, late = statistics.median(times) * 1e6, percentile(times) * 1e6
            print(f"  {name:18} {what:20} {middle:8.0f} {late:8.0f}")


def percentile(times: list[float]) -> float:
    """The 99th percentile."""
    return sorted(times)[len(times) * 99 // 100]


def measure(rounds: int, burst: int) -> tuple[list[float], list[float]]:
    """Seconds of each round trip through the plain relay, and through the recorder."""
    with tempfile.TemporaryDirectory() as folder, plain(folder) as one, recorded(folder) as other:
        times: tuple[list[float], list[float]] = [], []
        for _ in range(rounds):
            for ends, taken in zip((one, other), times, strict=True):
                pour(ends, burst)
                taken += [trip(ends) for _ in range(TRIPS)]
    return times


def trip(ends: Ends) -> float:
    frame = start_frame(1)
    began = time.perf_counter()
    for sender, receiver in (ends, ends[::-1]):
        sender.sendall(frame)
        take(receiver, len(frame))
    return time.perf_counter() - began


def pour(ends: Ends, count: int) -> None:
    frames = b"".join(map(start_frame, range(count)))
    sender = threading.Thread(target=ends[0].sendall, args=(frames,))
    sender.start()
    take(ends[1], len(frames))
    sender.join()


def take(sock: socket.socket, size: int) -> None:
    while size:
        size -= len(sock.recv(min(size, _CHUNK)))


@contextlib.contextmanager
def recorded(folder: str) -> Iterator[Ends]:
    """Both ends of a connection through a recorder."""
    with socket.create_server(("127.0.0.1", 0)) as dcss:
        recorder = Recorder(f"{folder}/ours", listen=("127.0.0.1", 0), dcss=dcss.getsockname())
        recorder.start()
        try:
            with connected(int(recorder.address.rpartition(":")[2]), dcss) as ends:
                yield ends
        finally:
            recorder.stop()


@contextlib.contextmanager
def plain(folder: str) -> Iterator[Ends]:
    """The same through a plain relay."""
    with (
        socket.create_server(("127.0.0.1", 0)) as dcss,
        socket.create_server(("127.0.0.1", 0)) as relay,
    ):

        def pump(source: socket.socket, target: socket.socket, path: Path) -> None:
            with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while data := source.recv(_CHUNK):
                    os.write(file.fileno(), data)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            dhs, _ = relay.accept()
            with dhs, socket.create_connection(dcss.getsockname()) as up:
                for sock in (dhs, up):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                down = threading.Thread(target=pump, args=(up, dhs, Path(folder, "down")))
                down.start()
                pump(dhs, up, Path(folder, "up"))
                down.join()

        thread = threading.Thread(target=serve)
        thread.start()
        with connected(relay.getsockname()[1], dcss) as ends:
            yield ends
        thread.join()


@contextlib.contextmanager
def connected(port: int, dcss: socket.socket) -> Iterator[Ends]:
    with socket.create_connection(("127.0.0.1", port)) as dhs:
        up, _ = dcss.accept()
        with up:
            for sock in (dhs, up):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield up, dhs
            dhs.shutdown(socket.SHUT_WR)
            up.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
