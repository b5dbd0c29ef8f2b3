"""Processes with several DHSs each, which report their memory."""

import logging
import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

import attrs

from benchmarks.bench_throughput import resident
from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry
from dhs_runtime import DcssConfig, Dhs, Move

SPAWN: Final = multiprocessing.get_context("spawn")  # copies no thread of the parent
READY_S: Final = 60.0


@attrs.frozen
class Devices:
    """How many devices of each kind a DHS has; they are named after it, with numbers."""

    motors: int = 0
    shutters: int = 0
    strings: int = 0
    operations: int = 0

    def names(self, host: str, kind: str) -> list[str]:
        """Names of one kind, for example `motors`."""
        return [f"{host}_{kind[:2]}{number}" for number in range(getattr(self, kind))]


@attrs.frozen
class Size:
    """The resources of a process."""

    memory_mb: float
    threads: int


def host_of(name: str, devices: Devices) -> HardwareHost:
    """These devices as a hardware host of DCSS's database."""
    return HardwareHost.of(
        name,
        motors=[RealMotorEntry(motor) for motor in devices.names(name, "motors")],
        shutters=devices.names(name, "shutters"),
        strings=dict.fromkeys(devices.names(name, "strings"), ""),
        operations=devices.names(name, "operations"),
    )


def dhs_with(name: str, devices: Devices) -> Dhs:
    """A DHS with these devices, which obey at once."""
    dhs = Dhs(name)
    for motor in devices.names(name, "motors"):
        dhs.motor(motor).on_move(_move)
    for shutter in devices.names(name, "shutters"):
        dhs.shutter(shutter).on_set(lambda _: None)
    for string in devices.names(name, "strings"):
        dhs.string(string).on_set(lambda _: None)
    for operation in devices.names(name, "operations"):
        dhs.operation(operation)(lambda op: op.complete(*op.args))
    return dhs


def _move(move: Move) -> None:
    for step in range(1, 10):
        move.update(move.start + move.distance * step / 10)


def _hold(port: int, names: Sequence[str], devices: Devices, parent: Connection) -> None:
    logging.disable()  # the DCSS disconnects on purpose here
    dhss = [dhs_with(name, devices) for name in names]
    for dhs in dhss:
        dhs.start(DcssConfig(host="127.0.0.1", port=port))
    while parent.recv() == "size":
        parent.send(Size(resident() / 1e6, threading.active_count()))
    for dhs in dhss:
        dhs.ask_to_stop()
    for dhs in dhss:
        dhs.stop()


@contextmanager
def holding(
    port: int, groups: Sequence[Sequence[str]], devices: Devices
) -> Iterator[list[Connection]]:
    """Start a process for each group of DHSs, connected to this DCSS; returns their connections."""
    pipes, processes = [], []
    for names in groups:
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=_hold, args=(port, names, devices, there))
        process.start()
        pipes.append(here)
        processes.append(process)
    try:
        yield pipes
    finally:
        for pipe in pipes:
            pipe.send("stop")
        for process in processes:
            process.join()


def size_of(pipe: Connection) -> Size:
    """The resources of the process now."""
    pipe.send("size")
    size = pipe.recv()
    assert isinstance(size, Size)
    return size
