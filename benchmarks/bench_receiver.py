"""Pictures a second into the receiver, compared with `http.server`, with 1, 8 and 50 cameras.

Each server runs in its own process; the cameras are bare sockets in this one. Runs of the two
alternate. On a busy machine the CPU time per picture says more than the rate.
"""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks.bench_pictures import POST
from dhs_runtime.services.jpeg_receiver import JpegReceiver

CAMERAS: Final = (1, 8, 50)
PICTURES: Final = 2000
RUNS: Final = 3


def main(pictures: int = PICTURES) -> None:
    print("pictures into a server (per s; CPU of the server per picture)")
    servers = {name: _started(serve) for name, serve in SERVERS.items()}
    try:
        for cameras in CAMERAS:
            best = _best(servers, cameras, pictures)
            floor = best["http.server"]
            for name, (rate, cpu_us) in best.items():
                ratio = f"{rate / floor[0]:.2f} of its rate, {cpu_us / floor[1]:.2f} of its CPU"
                print(f"  {cameras:2} cameras  {name:12} {rate:8,.0f} {cpu_us:6.0f} us   {ratio}")
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.join()


def _best(
    servers: dict[str, tuple[multiprocessing.Process, int]], cameras: int, pictures: int
) -> dict[str, tuple[float, float]]:
    """Highest rate and lowest cost of each server."""
    best = dict.fromkeys(servers, (0.0, float("inf")))
    for _ in range(RUNS):
        for name, (process, port) in servers.items():
            before_s, began = _cpu_s(process), time.perf_counter()
            count = _post(port, cameras, pictures)
            rate = count / (time.perf_counter() - began)
            cost_us = max(0.1, (_cpu_s(process) - before_s) / count * 1e6)
            best[name] = max(best[name][0], rate), min(best[name][1], cost_us)
    return best


def _post(port: int, cameras: int, pictures: int) -> int:
    """Run all cameras at once, each waiting for its answers; returns the accepted pictures."""
    socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(cameras)]
    rounds = max(1, pictures // cameras)
    for _ in range(rounds):
        for sock in socks:
            sock.sendall(POST)
        for sock in socks:
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += sock.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200"), answer
    for sock in socks:
        sock.close()
    return rounds * cameras


def _cpu_s(process: multiprocessing.Process) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _started(serve: Callable[[Connection], None]) -> tuple[multiprocessing.Process, int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    process.start()
    port: int = here.recv()
    return process, port


def _ours(parent: Connection) -> None:
    with JpegReceiver(lambda _: None) as receiver:
        parent.send(receiver.port)
        parent.recv()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


def _standard(parent: Connection) -> None:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        parent.send(server.server_port)
        server.serve_forever()


SERVERS: Final = {"http.server": _standard, "receiver": _ours}


if __name__ == "__main__":
    main()
