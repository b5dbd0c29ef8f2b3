"""This project beside pydhsfw, in one run: speed, the end of a process, and what each survives.

    python -m benchmarks.against_pydhsfw PYTHON

PYTHON is the interpreter of an environment with pydhsfw. Both serve one operation that returns its
arguments; a client in this process plays DCSS. All processes share one CPU.
"""

import argparse
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.bench_turns import Rival, measure, show
from benchmarks.peer import ANSWER, ASK, done_frame, read_exactly, start_frame
from dcs_codec import Frame, Framing, encode_frame

HERE: Final = Path(__file__).parent
ROUNDS: Final = 5
PATIENCE_S: Final = 12.0
"""How long a DHS may take to reconnect: pydhsfw waits 5 s between two tries."""


def framed(text: bytes) -> bytes:
    return encode_frame(Frame(text), Framing.V2)


FAULTS: Final = {
    "a handler that raises": framed(b"stoh_start_operation echo 1.7 raise"),
    "a byte that is not ASCII": framed(b"stoh_start_operation echo 1.8 \xb5m"),
    "a command without its words": framed(b"stoh_start_operation"),
    "an empty frame": b"%12d %12d " % (0, 0),
    "200 bytes that are not a frame": b"x" * 200,
    "a reset connection": b"",
}


class Process:
    """One DHS in a separate process, and its connection."""

    def __init__(self, server: socket.socket, rival: Rival) -> None:
        command = [rival.python, str(rival.script), str(server.getsockname()[1]), rival.way]
        self._server = server
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, cwd="/", stderr=subprocess.DEVNULL
        )
        self.peer = self.welcome()

    def welcome(self) -> socket.socket:
        """The next connection, once the DHS has sent its name."""
        peer, _ = self._server.accept()
        peer.settimeout(PATIENCE_S)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(ASK)
        read_exactly(peer, len(ANSWER))
        self.peer = peer
        return peer

    def stop(self) -> float:
        """Seconds from SIGTERM until the process is gone."""
        began = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)
        return time.perf_counter() - began

    def kill(self) -> None:
        """Kill the process."""
        self.peer.close()
        self._process.kill()
        self._process.communicate()


@contextmanager
def started(rival: Rival) -> Iterator[Process]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        process = Process(server, rival)
        try:
            yield process
        finally:
            process.kill()


def back_after(rival: Rival) -> float:
    """Seconds from the end of a connection until the DHS sends its name again."""
    with started(rival) as process:
        time.sleep(0.2)  # let the DHS finish its start: only its return is measured
        began = time.perf_counter()
        process.peer.close()
        process.welcome()
        return time.perf_counter() - began


def survives(rival: Rival, fault: bytes) -> bool:
    """Whether an operation is answered after the fault, on this connection or the next."""
    with started(rival) as process:
        answered(process.peer)  # the first frame after the greeting decides the framing
        if fault:
            process.peer.sendall(fault)
        else:
            process.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            process.peer.close()
        try:
            return answered(process.peer) or answered(process.welcome())
        except (OSError, EOFError):
            return False


def answered(peer: socket.socket) -> bool:
    """Whether an operation is answered within two seconds; answers to a fault are ignored."""
    try:
        peer.settimeout(2.0)
        peer.sendall(start_frame(9))
        data = b""
        while done_frame(9) not in data:
            piece = peer.recv(1 << 16)
            if not piece:
                return False
            data += piece
    except OSError:
        return False
    return True


def stop_time(rival: Rival) -> float:
    with started(rival) as process:
        time.sleep(0.2)
        return process.stop()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", help="Python of an environment with pydhsfw")
    parser.add_argument("--windows", type=int, default=15)
    options = parser.parse_args(arguments)
    theirs = Rival("pydhsfw", options.python, "", script=HERE / "echo_pydhsfw.py")
    ours = Rival("DHS", sys.executable, "signals")
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # child processes inherit it
    try:
        compare_speed(theirs, options.windows)
        compare_ends(theirs, ours)
    finally:
        os.sched_setaffinity(0, cpus)


def compare_speed(theirs: Rival, windows: int) -> None:
    rivals = [
        Rival("raw sockets", sys.executable, "raw"),
        Rival("DHS", sys.executable, "worker"),
        Rival("DHS, inline", sys.executable, "inline"),
        theirs,
    ]
    measure(rivals, windows)
    show(rivals)


def compare_ends(*rivals: Rival) -> None:
    for name, measured in (
        ("DCSS closes, until the DHS is back, s", back_after),
        ("SIGTERM, until the process is gone, s", stop_time),
    ):
        for rival in rivals:
            found = statistics.median(measured(rival) for _ in range(ROUNDS))
            print(f"{name:42} {rival.name:10} {found:8.3f}")
    for name, fault in FAULTS.items():
        for rival in rivals:
            print(f"{name:42} {rival.name:10} {'survived' if survives(rival, fault) else 'DEAF'}")


if __name__ == "__main__":
    main()
