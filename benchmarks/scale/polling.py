"""The cost of a hundred motors in one DHS, each polled ten times a second.

Each reading has a noise of one thousandth. The CPU share is that of the DHS's process in one core,
including the reads; messages are counted when DCSS reads them.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

import attrs

from benchmarks.scale.processes import SPAWN
from dcs_codec import Frame, FrameDecoder, Framing
from dhs_runtime import DcssConfig, Dhs, MotorConfig

MOTORS: Final = 100
EVERY_S: Final = 0.1
NOISE: Final = 0.001
MEASURED_S: Final = 10.0
CONFIG: Final = MotorConfig(lower_limit=-10, upper_limit=10)


@attrs.frozen
class Case:
    """How the motors are read.

    Attributes:
        title: Its name in the table.
        every_s: Seconds between two polls of a motor, None for no polls.
        deadband: Smallest change that is sent to DCSS.
        creeping: How many of the motors drift by half a unit a second.
    """

    title: str
    every_s: float | None = EVERY_S
    deadband: float = 0.0
    creeping: int = 0


CASES: Final = (
    Case("not polled", every_s=None),
    Case("noise alone, deadband 0.01", deadband=0.01),
    Case("10 of 100 creep, deadband 0.01", deadband=0.01, creeping=10),
    Case("noise alone, no deadband"),
)


@attrs.frozen
class Used:
    """The use during a time: CPU share of one core, reads and threads."""

    share: float
    reads: int
    threads: int


def main() -> None:
    print(f"{MOTORS} motors read every {EVERY_S:g} s      CPU   reads/s   messages/s   threads")
    for case in CASES:
        print(measure(case))


def measure(case: Case) -> str:
    """One line of the table."""
    with socket.create_server(("127.0.0.1", 0)) as server, _polling(server, case) as pipe:
        link, _ = server.accept()
        with link:
            count = [0]
            reader = threading.Thread(target=_count, args=(link, count))
            reader.start()
            time.sleep(1)  # until every motor has sent its first position
            pipe.send("begin")
            before = count[0]
            time.sleep(MEASURED_S)
            pipe.send("end")
            used = pipe.recv()
            messages = count[0] - before
            pipe.send("stop")
            reader.join()
    assert isinstance(used, Used)
    return (
        f"  {case.title:32} {used.share:6.1%} {used.reads / MEASURED_S:9,.0f}"
        f" {messages / MEASURED_S:12,.0f} {used.threads:9}"
    )


def _count(link: socket.socket, count: list[int]) -> None:
    """Do the handshake, then count the frames of the DHS until it disconnects."""
    link.sendall(b"stoc_send_client_type".ljust(200, b"\0"))
    decoder = FrameDecoder(Framing.V1)
    while data := link.recv(65536):
        decoder.receive_data(data)
        while isinstance(decoder.next_frame(), Frame):
            decoder.framing = Framing.V2  # from the second frame on
            count[0] += 1


@contextmanager
def _polling(server: socket.socket, case: Case) -> Iterator[Connection]:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_poll, args=(server.getsockname()[1], case, there))
    process.start()
    try:
        yield here
    finally:
        process.join()


def _poll(port: int, case: Case, parent: Connection) -> None:
    logging.disable()
    reads = [0] * MOTORS
    dhs = Dhs("pollDHS")
    for number in range(MOTORS):
        _declare(dhs, number, case, reads)
    dhs.start(DcssConfig(host="127.0.0.1", port=port, framing=Framing.V2))
    parent.recv()
    began, cpu, before = time.monotonic(), time.process_time(), sum(reads)
    parent.recv()
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    parent.send(Used(share, sum(reads) - before, threading.active_count()))
    parent.recv()
    dhs.stop()


def _declare(dhs: Dhs, number: int, case: Case, reads: list[int]) -> None:
    noise = random.Random(number)
    speed = 0.5 if number < case.creeping else 0.0
    began = time.monotonic()

    def read() -> float:
        reads[number] += 1
        return speed * (time.monotonic() - began) + noise.uniform(-NOISE, NOISE)

    motor = dhs.motor(f"m{number}", config=CONFIG)
    motor.on_read(every_s=case.every_s, deadband=case.deadband)(read)


if __name__ == "__main__":
    main()
